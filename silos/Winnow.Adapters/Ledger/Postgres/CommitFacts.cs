using Npgsql;
using NpgsqlTypes;
using Winnow.Abstractions.Datasets;
using Winnow.Grains.Ports;

namespace Winnow.Adapters.Ledger.Postgres;

/// <summary>
/// The first half of a group's transaction: locks its shards and reads what decides about its commits, in one round trip.
/// </summary>
internal static class CommitFacts
{
    // In the order of the key: two silos that lock the same shards cannot wait for each other.
    private const string Lock =
        "SELECT s.dataset, s.shard, s.epoch, s.images, (SELECT level FROM cluster) FROM shard AS s JOIN unnest($1, $2) AS k (dataset, "
        + "shard) ON s.dataset = k.dataset AND s.shard = k.shard " +
        "ORDER BY s.dataset, s.shard FOR NO KEY UPDATE OF s";

    // Each statement after the lock sees what was committed before the lock was given.
    private const string Operations =
        "SELECT o.dataset, o.shard, o.operation FROM operation AS o JOIN unnest($1, $2, $3) AS k (dataset, shard, operation) " +
        "ON o.dataset = k.dataset AND o.shard = k.shard AND o.operation = k.operation";
    // Whatever shard has it: an operation has one stamp in all of them, so one is enough.
    private const string Stamps =
        "SELECT k.dataset, k.operation, o.actor, o.content FROM (SELECT DISTINCT * FROM unnest($1, $2) AS u (dataset, operation)) AS k " +
        "CROSS JOIN LATERAL (SELECT actor, content FROM operation AS s WHERE s.dataset = k.dataset AND s.operation = k.operation " +
        "AND s.actor IS NOT NULL LIMIT 1) AS o";
    private const string Versions =
        "SELECT k.n, (SELECT max(h.version) FROM history AS h WHERE h.dataset = k.dataset AND h.shard = k.shard AND h.image = k.image) " +
        "FROM unnest($1, $2, $3) WITH ORDINALITY AS k (dataset, shard, image, n)";
    private const string Entries =
        "SELECT k.n FROM unnest($1, $2, $3, $4) WITH ORDINALITY AS k (dataset, shard, image, operation, n) WHERE EXISTS (" +
        "SELECT FROM history AS h WHERE h.dataset = k.dataset AND h.shard = k.shard AND h.image = k.image AND h.operation = k.operation)";

    /// <summary>Opens the transaction, locks, and tells the plan what is stored. The number of the transaction.</summary>
    public static async Task<ulong> ReadAsync(NpgsqlConnection connection, CommitPlan plan)
    {
        var shards = plan.Shards.OfType<ShardId>().Distinct().ToArray();
        var operations = Of(plan, c => c.OperationId == Guid.Empty ? [] : new[] { c.OperationId });
        var images = Of(plan, c => c.History.Select(h => h.Image));
        var facts = FactsOf(plan);
        var entries = Of(plan, c => c.History.Where(h => h.OperationId != Guid.Empty).Select(h => (h.Image, h.OperationId)));

        await using var batch = new NpgsqlBatch(connection);
        batch.BatchCommands.Add(new NpgsqlBatchCommand("BEGIN ISOLATION LEVEL READ COMMITTED"));
        batch.BatchCommands.Add(new NpgsqlBatchCommand("SELECT pg_current_xact_id()"));
        batch.BatchCommands.Add(Keyed(Lock, shards));
        if (operations.Length > 0)
            batch.BatchCommands.Add(Keyed(Operations, operations, o => o.Shard)
                .Add(NpgsqlDbType.Uuid, Array.ConvertAll(operations, o => o.Value)));
        if (operations.Length > 0)
        {
            batch.BatchCommands.Add(new NpgsqlBatchCommand(Stamps)
                .Add(NpgsqlDbType.Integer, Array.ConvertAll(operations, o => o.Shard.Dataset))
                .Add(NpgsqlDbType.Uuid, Array.ConvertAll(operations, o => o.Value)));
        }
        if (images.Length > 0)
            batch.BatchCommands.Add(Keyed(Versions, images, i => i.Shard)
                .Add(NpgsqlDbType.Bytea, Array.ConvertAll(images, i => i.Value.ToBytes())));
        if (entries.Length > 0)
            batch.BatchCommands.Add(Keyed(Entries, entries, e => e.Shard)
                .Add(NpgsqlDbType.Bytea, Array.ConvertAll(entries, e => e.Value.Image.ToBytes()))
                .Add(NpgsqlDbType.Uuid, Array.ConvertAll(entries, e => e.Value.OperationId)));
        if (facts.Length > 0) FactRows.Ask(batch, facts);

        await using var reader = await batch.ExecuteReaderAsync().ConfigureAwait(false);
        await reader.ReadAsync().ConfigureAwait(false);
        var transaction = reader.GetFieldValue<ulong>(0);
        await reader.NextResultAsync().ConfigureAwait(false);
        while (await reader.ReadAsync().ConfigureAwait(false))
            plan.Knows(ShardOf(reader), reader.GetInt64(2), reader.GetInt32(3), reader.GetInt32(4));
        if (operations.Length > 0)
        {
            await reader.NextResultAsync().ConfigureAwait(false);
            while (await reader.ReadAsync().ConfigureAwait(false)) plan.KnowsOperation(ShardOf(reader), reader.GetGuid(2));
            await reader.NextResultAsync().ConfigureAwait(false);
            while (await reader.ReadAsync().ConfigureAwait(false))
                plan.KnowsStamp(reader.GetInt32(0), reader.GetGuid(1), new OperationStamp(reader.GetString(2), reader.GetGuid(3)));
        }
        if (images.Length > 0)
        {
            await reader.NextResultAsync().ConfigureAwait(false);
            while (await reader.ReadAsync().ConfigureAwait(false))
                if (!reader.IsDBNull(1) && images[reader.GetInt64(0) - 1] is var found)
                    plan.KnowsVersion(found.Shard, found.Value, reader.GetInt32(1));
        }
        if (entries.Length > 0)
        {
            await reader.NextResultAsync().ConfigureAwait(false);
            while (await reader.ReadAsync().ConfigureAwait(false))
                if (entries[reader.GetInt64(0) - 1] is var found) plan.KnowsEntry(found.Shard, found.Value.Image, found.Value.OperationId);
        }
        if (facts.Length > 0) await FactRows.TellAsync(reader, facts, plan.Facts).ConfigureAwait(false);
        return transaction;
    }

    private static (ShardId Shard, FactRow Fact)[] FactsOf(CommitPlan plan)
    {
        var facts = new List<(ShardId, FactRow)>();
        for (var i = 0; i < plan.Commits.Count; i++)
            if (plan.Shards[i] is { } shard)
                foreach (var fact in plan.Commits[i].Facts) facts.Add((shard, fact));
        return [.. facts];
    }

    private static ShardId ShardOf(NpgsqlDataReader reader) => new(reader.GetInt32(0), reader.GetInt32(1));

    private static (ShardId Shard, T Value)[] Of<T>(CommitPlan plan, Func<ShardCommit, IEnumerable<T>> values)
    {
        var found = new HashSet<(ShardId, T)>();
        for (var i = 0; i < plan.Commits.Count; i++)
        {
            if (plan.Shards[i] is not { } shard) continue;
            foreach (var value in values(plan.Commits[i])) found.Add((shard, value));
        }
        return [.. found];
    }

    private static NpgsqlBatchCommand Keyed(string sql, ShardId[] shards) => Keyed(sql, shards, s => s);

    private static NpgsqlBatchCommand Keyed<T>(string sql, T[] items, Func<T, ShardId> shard) =>
        new NpgsqlBatchCommand(sql).Add(NpgsqlDbType.Integer, Array.ConvertAll(items, i => shard(i).Dataset))
        .Add(NpgsqlDbType.Integer, Array.ConvertAll(items, i => shard(i).Shard));
}
