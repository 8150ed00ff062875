using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Orleans.Storage;
using Winnow.Model;

namespace Winnow.Adapters.Ledger;

/// <summary>
/// Grain storage for the few small control grains. The key is the whole grain id, type and key, so no two grains can meet in one row; the etag
/// is a version number; a write is on disk when it returns, together with everything else that waited.
/// </summary>
public sealed class LedgerGrainStorage(IGrainStateStore store) : IGrainStorage
{
    private static readonly JsonSerializerOptions Json = new(ModelJson.Default.Options)
    {
        TypeInfoResolver = JsonTypeInfoResolver.Combine(ModelJson.Default, new DefaultJsonTypeInfoResolver()),
    };

    private static string KeyOf(string stateName, GrainId grainId) => $"{grainId.Type}/{grainId.Key}#{stateName}";

    private static long VersionOf(string? etag) => etag is null ? 0 : long.Parse(etag, CultureInfo.InvariantCulture);

    /// <inheritdoc/>
    public async Task ReadStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState, CancellationToken cancellationToken)
    {
        var stored = await store.ReadStateAsync(KeyOf(stateName, grainId), cancellationToken);
        grainState.RecordExists = stored is not null;
        grainState.ETag = stored?.Version.ToString(CultureInfo.InvariantCulture)!;
        grainState.State = stored is null ? Activator.CreateInstance<T>() : JsonSerializer.Deserialize<T>(stored.Payload, Json)!;
    }

    /// <inheritdoc/>
    public async Task WriteStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState, CancellationToken cancellationToken)
    {
        var expected = VersionOf(grainState.ETag);
        if (!await store.WriteStateAsync(KeyOf(stateName, grainId), expected, JsonSerializer.SerializeToUtf8Bytes(grainState.State, Json), cancellationToken)) throw Stale(stateName, grainId, expected);
        grainState.ETag = (expected + 1).ToString(CultureInfo.InvariantCulture);
        grainState.RecordExists = true;
    }

    /// <inheritdoc/>
    public async Task ClearStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState, CancellationToken cancellationToken)
    {
        var expected = VersionOf(grainState.ETag);
        if (expected != 0 && !await store.ClearStateAsync(KeyOf(stateName, grainId), expected, cancellationToken)) throw Stale(stateName, grainId, expected);
        grainState.ETag = null!;
        grainState.RecordExists = false;
        grainState.State = Activator.CreateInstance<T>();
    }

    /// <inheritdoc/>
    public Task ReadStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState) => ReadStateAsync(stateName, grainId, grainState, CancellationToken.None);

    /// <inheritdoc/>
    public Task WriteStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState) => WriteStateAsync(stateName, grainId, grainState, CancellationToken.None);

    /// <inheritdoc/>
    public Task ClearStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState) => ClearStateAsync(stateName, grainId, grainState, CancellationToken.None);

    private static InconsistentStateException Stale(string stateName, GrainId grainId, long expected) =>
        new($"State '{stateName}' of {grainId} is no longer version {expected}: another activation has written it.");
}
