using Orleans.Storage;
using Winnow.Grains.Ports;

namespace Winnow.Cluster.Tests.Schedules;

/// <summary>Control records in memory. A write takes effect at one moment between the call and its answer, which may get lost.</summary>
internal sealed class SimulatedRecords(Mishaps mishaps) : IControlRecords
{
    private readonly Dictionary<(string Kind, string Key), (long Version, object State)> _records = [];

    /// <summary>Is told of each record that was written, when it was.</summary>
    public Action<string>? Wrote { get; set; }

    /// <summary>A record that was there before.</summary>
    public void Plant(string kind, string key, object state) => _records[(kind, key)] = (1, state);

    public async Task<ControlRecord<T>?> ReadAsync<T>(string kind, string key, CancellationToken cancellationToken) where T : class
    {
        await Task.Yield();
        if (mishaps.Happens()) throw new IOException("The ledger is away.");
        var known = _records.TryGetValue((kind, key), out var record) ? new ControlRecord<T>(key, record.Version, (T)record.State) : null;
        await Task.Yield();
        return known;
    }

    public async Task<long> WriteAsync<T>(string kind, string key, long? known, T state, CancellationToken cancellationToken)
        where T : class
    {
        await Task.Yield();
        if (mishaps.Happens()) throw new IOException("The ledger is away. Nothing was stored.");
        long? stands = _records.TryGetValue((kind, key), out var record) ? record.Version : null;
        if (stands != known) throw new InconsistentStateException($"{kind}/{key} has version {stands}, not {known}.");
        var version = (known ?? 0) + 1;
        _records[(kind, key)] = (version, state);
        Wrote?.Invoke(kind);
        await Task.Yield();
        if (mishaps.Happens()) throw new IOException("The ledger is away. Whether this was stored is open.");
        return version;
    }

    public async Task<IReadOnlyList<ControlRecord<T>>> ReadAllAsync<T>(string kind, string owner, CancellationToken cancellationToken)
        where T : class
    {
        await Task.Yield();
        if (mishaps.Happens()) throw new IOException("The ledger is away.");
        var found = _records.Where(r => r.Key.Kind == kind && r.Key.Key.StartsWith(owner + "/", StringComparison.Ordinal))
            .OrderBy(r => r.Key.Key, StringComparer.Ordinal)
            .Select(r => new ControlRecord<T>(r.Key.Key, r.Value.Version, (T)r.Value.State)).ToArray();
        await Task.Yield();
        return found;
    }
}
