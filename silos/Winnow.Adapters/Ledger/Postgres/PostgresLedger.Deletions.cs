using Npgsql;
using NpgsqlTypes;
using Winnow.Grains;
using Winnow.Grains.Ports;
using Winnow.Model.Datasets;

namespace Winnow.Adapters.Ledger.Postgres;

/// <summary>How a dataset goes. Every step may be repeated: what an earlier try did is found done.</summary>
public sealed partial class PostgresLedger
{
    private const string Deletions =
        "SELECT id, dataset, name, deleted_by, deleted_at, removed_objects, removed_rows, ended_at FROM deletion";
    private const string Latest = Deletions + " WHERE name = $1 ORDER BY id DESC LIMIT 1";
    private const string OwnStates = "WHERE grain_type = ANY ($1) AND (grain_key = $2 OR starts_with(grain_key, $2 || '/'))";
    private const string ClearStates =
        $"UPDATE grain_state SET version = {GrainStateQueries.NextVersion}, state = NULL {OwnStates} AND state IS NOT NULL";
    private const string KeepAccess =
        "UPDATE deletion SET access = (SELECT state FROM grain_state WHERE grain_type = 'access' AND grain_key = $2 AND name = 'access') "
        + "WHERE id = $1 AND access IS NULL";
    private const string RemoveHistory =
        "DELETE FROM history WHERE ctid = ANY (ARRAY(SELECT ctid FROM history WHERE dataset = $1 AND shard = $2 LIMIT $3))";
    private const string RemoveFacts =
        "DELETE FROM fact WHERE id = ANY (ARRAY(SELECT id FROM fact WHERE dataset = $1 AND shard = $2 LIMIT $3))";
    // It is no shard's: it goes with the first.
    private const string RemoveErasures = "DELETE FROM erasure WHERE dataset = $1 AND $2 >= 0 AND $3 > 0";
    // What backups told is no shard's either.
    private const string RemoveActs =
        "DELETE FROM act WHERE ctid = ANY (ARRAY(SELECT ctid FROM act WHERE dataset = $1 AND (shard = $2 OR shard < 0) LIMIT $3))";
    private const string OfDeleted = "IN (SELECT dataset FROM deletion WHERE id = $1 UNION SELECT $1)";

    private static readonly string[] RowTables =
        ["image", "quarantine", "task", "history", "segment", "operation", "fact", "erasure", "act"];
    private static readonly string CountLeft = "SELECT " + string.Join(
        " + ", RowTables.Select(t => $"(SELECT count(*) FROM {t} WHERE dataset {OfDeleted})"));

    async Task<StoredDeletion?> IDeletions.BeginAsync(string dataset, string actor, DateTimeOffset at, CancellationToken cancellationToken)
    {
        ThrowIfClosed();
        if (PgColumns.Free(dataset) != dataset) return null;
        await _database.WriteAsync(async (connection, _, token) =>
        {
            await using var transaction = await connection.BeginTransactionAsync(token).ConfigureAwait(false);
            await using var find = new NpgsqlCommand($"{IdOf} FOR UPDATE", connection).Add(dataset);
            if (await find.ExecuteScalarAsync(token).ConfigureAwait(false) is not int id) return false;
            await using var rename = new NpgsqlCommand("UPDATE dataset SET name = $2 WHERE id = $1", connection)
                .Add(id).Add(StagedDatasets.DeletedNameOf(id));
            await rename.ExecuteNonQueryAsync(token).ConfigureAwait(false);
            // Other silos go by the number that they know until their next question: what they commit is fenced off.
            await using var fence = new NpgsqlCommand(
                $"UPDATE shard SET epoch = {ShardEpochs.Next("epoch")} WHERE dataset = $1", connection).Add(id);
            await fence.ExecuteNonQueryAsync(token).ConfigureAwait(false);
            await using var hold = new NpgsqlCommand(
                "WITH held AS (INSERT INTO dataset (name, info) VALUES ($1, $2::json) RETURNING id) "
                + "INSERT INTO deletion (id, dataset, name, deleted_by, deleted_at) SELECT id, $3, $1, $4, $5 FROM held", connection)
                    .Add(dataset).Add(StoredDatasets.NameHeld).Add(id).Add(PgColumns.Free(actor)!).Add(at.ToUniversalTime());
            await hold.ExecuteNonQueryAsync(token).ConfigureAwait(false);
            await transaction.CommitAsync(token).ConfigureAwait(false);
            return true;
        }, cancellationToken).ConfigureAwait(false);
        _datasets.TryRemove(dataset, out _);
        var latest = await ((IDeletions)this).FindAsync(dataset, cancellationToken).ConfigureAwait(false);
        return latest is { IsRunning: true } ? latest : null;
    }

    async Task<StoredDeletion?> IDeletions.FindAsync(string dataset, CancellationToken cancellationToken) =>
        PgColumns.Free(dataset) != dataset ? null
            : (await ReadDeletionsAsync(Latest, dataset, cancellationToken).ConfigureAwait(false)).FirstOrDefault();

    async Task<IReadOnlyList<StoredDeletion>> IDeletions.ListAsync(CancellationToken cancellationToken) =>
        await ReadDeletionsAsync($"{Deletions} ORDER BY id", null, cancellationToken).ConfigureAwait(false);

    Task IDeletions.CountObjectsAsync(StoredDeletion deletion, int removed, CancellationToken cancellationToken)
    {
        ThrowIfClosed();
        return _database.WriteAsync(async (connection, _, token) =>
        {
            await using var count = new NpgsqlCommand(
                "UPDATE deletion SET removed_objects = removed_objects + $2 WHERE id = $1", connection).Add((int)deletion.Id).Add(removed);
            return await count.ExecuteNonQueryAsync(token).ConfigureAwait(false);
        }, cancellationToken);
    }

    Task<bool> IDeletions.RemoveRowsAsync(StoredDeletion deletion, int shard, CancellationToken cancellationToken) =>
        ChangeAsync(async (connection, token) =>
        {
            await using var find = new NpgsqlCommand("SELECT dataset FROM deletion WHERE id = $1", connection).Add((int)deletion.Id);
            if (await find.ExecuteScalarAsync(token).ConfigureAwait(false) is not int dataset) return false;
            string[] removals = [.. Removals, RemoveHistory, RemoveFacts, RemoveErasures, RemoveActs];
            var removed = await RemoveAsync(connection, dataset, shard, removals, token).ConfigureAwait(false);
            await using var count = new NpgsqlCommand(
                "UPDATE deletion SET removed_rows = removed_rows + $2 WHERE id = $1", connection).Add((int)deletion.Id).Add(removed);
            await count.ExecuteNonQueryAsync(token).ConfigureAwait(false);
            return removed > 0;
        }, cancellationToken);

    Task IDeletions.ClearStatesAsync(StoredDeletion deletion, CancellationToken cancellationToken) =>
        ChangeAsync(async (connection, token) =>
        {
            await using var keep = new NpgsqlCommand(KeepAccess, connection).Add((int)deletion.Id).Add(deletion.Told.Dataset);
            await keep.ExecuteNonQueryAsync(token).ConfigureAwait(false);
            await using var clear = OfStates(new NpgsqlCommand(ClearStates, connection), deletion);
            await clear.ExecuteNonQueryAsync(token).ConfigureAwait(false);
            return true;
        }, cancellationToken);

    Task IDeletions.RemoveStatesAsync(StoredDeletion deletion, CancellationToken cancellationToken) =>
        ChangeAsync(async (connection, token) =>
        {
            await using var remove = OfStates(new NpgsqlCommand($"DELETE FROM grain_state {OwnStates}", connection), deletion);
            await remove.ExecuteNonQueryAsync(token).ConfigureAwait(false);
            return true;
        }, cancellationToken);

    async Task<bool> IDeletions.EndAsync(StoredDeletion deletion, DateTimeOffset at, CancellationToken cancellationToken)
    {
        var ended = await ChangeAsync(async (connection, token) =>
        {
            // Before the rows are counted: whoever might still commit waits, and finds no shard.
            await using var shards = new NpgsqlCommand($"DELETE FROM shard WHERE dataset {OfDeleted}", connection).Add((int)deletion.Id);
            await shards.ExecuteNonQueryAsync(token).ConfigureAwait(false);
            if (await RowsLeftAsync(connection, deletion, token).ConfigureAwait(false) > 0) return false;
            await using var states = OfStates(new NpgsqlCommand($"DELETE FROM grain_state {OwnStates}", connection), deletion);
            // A repetition must not touch what somebody made under the name since.
            await using var end = new NpgsqlCommand("UPDATE deletion SET ended_at = $2 WHERE id = $1 AND ended_at IS NULL", connection)
                .Add((int)deletion.Id).Add(at.ToUniversalTime());
            if (await end.ExecuteNonQueryAsync(token).ConfigureAwait(false) == 0) return true;
            await states.ExecuteNonQueryAsync(token).ConfigureAwait(false);
            await using var names = new NpgsqlCommand($"DELETE FROM dataset WHERE id {OfDeleted}", connection).Add((int)deletion.Id);
            await names.ExecuteNonQueryAsync(token).ConfigureAwait(false);
            return true;
        }, cancellationToken).ConfigureAwait(false);
        _datasets.TryRemove(deletion.Told.Dataset, out _);
        _datasets.TryRemove(deletion.Left, out _);
        return ended;
    }

    Task<long> IDeletions.CountRowsAsync(StoredDeletion deletion, CancellationToken cancellationToken)
    {
        ThrowIfClosed();
        return _database.ReadAsync((connection, token) => RowsLeftAsync(connection, deletion, token), cancellationToken);
    }

    /// <summary>Makes changes in one transaction; where they answer false, none.</summary>
    private Task<bool> ChangeAsync(Func<NpgsqlConnection, CancellationToken, Task<bool>> change, CancellationToken cancellationToken)
    {
        ThrowIfClosed();
        return _database.WriteAsync(async (connection, _, token) =>
        {
            await using var transaction = await connection.BeginTransactionAsync(token).ConfigureAwait(false);
            if (!await change(connection, token).ConfigureAwait(false)) return false;
            await transaction.CommitAsync(token).ConfigureAwait(false);
            return true;
        }, cancellationToken);
    }

    private static NpgsqlCommand OfStates(NpgsqlCommand command, StoredDeletion deletion) =>
        command.AddArray(NpgsqlDbType.Text, [.. ControlStates.OfDataset]).Add(deletion.Told.Dataset);

    private static async Task<long> RowsLeftAsync(NpgsqlConnection connection, StoredDeletion deletion, CancellationToken cancellationToken)
    {
        await using var count = new NpgsqlCommand(CountLeft, connection).Add((int)deletion.Id);
        return (long)(await count.ExecuteScalarAsync(cancellationToken).ConfigureAwait(false))!;
    }

    private Task<List<StoredDeletion>> ReadDeletionsAsync(string sql, string? name, CancellationToken cancellationToken)
    {
        ThrowIfClosed();
        return _database.ReadAsync(async (connection, token) =>
        {
            await using var query = new NpgsqlCommand(sql, connection);
            if (name is not null) query.Add(name);
            await using var reader = await query.ExecuteReaderAsync(token).ConfigureAwait(false);
            var found = new List<StoredDeletion>();
            while (await reader.ReadAsync(token).ConfigureAwait(false))
            {
                DateTimeOffset At(int column) => new(DateTime.SpecifyKind(reader.GetDateTime(column), DateTimeKind.Utc));
                var told = new DatasetDeletion(reader.GetString(2), reader.GetString(3), At(4), reader.GetInt64(5), reader.GetInt64(6),
                    reader.IsDBNull(7) ? null : At(7), null);
                found.Add(new StoredDeletion(reader.GetInt32(0), StagedDatasets.DeletedNameOf(reader.GetInt32(1)), told));
            }
            return found;
        }, cancellationToken);
    }
}
