using System.Text.Json;
using Npgsql;
using Winnow.Grains.Ports;
using Winnow.Model;
using Winnow.Model.Datasets;
using Winnow.Model.Labels;

namespace Winnow.Adapters.Ledger.Postgres;

/// <summary>Which shards hold a dataset, what its label schema is, and what becomes of those that do no longer.</summary>
public sealed partial class PostgresLedger
{
    /// <summary>Rows of each table that go in one transaction.</summary>
    private const int RemovedAtOnce = 10_000;

    private static readonly string[] Removals =
    [
        // The first ordinals of the shard, without looking for them.
        "DELETE FROM image WHERE dataset = $1 AND shard = $2 AND ordinal < $3 + (SELECT min(ordinal) FROM image WHERE dataset = $1 "
        + "AND shard = $2)",
        "DELETE FROM quarantine WHERE dataset = $1 AND shard = $2 AND ordinal IN (SELECT ordinal FROM quarantine WHERE dataset = $1 AND "
        + "shard = $2 LIMIT $3)",
        "DELETE FROM task WHERE dataset = $1 AND shard = $2 AND ordinal IN (SELECT ordinal FROM task WHERE dataset = $1 AND shard = "
        + "$2 LIMIT $3)",
        "DELETE FROM operation WHERE dataset = $1 AND shard = $2 AND operation IN (SELECT operation FROM operation WHERE dataset = $1 AND "
        + "shard = $2 LIMIT $3)",
        // What only grows stays, as history does.
        "DELETE FROM fact WHERE id = ANY (ARRAY(SELECT id FROM fact WHERE dataset = $1 AND shard = $2 AND NOT grows LIMIT $3))",
        "DELETE FROM segment WHERE dataset = $1 AND shard = $2 AND $3 > 0",
    ];

    /// <inheritdoc/>
    public Task<bool> SetLayoutAsync(string dataset, ShardLayout known, ShardLayout next, CancellationToken cancellationToken)
    {
        ThrowIfClosed();
        return _database.WriteAsync(async (connection, repeated, token) =>
        {
            await using var transaction = await connection.BeginTransactionAsync(token).ConfigureAwait(false);
            await using var find =
                new NpgsqlCommand("SELECT info::text FROM dataset WHERE name = $1 FOR UPDATE", connection).Add(PgColumns.Key(dataset));
            if (await find.ExecuteScalarAsync(token).ConfigureAwait(false) is not string text)
                throw new KeyNotFoundException($"The ledger has no dataset '{dataset}'.");
            var info = JsonSerializer.Deserialize(text, ModelJson.Default.DatasetInfo)!;
            // An earlier try may have done it.
            if (info.Shards != known) return repeated && info.Shards == next;
            await using var update = new NpgsqlCommand("UPDATE dataset SET info = $2::json WHERE name = $1", connection)
                .Add(dataset).Add(StoredDatasets.WithLayout(System.Text.Encoding.UTF8.GetBytes(text), next));
            await update.ExecuteNonQueryAsync(token).ConfigureAwait(false);
            await transaction.CommitAsync(token).ConfigureAwait(false);
            return true;
        }, cancellationToken);
    }

    /// <inheritdoc/>
    public Task<bool> SetSchemaAsync(string dataset, LabelSchema next, CancellationToken cancellationToken)
    {
        ThrowIfClosed();
        return _database.WriteAsync(async (connection, _, token) =>
        {
            await using var transaction = await connection.BeginTransactionAsync(token).ConfigureAwait(false);
            await using var find =
                new NpgsqlCommand("SELECT info::text FROM dataset WHERE name = $1 FOR UPDATE", connection).Add(PgColumns.Key(dataset));
            if (await find.ExecuteScalarAsync(token).ConfigureAwait(false) is not string text)
                throw new KeyNotFoundException($"The ledger has no dataset '{dataset}'.");
            var stands = JsonSerializer.Deserialize(text, ModelJson.Default.DatasetInfo)!.Schema.Number;
            if (stands != next.Number - 1) return stands >= next.Number;
            await using var update = new NpgsqlCommand("UPDATE dataset SET info = $2::json WHERE name = $1", connection)
                .Add(dataset).Add(StoredDatasets.WithSchema(System.Text.Encoding.UTF8.GetBytes(text), next));
            await update.ExecuteNonQueryAsync(token).ConfigureAwait(false);
            await transaction.CommitAsync(token).ConfigureAwait(false);
            return true;
        }, cancellationToken);
    }

    /// <inheritdoc/>
    public Task<bool> RemoveShardRowsAsync(ShardKey shard, CancellationToken cancellationToken)
    {
        ThrowIfClosed();
        return _database.WriteAsync(async (connection, _, token) =>
        {
            await using var transaction = await connection.BeginTransactionAsync(token).ConfigureAwait(false);
            await using var find =
                new NpgsqlCommand("SELECT id FROM dataset WHERE name = $1", connection).Add(PgColumns.Key(shard.Dataset));
            if (await find.ExecuteScalarAsync(token).ConfigureAwait(false) is not int dataset) return false;
            await using var fence = new NpgsqlCommand(
                $"UPDATE shard SET epoch = {ShardEpochs.Next("epoch")}, images = 0 "
                + "WHERE dataset = $1 AND shard = $2 AND images <> 0", connection)
                    .Add(dataset).Add(shard.Shard);
            await fence.ExecuteNonQueryAsync(token).ConfigureAwait(false);
            var removed = await RemoveAsync(connection, dataset, shard.Shard, Removals, token).ConfigureAwait(false);
            await transaction.CommitAsync(token).ConfigureAwait(false);
            return removed > 0;
        }, cancellationToken);
    }

    private static async Task<long> RemoveAsync(
        NpgsqlConnection connection, int dataset, int shard, IEnumerable<string> removals, CancellationToken cancellationToken)
    {
        var removed = 0L;
        foreach (var removal in removals)
        {
            await using var delete = new NpgsqlCommand(removal, connection).Add(dataset).Add(shard).Add(RemovedAtOnce);
            removed += await delete.ExecuteNonQueryAsync(cancellationToken).ConfigureAwait(false);
        }
        return removed;
    }
}
