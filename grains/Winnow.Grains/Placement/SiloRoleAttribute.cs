using Orleans.Metadata;
using Orleans.Placement;
using Orleans.Runtime.MembershipService.SiloMetadata;
using Orleans.Runtime.Placement;

namespace Winnow.Grains.Placement;

/// <summary>
/// Places a grain on silos of a role, or on those that have all roles. The filters that come with Orleans compare a candidate's metadata
/// with the caller's, which would keep a gateway's calls on gateways; this one looks at the candidate alone.
/// </summary>
[AttributeUsage(AttributeTargets.Class)]
internal sealed class SiloRoleAttribute(string role) : PlacementFilterAttribute(new SiloRoleFilter(role));

/// <inheritdoc cref="SiloRoleAttribute"/>
internal sealed class SiloRoleFilter(string role) : PlacementFilterStrategy(order: 0)
{
    private const string Property = "role";

    /// <summary>Made by the runtime, which then fills it in from the grain's properties.</summary>
    public SiloRoleFilter() : this("") { }

    /// <summary>The role.</summary>
    public string Role { get; private set; } = role;

    public override void AdditionalInitialize(GrainProperties properties) =>
        Role = GetPlacementFilterGrainProperty(Property, properties) ?? "";

    protected override IEnumerable<KeyValuePair<string, string>> GetAdditionalGrainProperties(
        IServiceProvider services, Type grainClass, GrainType grainType, IReadOnlyDictionary<string, string> existingProperties) =>
            [new(Property, Role)];
}

/// <inheritdoc cref="SiloRoleAttribute"/>
internal sealed class SiloRoleDirector(ISiloMetadataCache metadata) : IPlacementFilterDirector
{
    public IEnumerable<SiloAddress> Filter(PlacementFilterStrategy strategy, PlacementTarget target, IEnumerable<SiloAddress> silos)
    {
        var role = ((SiloRoleFilter)strategy).Role;
        return silos.Where(silo =>
            metadata.GetSiloMetadata(silo).Metadata.TryGetValue(SiloTraits.Role, out var has) && (has == role || has == SiloTraits.All));
    }
}
