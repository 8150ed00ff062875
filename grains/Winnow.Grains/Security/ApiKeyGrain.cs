using System.Security.Cryptography;
using Microsoft.Extensions.Logging;
using Winnow.Abstractions.Datasets;
using Winnow.Abstractions.Security;
using Winnow.Grains.Placement;
using Winnow.Grains.Ports;
using Winnow.Grains.Telemetry;
using Winnow.Model.Security;

namespace Winnow.Grains.Security;

/// <summary>
/// One API key. Its secret is 256 random bits, so there is nothing to guess and a plain SHA-256 keeps it: salt and slow hashing are for
/// passwords. It is hashed twice, at the front door and here: the secret does not travel, and what is on disk opens nothing.
/// </summary>
// Anybody may send ids that nobody gave: those do not stay in memory for long.
[SiloRole(SiloTraits.Core), GrainType(ControlStorage.ApiKey), CollectionAgeLimit(Minutes = 2)]
internal sealed class ApiKeyGrain([PersistentState(ControlStorage.ApiKey, ControlStorage.Name)] IPersistentState<ApiKeyState> state,
    TimeProvider time, ILogger<ApiKeyGrain> logger) : Grain, IApiKeyGrain
{
    /// <summary>How coarsely the last use is remembered: a key in use costs one write per hour.</summary>
    private static readonly TimeSpan UseResolution = TimeSpan.FromHours(1);

    public async Task CreateAsync(ApiKeyInfo info, byte[] proof, CancellationToken cancellationToken)
    {
        if (state.State.Info is not null) throw new RefusedException($"There is a key {info.Id} already.");
        (state.State.Info, state.State.ProofHash) = (info, SHA256.HashData(proof));
        await state.WriteOrForgetAsync(DeactivateOnIdle);
    }

    public async Task<KeyCheck> CheckAsync(byte[] proof, CancellationToken cancellationToken)
    {
        if (state.State.Info is not { } info) return new KeyCheck(KeyStatus.Unknown, null);
        if (!CryptographicOperations.FixedTimeEquals(SHA256.HashData(proof), state.State.ProofHash))
            return new KeyCheck(KeyStatus.Unknown, null);
        if (info.RevokedAt is not null) return new KeyCheck(KeyStatus.Revoked, info);
        var now = time.GetUtcNow();
        if (info.ExpiresAt <= now) return new KeyCheck(KeyStatus.Expired, info);
        if (info.LastUsedAt is not { } last || now - last >= UseResolution) await RememberUseAsync(info with { LastUsedAt = now });
        return new KeyCheck(KeyStatus.Good, info);
    }

    public Task<ApiKeyInfo?> GetAsync(CancellationToken cancellationToken) => Task.FromResult(state.State.Info);

    public async Task<ApiKeyInfo?> RevokeAsync(string actor, CancellationToken cancellationToken)
    {
        if (state.State.Info is { RevokedAt: null } info)
        {
            state.State.Info = info with { RevokedAt = time.GetUtcNow(), RevokedBy = actor };
            await state.WriteOrForgetAsync(DeactivateOnIdle);
        }
        return state.State.Info;
    }

    private async Task RememberUseAsync(ApiKeyInfo used)
    {
        state.State.Info = used;
        try
        {
            await state.WriteOrForgetAsync(DeactivateOnIdle);
        }
        catch (Exception e)
        {
            // The key was found good before; a use that is not remembered locks nobody out.
            logger.KeyUseNotRemembered(e, used.Id);
        }
    }
}
