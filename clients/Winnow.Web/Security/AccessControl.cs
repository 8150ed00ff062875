using Winnow.Abstractions.Health;
using Winnow.Abstractions.Security;
using Winnow.Model.Security;

namespace Winnow.Web.Security;

/// <summary>
/// Finds what a caller may do. Asks the grains each time and remembers nothing, so that what was taken back is closed at the next request.
/// </summary>
internal sealed class AccessControl(IGrainFactory grains)
{
    private static readonly CallerAccess Everything = new([new HeldRole(AccessScope.Cluster, Role.Owner)], PermissionSet.All);

    /// <summary>
    /// What a caller may do in a dataset, or in the cluster for <see cref="AccessScope.Cluster"/>. Whether the dataset exists is not asked.
    /// </summary>
    public async Task<CallerAccess> OfAsync(Caller caller, string scope, CancellationToken cancellationToken)
    {
        if (caller.Trust != CallerTrust.Granted) return Everything;
        if (caller.Key?.Scope.Covers(scope) == false) return CallerAccess.None;
        var held = await RolesAsync(caller, AccessScope.Cluster, cancellationToken);
        // Whoever owns the cluster needs no role in a dataset.
        if (scope != AccessScope.Cluster && !held.Exists(h => h.Role == Role.Owner))
            held.AddRange(await RolesAsync(caller, scope, cancellationToken));
        var permissions = default(PermissionSet);
        foreach (var (where, role) in held)
        {
            permissions = permissions.With(RolePermissions.InDataset(role));
            if (where == AccessScope.Cluster) permissions = permissions.With(RolePermissions.InCluster(role));
        }
        return new CallerAccess(held, Narrow(caller, scope, permissions));
    }

    /// <summary>Whether a caller's key is still good and carries a permission. A token is good for as long as it says.</summary>
    /// <param name="caller">Who was admitted.</param>
    /// <param name="sent">The key or token that was sent, where the caller came by no session.</param>
    /// <param name="scope">The dataset.</param>
    /// <param name="permission">What is asked for.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public async Task<bool> StillHoldsAsync(
        Caller caller, string sent, string scope, Permission permission, CancellationToken cancellationToken)
    {
        if (caller.Key is { } key)
        {
            var proof = caller.Session?.Proof ?? KeyText.ProofOf(sent);
            var check = await grains.GetGrain<IApiKeyGrain>(key.Id).CheckAsync(proof, cancellationToken);
            if (check.Status != KeyStatus.Good) return false;
        }
        return (await OfAsync(caller, scope, cancellationToken)).Permissions.Contains(permission);
    }

    /// <summary>The datasets, of those given, that a caller may see.</summary>
    public async Task<T[]> VisibleAsync<T>(Caller caller, IReadOnlyList<T> datasets, Func<T, string> nameOf,
        CancellationToken cancellationToken)
    {
        if (caller.Trust != CallerTrust.Granted) return [.. datasets];
        var access = await Task.WhenAll(datasets.Select(d => OfAsync(caller, nameOf(d), cancellationToken)));
        return [.. datasets.Where((_, i) => access[i].Permissions.Contains(Permission.ReadDataset))];
    }

    private async Task<List<HeldRole>> RolesAsync(Caller caller, string scope, CancellationToken cancellationToken)
    {
        var granted = await GrantedAsync(caller, scope, cancellationToken);
        return [.. granted.Select(r => new HeldRole(scope, r)).Concat(caller.TokenRoles?.Where(r => r.Scope == scope) ?? []).Distinct()];
    }

    /// <summary>
    /// What cannot be read lets nobody in, and keeps nobody out whom another scope lets in: else the owner could not mend it.
    /// </summary>
    private async Task<IReadOnlyList<Role>> GrantedAsync(Caller caller, string scope, CancellationToken cancellationToken)
    {
        try
        {
            return await grains.GetGrain<IAccessGrain>(scope).GetRolesAsync(caller.Principal!, cancellationToken);
        }
        catch (Exception e) when (SetAsideException.Beneath(e) is not null)
        {
            return [];
        }
    }

    private static PermissionSet Narrow(Caller caller, string scope, PermissionSet permissions)
    {
        // The permission to act for others is a key's alone: a person's token is that person.
        var narrowed = caller.Key is { } key ? key.Scope.Narrow(permissions) : permissions.Without(Permission.ActForOthers);
        if (scope == AccessScope.Cluster) return narrowed;
        foreach (var permission in narrowed.ToList())
            if (PermissionSet.IsOfCluster(permission)) narrowed = narrowed.Without(permission);
        return narrowed;
    }
}
