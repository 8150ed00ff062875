using System.Security.Cryptography;
using Winnow.Grains.Ports;
using Winnow.Model;
using Winnow.Model.Security;

namespace Winnow.Grains.Security;

/// <summary>
/// One key as it is kept. Who made it and who revoked it stand in <see cref="Info"/>: those are all the changes that a key can see.
/// </summary>
public sealed class ApiKeyState : IStoredState
{
    public ApiKeyInfo? Info { get; set; }

    /// <summary>SHA-256 of the proof that callers must show.</summary>
    public byte[] ProofHash { get; set; } = [];

    public string? Check() =>
        Info is null ? null
        : Info.Principal is null ? "info.principal is missing."
        : Info.Scope is null ? "info.scope is missing."
        : MemberRules.Within("info.scope", Info.Scope.Check())
        ?? (ProofHash.Length == SHA256.HashSizeInBytes ? null : "proofHash is no hash: nobody can show what it is of.");
}

/// <summary>The ids of all keys, in the order of their making.</summary>
public sealed class ApiKeyIndexState : IStoredState
{
    public List<string> Ids { get; set; } = [];

    public string? Check() => MemberRules.Each("ids", Ids, id => id.Length == 0 ? "is empty." : null);
}
