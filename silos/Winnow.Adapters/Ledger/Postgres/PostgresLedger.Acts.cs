using Npgsql;
using NpgsqlTypes;
using Winnow.Abstractions.Acts;
using Winnow.Grains.Ports;

namespace Winnow.Adapters.Ledger.Postgres;

/// <summary>The trail of acts.</summary>
public sealed partial class PostgresLedger
{
    // Whoever adds to a stream holds the lock that gives out its numbers: a shard's commits hold that of its row.
    private const string LockCluster = "SELECT 0, level FROM cluster FOR NO KEY UPDATE";
    private const string LockDatasetShard =
        "SELECT s.dataset, (SELECT level FROM cluster) FROM shard AS s JOIN dataset AS d ON d.id = s.dataset "
        + $"WHERE d.name = $1 AND s.shard = $2 AND d.info::text <> '{StoredDatasets.NameHeld}' FOR NO KEY UPDATE OF s";
    private const string LockTold =
        "SELECT d.id, (SELECT level FROM cluster) FROM dataset AS d WHERE d.name = $1 AND $2 < 0 FOR NO KEY UPDATE OF d";
    private const string LastAct = "SELECT coalesce(max(sequence), 0) FROM act WHERE dataset = $1 AND shard = $2";
    // Two acts never have the same record: each has salts of its own.
    private const string IsThere = "SELECT EXISTS (SELECT FROM act WHERE dataset = $1 AND shard = $2 AND record = $3)";
    private const string ActPage =
        "SELECT sequence, at, record, actor, object FROM act WHERE dataset = $1 AND shard = $2 AND sequence > $3 ORDER BY sequence "
        + "LIMIT $4";
    private const string PutAct = "INSERT INTO act (dataset, shard, sequence, at, record, actor, object) "
        + "SELECT $1, $2, * FROM unnest($3, $4, $5, $6, $7)";

    /// <inheritdoc/>
    public Task<bool> AppendAsync(ActStream stream, IReadOnlyList<ActRecord> acts, CancellationToken cancellationToken)
    {
        ThrowIfClosed();
        if (acts.Count == 0) return Task.FromResult(true);
        return _database.WriteAsync(async (connection, repeated, token) =>
        {
            await using var transaction = await connection.BeginTransactionAsync(token).ConfigureAwait(false);
            if (await LockStreamAsync(connection, stream, token).ConfigureAwait(false) is not { } dataset) return false;
            await using var there = new NpgsqlCommand(IsThere, connection).Add(dataset).Add(stream.Number).Add(acts[0].Record);
            if (repeated && (bool)(await there.ExecuteScalarAsync(token).ConfigureAwait(false))!) return true;
            var last = await LastActAsync(connection, dataset, stream.Number, token).ConfigureAwait(false);
            await PutAsync(connection, dataset, stream, [.. acts.Select((a, i) => new StoredAct(last + 1 + i, a))], token)
                .ConfigureAwait(false);
            await transaction.CommitAsync(token).ConfigureAwait(false);
            return true;
        }, cancellationToken);
    }

    /// <inheritdoc/>
    public Task<bool> RestoreAsync(ActStream stream, IReadOnlyList<StoredAct> acts, CancellationToken cancellationToken)
    {
        ThrowIfClosed();
        return _database.WriteAsync(async (connection, _, token) =>
        {
            await using var transaction = await connection.BeginTransactionAsync(token).ConfigureAwait(false);
            if (await LockStreamAsync(connection, stream, token).ConfigureAwait(false) is not { } dataset) return false;
            var last = await LastActAsync(connection, dataset, stream.Number, token).ConfigureAwait(false);
            StoredAct[] next = [.. acts.Where(a => a.Sequence > last)];
            for (var i = 0; i < next.Length; i++)
                if (next[i].Sequence != last + 1 + i) throw SqliteLedger.Discontinued(stream);
            await PutAsync(connection, dataset, stream, next, token).ConfigureAwait(false);
            await transaction.CommitAsync(token).ConfigureAwait(false);
            return true;
        }, cancellationToken);
    }

    /// <inheritdoc/>
    public Task<IReadOnlyList<StoredAct>> ReadActsAsync(ActStream stream, long after, int max, CancellationToken cancellationToken) =>
        OnStreamAsync<IReadOnlyList<StoredAct>>(stream, [], async (connection, dataset, token) =>
        {
            await using var query = new NpgsqlCommand(ActPage, connection).Add(dataset).Add(stream.Number).Add(after).Add(max);
            await using var reader = await query.ExecuteReaderAsync(token).ConfigureAwait(false);
            var acts = new List<StoredAct>();
            byte[]? Part(int column) => reader.IsDBNull(column) ? null : reader.GetFieldValue<byte[]>(column);
            while (await reader.ReadAsync(token).ConfigureAwait(false))
                acts.Add(new StoredAct(reader.GetInt64(0), new ActRecord(
                    LedgerTime.FromTicks(reader.GetInt64(1)), reader.GetFieldValue<byte[]>(2), Part(3), Part(4))));
            return acts;
        }, cancellationToken);

    /// <inheritdoc/>
    public Task<long> LastActAsync(ActStream stream, CancellationToken cancellationToken) =>
        OnStreamAsync(stream, 0L, (connection, dataset, token) => LastActAsync(connection, dataset, stream.Number, token),
            cancellationToken);

    /// <inheritdoc/>
    public async Task<IReadOnlyList<ActStream>> ListStreamsAsync(string dataset, CancellationToken cancellationToken)
    {
        var told = await ReadAsync(new ShardKey(dataset, 0), 0, static async (connection, id, token) =>
        {
            await using var query = new NpgsqlCommand("SELECT coalesce(min(shard), 0) FROM act WHERE dataset = $1", connection)
                .Add(id.Dataset);
            return (int)(await query.ExecuteScalarAsync(token).ConfigureAwait(false))!;
        }, cancellationToken).ConfigureAwait(false);
        var shards = await ListShardsAsync(dataset, cancellationToken).ConfigureAwait(false);
        return [.. shards.Select(s => new ActStream(dataset, s)), .. SqliteLedger.TellOf(dataset, told)];
    }

    private Task<T> OnStreamAsync<T>(
        ActStream stream, T none, Func<NpgsqlConnection, int, CancellationToken, Task<T>> query, CancellationToken cancellationToken)
    {
        ThrowIfClosed();
        return stream.Dataset is { } dataset
            ? ReadAsync(new ShardKey(dataset, 0), none, (connection, id, token) => query(connection, id.Dataset, token), cancellationToken)
            : _database.ReadAsync((connection, token) => query(connection, 0, token), cancellationToken);
    }

    private async Task<int?> LockStreamAsync(NpgsqlConnection connection, ActStream stream, CancellationToken cancellationToken)
    {
        if (PgColumns.Free(stream.Dataset) != stream.Dataset) return null;
        await using var find = new NpgsqlCommand(
            stream.Dataset is null ? LockCluster : stream.IsTold ? LockTold : LockDatasetShard, connection);
        if (stream.Dataset is { } name) find.Add(name).Add(stream.Number);
        await using var reader = await find.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false);
        if (!await reader.ReadAsync(cancellationToken).ConfigureAwait(false)) return null;
        return reader.GetInt32(1) is var level && level >= ClusterLevels.Acts && level <= _newestLevel ? reader.GetInt32(0) : null;
    }

    private static async Task<long> LastActAsync(NpgsqlConnection connection, int dataset, int number, CancellationToken cancellationToken)
    {
        await using var query = new NpgsqlCommand(LastAct, connection).Add(dataset).Add(number);
        return (long)(await query.ExecuteScalarAsync(cancellationToken).ConfigureAwait(false))!;
    }

    private static async Task PutAsync(
        NpgsqlConnection connection, int dataset, ActStream stream, StoredAct[] acts, CancellationToken cancellationToken)
    {
        if (acts.Length == 0) return;
        await using var put = new NpgsqlCommand(PutAct, connection).Add(dataset).Add(stream.Number)
            .AddArray(NpgsqlDbType.Bigint, Array.ConvertAll(acts, a => a.Sequence))
            .AddArray(NpgsqlDbType.Bigint, Array.ConvertAll(acts, a => LedgerTime.ToTicks(a.Act.At)))
            .AddArray(NpgsqlDbType.Bytea, Array.ConvertAll(acts, a => a.Act.Record))
            .AddArray(NpgsqlDbType.Bytea, Array.ConvertAll(acts, a => a.Act.Actor))
            .AddArray(NpgsqlDbType.Bytea, Array.ConvertAll(acts, a => a.Act.Object));
        await put.ExecuteNonQueryAsync(cancellationToken).ConfigureAwait(false);
    }
}
