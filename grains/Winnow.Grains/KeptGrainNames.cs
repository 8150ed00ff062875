using Orleans.Metadata;
using Winnow.Grains.Placement;

namespace Winnow.Grains;

/// <summary>
/// Silos tell each other which classes stand behind their grain types, and one that hears of two classes for an interface calls neither.
/// So a class that has moved to another namespace is told under the name that silos of the last release know it by. An entry goes when no
/// such silo can be left.
/// </summary>
internal sealed class KeptGrainNames : IGrainPropertiesProvider
{
    internal static readonly IReadOnlyDictionary<string, string> Kept = new Dictionary<string, string>(StringComparer.Ordinal)
    {
        [ShardPlacement.GrainTypeName] = "Winnow.Grains.Images.ShardGrain",
        [ShardPlacement.ImageTypeName] = "Winnow.Grains.Images.ImageGrain",
        ["bucket-source"] = "Winnow.Grains.Images.Buckets.BucketSourceGrain",
        ["bucket-sources"] = "Winnow.Grains.Images.Buckets.BucketSourcesGrain",
    };

    public void Populate(Type grainClass, GrainType grainType, Dictionary<string, string> properties)
    {
        if (Kept.TryGetValue(grainType.ToString()!, out var name)) properties[WellKnownGrainTypeProperties.FullTypeName] = name;
    }
}
