namespace Winnow.Model.Security;

/// <summary>A set of permissions.</summary>
public readonly record struct PermissionSet
{
    private const int FirstOfCluster = 32;

    private readonly ulong _bits;

    private PermissionSet(ulong bits) => _bits = bits;

    /// <summary>These permissions.</summary>
    public PermissionSet(params IEnumerable<Permission> permissions)
    {
        foreach (var permission in permissions) _bits |= 1UL << (int)permission;
    }

    /// <summary>Every permission there is.</summary>
    public static PermissionSet All { get; } = new(Enum.GetValues<Permission>());

    /// <summary>Whether a permission is held in the cluster, not in one dataset.</summary>
    public static bool IsOfCluster(Permission permission) => (int)permission >= FirstOfCluster;

    /// <summary>Whether nothing is in it.</summary>
    public bool IsEmpty => _bits == 0;

    /// <summary>Whether a permission is in it.</summary>
    public bool Contains(Permission permission) => (_bits & (1UL << (int)permission)) != 0;

    /// <summary>What is in either.</summary>
    public PermissionSet With(PermissionSet other) => new(_bits | other._bits);

    /// <summary>What is in both.</summary>
    public PermissionSet Within(PermissionSet other) => new(_bits & other._bits);

    /// <summary>All of it but one.</summary>
    public PermissionSet Without(Permission permission) => new(_bits & ~(1UL << (int)permission));

    /// <summary>All of it but what is in another.</summary>
    public PermissionSet Without(PermissionSet other) => new(_bits & ~other._bits);

    /// <summary>Its permissions, in the order of their definition.</summary>
    public IReadOnlyList<Permission> ToList()
    {
        var set = this;
        return [.. Enum.GetValues<Permission>().Where(set.Contains)];
    }
}
