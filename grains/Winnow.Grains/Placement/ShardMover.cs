using Microsoft.Extensions.Logging;
using Orleans.Runtime.Placement;
using Winnow.Abstractions.Datasets;
using Winnow.Abstractions.Health;
using Winnow.Abstractions.Images;
using Winnow.Grains.Layout;
using Winnow.Grains.Telemetry;

namespace Winnow.Grains.Placement;

/// <summary>
/// Moves shards of this silo to where they belong, one after the other: the next when the last is open again, so that only one at a time
/// keeps its callers waiting.
/// </summary>
internal sealed class ShardMover(LocalShards shards, KnownDatasets datasets, IGrainFactory grains, ILocalSiloDetails self,
    TimeProvider time, ILogger<ShardMover> logger)
{
    // Calls under way are let end, and none takes longer than a few seconds.
    private static readonly TimeSpan LongestMove = TimeSpan.FromSeconds(30);

    /// <summary>Moves what another silo is to hold.</summary>
    /// <param name="silos">The silos that hold shards.</param>
    /// <param name="goesOn">Whether to go on: asked before each move.</param>
    /// <param name="cancellationToken">To stop before the next.</param>
    /// <returns>How many were moved, and how many should be and could not for the moment.</returns>
    public async Task<(int Moved, int Left)> MoveAsync(IReadOnlyList<SiloAddress> silos, Func<bool> goesOn,
        CancellationToken cancellationToken)
    {
        var (moved, left) = (0, 0);
        foreach (var shard in shards.All())
        {
            if (!goesOn()) break;
            try
            {
                var owner = ShardSpread.SiloOf(silos, shard.Key, (await datasets.GetAsync(shard.Key.Dataset, cancellationToken)).Shards);
                if (owner.Equals(self.SiloAddress)) continue;
                if (!shard.MayMove) left++;
                else if (await MoveAsync(shard, owner, cancellationToken)) moved++;
            }
            catch (Exception e) when (e is RefusedException or SetAsideException)
            {
                // Its dataset is gone, or set aside.
            }
            catch (Exception e) when (!cancellationToken.IsCancellationRequested)
            {
                // One that may not be open again is enough.
                logger.ShardNotMoved(e, shard.Key.ToString());
                return (moved, left + 1);
            }
        }
        return (moved, left);
    }

    private async Task<bool> MoveAsync(LocalShard shard, SiloAddress owner, CancellationToken cancellationToken)
    {
        // Not deactivation: that would leave open who calls next, and a silo of another release places by other rules. Calls under way end
        // first; who calls meanwhile waits, and is sent on to the new activation.
        shard.Grain.Migrate(new Dictionary<string, object> { [IPlacementDirector.PlacementHintKey] = owner }, CancellationToken.None);
        await shard.Grain.Deactivated.WaitAsync(LongestMove, time, cancellationToken);
        await grains.GetGrain<IShardIngest>(shard.Key.ToString()).GetSummaryAsync(cancellationToken).WaitAsync(cancellationToken);
        return !shards.Holds(shard.Key);
    }
}
