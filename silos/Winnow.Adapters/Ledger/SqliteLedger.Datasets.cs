using Winnow.Grains.Ports;
using Winnow.Model.Datasets;

namespace Winnow.Adapters.Ledger;

/// <summary>The rows of datasets: how they are found.</summary>
public sealed partial class SqliteLedger
{
    private const string Named = $"SELECT name, info FROM dataset WHERE name NOT LIKE '{StagedDatasets.Prefix}%' "
        + $"AND info <> '{StoredDatasets.NameHeld}' ORDER BY name";

    /// <inheritdoc/>
    public async Task<IReadOnlyList<DatasetInfo>> ListDatasetsAsync(CancellationToken cancellationToken) =>
        await _readers.ReadAsync(static session =>
        {
            var datasets = new List<DatasetInfo>();
            var query = session.Prepare(Named);
            while (query.Step())
                if (StoredDatasets.TryRead(query.Text(0), query.Bytes(1), out _) is { } dataset) datasets.Add(dataset);
            return datasets;
        }, cancellationToken).ConfigureAwait(false);

    /// <inheritdoc/>
    public async Task<IReadOnlyList<UnreadableDataset>> ListUnreadableAsync(CancellationToken cancellationToken) =>
        await _readers.ReadAsync(static session =>
        {
            var unreadable = new List<UnreadableDataset>();
            var query = session.Prepare(Named);
            while (query.Step())
                if (StoredDatasets.TryRead(query.Text(0), query.Bytes(1), out var problem) is null)
                    unreadable.Add(new UnreadableDataset(query.Text(0), problem));
            return unreadable;
        }, cancellationToken).ConfigureAwait(false);

    /// <inheritdoc/>
    public async Task<IReadOnlyList<UnreadableState>> ListUnreadableStatesAsync(CancellationToken cancellationToken) =>
        await _survey.RunAsync(await StatesAsync(cancellationToken).ConfigureAwait(false), cancellationToken).ConfigureAwait(false);

    /// <inheritdoc/>
    public async Task<IReadOnlyList<string>> ListStatesAsync(string grainType, CancellationToken cancellationToken) =>
        [.. (await StatesAsync(cancellationToken).ConfigureAwait(false))
            .Where(s => s.Key.GrainType == grainType).Select(s => s.Key.GrainKey)];

    /// <inheritdoc/>
    public Task<bool> DiscardStateAsync(string grainType, string grainKey, byte[]? instead, CancellationToken cancellationToken) =>
        _survey.DiscardAsync(new GrainStateKey(grainType, grainKey, grainType), instead, cancellationToken);

    private Task<List<(GrainStateKey Key, long Version)>> StatesAsync(CancellationToken cancellationToken) =>
        _readers.ReadAsync(GrainStateQueries.List, cancellationToken);

    /// <inheritdoc/>
    public Task<DatasetInfo?> FindDatasetAsync(string name, CancellationToken cancellationToken) =>
        _readers.ReadAsync(session =>
        {
            var query = session.Prepare("SELECT info FROM dataset WHERE name = ?1").Bind(1, name);
            if (!query.Step()) return null;
            var dataset = StoredDatasets.HoldsName(query.Bytes(0)) ? null : StoredDatasets.Read(name, query.Bytes(0));
            query.Reset();
            return dataset;
        }, cancellationToken);

    /// <inheritdoc/>
    public Task<IReadOnlyList<int>> ListShardsAsync(string dataset, CancellationToken cancellationToken) =>
        ReadAsync<IReadOnlyList<int>>(new ShardKey(dataset, 0), [], static (session, id) =>
        {
            var shards = new List<int>();
            var query = session.Prepare("SELECT shard FROM shard WHERE dataset = ?1 ORDER BY shard").Bind(1, id);
            while (query.Step()) shards.Add(query.Int(0));
            return shards;
        }, cancellationToken);
}
