using Winnow.Model.Security;

namespace Winnow.Abstractions.Security;

/// <summary>One API key. Key: its id.</summary>
[Alias("winnow.api-key")]
public interface IApiKeyGrain : IGrainWithStringKey
{
    /// <summary>Writes a new key down.</summary>
    /// <exception cref="Datasets.RefusedException">There is a key of that id.</exception>
    [Alias("create")]
    Task CreateAsync(ApiKeyInfo info, byte[] proof, CancellationToken cancellationToken);

    /// <summary>Whether a key is good now. Every request asks, so that a revoked key is refused at once.</summary>
    /// <param name="proof">SHA-256 of the key's text: the secret itself never leaves the front door.</param>
    /// <param name="cancellationToken">Gives up.</param>
    [Alias("check")]
    Task<KeyCheck> CheckAsync(byte[] proof, CancellationToken cancellationToken);

    /// <summary>The key without its secret; null when there is none.</summary>
    [Alias("get")]
    Task<ApiKeyInfo?> GetAsync(CancellationToken cancellationToken);

    /// <summary>Revokes it, for good. The same again changes nothing. Null when there is no such key.</summary>
    [Alias("revoke")]
    Task<ApiKeyInfo?> RevokeAsync(string actor, CancellationToken cancellationToken);
}

/// <summary>The keys of the cluster. Key: 0.</summary>
[Alias("winnow.api-keys")]
public interface IApiKeyIndexGrain : IGrainWithIntegerKey
{
    /// <summary>Makes a key.</summary>
    /// <exception cref="Datasets.RefusedException">There are too many keys.</exception>
    [Alias("create")]
    Task CreateAsync(ApiKeyInfo info, byte[] proof, CancellationToken cancellationToken);

    /// <summary>All keys, oldest first, those that ended too.</summary>
    [Alias("list")]
    Task<ApiKeyInfo[]> ListAsync(CancellationToken cancellationToken);
}

/// <summary>What a key was found to be.</summary>
public enum KeyStatus : byte
{
    /// <summary>There is none of that id, or the secret is another.</summary>
    Unknown = 0,
    Good = 1,
    Revoked = 2,
    Expired = 3,
}

/// <summary>What a key was found to be.</summary>
/// <param name="Status">The finding.</param>
/// <param name="Info">The key; null unless the secret was right.</param>
[GenerateSerializer, Immutable, Alias("winnow.key-check")]
public sealed record KeyCheck([property: Id(0)] KeyStatus Status, [property: Id(1)] ApiKeyInfo? Info);
