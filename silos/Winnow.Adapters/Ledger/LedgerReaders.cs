using System.Collections.Concurrent;

namespace Winnow.Adapters.Ledger;

/// <summary>Connections that only read, opened as they are needed and kept.</summary>
internal sealed class LedgerReaders(string path, int count) : IDisposable
{
    private readonly ConcurrentBag<SqliteSession> _idle = [];
    private readonly SemaphoreSlim _free = new(count);
    private volatile bool _disposed;

    /// <summary>Runs a query on the thread pool, so that a slow disk never holds a grain's scheduler.</summary>
    public async Task<T> ReadAsync<T>(Func<SqliteSession, T> query, CancellationToken cancellationToken)
    {
        ObjectDisposedException.ThrowIf(_disposed, typeof(SqliteLedger));
        await _free.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            return await Task.Run(() => Read(query), cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            _free.Release();
        }
    }

    private T Read<T>(Func<SqliteSession, T> query)
    {
        if (!_idle.TryTake(out var session)) session = SqliteSession.OpenReader(path);
        var sound = false;
        try
        {
            var result = query(session);
            sound = true;
            return result;
        }
        finally
        {
            // A query that threw may have left a statement open, and with it an old snapshot.
            if (sound && !_disposed) _idle.Add(session);
            else session.Dispose();
        }
    }

    public void Dispose()
    {
        _disposed = true;
        while (_idle.TryTake(out var session)) session.Dispose();
    }
}
