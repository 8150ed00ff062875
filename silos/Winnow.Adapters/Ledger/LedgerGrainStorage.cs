using System.Globalization;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Orleans.Runtime.Hosting;
using Orleans.Storage;
using Winnow.Grains;
using Winnow.Grains.Ports;

namespace Winnow.Adapters.Ledger;

/// <summary>
/// Keeps the few small states of control grains in the ledger's database. A state is on disk when its write completes; writes share the
/// ledger's transactions. The key is the full grain id with the state's name, the etag the number of writes. States are JSON: records with
/// public properties, in the house form of the model's own.
/// </summary>
internal sealed class LedgerGrainStorage(IGrainStateStore store, string name) : IGrainStorage
{
    public Task ReadStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState) =>
        ReadStateAsync(stateName, grainId, grainState, CancellationToken.None);

    public async Task ReadStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState, CancellationToken cancellationToken)
    {
        var key = KeyOf(stateName, grainId);
        var stored = await store.ReadAsync(key, cancellationToken);
        grainState.ETag = stored?.Version.ToString(CultureInfo.InvariantCulture);
        grainState.RecordExists = stored?.State is not null;
        grainState.State = stored?.State is null ? Activator.CreateInstance<T>() : StoredStates.Read<T>(key, stored);
    }

    public Task WriteStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState) =>
        WriteStateAsync(stateName, grainId, grainState, CancellationToken.None);

    public async Task WriteStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState, CancellationToken cancellationToken)
    {
        var json = JsonSerializer.SerializeToUtf8Bytes(grainState.State, StoredStates.Json);
        grainState.ETag = await WriteAsync(stateName, grainId, grainState.ETag, json, cancellationToken);
        grainState.RecordExists = true;
    }

    public Task ClearStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState) =>
        ClearStateAsync(stateName, grainId, grainState, CancellationToken.None);

    public async Task ClearStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState, CancellationToken cancellationToken)
    {
        // Nothing was ever written: there is nothing to clear, and no version to keep.
        if (grainState.ETag is not null || await store.ReadAsync(KeyOf(stateName, grainId), cancellationToken) is not null)
            grainState.ETag = await WriteAsync(stateName, grainId, grainState.ETag, null, cancellationToken);
        grainState.RecordExists = false;
        grainState.State = Activator.CreateInstance<T>();
    }

    private async Task<string> WriteAsync(string stateName, GrainId grainId, string? etag, byte[]? json,
        CancellationToken cancellationToken)
    {
        var key = KeyOf(stateName, grainId);
        long? expected = etag is null ? null : long.Parse(etag, CultureInfo.InvariantCulture);
        var version = await store.WriteAsync(key, expected, json, cancellationToken);
        if (version is { } written) return written.ToString(CultureInfo.InvariantCulture);
        var stored = (await store.ReadAsync(key, cancellationToken))?.Version.ToString(CultureInfo.InvariantCulture);
        throw new InconsistentStateException(
            $"State '{stateName}' of grain {grainId} in storage '{name}' was written by another activation: version {stored ?? "none"} is "
            + $"stored, {etag ?? "none"} was expected.",
            stored ?? "", etag ?? "");
    }

    private static GrainStateKey KeyOf(string stateName, GrainId grainId) =>
        new(grainId.Type.ToString()!, grainId.Key.ToString()!, stateName);
}

/// <summary>Registers the storage of control grains.</summary>
public static class LedgerGrainStorageRegistration
{
    /// <summary>
    /// Keeps the states of grains that name this storage in the ledger's database. Needs a ledger, such as that of
    /// <c>AddEmbeddedStorage</c>.
    /// </summary>
    public static ISiloBuilder AddWinnowGrainStorage(this ISiloBuilder silo, string name = "control")
    {
        silo.Services.AddGrainStorage(name,
            static (services, name) => new LedgerGrainStorage(services.GetRequiredService<IGrainStateStore>(), name));
        return silo;
    }
}
