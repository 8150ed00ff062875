using System.Text.Json;
using Orleans.Storage;
using Winnow.Grains.Datasets;
using Winnow.Grains.Placement;
using Winnow.Grains.Ports;
using Winnow.Model;

namespace Winnow.Cluster.Tests.Training;

/// <summary>Control records and a dataset's state in memory, as JSON, with what was written of them. A write can be made to fail.</summary>
internal sealed class MemoryRecords : IControlRecords, IPersistentState<DatasetState>
{
    private readonly Dictionary<(string Kind, string Key), (long Version, byte[] Json)> _records = [];
    private byte[]? _state;

    /// <summary>Bytes of each write since it was last cleared.</summary>
    public List<int> Written { get; } = [];

    /// <summary>How many writes still succeed; null: all.</summary>
    public int? Left { get; set; }

    public int Count(string kind) => _records.Keys.Count(k => k.Kind == kind);

    public DatasetState State { get; set; } = new();

    public string Etag => "";

    public bool RecordExists => _state is not null;

    public static KnownLevel Level(bool raised)
    {
        var level = new KnownLevel();
        if (raised) level.Saw(ClusterLevels.Records);
        return level;
    }

    public Task<ControlRecord<T>?> ReadAsync<T>(string kind, string key, CancellationToken cancellationToken) where T : class =>
        Task.FromResult(_records.TryGetValue((kind, key), out var r) ? new ControlRecord<T>(key, r.Version, FromJson<T>(r.Json)) : null);

    public Task<IReadOnlyList<ControlRecord<T>>> ReadAllAsync<T>(string kind, string owner, CancellationToken cancellationToken)
        where T : class =>
        Task.FromResult<IReadOnlyList<ControlRecord<T>>>(
            [.. from r in _records
                where r.Key.Kind == kind && r.Key.Key.StartsWith(owner + "/", StringComparison.Ordinal)
                orderby r.Key.Key
                select new ControlRecord<T>(r.Key.Key, r.Value.Version, FromJson<T>(r.Value.Json))]);

    public Task<long> WriteAsync<T>(string kind, string key, long? known, T state, CancellationToken cancellationToken) where T : class
    {
        var json = ToJson(state);
        long? stands = _records.TryGetValue((kind, key), out var r) ? r.Version : null;
        if (stands != known) throw new InconsistentStateException($"{kind}/{key} has version {stands}, not {known}.");
        _records[(kind, key)] = ((known ?? 0) + 1, json);
        return Task.FromResult((known ?? 0) + 1);
    }

    public Task WriteStateAsync()
    {
        _state = ToJson(State);
        return Task.CompletedTask;
    }

    public Task ReadStateAsync()
    {
        State = _state is null ? new DatasetState() : FromJson<DatasetState>(_state);
        return Task.CompletedTask;
    }

    /// <summary>Everything is as it was before the first write.</summary>
    public void Forget()
    {
        _records.Clear();
        (_state, State) = (null, new DatasetState());
    }

    public Task ClearStateAsync() => throw new NotSupportedException();

    private byte[] ToJson<T>(T state)
    {
        if (Left is 0) throw new IOException("The store is away.");
        Left--;
        var json = JsonSerializer.SerializeToUtf8Bytes(state, ModelJson.Default.Options.WithReflection());
        Written.Add(json.Length);
        return json;
    }

    private static T FromJson<T>(byte[] json) => JsonSerializer.Deserialize<T>(json, ModelJson.Default.Options.WithReflection())!;
}

internal static class JsonOptions
{
    private static readonly JsonSerializerOptions Both = new(ModelJson.Default.Options)
    {
        TypeInfoResolver = System.Text.Json.Serialization.Metadata.JsonTypeInfoResolver.Combine(
            ModelJson.Default, new System.Text.Json.Serialization.Metadata.DefaultJsonTypeInfoResolver()),
    };

    /// <summary>As grains' states are written.</summary>
    public static JsonSerializerOptions WithReflection(this JsonSerializerOptions _) => Both;
}
