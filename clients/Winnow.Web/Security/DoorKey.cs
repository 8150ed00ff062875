using System.Security.Cryptography;
using System.Text;

namespace Winnow.Web.Security;

/// <summary>The operator's key from the configuration, and with it whether callers must show anything at all.</summary>
internal sealed class DoorKey(ApiOptions options)
{
    private readonly byte[]? _hash = options.ReadKey() is { } key ? Hash(key) : null;

    /// <summary>Whether everybody on this machine may do everything: neither a key nor an identity provider is configured.</summary>
    public bool Keyless => _hash is null && options.Oidc is null;

    /// <summary>Whether this is the operator's key. Equal lengths by hashing first, so that the comparison's time says nothing.</summary>
    public bool Opens(string sent) => _hash is not null && CryptographicOperations.FixedTimeEquals(Hash(sent), _hash);

    /// <summary>The same of a key that was hashed when a session began.</summary>
    public bool Opens(byte[] proof) => _hash is not null && CryptographicOperations.FixedTimeEquals(proof, _hash);

    private static byte[] Hash(string key) => SHA256.HashData(Encoding.UTF8.GetBytes(key));
}
