using Winnow.Model.Security;

namespace Winnow.Web.Security;

/// <summary>What a caller holds in the scope of one request.</summary>
/// <param name="Roles">Roles in force there, those on the whole cluster included.</param>
/// <param name="Permissions">What they allow, narrowed by the key.</param>
internal sealed record CallerAccess(IReadOnlyList<HeldRole> Roles, PermissionSet Permissions)
{
    public static CallerAccess None { get; } = new([], default);

    /// <summary>Whether the caller may know that the scope is there.</summary>
    public bool KnowsScope => Roles.Count > 0 || !Permissions.IsEmpty;
}

/// <summary>An admitted request: what handlers may know of its caller.</summary>
internal sealed record AdmittedCaller(Caller Caller, CallerAccess Access, string Actor);
