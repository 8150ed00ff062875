namespace Winnow.Model.Security;

/// <summary>A role that is in force.</summary>
/// <param name="Scope">The dataset, or <c>*</c> for the cluster.</param>
/// <param name="Role">Which.</param>
public sealed record HeldRole(string Scope, Role Role);

/// <summary>How the server knows the caller.</summary>
/// <param name="Principal">Who calls; null on a server without keys, where everybody may do everything.</param>
/// <param name="KeyId">The key that was sent; null for a token and for the operator's key.</param>
/// <param name="ExpiresAt">When that key ends.</param>
/// <param name="Scope">What that key is narrowed to.</param>
/// <param name="ClusterPermissions">What the caller may do in the cluster.</param>
/// <param name="Roles">The caller's roles that are in force.</param>
public sealed record Whoami(Principal? Principal, string? KeyId, DateTimeOffset? ExpiresAt, KeyScope? Scope,
    IReadOnlyList<Permission> ClusterPermissions, IReadOnlyList<HeldRole> Roles);
