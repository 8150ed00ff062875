using Winnow.Model.Names;

namespace Winnow.Model.Security;

/// <summary>What a key is narrowed to. It never widens what its principal may do.</summary>
/// <param name="Datasets">The only datasets that it opens, 1 to 100; such a key opens nothing of the cluster. Null for all.</param>
/// <param name="Permissions">The only permissions that it carries; null for all but <see cref="Permission.ActForOthers"/>, which must be
/// named.</param>
public sealed record KeyScope(IReadOnlyList<string>? Datasets = null, IReadOnlyList<Permission>? Permissions = null)
{
    /// <summary>Whether it narrows anything.</summary>
    public bool Narrows() => Datasets is not null || Permissions is not null;

    /// <summary>Whether it opens a dataset, or the cluster for <see cref="AccessScope.Cluster"/>.</summary>
    public bool Covers(string scope) => Datasets is null || Datasets.Contains(scope);

    /// <summary>What is left of a principal's permissions.</summary>
    public PermissionSet Narrow(PermissionSet permissions) =>
        Permissions is null ? permissions.Without(Permission.ActForOthers) : permissions.Within(new PermissionSet(Permissions));

    /// <summary>The first thing that is wrong; null when all is sound.</summary>
    public string? Check()
    {
        if (Datasets is { Count: 0 or > 100 }) return $"datasets must name 1 to 100 datasets, not {Datasets.Count}. Leave it out for all.";
        if (Datasets?.FirstOrDefault(d => !Model.Names.DatasetName.IsValid(d)) is { } name)
            return $"'{name}' cannot be a dataset. {Model.Names.DatasetName.Rule}";
        if (Permissions is { Count: 0 or > 64 })
            return $"permissions must name 1 to 64 permissions, not {Permissions.Count}. Leave it out for all.";
        return null;
    }
}

/// <summary>An API key, without its secret.</summary>
/// <param name="Id">16 hexadecimal digits; part of the key's text and no secret.</param>
/// <param name="Principal">Whom it speaks for.</param>
/// <param name="Description">What it is for.</param>
/// <param name="Scope">What it is narrowed to.</param>
/// <param name="CreatedAt">When it was made.</param>
/// <param name="CreatedBy">By whom.</param>
/// <param name="ExpiresAt">When it ends.</param>
/// <param name="RevokedAt">When it was revoked; null while it was not.</param>
/// <param name="RevokedBy">By whom.</param>
/// <param name="LastUsedAt">When it was last used, within an hour; null for never.</param>
public sealed record ApiKeyInfo(string Id, Principal Principal, string Description, KeyScope Scope, DateTimeOffset CreatedAt,
    string CreatedBy, DateTimeOffset ExpiresAt, DateTimeOffset? RevokedAt = null, string? RevokedBy = null, DateTimeOffset? LastUsedAt =
    null);

/// <summary>A request for a key. To rotate one, make a new one and revoke the old.</summary>
/// <param name="Principal">Whom it is to speak for. What it opens is decided by that principal's roles.</param>
/// <param name="Description">What it is for; at most 200 characters.</param>
/// <param name="Scope">What it is to be narrowed to. Default nothing.</param>
/// <param name="ExpiresAt">When it is to end, at most two years ahead. Default in 90 days.</param>
public sealed record CreateApiKey(
    Principal Principal,
    [property: Text(TextKind.Free, CreateApiKey.MaxDescription)] string Description = "",
    KeyScope? Scope = null,
    DateTimeOffset? ExpiresAt = null) : IFreeText
{
    /// <summary>Most characters of a description.</summary>
    public const int MaxDescription = 200;

    IFreeText IFreeText.Cleaned() => this with { Description = ShownText.Clean(Description) };
}

/// <summary>A new key.</summary>
/// <param name="Key">The key with its secret: shown this once, and kept nowhere.</param>
/// <param name="Info">The key as it is listed.</param>
/// <param name="NotHeld">
/// Permissions that the key names and no role of its principal gives, anywhere that the key opens: it carries none of them until one does.
/// </param>
public sealed record CreatedApiKey(string Key, ApiKeyInfo Info, IReadOnlyList<Permission>? NotHeld = null);
