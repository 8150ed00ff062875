using System.Globalization;
using System.Text.Json;
using Orleans.Storage;
using Winnow.Grains.Ports;

namespace Winnow.Grains;

/// <summary>Keeps control records among the states of grains: a kind is a type of grain whose only state bears the same name.</summary>
internal sealed class StoredRecords(IGrainStateStore store) : IControlRecords
{
    public async Task<ControlRecord<T>?> ReadAsync<T>(string kind, string key, CancellationToken cancellationToken) where T : class
    {
        var stored = await store.ReadAsync(KeyOf(kind, key), cancellationToken);
        return stored?.State is null ? null : Read<T>(KeyOf(kind, key), stored);
    }

    public async Task<IReadOnlyList<ControlRecord<T>>> ReadAllAsync<T>(string kind, string owner, CancellationToken cancellationToken)
        where T : class
    {
        var stored = await store.ReadAllAsync(kind, owner, cancellationToken);
        return [.. stored.Select(s => Read<T>(KeyOf(kind, s.GrainKey), s.State))];
    }

    public async Task<long> WriteAsync<T>(string kind, string key, long? known, T state, CancellationToken cancellationToken)
        where T : class
    {
        var (at, json) = (KeyOf(kind, key), JsonSerializer.SerializeToUtf8Bytes(state, StoredStates.Json));
        if (await store.WriteAsync(at, known, json, cancellationToken) is { } written) return written;
        var stands = await store.ReadAsync(at, cancellationToken);
        // One that was discarded left its version behind, so that no old writer ever matches it.
        if (known is null && stands is { State: null }
            && await store.WriteAsync(at, stands.Version, json, cancellationToken) is { } replaced) return replaced;
        string Told(long? version) => version?.ToString(CultureInfo.InvariantCulture) ?? "none";
        throw new InconsistentStateException(
            $"Record {kind}/{key} was written by another activation: version {Told(stands?.Version)} is stored, {Told(known)} "
            + $"was expected.",
            Told(stands?.Version), Told(known));
    }

    private static GrainStateKey KeyOf(string kind, string key) => new(kind, key, kind);

    private static ControlRecord<T> Read<T>(GrainStateKey key, StoredGrainState stored) =>
        new(key.GrainKey, stored.Version, StoredStates.Read<T>(key, stored));
}
