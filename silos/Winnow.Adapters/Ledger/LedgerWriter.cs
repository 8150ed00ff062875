using System.Threading.Channels;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging;
using SQLitePCL;
using Winnow.Abstractions.Health;

namespace Winnow.Adapters.Ledger;

/// <summary>
/// The only writer of the database: a thread that takes everything that waits, applies it in one transaction, each request within its own
/// savepoint, and answers once the transaction is on disk. Callers that come while the disk is busy share the next sync.
/// </summary>
internal sealed partial class LedgerWriter : IAsyncDisposable
{
    private const string Disk = "The disk of the ledger";

    private readonly Channel<WriteRequest> _queue;
    private readonly SqliteSession _session;
    private readonly LedgerOptions _options;
    private readonly ILogger _logger;
    private readonly LedgerCheckpoints _checkpoints;
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly List<WriteRequest> _group = [];
    private readonly ManualResetEventSlim _arrived = new(initialState: false, spinCount: 0);

    public LedgerWriter(SqliteSession session, LedgerOptions options, ILogger logger)
    {
        _session = session;
        _options = options;
        _logger = logger;
        _checkpoints = new LedgerCheckpoints(options.Path, logger);
        _queue = Channel.CreateBounded<WriteRequest>(
            new BoundedChannelOptions(options.QueueCapacity) { SingleReader = true, FullMode = BoundedChannelFullMode.Wait });
        // A thread of its own: it spends its time in fsync, and the thread pool must not pay for that.
        new Thread(Run) { IsBackground = true, Name = "Winnow ledger writer" }.Start();
    }

    /// <summary>Makes changes durable. Once the writer has taken the request, giving up has no effect any more.</summary>
    /// <param name="rows">Roughly how many rows it writes.</param>
    /// <param name="apply">Makes the changes, on the writer's thread, within a savepoint.</param>
    /// <param name="cancellationToken">Gives up while the request waits.</param>
    public async Task<T> WriteAsync<T>(int rows, Func<SqliteSession, Written<T>> apply, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var request = new WriteRequest<T>(rows, apply);
        try
        {
            await _queue.Writer.WriteAsync(request, cancellationToken).ConfigureAwait(false);
        }
        catch (ChannelClosedException)
        {
            throw new ObjectDisposedException(nameof(SqliteLedger), "The ledger is closed.");
        }
        await using (request.GiveUpOn(cancellationToken).ConfigureAwait(false))
            return await request.Answer.ConfigureAwait(false);
    }

    /// <summary>Writes what was handed over, then ends.</summary>
    public async ValueTask DisposeAsync()
    {
        _queue.Writer.TryComplete();
        await _ended.Task.ConfigureAwait(false);
    }

    private void Run()
    {
        try
        {
            while (HasMore())
            {
                TakeGroup();
                if (_group.Count > 0) CommitGroup();
            }
        }
        finally
        {
            _checkpoints.Dispose();
            _arrived.Dispose();
            _session.Dispose();
            _ended.TrySetResult();
        }
    }

    /// <summary>
    /// Waits for requests, and does not spin meanwhile: whoever is to bring the next one may need the processor for that. False at the end.
    /// </summary>
    private bool HasMore()
    {
        var more = _queue.Reader.WaitToReadAsync().GetAwaiter();
        if (!more.IsCompleted)
        {
            _arrived.Reset();
            more.UnsafeOnCompleted(_arrived.Set);
            _arrived.Wait();
        }
        return more.GetResult();
    }

    private void TakeGroup()
    {
        _group.Clear();
        var rows = 0;
        while (_group.Count < _options.MaxGroup && rows < _options.MaxGroupRows && _queue.Reader.TryRead(out var request))
        {
            if (!request.TryTake()) continue;
            _group.Add(request);
            rows += request.Rows;
        }
    }

    private void CommitGroup()
    {
        var committing = false;
        try
        {
            _session.Prepare("BEGIN IMMEDIATE").Run();
            for (var i = 0; i < _group.Count; i++)
            {
                if (ApplyOne(_group[i])) continue;
                _group[i] = Answered.Instance;
            }
            committing = true;
            _session.Prepare("COMMIT").Run();
        }
        catch (Exception problem)
        {
            RollBack();
            var told = Explain(problem, committing);
            LogFailed(told, _group.Count);
            foreach (var request in _group) request.Fail(told);
            return;
        }
        Abstractions.Telemetry.WinnowTelemetry.LedgerGroupSize.Record(_group.Count);
        foreach (var request in _group) request.Complete();
        _checkpoints.Committed(_session);
    }

    /// <summary>Applies one request; false when it failed by its own fault and has been told so.</summary>
    private bool ApplyOne(WriteRequest request)
    {
        _session.Prepare("SAVEPOINT request").Run();
        bool keep;
        Exception? fault = null;
        try
        {
            keep = request.Apply(_session);
        }
        catch (Exception problem) when (_session.InTransaction && !IsOfTheDisk(problem))
        {
            keep = false;
            fault = problem;
        }
        if (!keep)
        {
            _session.Ends.Forget();
            _session.Prepare("ROLLBACK TO request").Run();
        }
        _session.Prepare("RELEASE request").Run();
        if (fault is null) return true;
        request.Fail(fault);
        return false;
    }

    private void RollBack()
    {
        _session.Ends.Forget();
        // SQLite has rolled back by itself after some errors, such as a full disk.
        try
        {
            if (_session.InTransaction) _session.Prepare("ROLLBACK").Run();
        }
        catch (SqliteException problem)
        {
            LogNotRolledBack(problem);
        }
    }

    private static bool IsOfTheDisk(Exception problem) =>
        problem is SqliteException
        {
            SqliteErrorCode: not (raw.SQLITE_CONSTRAINT or raw.SQLITE_MISMATCH or raw.SQLITE_TOOBIG
        or raw.SQLITE_RANGE or raw.SQLITE_ERROR)
        };

    private IOException Explain(Exception problem, bool committing)
    {
        var code = (problem as SqliteException)?.SqliteErrorCode;
        // Some of its calls say of a full disk that they failed, and no more.
        if (code == raw.SQLITE_FULL || (code is raw.SQLITE_IOERR or raw.SQLITE_CANTOPEN && FullDisk.At(_options.Path)))
            return StorageFullException.Of(Disk, problem);
        var cause = code switch
        {
            raw.SQLITE_READONLY => "the file or its file system is read-only; make it writable",
            raw.SQLITE_CORRUPT or raw.SQLITE_NOTADB => "the database is damaged; restore a backup",
            raw.SQLITE_IOERR => "the disk reported an error; look at the system's log",
            _ => problem.Message,
        };
        // An error of the final sync leaves open whether the log holds the transaction.
        var outcome = committing && code == raw.SQLITE_IOERR
            ? "Whether this commit was stored is open: repeat it with the same operation id"
            : "Nothing of this commit was stored: it may be repeated";
        return new LedgerWriteException($"The ledger '{_options.Path}' could not be written: {cause}. {outcome}. ({problem.Message})",
            problem);
    }

    [LoggerMessage(1, LogLevel.Error, "A transaction of {Count} commits failed; the writer goes on.")]
    private partial void LogFailed(Exception problem, int count);

    [LoggerMessage(2, LogLevel.Error, "A failed transaction could not be rolled back; the next one tries again.")]
    private partial void LogNotRolledBack(Exception problem);

    /// <summary>Stands in the group for a request that has its answer.</summary>
    private sealed class Answered() : WriteRequest(0)
    {
        public static readonly Answered Instance = new();

        public override bool Apply(SqliteSession session) => true;

        public override void Complete() { }

        public override void Fail(Exception problem) { }
    }
}
