using Winnow.Grains.Ports;

namespace Winnow.Adapters.Ledger;

/// <summary>Writes facts within the writer's transaction, and reads them.</summary>
internal static class FactCommits
{
    /// <summary>Facts of some rows at once: payloads may be large.</summary>
    public const int PageRows = 512;

    private const string OfKey = "WHERE dataset = ?1 AND shard = ?2 AND ordinal = ?3 AND kind = ?4 AND key = ?5";
    private const string Latest = $"SELECT version, sha256 FROM fact {OfKey} ORDER BY version DESC LIMIT 1";
    private const string HashOf = $"SELECT sha256 FROM fact {OfKey} AND version = ?6";
    private const string Replaced = $"DELETE FROM fact {OfKey}";
    private const string Insert =
        "INSERT INTO fact (dataset, shard, ordinal, kind, key, version, grows, image, operation, actor, sha256, size) "
        + "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12) RETURNING id";
    // What was erased while it was on its way comes without its payload.
    private const string Payload =
        "INSERT INTO payload SELECT ?1, ?2 WHERE NOT EXISTS (SELECT 1 FROM erasure "
        + "WHERE dataset = ?3 AND image = ?4 AND kind = ?5 AND key = ?6 AND version = ?7)";
    private const string Columns =
        "SELECT f.ordinal, f.kind, f.key, f.version, f.grows, f.image, f.operation, f.actor, f.sha256, f.size, p.content "
        + "FROM fact AS f LEFT JOIN payload AS p ON p.fact = f.id WHERE f.dataset = ?1 AND f.shard = ?2 AND ";
    private const string Page =
        Columns + "(f.ordinal, f.kind, f.key, f.version) > (?3, ?4, ?5, ?6) ORDER BY f.ordinal, f.kind, f.key, f.version LIMIT ?7";
    // Rows of other kinds are passed over in the tree of keys alone.
    private const string PageOfKind = Columns
        + "(f.ordinal, f.kind, f.key, f.version) > (?3, ?4, ?5, ?6) AND f.kind = ?8 ORDER BY f.ordinal, f.kind, f.key, f.version LIMIT ?7";
    private const string OfRow =
        "SELECT f.ordinal, f.kind, f.key, f.version, f.grows, f.image, f.operation, f.actor, f.sha256, f.size, p.content FROM ("
        + "SELECT *, row_number() OVER w AS place, sum(size) OVER (w ROWS UNBOUNDED PRECEDING) AS upto FROM fact "
        + "WHERE dataset = ?1 AND shard = ?2 AND ordinal = ?3 AND kind = ?4 WINDOW w AS (ORDER BY version DESC, key)) AS f "
        + "LEFT JOIN payload AS p ON p.fact = f.id AND ?7 WHERE f.place <= ?5 AND f.upto <= ?6";
    private const string Erase =
        "INSERT INTO erasure SELECT id, ?2, ?3, ?4, ?5, ?6, ?7 FROM dataset WHERE name = ?1 ON CONFLICT DO NOTHING";
    private const string ErasePayload =
        "DELETE FROM payload WHERE fact IN (SELECT f.id FROM fact AS f WHERE f.dataset = (SELECT id FROM dataset WHERE name = ?1) "
        + "AND f.image = ?2 AND f.kind = ?3 AND f.key = ?4 AND f.version = ?5)";

    /// <summary>Writes the facts of a commit; false where one is not the next of its key.</summary>
    public static bool Apply(SqliteSession session, long dataset, int shard, IReadOnlyList<FactRow> facts)
    {
        foreach (var fact in facts)
        {
            var latest = Of(session.Prepare(Latest), dataset, shard, fact.Id);
            var known = latest.Step();
            var version = known ? latest.Long(0) : 0;
            var same = known && version == fact.Version && latest.Bytes(1).SequenceEqual(fact.Sha256);
            if (known) latest.Reset();
            if (fact.AppendOnly ? version >= fact.Version : version > fact.Version || same)
            {
                if (!fact.AppendOnly || same || IsKnown(session, dataset, shard, fact)) continue;
                return false;
            }
            if (fact.AppendOnly && version + 1 != fact.Version) return false;
            if (!fact.AppendOnly && known) Of(session.Prepare(Replaced), dataset, shard, fact.Id).Run();
            Add(session, dataset, shard, fact);
        }
        return true;
    }

    private static bool IsKnown(SqliteSession session, long dataset, int shard, FactRow fact)
    {
        var query = Of(session.Prepare(HashOf), dataset, shard, fact.Id).Bind(6, fact.Version);
        if (!query.Step()) return false;
        var same = query.Bytes(0).SequenceEqual(fact.Sha256);
        query.Reset();
        return same;
    }

    private static void Add(SqliteSession session, long dataset, int shard, FactRow fact)
    {
        var insert = Of(session.Prepare(Insert), dataset, shard, fact.Id).Bind(6, fact.Version).Bind(7, fact.AppendOnly ? 1 : 0)
            .Bind(8, fact.Image).Bind(9, fact.OperationId).Bind(10, fact.Actor).BindBlob(11, fact.Sha256).Bind(12, fact.Size);
        insert.Step();
        var id = insert.Long(0);
        insert.Reset();
        if (fact.Payload is not { } payload) return;
        session.Prepare(Payload).Bind(1, id).BindBlob(2, payload).Bind(3, dataset).Bind(4, fact.Image).Bind(5, fact.Id.Kind)
            .Bind(6, fact.Id.Key).Bind(7, fact.Version).Run();
    }

    /// <param name="session">A reader's.</param>
    /// <param name="dataset">The dataset.</param>
    /// <param name="shard">The shard.</param>
    /// <param name="kind">Of one kind alone; null for all.</param>
    /// <param name="after">The last fact of the page before.</param>
    /// <param name="max">How many at most.</param>
    public static List<FactRow> Read(SqliteSession session, long dataset, int shard, string? kind, FactRow? after, int max)
    {
        var query = session.Prepare(kind is null ? Page : PageOfKind);
        if (kind is not null) query.Bind(8, kind);
        query.Bind(1, dataset).Bind(2, shard).Bind(3, after?.Id.Ordinal ?? int.MinValue)
            .Bind(4, after?.Id.Kind ?? "").Bind(5, after?.Id.Key ?? "").Bind(6, after?.Version ?? 0).Bind(7, max);
        var facts = new List<FactRow>();
        while (query.Step()) facts.Add(Row(query));
        return facts;
    }

    public static List<FactRow> Read(
        SqliteSession session, long dataset, int shard, string kind, IReadOnlyList<int> ordinals, FactBounds bounds)
    {
        var facts = new List<FactRow>();
        var query = session.Prepare(OfRow).Bind(1, dataset).Bind(2, shard).Bind(4, kind)
            .Bind(5, bounds.Most).Bind(6, bounds.Bytes).Bind(7, bounds.Payloads ? 1 : 0);
        foreach (var ordinal in ordinals)
        {
            query.Bind(3, ordinal);
            while (query.Step()) facts.Add(Row(query));
        }
        return facts;
    }

    /// <summary>Removes a payload wherever it is; from how many shards.</summary>
    public static int EraseFrom(SqliteSession session, PayloadErasure erasure)
    {
        session.Prepare(Erase).Bind(1, erasure.Dataset).Bind(2, erasure.Image).Bind(3, erasure.Kind).Bind(4, erasure.Key)
            .Bind(5, erasure.Version).Bind(6, erasure.Actor).Bind(7, LedgerTime.ToTicks(erasure.At)).Run();
        return session.Prepare(ErasePayload).Bind(1, erasure.Dataset).Bind(2, erasure.Image).Bind(3, erasure.Kind).Bind(4, erasure.Key)
            .Bind(5, erasure.Version).Run();
    }

    private static SqliteStatement Of(SqliteStatement statement, long dataset, int shard, FactKey id) =>
        statement.Bind(1, dataset).Bind(2, shard).Bind(3, id.Ordinal).Bind(4, id.Kind).Bind(5, id.Key);

    private static FactRow Row(SqliteStatement query) => new(
        new FactKey(query.Text(1), query.Int(0), query.Text(2)), query.Id(5), query.Long(3), query.Int(4) != 0, query.Guid(6),
        query.Text(7),
        query.Bytes(8).ToArray(), query.Int(9), query.IsNull(10) ? null : query.Bytes(10).ToArray());
}
