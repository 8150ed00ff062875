using System.Text.Json;
using Npgsql;
using Winnow.Grains.Ports;
using Winnow.Model;
using Winnow.Model.Datasets;

namespace Winnow.Adapters.Ledger.Postgres;

/// <summary>What a backup reads and a restore publishes.</summary>
public sealed partial class PostgresLedger
{
    private const string Name =
        "UPDATE dataset SET name = $2, info = $3::json WHERE name = $1 AND NOT EXISTS (SELECT FROM dataset WHERE name = $2)";
    private const string AddState =
        "INSERT INTO grain_state AS s (grain_type, grain_key, name, version, state) VALUES ($1, $2, $3, 1, $4) " +
        "ON CONFLICT (grain_type, grain_key, name) DO UPDATE SET " +
        "version = CASE WHEN s.version BETWEEN 0 AND 1000000000000000000 THEN s.version + 1 ELSE 1 END, " +
        "state = excluded.state WHERE s.state IS NULL";

    /// <inheritdoc/>
    public Task<bool> PublishDatasetAsync(string staged, DatasetInfo dataset, IReadOnlyList<ControlState> states,
        CancellationToken cancellationToken)
    {
        ThrowIfClosed();
        var json = JsonSerializer.Serialize(dataset, ModelJson.Default.DatasetInfo);
        return _database.WriteAsync(async (connection, repeated, token) =>
        {
            try
            {
                await using var transaction = await connection.BeginTransactionAsync(token).ConfigureAwait(false);
                await using var name = new NpgsqlCommand(Name, connection).Add(staged).Add(PgColumns.Key(dataset.Name)).Add(json);
                if (await name.ExecuteNonQueryAsync(token).ConfigureAwait(false) == 0)
                    return repeated && await IsAsync(connection, dataset.Name, json, token).ConfigureAwait(false);
                foreach (var state in states)
                {
                    await using var add = new NpgsqlCommand(AddState, connection)
                        .Add(PgColumns.Key(state.GrainType)).Add(PgColumns.Key(state.GrainKey)).Add(PgColumns.Key(state.Name))
                            .Add(state.Json);
                    // Somebody's grain has written it.
                    if (await add.ExecuteNonQueryAsync(token).ConfigureAwait(false) == 0) return false;
                }
                await transaction.CommitAsync(token).ConfigureAwait(false);
                return true;
            }
            catch (PostgresException taken) when (taken.SqlState == PostgresErrorCodes.UniqueViolation)
            {
                // Somebody took the name at the same moment.
                return false;
            }
        }, cancellationToken);
    }

    /// <inheritdoc/>
    public Task<int> CountImagesAsync(ShardKey shard, CancellationToken cancellationToken) =>
        ReadAsync(shard, 0, PostgresQueries.CountAsync, cancellationToken);

    /// <inheritdoc/>
    public IAsyncEnumerable<OperationRow> ReadOperationsAsync(ShardKey shard, CancellationToken cancellationToken) =>
        PagesAsync<OperationRow>(shard, PostgresQueries.OperationsAsync, cancellationToken);

    /// <inheritdoc/>
    public IAsyncEnumerable<HistoryRow> ReadShardEntriesAsync(ShardKey shard, CancellationToken cancellationToken) =>
        PagesAsync<HistoryRow>(shard, PostgresQueries.EntriesAsync, cancellationToken);

    /// <summary>An earlier try may have done it: then the dataset is there as this one would have it.</summary>
    private static async Task<bool> IsAsync(NpgsqlConnection connection, string dataset, string json, CancellationToken cancellationToken)
    {
        await using var find =
            new NpgsqlCommand("SELECT EXISTS (SELECT FROM dataset WHERE name = $1 AND info::text = $2)", connection).Add(dataset).Add(json);
        return (bool)(await find.ExecuteScalarAsync(cancellationToken).ConfigureAwait(false))!;
    }
}
