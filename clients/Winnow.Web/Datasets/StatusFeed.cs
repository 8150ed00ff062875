using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using System.Text.Json;
using Winnow.Abstractions.Datasets;
using Winnow.Model;
using Winnow.Model.Overview;

namespace Winnow.Web.Datasets;

/// <summary>Where a dataset stands, as it goes to whoever listens.</summary>
/// <param name="Id">Of what it says: the same for the same, on every server.</param>
/// <param name="Json">What it says.</param>
internal sealed record StatusEvent(string Id, byte[] Json);

/// <summary>
/// Tells whoever listens where datasets stand, each time that it changes. However many listen to a dataset, one watcher asks for it; while
/// nobody does, none. Whoever is slow is told the latest and never what was before, so nothing is kept for them.
/// </summary>
internal sealed class StatusFeed(IGrainFactory grains, TimeProvider time)
{
    private static readonly TimeSpan Often = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan Seldom = TimeSpan.FromSeconds(2);

    private readonly ConcurrentDictionary<string, Watch> _watches = new(StringComparer.Ordinal);

    /// <summary>Datasets that are watched now.</summary>
    public int Watched => _watches.Count;

    /// <summary>
    /// Where a dataset stands now and whenever that changes; null each <paramref name="still"/> in which nothing did. It ends
    /// where that cannot be told any more.
    /// </summary>
    public async IAsyncEnumerable<StatusEvent?> ListenAsync(
        string dataset, TimeSpan still, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var watch = Join(dataset);
        try
        {
            StatusEvent? told = null;
            while (true)
            {
                var (latest, next) = watch.Latest;
                if (latest is not null && latest.Id != told?.Id) yield return told = latest;
                var (changed, ended) = (true, false);
                try
                {
                    await next.WaitAsync(still, time, cancellationToken);
                }
                catch (TimeoutException) when (!next.IsCompleted)
                {
                    changed = false;
                }
                catch (Exception) when (next.IsFaulted)
                {
                    // Whoever wants to know what is wrong asks, and is told.
                    ended = true;
                }
                if (ended) yield break;
                if (!changed) yield return null;
            }
        }
        finally
        {
            Leave(dataset, watch);
        }
    }

    private Watch Join(string dataset)
    {
        while (true)
        {
            var watch = _watches.GetOrAdd(dataset, _ => new Watch());
            if (!watch.TryJoin(out var first)) continue;
            if (first) _ = RunAsync(dataset, watch);
            return watch;
        }
    }

    private void Leave(string dataset, Watch watch)
    {
        if (watch.Leave()) _watches.TryRemove(new KeyValuePair<string, Watch>(dataset, watch));
    }

    private async Task RunAsync(string dataset, Watch watch)
    {
        var alike = 0;
        try
        {
            while (!watch.Stop.IsCancellationRequested)
            {
                var asked = time.GetTimestamp();
                await grains.DatasetAsync(dataset, watch.Stop);
                var status = await grains.GetGrain<IDatasetGrain>(dataset).GetStatusAsync(watch.Stop);
                alike = watch.Tell(EventOf(status)) ? 0 : alike + 1;
                // A dataset that takes long to tell is not asked all the time.
                var (took, rest) = (time.GetElapsedTime(asked), alike < 10 ? Often : Seldom);
                await Task.Delay(rest > 4 * took ? rest : 4 * took, time, watch.Stop);
            }
        }
        catch (Exception e)
        {
            _watches.TryRemove(new KeyValuePair<string, Watch>(dataset, watch));
            watch.Fail(e);
        }
    }

    private static StatusEvent EventOf(DatasetStatus status)
    {
        var json = JsonSerializer.SerializeToUtf8Bytes(status, ModelJson.Default.DatasetStatus);
        return new StatusEvent(Convert.ToHexStringLower(SHA256.HashData(json).AsSpan(0, 8)), json);
    }

    /// <summary>One dataset that is watched. Once nobody listens it has ended, and who comes then begins another.</summary>
    private sealed class Watch
    {
        private readonly Lock _gate = new();
        private readonly CancellationTokenSource _stop = new();
        private TaskCompletionSource _next = NewSignal();
        private StatusEvent? _latest;
        private int _listeners;
        private bool _ended;

        public CancellationToken Stop => _stop.Token;

        /// <summary>What was told last, and what ends when something else is.</summary>
        public (StatusEvent? Latest, Task Next) Latest
        {
            get
            {
                lock (_gate) return (_latest, _next.Task);
            }
        }

        public bool TryJoin(out bool first)
        {
            lock (_gate)
            {
                first = _listeners == 0;
                if (_ended) return false;
                _listeners++;
                return true;
            }
        }

        /// <summary>Whether nobody listens any more.</summary>
        public bool Leave()
        {
            lock (_gate)
            {
                if (--_listeners > 0) return false;
                _ended = true;
            }
            _stop.Cancel();
            return true;
        }

        /// <summary>Whether it is something else than before.</summary>
        public bool Tell(StatusEvent status)
        {
            TaskCompletionSource told;
            lock (_gate)
            {
                if (_latest?.Id == status.Id) return false;
                (_latest, told, _next) = (status, _next, NewSignal());
            }
            told.SetResult();
            return true;
        }

        public void Fail(Exception why)
        {
            lock (_gate) _ended = true;
            _next.TrySetException(why);
            // Where nobody listens any more, nobody hears of it.
            _ = _next.Task.Exception;
        }

        private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
