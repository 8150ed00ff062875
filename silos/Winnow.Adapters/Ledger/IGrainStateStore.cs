namespace Winnow.Adapters.Ledger;

/// <summary>A stored state with its version, which serves as the etag.</summary>
public sealed record StoredGrainState(long Version, byte[] Payload);

/// <summary>Versioned blobs under text keys, durable when a task completes.</summary>
public interface IGrainStateStore
{
    /// <summary>A state; null when there is none.</summary>
    Task<StoredGrainState?> ReadStateAsync(string key, CancellationToken cancellationToken);

    /// <summary>Writes version <paramref name="expectedVersion"/> + 1; false when another version stands. 0 expects that there is none.</summary>
    Task<bool> WriteStateAsync(string key, long expectedVersion, byte[] payload, CancellationToken cancellationToken);

    /// <summary>Removes a state; false when another version stands.</summary>
    Task<bool> ClearStateAsync(string key, long expectedVersion, CancellationToken cancellationToken);
}
