using System.Globalization;
using System.Reflection;
using Microsoft.Data.Sqlite;

namespace Winnow.Adapters.Ledger;

/// <summary>Brings a database to the schema of this program: numbered scripts, each in one transaction, counted by <c>user_version</c>.</summary>
internal static class SqliteMigrations
{
    public static void Apply(SqliteConnection connection)
    {
        var scripts = Scripts();
        var version = Version(connection);
        if (version > scripts.Count) throw new InvalidOperationException($"The ledger {connection.DataSource} has schema {version}; this program knows up to {scripts.Count}. Run the newer program that wrote it.");
        for (var next = version; next < scripts.Count; next++)
        {
            using var transaction = connection.BeginTransaction();
            Execute(connection, transaction, scripts[next]);
            Execute(connection, transaction, string.Create(CultureInfo.InvariantCulture, $"PRAGMA user_version = {next + 1}"));
            transaction.Commit();
        }
    }

    private static List<string> Scripts()
    {
        var assembly = Assembly.GetExecutingAssembly();
        var scripts = new List<string>();
        foreach (var name in assembly.GetManifestResourceNames().Where(n => n.EndsWith(".sql", StringComparison.Ordinal)).Order(StringComparer.Ordinal))
        {
            using var reader = new StreamReader(assembly.GetManifestResourceStream(name)!);
            scripts.Add(reader.ReadToEnd());
        }
        return scripts;
    }

    private static int Version(SqliteConnection connection)
    {
        using var command = connection.CreateCommand();
        command.CommandText = "PRAGMA user_version";
        return Convert.ToInt32(command.ExecuteScalar(), CultureInfo.InvariantCulture);
    }

    private static void Execute(SqliteConnection connection, SqliteTransaction transaction, string sql)
    {
        using var command = connection.CreateCommand();
        command.Transaction = transaction;
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }
}
