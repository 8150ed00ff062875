using Winnow.Abstractions.Acts;
using Winnow.Grains.Ports;

namespace Winnow.Adapters.Ledger;

/// <summary>Writes acts within the writer's transaction, and reads them.</summary>
internal static class ActCommits
{
    private const string Last = "SELECT max(sequence) FROM act WHERE dataset = ?1 AND shard = ?2";
    // Whose number is not the next one is refused by the table itself.
    private const string Insert = "INSERT INTO act (dataset, shard, sequence, at, record, actor, object) "
        + "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
    private const string Page =
        "SELECT sequence, at, record, actor, object FROM act WHERE dataset = ?1 AND shard = ?2 AND sequence > ?3 ORDER BY sequence "
        + "LIMIT ?4";

    /// <summary>The number of the last act of a stream; 0 where there is none.</summary>
    public static long LastOf(SqliteSession session, long dataset, int shard)
    {
        var query = session.Prepare(Last).Bind(1, dataset).Bind(2, shard);
        query.Step();
        var last = query.Long(0);
        query.Reset();
        return last;
    }

    /// <summary>The same within the writer's transaction, which knows what it wrote last.</summary>
    public static long EndOf(SqliteSession session, long dataset, int shard) =>
        session.Ends.Find(dataset, shard) ?? LastOf(session, dataset, shard);

    /// <summary>Adds acts behind what a stream has.</summary>
    public static void Append(SqliteSession session, long dataset, int shard, IReadOnlyList<ActRecord> acts)
    {
        if (acts.Count == 0) return;
        var last = EndOf(session, dataset, shard);
        foreach (var act in acts) Add(session, dataset, shard, ++last, act);
    }

    /// <summary>Puts an act in place under its number.</summary>
    public static void Add(SqliteSession session, long dataset, int shard, long sequence, ActRecord act)
    {
        var insert = session.Prepare(Insert).Bind(1, dataset).Bind(2, shard).Bind(3, sequence).Bind(4, LedgerTime.ToTicks(act.At))
            .BindBlob(5, act.Record);
        BindPart(insert, 6, act.Actor);
        BindPart(insert, 7, act.Object);
        insert.Run();
        session.Ends.Set(dataset, shard, sequence);
    }

    public static List<StoredAct> Read(SqliteSession session, long dataset, int shard, long after, int max)
    {
        var query = session.Prepare(Page).Bind(1, dataset).Bind(2, shard).Bind(3, after).Bind(4, max);
        var acts = new List<StoredAct>();
        while (query.Step())
            acts.Add(new StoredAct(query.Long(0), new ActRecord(
                LedgerTime.FromTicks(query.Long(1)), query.Bytes(2).ToArray(), Part(query, 3), Part(query, 4))));
        return acts;
    }

    private static void BindPart(SqliteStatement insert, int index, byte[]? part)
    {
        if (part is null) insert.BindNull(index);
        else insert.BindBlob(index, part);
    }

    private static byte[]? Part(SqliteStatement query, int column) => query.IsNull(column) ? null : query.Bytes(column).ToArray();
}
