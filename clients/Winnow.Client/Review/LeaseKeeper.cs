using System.Collections.Concurrent;
using Winnow.Model.Images;
using Winnow.Model.Review;

namespace Winnow.Client;

/// <summary>
/// Keeps the tasks that a person is at: presents their leases every few seconds until told that they were answered or given back. Without
/// it others are given a task once its lease has ended, or a few seconds after the server that gave it was lost or restarted.
/// </summary>
/// <remarks>
/// Where a server does not answer the next try follows soon, with the next server where there are several: nothing is thrown, and <see
/// cref="Problem"/> says what came in the way. Thread-safe. Use it while somebody is there: what a page that nobody looks at presents is
/// kept from everybody else, though not for ever.
/// </remarks>
public sealed class LeaseKeeper : IAsyncDisposable
{
    private static readonly TimeSpan Every = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(4);

    private readonly WinnowClient _client;
    private readonly string _dataset;
    private readonly TimeProvider _time;
    private readonly ConcurrentDictionary<ImageId, string> _leases = new();
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _presenting;
    private volatile Exception? _problem;

    /// <summary>Begins; disposing it ends it, and gives nothing back.</summary>
    /// <param name="client">Through which; its actor is the person.</param>
    /// <param name="dataset">Name of the dataset.</param>
    /// <param name="timeProvider">The clock; null: the system's.</param>
    public LeaseKeeper(WinnowClient client, string dataset, TimeProvider? timeProvider = null)
    {
        (_client, _dataset, _time) = (client, dataset, timeProvider ?? TimeProvider.System);
        _presenting = Task.Run(PresentAsync);
    }

    /// <summary>Told of a task that is not the person's any more, with the reason. It is kept no longer.</summary>
    public event Action<ImageId, string>? Lost;

    /// <summary>Tasks that are kept, as far as is known.</summary>
    public int Count => _leases.Count;

    /// <summary>
    /// Why leases could not be presented the last time, or nothing could be learnt of some, or what a handler of <see cref="Lost"/> threw;
    /// null: all were.
    /// </summary>
    public Exception? Problem => _problem;

    /// <summary>Keeps tasks that were taken.</summary>
    public void Keep(IEnumerable<ReviewTask> tasks)
    {
        foreach (var task in tasks) _leases[task.Image] = task.Lease;
    }

    /// <summary>A task was answered or given back.</summary>
    public void LetGo(ImageId image) => _leases.TryRemove(image, out _);

    /// <summary>The lease to answer a task with, the latest that there is; null where it is not kept.</summary>
    public string? LeaseOf(ImageId image) => _leases.GetValueOrDefault(image);

    private async Task PresentAsync()
    {
        using var timer = new PeriodicTimer(Every, _time);
        try
        {
            while (await timer.WaitForNextTickAsync(_stop.Token).ConfigureAwait(false))
            {
                try
                {
                    _problem = await PresentAllAsync().ConfigureAwait(false);
                }
                catch (Exception e) when (!_stop.IsCancellationRequested)
                {
                    // A key that was revoked, a server that is away: the leases run on, and what comes next may be better.
                    _problem = e;
                }
            }
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
            // Told to end.
        }
    }

    /// <summary>Presents all of them; what came in the way, null for nothing.</summary>
    private async Task<Exception?> PresentAllAsync()
    {
        Exception? problem = null;
        foreach (var some in _leases.ToArray().Chunk(RenewedLease.MostAtOnce))
        {
            string[] leases = [.. some.Select(l => l.Value)];
            var renewed = await _client.RenewOnceAsync(_dataset, leases, Patience, _stop.Token).ConfigureAwait(false);
            foreach (var (kept, answer) in some.Zip(renewed))
            {
                // Only while it is the same: it may have been let go meanwhile, and taken again.
                if (answer.Lease is { } lease) _leases.TryUpdate(kept.Key, lease, kept.Value);
                else if (_leases.TryRemove(kept)) problem = Tell(kept.Key, answer.Reason) ?? problem;
                // It may be theirs still, and nothing could be learnt of it.
                if (answer is { Lease: not null, LeasedUntil: null }) problem = new IOException(answer.Reason);
            }
        }
        return problem;
    }

    private Exception? Tell(ImageId image, string? reason)
    {
        try
        {
            Lost?.Invoke(image, reason ?? "The server did not say why.");
            return null;
        }
        catch (Exception e)
        {
            // A handler's own fault costs nobody the other tasks.
            return e;
        }
    }

    /// <summary>Presents nothing any more. What was kept stays the person's until its leases end.</summary>
    public async ValueTask DisposeAsync()
    {
        if (!_stop.IsCancellationRequested) await _stop.CancelAsync().ConfigureAwait(false);
        await _presenting.ConfigureAwait(false);
        _stop.Dispose();
    }
}
