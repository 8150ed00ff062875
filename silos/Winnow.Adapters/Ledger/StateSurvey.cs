using System.Collections.Concurrent;
using Winnow.Grains;
using Winnow.Grains.Ports;

namespace Winnow.Adapters.Ledger;

/// <summary>
/// Looks through all states for those that cannot be read. What was sound at a version is so for good, so that a survey reads what has
/// changed since the last one, and no more.
/// </summary>
internal sealed class StateSurvey(IGrainStateStore store)
{
    private volatile ConcurrentDictionary<GrainStateKey, long> _sound = new();

    /// <param name="stored">All states that are there, with their versions.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public async Task<IReadOnlyList<UnreadableState>> RunAsync(
        IReadOnlyList<(GrainStateKey Key, long Version)> stored, CancellationToken cancellationToken)
    {
        var (known, sound) = (_sound, new ConcurrentDictionary<GrainStateKey, long>());
        var unreadable = new List<UnreadableState>();
        foreach (var (key, version) in stored)
        {
            if (!known.TryGetValue(key, out var seen) || seen != version)
            {
                if (await store.ReadAsync(key, cancellationToken).ConfigureAwait(false) is not { } state) continue;
                if (StoredStates.WrongWith(key, state) is { } problem)
                {
                    unreadable.Add(new UnreadableState(key.GrainType, key.GrainKey, problem));
                    continue;
                }
            }
            sound[key] = version;
        }
        _sound = sound;
        return unreadable;
    }

    /// <summary>Puts something in the place of a state that cannot be read; false where it can be, or has changed.</summary>
    public async Task<bool> DiscardAsync(GrainStateKey key, byte[]? instead, CancellationToken cancellationToken) =>
        await store.ReadAsync(key, cancellationToken).ConfigureAwait(false) is { } state && StoredStates.WrongWith(key, state) is not null
        && await store.WriteAsync(key, state.Version, instead, cancellationToken).ConfigureAwait(false) is not null;
}
