using Winnow.Abstractions.Datasets;
using Winnow.Abstractions.Images;
using Winnow.Grains.Ports;
using Winnow.Model.Images;

namespace Winnow.Adapters.Ledger;

/// <summary>
/// Reads a shard's rows a page at a time: a reader that dawdles must not hold a snapshot, which would keep the log from being reused.
/// </summary>
internal static class ShardQueries
{
    private const string ImageColumns =
        "SELECT i.ordinal, i.id, i.name, i.format, i.width, i.height, i.frames, i.bytes, i.partition, i.label, coalesce(q.reason, "
        + "i.reason), i.received_at, i.received_by, i.orientation " +
        "FROM image i LEFT JOIN quarantine q ON q.dataset = i.dataset AND q.shard = i.shard AND q.ordinal = i.ordinal WHERE i.dataset = "
        + "?1 AND i.shard = ?2 AND ";
    private const string ImagePage = ImageColumns + "i.ordinal >= ?3 ORDER BY i.ordinal LIMIT ?4";
    private const string ImageByOrdinal = ImageColumns + "i.ordinal = ?3";
    // Quarantine is rare: its rows are merged in afterwards, where a join would look for one beside every image.
    private const string IndexPage =
        "SELECT id, partition, label, reason IS NOT NULL FROM image WHERE dataset = ?1 AND shard = ?2 AND ordinal >= ?3 AND ordinal < ?4 "
        + "ORDER BY ordinal";
    private const string QuarantinePage =
        "SELECT ordinal FROM quarantine WHERE dataset = ?1 AND shard = ?2 AND ordinal >= ?3 AND ordinal < ?4";
    private const string TaskPage =
        "SELECT ordinal, arm, round, priority, reserved_until FROM task WHERE dataset = ?1 AND shard = ?2 AND (ordinal, arm) > (?3, ?4) "
        + "ORDER BY ordinal, arm LIMIT ?5";
    private const string Reservations = "SELECT ordinal, until FROM reservation WHERE dataset = ?1 AND shard = ?2 AND ordinal >= ?3";
    private const string HistoryPage =
        "SELECT image, ordinal, version, operation, label, closes, stage FROM history WHERE dataset = ?1 AND shard = ?2 AND (image, "
        + "version) > (?3, ?4) " +
        "ORDER BY image, version LIMIT ?5";
    private const string EntryPage =
        "SELECT image, ordinal, version, operation, label, closes, stage, entry FROM history WHERE dataset = ?1 AND shard = ?2 AND "
        + "(image, version) > (?3, ?4) " +
        "ORDER BY image, version LIMIT ?5";
    private const string HistoryOfImage =
        "SELECT image, ordinal, version, operation, label, closes, stage, entry FROM history WHERE dataset = ?1 AND image = ?2 AND shard "
        + "= ?3 ORDER BY version";
    private const string Segments =
        "SELECT kind, version, first, count, object FROM segment WHERE dataset = ?1 AND shard = ?2 ORDER BY kind, version, first";
    private const string Operation =
        "SELECT operation, first, count, actor, content FROM operation WHERE dataset = ?1 AND shard = ?2 AND operation = ?3";
    // Of any other shard, whose rows are none of this one's.
    private const string OperationElsewhere =
        "SELECT operation, 0, 0, actor, content FROM operation WHERE dataset = ?1 AND operation = ?2 AND actor IS NOT NULL LIMIT 1";
    // The empty blob stands before every id.
    private const string OperationPage =
        "SELECT operation, first, count, actor, content FROM operation WHERE dataset = ?1 AND shard = ?2 AND operation > ?3 " +
        "ORDER BY operation LIMIT ?4";
    private const string ImageCount = "SELECT images FROM shard WHERE dataset = ?1 AND shard = ?2";

    public static List<ImageRow> Images(SqliteSession session, long dataset, int shard, int from, int max)
    {
        var query = session.Prepare(ImagePage).Bind(1, dataset).Bind(2, shard).Bind(3, from).Bind(4, max);
        var rows = new List<ImageRow>(Math.Min(max, 1024));
        while (query.Step()) rows.Add(Image(query, rows.Count > 0 ? rows[^1] : default));
        return rows;
    }

    /// <summary>Rows <paramref name="from"/> and on, at most <paramref name="max"/>.</summary>
    public static List<IndexRow> Index(SqliteSession session, long dataset, int shard, int from, int max)
    {
        var rows = new List<IndexRow>(max);
        var query = session.Prepare(IndexPage).Bind(1, dataset).Bind(2, shard).Bind(3, from).Bind(4, (long)from + max);
        while (query.Step()) rows.Add(new IndexRow(query.Id(0), (Partition)query.Int(1), query.Int(2), query.Int(3) != 0));
        // One statement after the other, so a row may be put aside between them: it then counts as such a moment early.
        query = session.Prepare(QuarantinePage).Bind(1, dataset).Bind(2, shard).Bind(3, from).Bind(4, (long)from + rows.Count);
        while (query.Step()) rows[query.Int(0) - from] = rows[query.Int(0) - from] with { Quarantined = true };
        return rows;
    }

    public static ImageRow[] Images(SqliteSession session, long dataset, ShardKey shard, IReadOnlyList<int> ordinals)
    {
        var query = session.Prepare(ImageByOrdinal).Bind(1, dataset).Bind(2, shard.Shard);
        var rows = new ImageRow[ordinals.Count];
        for (var i = 0; i < rows.Length; i++)
        {
            if (!query.Bind(3, ordinals[i]).Step()) throw Missing(shard, ordinals[i]);
            rows[i] = Image(query, i > 0 ? rows[i - 1] : default);
            query.Reset();
        }
        return rows;
    }

    public static KeyNotFoundException Missing(ShardKey shard, int ordinal) =>
        new(string.Create(System.Globalization.CultureInfo.InvariantCulture, $"Shard {shard} has no image row {ordinal}."));

    public static List<TaskRow> Tasks(SqliteSession session, long dataset, int shard, TaskRow after, int max)
    {
        // Read before the tasks: one that becomes its tasks' own between the two is then seen twice, and not not at all.
        var reserved = new Dictionary<int, long>();
        var query = session.Prepare(Reservations).Bind(1, dataset).Bind(2, shard).Bind(3, after.Ordinal);
        while (query.Step()) reserved.Add(query.Int(0), query.Long(1));
        query = session.Prepare(TaskPage).Bind(1, dataset).Bind(2, shard).Bind(3, after.Ordinal).Bind(4, after.Arm).Bind(5, max);
        var rows = new List<TaskRow>();
        while (query.Step())
            rows.Add(new TaskRow(query.Int(0), Repeated(query, 1, rows.Count > 0 ? rows[^1].Arm : null), query.Int(2),
                (float)query.Double(3),
                LedgerTime.FromTicks(reserved.TryGetValue(query.Int(0), out var until) ? until : query.Long(4))));
        return rows;
    }

    public static List<HistoryRow> History(SqliteSession session, long dataset, int shard, HistoryRow? after, int max, bool entries)
    {
        var query = session.Prepare(entries ? EntryPage : HistoryPage).Bind(1, dataset).Bind(2, shard);
        // The empty blob stands before every id.
        if (after is { } row) query.Bind(3, row.Image).Bind(4, row.Version);
        else query.BindBlob(3, []).Bind(4, 0);
        query.Bind(5, max);
        var rows = new List<HistoryRow>();
        while (query.Step()) rows.Add(Entry(query, entries ? query.Bytes(7).ToArray() : []));
        return rows;
    }

    public static List<HistoryRow> History(SqliteSession session, long dataset, int shard, ImageId image)
    {
        var query = session.Prepare(HistoryOfImage).Bind(1, dataset).Bind(2, image).Bind(3, shard);
        var rows = new List<HistoryRow>();
        while (query.Step()) rows.Add(Entry(query, query.Bytes(7).ToArray()));
        return rows;
    }

    public static List<SegmentRow> SegmentsOf(SqliteSession session, long dataset, int shard)
    {
        var query = session.Prepare(Segments).Bind(1, dataset).Bind(2, shard);
        var rows = new List<SegmentRow>();
        while (query.Step()) rows.Add(new SegmentRow(query.Text(0), query.Text(1), query.Int(2), query.Int(3), query.Text(4)));
        return rows;
    }

    public static OperationRow? OperationOf(SqliteSession session, long dataset, int shard, Guid operationId) =>
        OneOperation(session.Prepare(Operation).Bind(1, dataset).Bind(2, shard).Bind(3, operationId))
        ?? OneOperation(session.Prepare(OperationElsewhere).Bind(1, dataset).Bind(2, operationId));

    private static OperationRow? OneOperation(SqliteStatement query)
    {
        if (!query.Step()) return null;
        var row = OperationRowOf(query);
        query.Reset();
        return row;
    }

    private static OperationRow OperationRowOf(SqliteStatement query) => new(
        query.Guid(0), new OrdinalRange(query.Int(1), query.Int(2)),
        query.IsNull(3) ? null : new OperationStamp(query.Text(3), query.Guid(4)));

    public static List<OperationRow> Operations(SqliteSession session, long dataset, int shard, Guid? after, int max)
    {
        var query = session.Prepare(OperationPage).Bind(1, dataset).Bind(2, shard).Bind(4, max);
        if (after is { } last) query.Bind(3, last);
        else query.BindBlob(3, []);
        var rows = new List<OperationRow>();
        while (query.Step()) rows.Add(OperationRowOf(query));
        return rows;
    }

    public static int Count(SqliteSession session, long dataset, int shard)
    {
        var query = session.Prepare(ImageCount).Bind(1, dataset).Bind(2, shard);
        if (!query.Step()) return 0;
        var count = query.Int(0);
        query.Reset();
        return count;
    }

    private static HistoryRow Entry(SqliteStatement query, byte[] json) =>
        new(query.Id(0), query.Int(1), query.Int(2), query.Guid(3), json, query.Int(4), query.Int(5) != 0, (Stage)query.Int(6));

    private static ImageRow Image(SqliteStatement query, in ImageRow previous) => new(
        query.Int(0),
        new IngestRow(query.Id(1), query.Text(2), Repeated(query, 3, previous.Row.Format), query.Int(4), query.Int(5), query.Int(6),
            query.Long(7),
            (Partition)query.Int(8), query.Int(9), query.IsNull(10) ? null : query.Text(10))
        {
            Orientation = (byte)query.Int(13),
        },
        LedgerTime.FromTicks(query.Long(11)),
        Repeated(query, 12, previous.ReceivedBy));

    /// <summary>A text that is mostly the one of the row before: a million rows then share one string.</summary>
    private static string Repeated(SqliteStatement query, int column, string? previous)
    {
        var text = query.Text(column);
        return text == previous ? previous : text;
    }
}
