using System.Threading.Channels;
using Microsoft.Extensions.Logging;
using Npgsql;
using Winnow.Abstractions.Health;

namespace Winnow.Adapters.Ledger.Postgres;

/// <summary>What is known of a group whose transaction ended in an error.</summary>
internal enum GroupOutcome
{
    /// <summary>The server has nothing of it.</summary>
    NotStored,
    /// <summary>Nobody can say, but making the same change again does no harm.</summary>
    Repeatable,
    /// <summary>The server has all of it: the answers stand.</summary>
    Stored,
    /// <summary>Nobody can say.</summary>
    Open,
}

/// <summary>
/// One connection that writes: takes everything that waits, stores it in one transaction and answers once that is on the server's disk.
/// While the server is away it tries again for a bounded time; a group with a faulty request in it is halved until that one stands alone.
/// </summary>
internal abstract partial class GroupWriter<TIn, TOut> : IAsyncDisposable
{
    private readonly Channel<PendingWrite<TIn, TOut>> _queue;
    private readonly PostgresOptions _options;
    private readonly ILogger _logger;
    private readonly Task _running;
    private NpgsqlConnection? _connection;

    protected GroupWriter(IWriterDatabase database, PostgresOptions options, ILogger logger)
    {
        (Database, _options, _logger) = (database, options, logger);
        _queue = Channel.CreateBounded<PendingWrite<TIn, TOut>>(
            new BoundedChannelOptions(options.QueueCapacity) { SingleReader = true, FullMode = BoundedChannelFullMode.Wait });
        // On the thread pool, whoever makes the ledger: a grain's scheduler would be occupied for ever.
        _running = Task.Run(RunAsync);
    }

    protected IWriterDatabase Database { get; }

    /// <summary>Makes a change durable. Once the writer has taken the request, giving up has no effect any more.</summary>
    public async Task<TOut> WriteAsync(TIn input, int rows, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var request = new PendingWrite<TIn, TOut>(input, rows);
        try
        {
            await _queue.Writer.WriteAsync(request, cancellationToken).ConfigureAwait(false);
        }
        catch (ChannelClosedException)
        {
            throw new ObjectDisposedException(nameof(PostgresLedger), "The ledger is closed.");
        }
        await using (request.GiveUpOn(cancellationToken).ConfigureAwait(false))
            return await request.Answer.ConfigureAwait(false);
    }

    /// <summary>One try at storing a group. Knows how far it came, so that an error can be understood.</summary>
    protected abstract class Attempt
    {
        /// <summary>The answers, once stored.</summary>
        public abstract IReadOnlyList<TOut> Answers { get; }

        /// <summary>Stores the group; completes when it is on the server's disk.</summary>
        public abstract Task StoreAsync(NpgsqlConnection connection);

        /// <summary>Finds out, after an error that says nothing certain, what became of the transaction.</summary>
        public abstract Task<GroupOutcome> ResolveAsync(Deadline deadline);
    }

    protected abstract Attempt Begin(IReadOnlyList<TIn> inputs, bool repeated);

    /// <summary>Stores what was handed over, then ends.</summary>
    public async ValueTask DisposeAsync()
    {
        _queue.Writer.TryComplete();
        await _running.ConfigureAwait(false);
    }

    private async Task RunAsync()
    {
        while (await _queue.Reader.WaitToReadAsync().ConfigureAwait(false))
        {
            var group = TakeGroup();
            if (group.Count == 0) continue;
            try
            {
                await StoreAsync(group).ConfigureAwait(false);
            }
            catch (Exception problem)
            {
                // Finding out what became of a transaction can fail as well, as on a full disk. Whoever waits is told, and the writer goes
                // on.
                var told = Explain(problem, open: true);
                LogFailed(told, group.Count);
                foreach (var request in group) request.Fail(told);
            }
        }
        await DropAsync().ConfigureAwait(false);
    }

    private List<PendingWrite<TIn, TOut>> TakeGroup()
    {
        var group = new List<PendingWrite<TIn, TOut>>();
        var rows = 0;
        while (group.Count < _options.MaxGroup && rows < _options.MaxGroupRows && _queue.Reader.TryRead(out var request))
        {
            if (!request.TryTake()) continue;
            group.Add(request);
            rows += request.Rows;
        }
        return group;
    }

    private async Task StoreAsync(List<PendingWrite<TIn, TOut>> group)
    {
        var inputs = group.ConvertAll(request => request.Input);
        var deadline = Database.NewDeadline();
        var (repeated, open) = (false, false);
        for (var pause = Pauses.First; ; pause = Pauses.After(pause))
        {
            var attempt = Begin(inputs, repeated);
            var begun = false;
            try
            {
                _connection ??= await Database.OpenWriterAsync(CancellationToken.None).ConfigureAwait(false);
                begun = true;
                await attempt.StoreAsync(_connection).ConfigureAwait(false);
                Answer(group, attempt);
                return;
            }
            catch (Exception problem)
            {
                // Whatever the session was in the middle of ends with it.
                await DropAsync().ConfigureAwait(false);
                var outcome = PostgresFailures.IsCertain(problem) || !begun
                    ? GroupOutcome.NotStored : await attempt.ResolveAsync(deadline).ConfigureAwait(false);
                if (outcome == GroupOutcome.Stored)
                {
                    Answer(group, attempt);
                    return;
                }
                repeated |= begun && !PostgresFailures.IsCertain(problem);
                // What an earlier try left open stays open, however this one failed.
                open |= outcome is GroupOutcome.Open or GroupOutcome.Repeatable;
                if (outcome != GroupOutcome.Open && PostgresFailures.IsTransient(problem)
                    && await Database.RecoverAsync(problem, deadline, pause, CancellationToken.None).ConfigureAwait(false)) continue;
                if (!open && PostgresFailures.IsOfTheRows(problem) && group.Count > 1)
                {
                    await StoreAsync(group[..(group.Count / 2)]).ConfigureAwait(false);
                    await StoreAsync(group[(group.Count / 2)..]).ConfigureAwait(false);
                    return;
                }
                var told = Explain(problem, open);
                LogFailed(told, group.Count);
                foreach (var request in group) request.Fail(told);
                return;
            }
        }
    }

    private static void Answer(List<PendingWrite<TIn, TOut>> group, Attempt attempt)
    {
        for (var i = 0; i < group.Count; i++) group[i].Complete(attempt.Answers[i]);
    }

    private async ValueTask DropAsync()
    {
        if (_connection is null) return;
        // A session in a transaction is rolled back as it returns to the pool; a broken one does not return.
        var connection = _connection;
        _connection = null;
        try
        {
            await connection.DisposeAsync().ConfigureAwait(false);
        }
        catch (Exception problem) when (problem is NpgsqlException or IOException)
        {
            LogNotClosed(problem);
        }
    }

    private IOException Explain(Exception problem, bool open)
    {
        if (!open && PostgresFailures.IsFull(problem)) return StorageFullException.Of(PostgresDatabase.Disk, problem);
        var told = open
            ? "Whether this commit was stored is open: read before you repeat it, or repeat it with the same operation id"
            : "Nothing of this commit was stored: it may be repeated";
        return new LedgerWriteException(
            $"The ledger on {Database.Server} could not be written: {PostgresFailures.Cause(problem)}. {told}.", problem);
    }

    [LoggerMessage(1, LogLevel.Error, "A transaction of {Count} commits failed; the writer goes on.")]
    private partial void LogFailed(Exception problem, int count);

    [LoggerMessage(2, LogLevel.Debug, "A connection of a writer did not close in good order.")]
    private partial void LogNotClosed(Exception problem);
}
