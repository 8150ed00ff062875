using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace Winnow.Adapters.Ledger;

/// <summary>One connection with its prepared statements. Used by one thread at a time.</summary>
internal sealed class SqliteSession : IDisposable
{
    private readonly SqliteConnection _connection;
    private readonly Dictionary<string, SqliteStatement> _statements = new(StringComparer.Ordinal);

    private SqliteSession(SqliteConnection connection) => _connection = connection;

    /// <summary>Opens the one connection that writes.</summary>
    public static SqliteSession OpenWriter(string path, int cacheMebibytes)
    {
        var session = Open(path, SqliteOpenMode.ReadWriteCreate);
        try
        {
            session.Execute("PRAGMA journal_mode = WAL");
            // FULL: the log is synced at every commit. NORMAL would lose acknowledged commits with the power.
            session.Execute("PRAGMA synchronous = FULL");
            session.Execute("PRAGMA foreign_keys = ON");
            session.Execute("PRAGMA temp_store = MEMORY");
            session.Execute(FormattableString.Invariant($"PRAGMA cache_size = {-1024L * cacheMebibytes}"));
            // 16 MiB of log between checkpoints: fewer syncs of the database file than the default of 4 MiB.
            session.Execute("PRAGMA wal_autocheckpoint = 4000");
            return session;
        }
        catch
        {
            session.Dispose();
            throw;
        }
    }

    /// <summary>Opens a connection that only reads.</summary>
    public static SqliteSession OpenReader(string path) => Open(path, SqliteOpenMode.ReadOnly);

    private static SqliteSession Open(string path, SqliteOpenMode mode)
    {
        var connection = new SqliteConnection(new SqliteConnectionStringBuilder
        {
            DataSource = path,
            Mode = mode,
            Pooling = false,
            DefaultTimeout = 30,
        }.ToString());
        try
        {
            connection.Open();
        }
        catch
        {
            connection.Dispose();
            throw;
        }
        return new SqliteSession(connection);
    }

    /// <summary>Whether a transaction is open.</summary>
    public bool InTransaction => raw.sqlite3_get_autocommit(_connection.Handle) == 0;

    /// <summary>The statement of a text, prepared on first use. Pass constants: each text is kept.</summary>
    public SqliteStatement Prepare(string sql)
    {
        if (_statements.TryGetValue(sql, out var statement)) return statement;
        statement = new SqliteStatement(_connection.Handle!, sql);
        _statements.Add(sql, statement);
        return statement;
    }

    /// <summary>Runs one or more statements that are not worth keeping.</summary>
    public void Execute(string sql)
    {
        using var command = _connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }

    /// <summary>The first value of a query.</summary>
    public long Scalar(string sql)
    {
        using var command = _connection.CreateCommand();
        command.CommandText = sql;
        return Convert.ToInt64(command.ExecuteScalar(), System.Globalization.CultureInfo.InvariantCulture);
    }

    public void Dispose()
    {
        foreach (var statement in _statements.Values) statement.Dispose();
        _statements.Clear();
        _connection.Dispose();
    }
}
