using Winnow.Model.Security;

namespace Winnow.Grains.Security;

/// <summary>One key as it is kept. Who made it and who revoked it stand in <see cref="Info"/>: those are all the changes that a key can see.</summary>
public sealed class ApiKeyState
{
    public ApiKeyInfo? Info { get; set; }

    /// <summary>SHA-256 of the proof that callers must show.</summary>
    public byte[] ProofHash { get; set; } = [];
}

/// <summary>The ids of all keys, in the order of their making.</summary>
public sealed class ApiKeyIndexState
{
    public List<string> Ids { get; set; } = [];
}
