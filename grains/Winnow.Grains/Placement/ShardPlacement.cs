using Orleans.Metadata;
using Orleans.Runtime.Placement;
using Winnow.Grains.Layout;
using Winnow.Grains.Ports;
using Winnow.Model.Datasets;
using Winnow.Model.Images;

namespace Winnow.Grains.Placement;

/// <summary>
/// Shards go where <see cref="ShardSpread"/> says, and images where their shard is: whoever decides about one asks it twice.
/// </summary>
internal sealed class ShardPlacement : PlacementStrategy
{
    /// <summary>The type of shards.</summary>
    public const string GrainTypeName = "shard";

    /// <summary>The type of images.</summary>
    public const string ImageTypeName = "image";
}

/// <summary>
/// Makes it the strategy of shards and images. Of an attribute the cluster knows the name, from whichever silo is asked first, and a silo
/// of an older release that meets the name of a strategy which
/// it does not have can call no shard. So the attribute says what all releases know, and each silo goes by what it knows better.
/// </summary>
internal sealed class ShardPlacementResolver : IPlacementStrategyResolver
{
    private static readonly GrainType Shards = GrainType.Create(ShardPlacement.GrainTypeName);
    private static readonly GrainType Images = GrainType.Create(ShardPlacement.ImageTypeName);
    private static readonly ShardPlacement Strategy = new();

    public bool TryResolvePlacementStrategy(GrainType grainType, GrainProperties? properties, out PlacementStrategy result)
    {
        result = Strategy;
        return grainType == Shards || grainType == Images;
    }
}

/// <inheritdoc cref="ShardPlacement"/>
internal sealed class ShardPlacementDirector(KnownDatasets datasets, TimeProvider time) : IPlacementDirector
{
    private static readonly GrainType Shards = GrainType.Create(ShardPlacement.GrainTypeName);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    public async Task<SiloAddress> OnAddActivation(PlacementStrategy strategy, PlacementTarget target, IPlacementContext context)
    {
        var silos = context.GetCompatibleSilos(target);
        // A shard that is being moved is told where to.
        if (target.RequestContextData is { } data && IPlacementDirector.GetPlacementHint(data, silos) is { } told) return told;
        if (silos.Length == 1) return silos[0];
        var key = target.GrainIdentity.Key.ToString()!;
        if (target.GrainIdentity.Type == Shards)
        {
            var shard = ShardKey.Parse(key);
            return ShardSpread.SiloOf(silos, shard, await LayoutAsync(shard.Dataset));
        }
        var slash = key.IndexOf('/');
        // One that names no image finds that out wherever it is.
        if (slash < 0 || !ImageId.TryParse(key[(slash + 1)..], out var image)) return silos[0];
        var layout = await LayoutAsync(key[..slash]);
        return layout is null ? silos[0] : ShardSpread.SiloOf(silos, new ShardKey(key[..slash], layout.ShardOf(image)), layout);
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
            // There is no such dataset, or nobody can be asked. The shard will find out, and can say so; where it does that does not
            // matter.
            return null;
        }
    }
}
