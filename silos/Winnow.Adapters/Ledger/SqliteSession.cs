using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace Winnow.Adapters.Ledger;

/// <summary>One connection with its prepared statements. Used by one thread at a time.</summary>
internal sealed class SqliteSession : IDisposable
{
    private readonly SqliteConnection _connection;
    private readonly Dictionary<string, SqliteStatement> _statements = new(StringComparer.Ordinal);

    private long _pages;

    /// <summary>Where the streams of acts end, for the connection that writes.</summary>
    public StreamEnds Ends { get; } = new();

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
            // See LedgerCheckpoints.
            session.Execute("PRAGMA wal_autocheckpoint = 0");
            // What a long read made of the log is given back after it.
            session.Execute("PRAGMA journal_size_limit = 67108864");
            return session;
        }
        catch
        {
            session.Dispose();
            throw;
        }
    }

    /// <summary>Opens the connection that moves the log into the file beside the writer.</summary>
    public static SqliteSession OpenCheckpointer(string path)
    {
        var session = Open(path, SqliteOpenMode.ReadWrite);
        // The file is synced before the log is begun anew.
        session.Execute("PRAGMA synchronous = FULL");
        return session;
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

    /// <summary>Whether the file can only be read, which is found out at its opening and said at the first write.</summary>
    public bool IsReadOnly => raw.sqlite3_db_readonly(_connection.Handle, "main") == 1;

    /// <summary>Pages that this connection has written to the log so far.</summary>
    public long PagesWritten
    {
        get
        {
            _ = raw.sqlite3_db_status(_connection.Handle, raw.SQLITE_DBSTATUS_CACHE_WRITE, out var pages, out _, 1);
            return _pages += pages;
        }
    }

    /// <summary>
    /// Moves pages from the log into the file as far as no reader needs the older ones, and waits for nobody; pages that are left in the
    /// log.
    /// </summary>
    /// <exception cref="SqliteException">The disk is full, or failed.</exception>
    public int Checkpoint()
    {
        var code = raw.sqlite3_wal_checkpoint_v2(_connection.Handle, "main", raw.SQLITE_CHECKPOINT_PASSIVE, out var logged, out var copied);
        // Another connection's checkpoint is under way.
        if (code == raw.SQLITE_BUSY) return 0;
        SqliteException.ThrowExceptionForRC(code, _connection.Handle);
        return logged - copied;
    }

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
