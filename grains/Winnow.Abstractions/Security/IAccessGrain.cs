using Winnow.Model.Security;

namespace Winnow.Abstractions.Security;

/// <summary>Who may do what in one dataset, or in the cluster. Key: an <see cref="AccessScope"/>.</summary>
[Alias("winnow.access")]
public interface IAccessGrain : IGrainWithStringKey
{
    /// <summary>The roles of a principal that are in force now. Every request asks, so what was taken back is closed at once.</summary>
    [Alias("roles")]
    Task<Role[]> GetRolesAsync(Principal principal, CancellationToken cancellationToken);

    /// <summary>All grants, by principal and role; those that ended too.</summary>
    [Alias("grants")]
    Task<AccessGrant[]> GetGrantsAsync(CancellationToken cancellationToken);

    /// <summary>The latest changes, oldest first.</summary>
    [Alias("changes")]
    Task<AccessChange[]> GetChangesAsync(CancellationToken cancellationToken);

    /// <summary>Makes the creator of a dataset its owner. Changes nothing where anything was ever granted.</summary>
    [Alias("found")]
    Task FoundAsync(Principal creator, string actor, CancellationToken cancellationToken);

    /// <summary>Gives a role, or moves its end. The same again changes nothing.</summary>
    /// <exception cref="Datasets.RefusedException">It would end in the past, or there are too many grants.</exception>
    [Alias("grant")]
    Task<AccessGrant> GrantAsync(GrantAccess command, string actor, CancellationToken cancellationToken);

    /// <summary>Records that a person was vetted: the grant is in force from now on.</summary>
    /// <exception cref="Datasets.RefusedException">There is no such grant, or it was revoked.</exception>
    [Alias("vet")]
    Task<AccessGrant> VetAsync(GrantName grant, string actor, CancellationToken cancellationToken);

    /// <summary>Takes a role back, at once.</summary>
    /// <exception cref="Datasets.RefusedException">There is no such grant.</exception>
    [Alias("revoke")]
    Task<AccessGrant> RevokeAsync(GrantName grant, string actor, CancellationToken cancellationToken);
}
