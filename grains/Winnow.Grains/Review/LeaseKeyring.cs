using Winnow.Grains.Ports;

namespace Winnow.Grains.Review;

/// <summary>Fetches the secret that signs leases, once per process. It lives in the ledger, so every silo signs alike and a restart keeps leases valid.</summary>
internal sealed class LeaseKeyring(ILedger ledger)
{
    private const int SecretBytes = 32;
    private LeaseTokens? _tokens;

    public async ValueTask<LeaseTokens> GetAsync(CancellationToken cancellationToken) =>
        _tokens ??= new LeaseTokens(await ledger.GetOrCreateSecretAsync("lease", SecretBytes, cancellationToken));
}
