namespace Winnow.Grains.Ports;

/// <summary>Names one state of one grain. The type belongs to the key: two grains of different types may bear the same key.</summary>
public readonly record struct GrainStateKey(string GrainType, string GrainKey, string Name);

/// <summary>A state as stored.</summary>
/// <param name="Version">Counts the writes, clearing included.</param>
/// <param name="State">JSON; null when it was cleared.</param>
public sealed record StoredGrainState(long Version, byte[]? State);

/// <summary>Where the states of the control grains are kept: one implementation per kind of ledger.</summary>
public interface IGrainStateStore
{
    /// <summary>The state, or null when it was never written.</summary>
    Task<StoredGrainState?> ReadAsync(GrainStateKey key, CancellationToken cancellationToken);

    /// <summary>
    /// All states of a type of grain whose keys are an owner's name and '/' with something behind it, by key; cleared ones left out.
    /// </summary>
    Task<IReadOnlyList<(string GrainKey, StoredGrainState State)>> ReadAllAsync(string grainType, string owner,
        CancellationToken cancellationToken);

    /// <summary>Replaces a state, durably.</summary>
    /// <param name="key">Which.</param>
    /// <param name="expected">The version to replace; null: there must be none.</param>
    /// <param name="state">JSON; null clears it.</param>
    /// <param name="cancellationToken">Gives up while the write waits.</param>
    /// <returns>The new version; null when the stored version is another one, and nothing was changed.</returns>
    Task<long?> WriteAsync(GrainStateKey key, long? expected, ReadOnlyMemory<byte>? state, CancellationToken cancellationToken);
}
