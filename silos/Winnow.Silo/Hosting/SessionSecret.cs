using System.Security.Cryptography;
using Winnow.Grains.Ports;
using Winnow.Web.Security;

namespace Winnow.Silo.Hosting;

/// <summary>
/// The secret of sessions, derived from the one that signs leases and of no use in its place. That one lies in the ledger, so every server
/// of a cluster opens what another has sealed, and a restart signs nobody out. Fetched on first use, once per process.
/// </summary>
internal sealed class SessionSecret(ISecretLedger ledger) : ISessionSecret
{
    private const int Bytes = 32;
    private static readonly byte[] Use = "winnow browser session"u8.ToArray();

    private byte[]? _secret;

    public async ValueTask<byte[]> GetAsync(CancellationToken cancellationToken) => _secret ??= HKDF.DeriveKey(HashAlgorithmName.SHA256,
        await ledger.GetOrCreateSecretAsync(LedgerSecrets.Lease, LedgerSecrets.LeaseBytes, cancellationToken), Bytes, info: Use);
}
