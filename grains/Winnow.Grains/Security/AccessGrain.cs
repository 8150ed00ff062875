using Winnow.Abstractions.Datasets;
using Winnow.Abstractions.Security;
using Winnow.Grains.Placement;
using Winnow.Grains.Ports;
using Winnow.Model.Security;

namespace Winnow.Grains.Security;

/// <summary>Who may do what in one scope. Small, asked by every request, and changed a few times a week.</summary>
// Callers may name datasets that are not there: those do not stay in memory for long.
[SiloRole(SiloTraits.Core), GrainType(ControlStorage.Access), CollectionAgeLimit(Minutes = 2)]
internal sealed class AccessGrain([PersistentState(ControlStorage.Access, ControlStorage.Name)] IPersistentState<AccessState> state,
    TimeProvider time) : Grain, IAccessGrain
{
    private const int MaxGrants = 10_000;
    private const int MaxChanges = 1_000;

    private string Scope => this.GetPrimaryKeyString();

    public Task<Role[]> GetRolesAsync(Principal principal, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        return Task.FromResult<Role[]>(
            [.. state.State.Grants.Where(g => g.Principal == principal && g.IsInForce(now)).Select(g => g.Role)]);
    }

    public Task<AccessGrant[]> GetGrantsAsync(CancellationToken cancellationToken) =>
        Task.FromResult<AccessGrant[]>(
        [.. state.State.Grants.OrderBy(g => g.Principal.ToString(), StringComparer.Ordinal).ThenBy(g => g.Role)]);

    public Task<AccessChange[]> GetChangesAsync(CancellationToken cancellationToken) =>
        Task.FromResult<AccessChange[]>([.. state.State.Changes]);

    public async Task FoundAsync(Principal creator, string actor, CancellationToken cancellationToken)
    {
        if (state.State.LastChange > 0) return;
        await SetAsync(AccessAct.Founded, new AccessGrant(creator, Scope, Role.Owner, GrantState.Active, null, actor, time.GetUtcNow()),
            actor);
    }

    public async Task<AccessGrant> GrantAsync(GrantAccess command, string actor, CancellationToken cancellationToken)
    {
        if (!AccessScope.IsValid(Scope)) throw new RefusedException($"'{Scope}' cannot be a dataset.");
        var now = time.GetUtcNow();
        if (command.ExpiresAt <= now) throw new RefusedException($"expiresAt must lie ahead; {command.ExpiresAt:u} has passed.");
        var known = Find(command.Principal, command.Role);
        if (known is { State: not GrantState.Revoked } && known.ExpiresAt == command.ExpiresAt) return known;
        if (known is null && state.State.Grants.Count >= MaxGrants)
            throw new RefusedException($"A scope holds at most {MaxGrants} grants.");
        // Who was vetted stays so while the access lasts; who comes back after its end is vetted anew.
        var vetted = known?.IsInForce(now) == true;
        var made = new AccessGrant(command.Principal, Scope, command.Role,
            vetted || command.Principal.Kind == PrincipalKind.Service ? GrantState.Active : GrantState.Pending,
            command.ExpiresAt, actor, now, vetted ? known!.VettedBy : null, vetted ? known!.VettedAt : null);
        return await SetAsync(AccessAct.Granted, made, actor);
    }

    public async Task<AccessGrant> VetAsync(GrantName grant, string actor, CancellationToken cancellationToken)
    {
        var known = Named(grant);
        if (known.State == GrantState.Revoked)
            throw new RefusedException(
                $"{grant.Principal} was {NameOf(grant.Role)} of '{Scope}' and is no more. Grant the role again first.");
        if (known.State == GrantState.Active) return known;
        return await SetAsync(AccessAct.Vetted, known with { State = GrantState.Active, VettedBy = actor, VettedAt = time.GetUtcNow() },
            actor);
    }

    public async Task<AccessGrant> RevokeAsync(GrantName grant, string actor, CancellationToken cancellationToken)
    {
        var known = Named(grant);
        return known.State == GrantState.Revoked
            ? known : await SetAsync(AccessAct.Revoked, known with { State = GrantState.Revoked }, actor);
    }

    private AccessGrant? Find(Principal principal, Role role) => state.State.Grants.Find(g => g.Principal == principal && g.Role == role);

    private AccessGrant Named(GrantName grant) =>
        Find(grant.Principal, grant.Role) ?? throw new RefusedException($"{grant.Principal} was never {NameOf(grant.Role)} of '{Scope}'.");

    private static string NameOf(Role role) => role.ToString().ToLowerInvariant();

    private async Task<AccessGrant> SetAsync(AccessAct act, AccessGrant made, string actor)
    {
        var grants = state.State.Grants;
        var at = grants.FindIndex(g => g.Principal == made.Principal && g.Role == made.Role);
        if (at < 0) grants.Add(made);
        else grants[at] = made;
        var changes = state.State.Changes;
        changes.Add(new AccessChange(++state.State.LastChange, time.GetUtcNow(), actor, act, made.Principal, made.Role, made.ExpiresAt));
        if (changes.Count > MaxChanges) changes.RemoveRange(0, changes.Count - MaxChanges);
        await state.WriteOrForgetAsync(DeactivateOnIdle);
        return made;
    }
}
