using Orleans.Metadata;
using Orleans.Placement;
using Orleans.Runtime.MembershipService.SiloMetadata;
using Orleans.Runtime.Placement;
using Winnow.Abstractions.Images;

namespace Winnow.Grains.Placement;

/// <summary>
/// Places a device's grain on the silo that has the device: the key names it. While that silo is away the grain is nowhere, and its callers
/// turn to other devices.
/// </summary>
[AttributeUsage(AttributeTargets.Class)]
internal sealed class OnItsSiloAttribute() : PlacementFilterAttribute(new OnItsSiloFilter());

/// <inheritdoc cref="OnItsSiloAttribute"/>
internal sealed class OnItsSiloFilter() : PlacementFilterStrategy(order: 0)
{
    public override void AdditionalInitialize(GrainProperties properties) { }

    protected override IEnumerable<KeyValuePair<string, string>> GetAdditionalGrainProperties(
        IServiceProvider services, Type grainClass, GrainType grainType, IReadOnlyDictionary<string, string> existingProperties) => [];
}

/// <inheritdoc cref="OnItsSiloAttribute"/>
internal sealed class OnItsSiloDirector(ISiloMetadataCache metadata) : IPlacementFilterDirector
{
    public IEnumerable<SiloAddress> Filter(PlacementFilterStrategy strategy, PlacementTarget target, IEnumerable<SiloAddress> silos)
    {
        var name = DeviceKey.Parse(target.GrainIdentity.Key.ToString()!).Silo;
        return silos.Where(silo => metadata.GetSiloMetadata(silo).Metadata.TryGetValue(SiloTraits.Name, out var has) && has == name);
    }
}
