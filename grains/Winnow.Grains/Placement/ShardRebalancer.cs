using Microsoft.Extensions.Logging;
using Orleans.Runtime.MembershipService.SiloMetadata;
using Winnow.Grains.Ports;
using Winnow.Grains.Settings;
using Winnow.Grains.Telemetry;

namespace Winnow.Grains.Placement;

/// <summary>
/// Watches the silos that can hold shards. When one has come or gone, and then for a while none, every silo moves those of its shards that
/// are another's by now.
/// </summary>
internal sealed class ShardRebalancer(
    ShardMover mover, IClusterMembershipService membership, ISiloMetadataCache metadata, ISiloDeparture departure, TimeProvider time,
    ShardOptions options, ILogger<ShardRebalancer> logger)
    : ILifecycleParticipant<ISiloLifecycle>
{
    private readonly CancellationTokenSource _stop = new();
    private Task _work = Task.CompletedTask;

    /// <summary>Its end comes before the silo leaves the cluster: what it holds goes to others by itself then.</summary>
    public void Participate(ISiloLifecycle observer) =>
        observer.Subscribe(nameof(ShardRebalancer), ServiceLifecycleStage.Active, StartAsync, StopAsync);

    private Task StartAsync(CancellationToken cancellationToken)
    {
        if (options.RebalanceAfter > TimeSpan.Zero) _work = Task.Run(RunAsync, CancellationToken.None);
        return Task.CompletedTask;
    }

    private async Task StopAsync(CancellationToken cancellationToken)
    {
        await _stop.CancelAsync();
        await _work.WaitAsync(cancellationToken);
    }

    private async Task RunAsync()
    {
        try
        {
            await WatchAsync(_stop.Token);
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
        }
        catch (Exception e)
        {
            logger.RebalancingEnded(e);
        }
    }

    private async Task WatchAsync(CancellationToken cancellationToken)
    {
        var updates = membership.MembershipUpdates.GetAsyncEnumerator(cancellationToken);
        await using (updates)
        {
            SiloAddress[] seen = [];
            Task? settled = null;
            var changed = updates.MoveNextAsync().AsTask();
            while (true)
            {
                if (settled is null || await Task.WhenAny(changed, settled) == changed)
                {
                    if (!await changed) return;
                    changed = updates.MoveNextAsync().AsTask();
                    var now = Candidates();
                    // Who has no shards may come and go.
                    if (now.SequenceEqual(seen)) continue;
                    (seen, settled) = (now, SettledAsync(cancellationToken));
                }
                else
                {
                    await settled;
                    settled = await RebalanceAsync(cancellationToken) ? null : SettledAsync(cancellationToken);
                }
            }
        }
    }

    private Task SettledAsync(CancellationToken cancellationToken) => Task.Delay(options.RebalanceAfter, time, cancellationToken);

    /// <summary>Moves what is another's.</summary>
    /// <returns>Whether all is done; what is not can be done later, though no silo comes or goes.</returns>
    private async Task<bool> RebalanceAsync(CancellationToken cancellationToken)
    {
        var silos = Candidates();
        // A silo's role follows a moment after the silo. By then a silo may hold shards that cannot do so yet.
        if (silos.Any(s => RoleOf(s) is null)) return false;
        if (silos.Length < 2) return true;
        var (moved, left) = await mover.MoveAsync(silos, () => !departure.IsLeaving && Candidates().SequenceEqual(silos),
            cancellationToken);
        if (moved + left > 0) logger.ShardsMoved(moved, silos.Length, left);
        return left == 0;
    }

    /// <summary>The silos that hold shards, and those that may turn out to.</summary>
    private SiloAddress[] Candidates() =>
        [.. membership.CurrentSnapshot.Members.Values.Where(m => m.Status == SiloStatus.Active).Select(m => m.SiloAddress)
        .Where(s => RoleOf(s) is not { } role || SiloTraits.HoldsData(role)).Order()];

    private string? RoleOf(SiloAddress silo) => metadata.GetSiloMetadata(silo).Metadata.GetValueOrDefault(SiloTraits.Role);
}
