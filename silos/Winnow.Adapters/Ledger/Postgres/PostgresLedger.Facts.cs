using Npgsql;
using NpgsqlTypes;
using Winnow.Grains.Ports;

namespace Winnow.Adapters.Ledger.Postgres;

/// <summary>Facts of registered kinds, and the level from which they are written.</summary>
public sealed partial class PostgresLedger
{
    private const string FactColumns =
        "SELECT f.ordinal, f.kind, f.key, f.version, f.grows, f.image, f.operation, f.actor, f.sha256, f.size, p.content "
        + "FROM fact AS f LEFT JOIN payload AS p ON p.fact = f.id WHERE f.dataset = $1 AND f.shard = $2 AND ";
    private const string FactPage = FactColumns
        + "(f.ordinal, f.kind, f.key, f.version) > ($3, $4, $5, $6) ORDER BY f.ordinal, f.kind, f.key, f.version LIMIT $7";
    private const string FactPageOfKind = FactColumns
        + "(f.ordinal, f.kind, f.key, f.version) > ($3, $4, $5, $6) AND f.kind = $8 ORDER BY f.ordinal, f.kind, f.key, f.version LIMIT $7";
    private const string FactsOfRows =
        "SELECT f.ordinal, f.kind, f.key, f.version, f.grows, f.image, f.operation, f.actor, f.sha256, f.size, p.content FROM ("
        + "SELECT *, row_number() OVER w AS place, sum(size) OVER (w ROWS UNBOUNDED PRECEDING) AS upto FROM fact "
        + "WHERE dataset = $1 AND shard = $2 AND ordinal = ANY ($3) AND kind = $4 "
        + "WINDOW w AS (PARTITION BY ordinal ORDER BY version DESC, key)) AS f "
        + "LEFT JOIN payload AS p ON p.fact = f.id AND $7 WHERE f.place <= $5 AND f.upto <= $6";
    // In the order in which commits lock them: whatever is on its way to a shard is there, or will see that it was erased.
    private const string LockShards = "SELECT FROM shard WHERE dataset = $1 ORDER BY shard FOR NO KEY UPDATE";
    private const string Erase =
        "INSERT INTO erasure (dataset, image, kind, key, version, actor, erased_at) VALUES ($1, $2, $3, $4, $5, $6, $7) ON "
        + "CONFLICT DO NOTHING";
    private const string ErasePayload =
        "DELETE FROM payload WHERE fact IN (SELECT f.id FROM fact AS f "
        + "WHERE f.dataset = $1 AND f.image = $2 AND f.kind = $3 AND f.key = $4 AND f.version = $5)";

    /// <inheritdoc/>
    public IAsyncEnumerable<FactRow> ReadFactsAsync(ShardKey shard, CancellationToken cancellationToken) =>
        ReadFactPagesAsync(shard, null, cancellationToken);

    /// <inheritdoc/>
    public IAsyncEnumerable<FactRow> ReadFactsAsync(ShardKey shard, string kind, CancellationToken cancellationToken) =>
        ReadFactPagesAsync(shard, kind, cancellationToken);

    private async IAsyncEnumerable<FactRow> ReadFactPagesAsync(
        ShardKey shard, string? kind, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken)
    {
        FactRow? after = null;
        while (true)
        {
            var last = after;
            var page = await ReadAsync(shard, [], (connection, id, token) =>
            {
                var query = new NpgsqlCommand(kind is null ? FactPage : FactPageOfKind, connection).Add(id.Dataset).Add(id.Shard)
                    .Add(last?.Id.Ordinal ?? int.MinValue).Add(last?.Id.Kind ?? "").Add(last?.Id.Key ?? "").Add(last?.Version ?? 0)
                    .Add(FactCommits.PageRows);
                return FactsAsync(kind is null ? query : query.Add(PgColumns.Key(kind)), token);
            }, cancellationToken).ConfigureAwait(false);
            foreach (var fact in page) yield return fact;
            if (page.Count < FactCommits.PageRows) yield break;
            after = page[^1];
        }
    }

    /// <inheritdoc/>
    public async Task<IReadOnlyList<FactRow>> ReadFactsAsync(
        ShardKey shard, string kind, IReadOnlyList<int> ordinals, FactBounds bounds, CancellationToken cancellationToken) =>
        ordinals.Count == 0 ? [] : await ReadAsync(shard, [], (connection, id, token) => FactsAsync(
            new NpgsqlCommand(FactsOfRows, connection).Add(id.Dataset).Add(id.Shard)
                .AddArray<int>(NpgsqlDbType.Integer, [.. ordinals]).Add(PgColumns.Key(kind))
                .Add(bounds.Most).Add(bounds.Bytes).Add(bounds.Payloads), token), cancellationToken)
                    .ConfigureAwait(false);

    /// <inheritdoc/>
    public Task<int> ErasePayloadAsync(PayloadErasure erasure, CancellationToken cancellationToken)
    {
        ThrowIfClosed();
        return _database.WriteAsync(async (connection, _, token) =>
        {
            await using var transaction = await connection.BeginTransactionAsync(token).ConfigureAwait(false);
            await using var find = new NpgsqlCommand(IdOf, connection).Add(PgColumns.Key(erasure.Dataset));
            if (await find.ExecuteScalarAsync(token).ConfigureAwait(false) is not int dataset) return 0;
            await using var shards = new NpgsqlCommand(LockShards, connection).Add(dataset);
            await shards.ExecuteNonQueryAsync(token).ConfigureAwait(false);
            NpgsqlCommand Of(string sql) => new NpgsqlCommand(sql, connection).Add(dataset).Add(erasure.Image.ToBytes())
                .Add(PgColumns.Key(erasure.Kind)).Add(PgColumns.Key(erasure.Key)).Add(erasure.Version);
            await using var remember = Of(Erase).Add(PgColumns.Free(erasure.Actor)!).Add(erasure.At.ToUniversalTime());
            await remember.ExecuteNonQueryAsync(token).ConfigureAwait(false);
            await using var erase = Of(ErasePayload);
            var erased = await erase.ExecuteNonQueryAsync(token).ConfigureAwait(false);
            await transaction.CommitAsync(token).ConfigureAwait(false);
            return erased;
        }, cancellationToken);
    }

    Task<int> IClusterLevel.ReadAsync(CancellationToken cancellationToken)
    {
        ThrowIfClosed();
        return _database.ReadAsync(static async (connection, token) =>
        {
            await using var query = new NpgsqlCommand("SELECT level FROM cluster", connection);
            return await query.ExecuteScalarAsync(token).ConfigureAwait(false) as int? ?? 0;
        }, cancellationToken);
    }

    Task<bool> IClusterLevel.RaiseAsync(int level, CancellationToken cancellationToken)
    {
        ThrowIfClosed();
        return _database.WriteAsync(async (connection, _, token) =>
        {
            await using var raise = new NpgsqlCommand("UPDATE cluster SET level = $1 WHERE level < $1", connection).Add(level);
            return await raise.ExecuteNonQueryAsync(token).ConfigureAwait(false) > 0;
        }, cancellationToken);
    }

    private static async Task<List<FactRow>> FactsAsync(NpgsqlCommand command, CancellationToken cancellationToken)
    {
        await using (command.ConfigureAwait(false))
        {
            await using var reader = await command.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false);
            var facts = new List<FactRow>();
            while (await reader.ReadAsync(cancellationToken).ConfigureAwait(false))
                facts.Add(new FactRow(
                    new FactKey(reader.GetString(1), reader.GetInt32(0), reader.GetString(2)),
                    Model.Images.ImageId.FromBytes(reader.GetFieldValue<byte[]>(5)), reader.GetInt64(3), reader.GetBoolean(4),
                    reader.GetGuid(6),
                    reader.GetString(7), reader.GetFieldValue<byte[]>(8), reader.GetInt32(9),
                    reader.IsDBNull(10) ? null : reader.GetFieldValue<byte[]>(10)));
            return facts;
        }
    }
}
