using Orleans.Runtime.MembershipService.SiloMetadata;
using Winnow.Abstractions.Datasets;
using Winnow.Abstractions.Review;
using Winnow.Grains.Placement;

namespace Winnow.Silo.Hosting;

/// <summary>
/// Goes on with what is unfinished, scoring and rounds: after a start, when a silo has left, and now and then besides, should a grain have
/// given up on a store that was away. One silo of a cluster does it for all: the first by address that holds data.
/// </summary>
internal sealed partial class ResumeService(
    IGrainFactory grains, ISiloStatusOracle silos, ISiloMetadataCache metadata, IClusterMembershipService membership, LocalQueues queues,
    TimeProvider time, ILogger<ResumeService> logger) : BackgroundService
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan Round = TimeSpan.FromSeconds(15);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            await ResumeAsync(stoppingToken);
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The host stops, and the view of the cluster ends with it: no failure.
        }
    }

    private async Task ResumeAsync(CancellationToken stoppingToken)
    {
        // A metadata of its own comes to a silo with the first view of its cluster.
        var changes = membership.MembershipUpdates.GetAsyncEnumerator(stoppingToken);
        await using (changes)
        {
            var changed = changes.MoveNextAsync().AsTask();
            while (!stoppingToken.IsCancellationRequested)
            {
                var wait = Round;
                try
                {
                    if (IsFirst()) await grains.GetGrain<ICatalogGrain>(0).ResumeAsync(stoppingToken);
                }
                catch (Exception e) when (!stoppingToken.IsCancellationRequested)
                {
                    NotResumed(logger, e, Pause);
                    wait = Pause;
                }
                var next = await Task.WhenAny(changed, Task.Delay(wait, time, stoppingToken));
                if (next != changed) continue;
                if (!await changed) return;
                changed = changes.MoveNextAsync().AsTask();
            }
        }
    }

    /// <summary>
    /// While the shards can still be reached: the queues of this silo give back what they have set aside, so that nobody waits for it after
    /// a restart.
    /// </summary>
    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        try
        {
            await Task.WhenAll(queues.Datasets.Select(q => grains.GetGrain<IQueueGrain>(q).LetGoAsync(cancellationToken)));
        }
        catch (Exception e)
        {
            NotGivenBack(logger, e);
        }
        await base.StopAsync(cancellationToken);
    }

    private bool IsFirst()
    {
        var first = silos.GetActiveSilos().Where(HoldsData).Order().FirstOrDefault();
        return first is not null && first.Equals(silos.SiloAddress);
    }

    private bool HoldsData(SiloAddress silo) =>
        metadata.GetSiloMetadata(silo).Metadata.TryGetValue(SiloTraits.Role, out var role) && SiloTraits.HoldsData(role);

    [LoggerMessage(201, LogLevel.Warning,
        "Tasks that were set aside could not be given back; they are offered again some seconds after another silo has taken over")]
    private static partial void NotGivenBack(ILogger logger, Exception exception);

    [LoggerMessage(200, LogLevel.Warning, "Unfinished work could not be taken up, next try in {Pause}")]
    private static partial void NotResumed(ILogger logger, Exception exception, TimeSpan pause);
}
