using Orleans.Metadata;
using Orleans.Runtime.Placement;
using Winnow.Grains.Layout;
using Winnow.Grains.Ports;
using Winnow.Model.Datasets;

namespace Winnow.Grains.Placement;

/// <summary>Shards go where <see cref="ShardSpread"/> says.</summary>
internal sealed class ShardPlacement : PlacementStrategy
{
    /// <summary>The type of the grains that are placed so.</summary>
    public const string GrainTypeName = "shard";
}

/// <summary>
/// Makes it the strategy of shards. Of an attribute the cluster knows the name, from whichever silo is asked first, and a silo of an older release that meets the name of a strategy which
/// it does not have can call no shard. So the attribute says what all releases know, and each silo goes by what it knows better.
/// </summary>
internal sealed class ShardPlacementResolver : IPlacementStrategyResolver
{
    private static readonly GrainType Shards = GrainType.Create(ShardPlacement.GrainTypeName);
    private static readonly ShardPlacement Strategy = new();

    public bool TryResolvePlacementStrategy(GrainType grainType, GrainProperties? properties, out PlacementStrategy result)
    {
        result = Strategy;
        return grainType == Shards;
    }
}

/// <inheritdoc cref="ShardPlacement"/>
internal sealed class ShardPlacementDirector(KnownDatasets datasets, TimeProvider time) : IPlacementDirector
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    public async Task<SiloAddress> OnAddActivation(PlacementStrategy strategy, PlacementTarget target, IPlacementContext context)
    {
        var silos = context.GetCompatibleSilos(target);
        // A shard that is being moved is told where to.
        if (target.RequestContextData is { } data && IPlacementDirector.GetPlacementHint(data, silos) is { } told) return told;
        if (silos.Length == 1) return silos[0];
        var shard = ShardKey.Parse(target.GrainIdentity.Key.ToString()!);
        return ShardSpread.SiloOf(silos, shard, await LayoutAsync(shard.Dataset));
    }

    private async Task<ShardLayout?> LayoutAsync(string dataset)
    {
        using var limit = new CancellationTokenSource(Patience, time);
        try
        {
            return (await datasets.GetAsync(dataset, limit.Token).AsTask().WaitAsync(limit.Token)).Shards;
        }
        catch (Exception)
        {
            // There is no such dataset, or nobody can be asked. The shard will find out, and can say so; where it does that does not matter.
            return null;
        }
    }
}
