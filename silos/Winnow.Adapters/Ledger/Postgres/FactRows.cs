using Npgsql;
using NpgsqlTypes;
using Winnow.Grains.Ports;

namespace Winnow.Adapters.Ledger.Postgres;

/// <summary>What a group has to know of facts before it decides, and how it writes them: one array per column.</summary>
internal static class FactRows
{
    private const string Latest =
        "SELECT k.n, f.version, f.sha256 FROM unnest($1, $2, $3, $4, $5) WITH ORDINALITY AS k (dataset, shard, ordinal, kind, key, n) "
        + "CROSS JOIN LATERAL (SELECT version, sha256 FROM fact AS f WHERE f.dataset = k.dataset AND f.shard = k.shard "
        + "AND f.ordinal = k.ordinal AND f.kind = k.kind AND f.key = k.key ORDER BY version DESC LIMIT 1) AS f";
    private const string Known =
        "SELECT k.n, f.sha256 FROM unnest($1, $2, $3, $4, $5, $6) WITH ORDINALITY AS k (dataset, shard, ordinal, kind, key, version, n) "
        + "JOIN fact AS f ON f.dataset = k.dataset AND f.shard = k.shard AND f.ordinal = k.ordinal AND f.kind = k.kind AND f.key = k.key "
        + "AND f.version = k.version";
    private const string Replaced =
        "DELETE FROM fact AS f USING unnest($1, $2, $3, $4, $5) AS k (dataset, shard, ordinal, kind, key) WHERE f.dataset = k.dataset "
        + "AND f.shard = k.shard AND f.ordinal = k.ordinal AND f.kind = k.kind AND f.key = k.key";
    private const string Insert =
        "WITH k AS (SELECT * FROM unnest($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13) "
        + "AS u (dataset, shard, ordinal, kind, key, version, grows, image, operation, actor, sha256, size, payload)), "
        + "added AS (INSERT INTO fact (dataset, shard, ordinal, kind, key, version, grows, image, operation, actor, sha256, size) "
        + "SELECT dataset, shard, ordinal, kind, key, version, grows, image, operation, actor, sha256, size FROM k "
        + "RETURNING id, dataset, shard, ordinal, kind, key, version) "
        + "INSERT INTO payload (fact, content) SELECT a.id, k.payload FROM added AS a "
        + "JOIN k USING (dataset, shard, ordinal, kind, key, version) WHERE k.payload IS NOT NULL "
        // What was erased while it was on its way comes without its payload.
        + "AND NOT EXISTS (SELECT FROM erasure AS e "
        + "WHERE e.dataset = k.dataset AND e.image = k.image AND e.kind = k.kind AND e.key = k.key AND e.version = k.version)";

    /// <summary>Asks about every fact of a group: the latest of its key, and the one of its version.</summary>
    public static void Ask(NpgsqlBatch batch, (ShardId Shard, FactRow Fact)[] facts)
    {
        batch.BatchCommands.Add(Keyed(Latest, facts));
        batch.BatchCommands.Add(Keyed(Known, facts).Add(NpgsqlDbType.Bigint, Array.ConvertAll(facts, f => f.Fact.Version)));
    }

    /// <summary>Tells the plan what was answered.</summary>
    public static async Task TellAsync(NpgsqlDataReader reader, (ShardId Shard, FactRow Fact)[] facts, FactPlan plan)
    {
        await reader.NextResultAsync().ConfigureAwait(false);
        while (await reader.ReadAsync().ConfigureAwait(false))
            if (facts[reader.GetInt64(0) - 1] is var (shard, fact))
                plan.Knows(shard, fact.Id, reader.GetInt64(1), reader.GetFieldValue<byte[]>(2), latest: true);
        await reader.NextResultAsync().ConfigureAwait(false);
        while (await reader.ReadAsync().ConfigureAwait(false))
            if (facts[reader.GetInt64(0) - 1] is var (shard, fact))
                plan.Knows(shard, fact.Id, fact.Version, reader.GetFieldValue<byte[]>(1), latest: false);
    }

    /// <summary>Writes what the plan lets through.</summary>
    public static void Add(NpgsqlBatch batch, FactPlan plan)
    {
        (ShardId Shard, FactRow Fact)[] facts = [.. plan.Accepted];
        if (facts.Length == 0) return;
        var replaced = Array.FindAll(facts, f => !f.Fact.AppendOnly);
        if (replaced.Length > 0) batch.BatchCommands.Add(Keyed(Replaced, replaced));
        batch.BatchCommands.Add(Keyed(Insert, facts)
            .Add(NpgsqlDbType.Bigint, Array.ConvertAll(facts, f => f.Fact.Version))
            .Add(NpgsqlDbType.Boolean, Array.ConvertAll(facts, f => f.Fact.AppendOnly))
            .Add(NpgsqlDbType.Bytea, Array.ConvertAll(facts, f => f.Fact.Image.ToBytes()))
            .Add(NpgsqlDbType.Uuid, Array.ConvertAll(facts, f => f.Fact.OperationId))
            .Add(NpgsqlDbType.Text, Array.ConvertAll(facts, f => PgColumns.Free(f.Fact.Actor)))
            .Add(NpgsqlDbType.Bytea, Array.ConvertAll(facts, f => f.Fact.Sha256))
            .Add(NpgsqlDbType.Integer, Array.ConvertAll(facts, f => f.Fact.Size))
            .Add(NpgsqlDbType.Bytea, Array.ConvertAll(facts, f => f.Fact.Payload)));
    }

    private static NpgsqlBatchCommand Keyed(string sql, (ShardId Shard, FactRow Fact)[] facts) => new NpgsqlBatchCommand(sql)
        .Add(NpgsqlDbType.Integer, Array.ConvertAll(facts, f => f.Shard.Dataset))
        .Add(NpgsqlDbType.Integer, Array.ConvertAll(facts, f => f.Shard.Shard))
        .Add(NpgsqlDbType.Integer, Array.ConvertAll(facts, f => f.Fact.Id.Ordinal))
        .Add(NpgsqlDbType.Text, Array.ConvertAll(facts, f => PgColumns.Key(f.Fact.Id.Kind)))
        .Add(NpgsqlDbType.Text, Array.ConvertAll(facts, f => PgColumns.Key(f.Fact.Id.Key)));
}

/// <summary>
/// Decides which facts of a group are written: those of append-only kinds one after the other, of others the last of each key. Pure.
/// </summary>
internal sealed class FactPlan
{
    private readonly Dictionary<(ShardId, FactKey), long> _latest = [];
    private readonly Dictionary<(ShardId, FactKey, long), byte[]> _hashes = [];
    private readonly Dictionary<(ShardId, FactKey, long), FactRow> _accepted = [];

    /// <summary>What goes to the tables.</summary>
    public IEnumerable<(ShardId Shard, FactRow Fact)> Accepted => _accepted.Select(a => (a.Key.Item1, a.Value));

    public void Knows(ShardId shard, FactKey id, long version, byte[] hash, bool latest)
    {
        if (latest) _latest[(shard, id)] = version;
        _hashes[(shard, id, version)] = hash;
    }

    /// <summary>Takes the facts of a commit in, all or none; false where one is not the next of its key.</summary>
    public bool TryTake(ShardId shard, IReadOnlyList<FactRow> facts)
    {
        // What the commit itself brings counts for those after it, and only if all of it goes through.
        var latest = new Dictionary<FactKey, long>();
        var taken = new List<FactRow>();
        foreach (var fact in facts)
        {
            if (!latest.TryGetValue(fact.Id, out var version)) version = _latest.GetValueOrDefault((shard, fact.Id));
            var hash = taken.FindLast(t => t.Id == fact.Id && t.Version == fact.Version)?.Sha256
                ?? _hashes.GetValueOrDefault((shard, fact.Id, fact.Version));
            var same = hash is not null && hash.AsSpan().SequenceEqual(fact.Sha256);
            if (fact.AppendOnly ? version >= fact.Version : version > fact.Version || (version == fact.Version && same))
            {
                if (!fact.AppendOnly || same) continue;
                return false;
            }
            if (fact.AppendOnly && version + 1 != fact.Version) return false;
            latest[fact.Id] = fact.Version;
            taken.Add(fact);
        }
        foreach (var fact in taken) Take(shard, fact);
        return true;
    }

    private void Take(ShardId shard, FactRow fact)
    {
        if (!fact.AppendOnly && _latest.TryGetValue((shard, fact.Id), out var before))
        {
            _accepted.Remove((shard, fact.Id, before));
            _hashes.Remove((shard, fact.Id, before));
        }
        _latest[(shard, fact.Id)] = fact.Version;
        _hashes[(shard, fact.Id, fact.Version)] = fact.Sha256;
        _accepted[(shard, fact.Id, fact.Version)] = fact;
    }
}
