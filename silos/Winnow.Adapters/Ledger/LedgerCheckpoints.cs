using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging;

namespace Winnow.Adapters.Ledger;

/// <summary>
/// Moves what the write-ahead log has gathered into the database file, beside the writer. Left to SQLite, the commit that fills the log
/// does so itself: everybody whose answer is in it, or waits behind it, then waits some 30 ms longer, which was one submission in thirty
/// under full load. Here a thread of its own copies all but the last few pages while commits go on; those few are left to the writer,
/// between two commits, since only a log that holds nothing new is begun anew rather than grown.
/// </summary>
internal sealed partial class LedgerCheckpoints : IDisposable
{
    // 16 MiB of log between checkpoints: fewer syncs of the database file than SQLite's default of 4 MiB.
    private const int PagesBetween = 4_000;
    private const int Few = 200;
    // A writer that is as fast as the copying leaves much each time, and has to be held up for it.
    private const int MostPasses = 4;

    private readonly SqliteSession _session;
    private readonly ILogger _logger;
    private readonly SemaphoreSlim _due = new(0);
    private readonly Thread _thread;
    private long _begunAt;
    private volatile State _state;
    private volatile bool _closed;

    private enum State { Resting, Copying, Rest }

    public LedgerCheckpoints(string path, ILogger logger)
    {
        _logger = logger;
        _session = SqliteSession.OpenCheckpointer(path);
        _thread = new Thread(Run) { IsBackground = true, Name = "Winnow ledger checkpoints" };
        _thread.Start();
    }

    /// <summary>Called by the writer after each commit, on its thread.</summary>
    public void Committed(SqliteSession writer)
    {
        if (_state == State.Resting && writer.PagesWritten - _begunAt >= PagesBetween)
        {
            _begunAt = writer.PagesWritten;
            _state = State.Copying;
            _due.Release();
        }
        else if (_state == State.Rest)
        {
            TryCheckpoint(writer);
            _state = State.Resting;
        }
    }

    /// <summary>Ends. What the log still holds goes into the file when the last connection closes.</summary>
    public void Dispose()
    {
        _closed = true;
        _due.Release();
        _thread.Join();
        _session.Dispose();
        _due.Dispose();
    }

    private void Run()
    {
        while (true)
        {
            _due.Wait();
            for (var pass = 0; pass < MostPasses && !_closed; pass++)
                if (TryCheckpoint(_session) <= Few) break;
            if (_closed) return;
            _state = State.Rest;
        }
    }

    /// <summary>
    /// Copies what nobody reads an older state of; pages that are left. A failure is not the commits': they are in the log, and the next
    /// turn tries again.
    /// </summary>
    private int TryCheckpoint(SqliteSession session)
    {
        try
        {
            return session.Checkpoint();
        }
        catch (SqliteException problem)
        {
            LogFailed(problem);
            return 0;
        }
    }

    [LoggerMessage(3, LogLevel.Warning,
        "The ledger's log could not be moved into its file, which will be tried again; nothing is lost, but the log grows.")]
    private partial void LogFailed(Exception problem);
}
