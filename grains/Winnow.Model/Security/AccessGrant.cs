using System.Text.Json.Serialization;
using Winnow.Model.Names;

namespace Winnow.Model.Security;

/// <summary>What access is granted on.</summary>
public static class AccessScope
{
    /// <summary>The whole cluster with all its datasets.</summary>
    public const string Cluster = "*";

    /// <summary>Whether a scope is the cluster or could be a dataset.</summary>
    public static bool IsValid(string? scope) => scope == Cluster || DatasetName.IsValid(scope);
}

/// <summary>How far a grant has come.</summary>
[JsonConverter(typeof(KebabEnumConverter<GrantState>))]
public enum GrantState : byte
{
    /// <summary>Waits for an owner to vet the person; opens nothing yet.</summary>
    Pending = 0,
    /// <summary>In force until it expires.</summary>
    Active = 1,
    /// <summary>Taken back.</summary>
    Revoked = 2,
}

/// <summary>A role of a principal.</summary>
/// <param name="Principal">Whose.</param>
/// <param name="Scope">The dataset, or <c>*</c> for the cluster.</param>
/// <param name="Role">Which.</param>
/// <param name="State">How far it has come.</param>
/// <param name="ExpiresAt">When it ends by itself; null for never.</param>
/// <param name="GrantedBy">Who granted it.</param>
/// <param name="GrantedAt">When.</param>
/// <param name="VettedBy">Who vetted the person; null while nobody did, and for a service.</param>
/// <param name="VettedAt">When.</param>
public sealed record AccessGrant(Principal Principal, string Scope, Role Role, GrantState State, DateTimeOffset? ExpiresAt,
    string GrantedBy, DateTimeOffset GrantedAt, string? VettedBy = null, DateTimeOffset? VettedAt = null)
{
    /// <summary>Whether it opens anything at a time.</summary>
    public bool IsInForce(DateTimeOffset now) => State == GrantState.Active && !(ExpiresAt <= now);
}

/// <summary>A request to give a role. A service has it at once, a person after vetting.</summary>
/// <param name="Principal">To whom.</param>
/// <param name="Role">Which.</param>
/// <param name="ExpiresAt">When it is to end by itself; null for never.</param>
public sealed record GrantAccess(Principal Principal, Role Role, DateTimeOffset? ExpiresAt = null);

/// <summary>Names one grant of a scope, to vet or to revoke it.</summary>
/// <param name="Principal">Whose.</param>
/// <param name="Role">Which.</param>
public sealed record GrantName(Principal Principal, Role Role);

/// <summary>What was done to access.</summary>
[JsonConverter(typeof(KebabEnumConverter<AccessAct>))]
public enum AccessAct : byte
{
    /// <summary>The creator of a dataset became its owner.</summary>
    Founded = 0,
    /// <summary>A role was granted, or its end moved.</summary>
    Granted = 1,
    /// <summary>A person was vetted.</summary>
    Vetted = 2,
    /// <summary>A role was taken back.</summary>
    Revoked = 3,
}

/// <summary>One change of access.</summary>
/// <param name="Number">1, 2, 3, … within the scope.</param>
/// <param name="At">When.</param>
/// <param name="Actor">Who did it.</param>
/// <param name="Act">What was done.</param>
/// <param name="Principal">To whom.</param>
/// <param name="Role">Which role.</param>
/// <param name="ExpiresAt">When the grant ends by itself.</param>
public sealed record AccessChange(long Number, DateTimeOffset At, string Actor, AccessAct Act, Principal Principal, Role Role,
    DateTimeOffset? ExpiresAt);
