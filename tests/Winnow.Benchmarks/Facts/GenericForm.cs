using System.Globalization;
using System.Text;
using System.Text.Json;
using Winnow.Grains.Facts;
using Winnow.Grains.Ports;
using Winnow.Model.Datasets;
using Winnow.Model.Images;

namespace Winnow.Benchmarks.Facts;

/// <summary>
/// The rows of a commit as facts, and back: nothing is lost on the way but what facts cannot say, which is told where it happens. Each
/// choice is the cheaper one for facts: payloads are short arrays, and what reading needs stands before what it does not.
/// </summary>
internal static class GenericForm
{
    private const string Person = "person:ada";
    private const string Service = "service:rounds";

    public static Kind History { get; } = new("history", appendOnly: true);
    public static Kind Tasks { get; } = new("task", appendOnly: false);
    public static Kind Reservations { get; } = new("reservation", appendOnly: false);
    public static Kind Quarantine { get; } = new("quarantine", appendOnly: false);
    public static Kind Segments { get; } = new("segment", appendOnly: false);

    /// <summary>The same commit with its rows as facts; images stay rows. Facts that replace others bear the number of the step.</summary>
    public static ShardCommit Of(ShardCommit rows, long step, Func<int, ImageId> images)
    {
        var operation = new Guid((int)step, 0, 0, new byte[8]);
        var facts = new List<FactRow>();
        foreach (var h in rows.History)
            facts.Add(History.Of(h.Ordinal, h.Image, "", h.Version, h.OperationId, Person,
                [.. Text($"[{h.Label},{(h.Closes ? 1 : 0)},{(int)h.Stage},"), .. h.EntryJson, (byte)']']));
        foreach (var q in rows.Quarantined) Add(Quarantine, q.Ordinal, "", Encoding.UTF8.GetBytes(q.Reason));
        // No fact goes by itself: what was withdrawn stays as an empty one.
        foreach (var w in rows.WithdrawnTasks)
            if (rows.Tasks.Count == 0) Add(Tasks, w.Ordinal, w.Arm, "[]"u8.ToArray());
        foreach (var t in rows.Tasks) Add(Tasks, t.Ordinal, t.Arm, Text($"[{t.Round},{t.Priority:R}]"));
        foreach (var r in rows.Reservations) Add(Reservations, r.Ordinal, "", Text($"[{r.Until.UtcTicks}]"));
        foreach (var s in rows.Segments)
            Add(Segments, -1, string.Create(CultureInfo.InvariantCulture, $"{s.Kind}/{s.Version}/{s.First}"),
                Text($"[{s.Count},\"{s.ObjectKey}\"]"));
        return rows with
        {
            History = [],
            Quarantined = [],
            Tasks = [],
            WithdrawnTasks = [],
            Reservations = [],
            Segments = [],
            Facts = facts,
        };

        void Add(Kind kind, int ordinal, string key, byte[] payload) =>
            facts.Add(kind.Of(ordinal, images(ordinal), key, step, operation, Service, payload));
    }

    public static HistoryRow ToHistory(FactRow fact)
    {
        var json = Begin(fact);
        var label = Int(ref json);
        var closes = Int(ref json) != 0;
        return new HistoryRow(fact.Image, fact.Id.Ordinal, (int)fact.Version, fact.OperationId, [], label, closes, (Stage)Int(ref json));
    }

    /// <summary>A task; null for what was withdrawn.</summary>
    public static TaskRow? ToTask(FactRow fact)
    {
        var json = Begin(fact);
        json.Read();
        if (json.TokenType != JsonTokenType.Number) return null;
        var round = json.GetInt32();
        json.Read();
        return new TaskRow(fact.Id.Ordinal, fact.Id.Key, round, json.GetSingle(), DateTimeOffset.UnixEpoch);
    }

    public static ReservationRow ToReservation(FactRow fact)
    {
        var json = Begin(fact);
        json.Read();
        return new ReservationRow(fact.Id.Ordinal, new DateTimeOffset(json.GetInt64(), TimeSpan.Zero));
    }

    public static SegmentRow ToSegment(FactRow fact)
    {
        var json = Begin(fact);
        var count = Int(ref json);
        json.Read();
        var (kind, last) = (fact.Id.Key.IndexOf('/', StringComparison.Ordinal), fact.Id.Key.LastIndexOf('/'));
        return new SegmentRow(fact.Id.Key[..kind], fact.Id.Key[(kind + 1)..last],
            int.Parse(fact.Id.Key.AsSpan(last + 1), CultureInfo.InvariantCulture), count, json.GetString()!);
    }

    private static Utf8JsonReader Begin(FactRow fact)
    {
        var json = new Utf8JsonReader(fact.Payload);
        json.Read();
        return json;
    }

    private static int Int(ref Utf8JsonReader json)
    {
        json.Read();
        return json.GetInt32();
    }

    private static byte[] Text(FormattableString text) => Encoding.UTF8.GetBytes(text.ToString(CultureInfo.InvariantCulture));

    /// <summary>A kind that only this benchmark knows, made as the product makes its own: with the hash of its payload.</summary>
    internal sealed class Kind(string name, bool appendOnly) : FactKind
    {
        public override string Name => name;

        public override bool AppendOnly => appendOnly;

        public override int Level => ClusterLevels.Facts;

        public override string? Check(FactRow fact, DatasetInfo dataset, DateTimeOffset latest) => null;

        public FactRow Of(int ordinal, ImageId image, string key, long version, Guid operation, string actor, byte[] payload) =>
            Make(ordinal, image, key, version, operation, actor, payload);
    }
}
