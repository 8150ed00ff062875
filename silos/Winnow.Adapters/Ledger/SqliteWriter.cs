using System.Threading.Channels;
using Microsoft.Data.Sqlite;

namespace Winnow.Adapters.Ledger;

/// <summary>One change on its way to disk.</summary>
internal abstract class WriteJob
{
    /// <summary>Makes the change within the group's transaction. False takes back what it did, without failing the group.</summary>
    public abstract bool Apply(SqliteStatements statements);

    /// <summary>The group is on disk.</summary>
    public abstract void Complete();

    /// <summary>Nothing of the change is on disk.</summary>
    public abstract void Fail(Exception exception);
}

/// <summary>A change with an answer.</summary>
internal sealed class WriteJob<T>(Func<SqliteStatements, (bool Keep, T Answer)> change) : WriteJob
{
    private readonly TaskCompletionSource<T> _completion = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private T _answer = default!;

    public Task<T> Task => _completion.Task;

    public override bool Apply(SqliteStatements statements)
    {
        (var keep, _answer) = change(statements);
        return keep;
    }

    public override void Complete() => _completion.TrySetResult(_answer);

    public override void Fail(Exception exception) => _completion.TrySetException(exception);
}

/// <summary>
/// The one writer of a database. Everything that waits goes to disk in one transaction, each change in a savepoint of its own, and nobody is
/// answered before the commit has returned: the disk's flush is paid once for all of them.
/// </summary>
internal sealed class SqliteWriter : IAsyncDisposable
{
    private readonly Channel<WriteJob> _queue;
    private readonly SqliteConnection _connection;
    private readonly SqliteStatements _statements;
    private readonly int _maxGroup;
    private readonly Task _loop;

    public SqliteWriter(SqliteConnection connection, LedgerOptions options)
    {
        _connection = connection;
        _statements = new SqliteStatements(connection);
        _maxGroup = options.MaxGroup;
        _queue = Channel.CreateBounded<WriteJob>(new BoundedChannelOptions(options.QueueCapacity) { SingleReader = true });
        // Never on the current scheduler: the first to ask for the ledger may be a grain, whose turns the loop would occupy for ever.
        _loop = Task.Factory.StartNew(Run, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
    }

    public async Task<T> WriteAsync<T>(Func<SqliteStatements, (bool Keep, T Answer)> change, CancellationToken cancellationToken)
    {
        var job = new WriteJob<T>(change);
        try
        {
            await _queue.Writer.WriteAsync(job, cancellationToken);
        }
        catch (ChannelClosedException)
        {
            throw new ObjectDisposedException("ledger", "The ledger is closed.");
        }
        return await job.Task;
    }

    private void Run()
    {
        var group = new List<WriteJob>(_maxGroup);
        // A thread of its own: SQLite's calls block.
        while (_queue.Reader.WaitToReadAsync().AsTask().GetAwaiter().GetResult())
        {
            group.Clear();
            while (group.Count < _maxGroup && _queue.Reader.TryRead(out var job)) group.Add(job);
            Commit(group);
        }
    }

    private void Commit(List<WriteJob> group)
    {
        var applied = new List<WriteJob>(group.Count);
        try
        {
            _statements.Execute("BEGIN IMMEDIATE");
            foreach (var job in group)
            {
                _statements.Execute("SAVEPOINT one");
                try
                {
                    if (!job.Apply(_statements)) _statements.Execute("ROLLBACK TO one");
                    applied.Add(job);
                }
                catch (Exception e) when (e is not SqliteException { SqliteErrorCode: SqliteFull or SqliteIoError or SqliteCorrupt or SqliteNoMemory })
                {
                    // The change itself was wrong: it alone fails.
                    _statements.Execute("ROLLBACK TO one");
                    job.Fail(e);
                }
                _statements.Execute("RELEASE one");
            }
            _statements.Execute("COMMIT");
        }
        catch (Exception e)
        {
            RollBack();
            var why = new IOException($"The ledger could not write: {e.Message}", e);
            foreach (var job in group) job.Fail(why);
            return;
        }
        foreach (var job in applied) job.Complete();
    }

    private const int SqliteFull = 13, SqliteIoError = 10, SqliteCorrupt = 11, SqliteNoMemory = 7;

    private void RollBack()
    {
        try
        {
            _statements.Execute("ROLLBACK");
        }
        catch (SqliteException)
        {
            // Some errors end the transaction by themselves; then there is nothing to roll back.
        }
    }

    public async ValueTask DisposeAsync()
    {
        _queue.Writer.TryComplete();
        await _loop;
        _statements.Dispose();
        await _connection.DisposeAsync();
    }
}
