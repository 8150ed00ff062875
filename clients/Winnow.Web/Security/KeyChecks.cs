using Winnow.Abstractions.Health;
using Winnow.Abstractions.Security;

namespace Winnow.Web.Security;

/// <summary>Whether a key is good now. Asks each time and remembers nothing, whether the key came itself or began a session.</summary>
internal sealed class KeyChecks(DoorKey door, IGrainFactory grains)
{
    /// <summary>The caller whose key it is; or why it is not accepted.</summary>
    /// <param name="id">The API key; null for the operator's.</param>
    /// <param name="proof">SHA-256 of the key's text.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public async Task<(Caller? Caller, CredentialException? Wrong)> CheckAsync(
        string? id, byte[] proof, CancellationToken cancellationToken)
    {
        if (id is null) return door.Opens(proof) ? (Caller.Operator, null) : (null, Unknown);
        var check = await AskAsync(id, proof, cancellationToken);
        return check.Status switch
        {
            KeyStatus.Good => (new Caller(check.Info!.Principal, CallerTrust.Granted, check.Info), null),
            // Only who holds the secret gets to hear these.
            KeyStatus.Revoked => (null, new CredentialException("revoked", $"The key {id} was revoked.")),
            KeyStatus.Expired => (null, new CredentialException("expired", $"The key {id} has expired. Ask for a new one.")),
            _ => (null, Unknown),
        };
    }

    private static CredentialException Unknown => new("key", "The key is not known.");

    /// <summary>A key whose state cannot be read is one that nobody knows: it may have been revoked. The health page names it.</summary>
    private async Task<KeyCheck> AskAsync(string id, byte[] proof, CancellationToken cancellationToken)
    {
        try
        {
            return await grains.GetGrain<IApiKeyGrain>(id).CheckAsync(proof, cancellationToken);
        }
        catch (Exception e) when (SetAsideException.Beneath(e) is not null)
        {
            return new KeyCheck(KeyStatus.Unknown, null);
        }
    }
}
