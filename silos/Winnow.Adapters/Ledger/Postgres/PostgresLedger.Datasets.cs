using System.Text;
using Npgsql;
using Winnow.Grains.Ports;
using Winnow.Model.Datasets;

namespace Winnow.Adapters.Ledger.Postgres;

/// <summary>The rows of datasets: how they are found.</summary>
public sealed partial class PostgresLedger
{
    private const string Named = $"SELECT name, id, info::text FROM dataset WHERE name NOT LIKE '{StagedDatasets.Prefix}%' ORDER BY name";

    /// <inheritdoc/>
    public async Task<IReadOnlyList<DatasetInfo>> ListDatasetsAsync(CancellationToken cancellationToken)
    {
        var datasets = new List<DatasetInfo>();
        foreach (var (name, json) in await DatasetRowsAsync(Named, null, cancellationToken).ConfigureAwait(false))
            if (StoredDatasets.TryRead(name, json, out _) is { } dataset) datasets.Add(dataset);
        return datasets;
    }

    /// <inheritdoc/>
    public async Task<IReadOnlyList<UnreadableDataset>> ListUnreadableAsync(CancellationToken cancellationToken)
    {
        var unreadable = new List<UnreadableDataset>();
        foreach (var (name, json) in await DatasetRowsAsync(Named, null, cancellationToken).ConfigureAwait(false))
            if (StoredDatasets.TryRead(name, json, out var problem) is null) unreadable.Add(new UnreadableDataset(name, problem));
        return unreadable;
    }

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

    private Task<List<(GrainStateKey Key, long Version)>> StatesAsync(CancellationToken cancellationToken)
    {
        ThrowIfClosed();
        return _database.ReadAsync(PostgresQueries.StatesAsync, cancellationToken);
    }

    /// <inheritdoc/>
    public async Task<DatasetInfo?> FindDatasetAsync(string name, CancellationToken cancellationToken)
    {
        if (PgColumns.Free(name) != name) return null;
        var rows = await DatasetRowsAsync("SELECT name, id, info::text FROM dataset WHERE name = $1", name, cancellationToken)
            .ConfigureAwait(false);
        return rows.Count == 0 ? null : StoredDatasets.Read(name, rows[0].Json);
    }

    /// <inheritdoc/>
    public Task<IReadOnlyList<int>> ListShardsAsync(string dataset, CancellationToken cancellationToken) =>
        ReadAsync<IReadOnlyList<int>>(new ShardKey(dataset, 0), [], static async (connection, id, token) =>
        {
            await using var query = new NpgsqlCommand("SELECT shard FROM shard WHERE dataset = $1 ORDER BY shard", connection)
                .Add(id.Dataset);
            await using var reader = await query.ExecuteReaderAsync(token).ConfigureAwait(false);
            var shards = new List<int>();
            while (await reader.ReadAsync(token).ConfigureAwait(false)) shards.Add(reader.GetInt32(0));
            return shards;
        }, cancellationToken);

    private Task<List<(string Name, byte[] Json)>> DatasetRowsAsync(string sql, string? name, CancellationToken cancellationToken)
    {
        ThrowIfClosed();
        return _database.ReadAsync(async (connection, token) =>
        {
            await using var command = new NpgsqlCommand(sql, connection);
            if (name is not null) command.Add(name);
            await using var reader = await command.ExecuteReaderAsync(token).ConfigureAwait(false);
            var rows = new List<(string, byte[])>();
            while (await reader.ReadAsync(token).ConfigureAwait(false))
            {
                var (found, json) = (reader.GetString(0), Encoding.UTF8.GetBytes(reader.GetString(2)));
                if (StoredDatasets.HoldsName(json))
                {
                    // Another silo may have taken the name from the dataset that this one knew by it.
                    _datasets.TryRemove(found, out _);
                    continue;
                }
                _datasets[found] = reader.GetInt32(1);
                rows.Add((found, json));
            }
            return rows;
        }, cancellationToken);
    }
}
