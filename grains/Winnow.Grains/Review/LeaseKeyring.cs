using Winnow.Abstractions.Health;
using Winnow.Grains.Ports;

namespace Winnow.Grains.Review;

/// <summary>
/// Fetches the secret that signs leases, once per process. It lives in the ledger, so every silo signs alike and a restart keeps leases
/// valid.
/// </summary>
internal sealed class LeaseKeyring(ISecretLedger ledger) : ILifecycleParticipant<ISiloLifecycle>
{
    private LeaseTokens? _tokens;

    public async ValueTask<LeaseTokens> GetAsync(CancellationToken cancellationToken) =>
        _tokens ??= new LeaseTokens(await ledger.GetOrCreateSecretAsync(LedgerSecrets.Lease, LedgerSecrets.LeaseBytes, cancellationToken));

    /// <summary>
    /// Fetched at the start, so that the first who looks at an image does not have it written, to a disk that may be full by then.
    /// </summary>
    public void Participate(ISiloLifecycle observer) => observer.Subscribe(nameof(LeaseKeyring), ServiceLifecycleStage.Active, FetchAsync);

    private async Task FetchAsync(CancellationToken cancellationToken)
    {
        try
        {
            await GetAsync(cancellationToken);
        }
        catch (Exception e) when (e is IOException or InvalidOperationException or OperationCanceledException or SetAsideException)
        {
            // Whoever needs it asks again, and hears why there is none.
        }
    }
}
