using System.Globalization;

namespace Winnow.Adapters.Ledger;

/// <summary>Brings a database to the layout of this program: numbered files, in order, each in a transaction of its own.</summary>
internal static class LedgerMigrations
{
    /// <summary>Marks the file as a ledger of Winnow: "WNNW".</summary>
    private const int ApplicationId = 0x574E4E57;
    private const string Prefix = "migrations/";

    /// <summary>Number of the newest layout.</summary>
    public static int Newest => Names().Count;

    /// <summary>Applies what is missing.</summary>
    /// <exception cref="LedgerUnavailableException">The database is newer than this program, or belongs to another one.</exception>
    public static void Apply(SqliteSession session, string path)
    {
        var names = Names();
        var version = session.Scalar("PRAGMA user_version");
        var application = session.Scalar("PRAGMA application_id");
        if (application != ApplicationId && (application != 0 || session.Scalar("SELECT count(*) FROM sqlite_schema") > 0))
            throw new LedgerUnavailableException($"'{path}' is an SQLite database, but no ledger of Winnow. Name another file.");
        // What a newer program has migrated is opened where it says that this one can live with it.
        if (version > names.Count && session.Scalar("SELECT opens_from FROM cluster") > names.Count)
            throw new LedgerUnavailableException(string.Create(CultureInfo.InvariantCulture,
                $"The ledger '{path}' has layout {version}; this program knows layouts up to {names.Count}. Run the newer program that "
                + $"wrote it, or restore a backup from before the upgrade."));
        for (var next = (int)version; next < names.Count; next++)
        {
            var sql = Read(names[next]);
            session.Execute("BEGIN IMMEDIATE");
            try
            {
                session.Execute(sql);
                session.Execute(string.Create(CultureInfo.InvariantCulture,
                    $"PRAGMA application_id = {ApplicationId}; PRAGMA user_version = {next + 1}"));
                session.Execute("COMMIT");
            }
            catch
            {
                if (session.InTransaction) session.Execute("ROLLBACK");
                throw;
            }
        }
    }

    private static List<string> Names()
    {
        var names = typeof(LedgerMigrations).Assembly.GetManifestResourceNames()
            .Where(n => n.StartsWith(Prefix, StringComparison.Ordinal)).Order(StringComparer.Ordinal).ToList();
        for (var i = 0; i < names.Count; i++)
            if (!names[i].StartsWith(string.Create(CultureInfo.InvariantCulture, $"{Prefix}{i + 1:D4}-"), StringComparison.Ordinal))
                throw new InvalidOperationException(
                    $"The migrations are not numbered without a gap: '{names[i]}' stands at place {i + 1}.");
        return names;
    }

    private static string Read(string name)
    {
        using var reader = new StreamReader(typeof(LedgerMigrations).Assembly.GetManifestResourceStream(name)!);
        return reader.ReadToEnd();
    }
}
