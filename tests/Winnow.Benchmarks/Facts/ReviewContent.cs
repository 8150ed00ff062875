using System.Globalization;
using System.Text.Json;
using Winnow.Abstractions.Images;
using Winnow.Algorithms.Numerics;
using Winnow.Grains.Ports;
using Winnow.Model;
using Winnow.Model.Images;
using Winnow.Model.Labels;
using Winnow.Model.Review;
using Winnow.Model.Training;

namespace Winnow.Benchmarks.Facts;

/// <summary>Rows as review makes them, each a function of its number, so that both ledgers get the same.</summary>
internal static class ReviewContent
{
    public static readonly DateTimeOffset Noon = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);

    /// <summary>As random as a hash and cheaper: a shard has its ids in memory, so making them must cost facts nothing.</summary>
    public static ImageId Image(int ordinal)
    {
        if (ordinal < 0) return default;
        var random = new SeededRandom((ulong)ordinal);
        return new ImageId(random.NextUInt64(), random.NextUInt64(), random.NextUInt64(), random.NextUInt64());
    }

    /// <summary>A number below 2^20 that no other one below has: people and rounds come to images in no order.</summary>
    public static int Scattered(int number) => (int)(unchecked((uint)number * 0x9E3779B1u) & 0xFFFFF);

    public static ImageRow ImageRow(int ordinal) => new(ordinal,
        new IngestRow(Image(ordinal), string.Create(CultureInfo.InvariantCulture, $"camera-3/{ordinal:D8}.png"), "png", 28, 28, 1, 600,
            Partition.Pool, -1, null), Noon, "service:camera");

    public static HistoryRow History(int ordinal)
    {
        var operation = new Guid(ordinal, 1, 2, [3, 4, 5, 6, 7, 8, 9, 10]);
        var entry = new HistoryEntry(1, HistoryKind.Decided, "person:ada", Noon.AddMilliseconds(ordinal), operation,
            new Decision { Kind = DecisionKind.Label, Annotations = [new ClassTag("a")], ElapsedMilliseconds = 900 + (ordinal % 700) });
        return new HistoryRow(Image(ordinal), ordinal, 1, operation,
            JsonSerializer.SerializeToUtf8Bytes(entry, ModelJson.Default.HistoryEntry), ordinal % 2, true, Stage.Labeled);
    }

    public static TaskRow Task(int ordinal, int round) => new(ordinal, Arms.Main, round, Share(ordinal), DateTimeOffset.UnixEpoch);

    public static ReservationRow Reservation(int ordinal, int step) =>
        new(ordinal, step < 0 ? DateTimeOffset.UnixEpoch : Noon.AddMinutes(15 + step));

    public static QuarantineRow Quarantine(int ordinal) => new(ordinal, "The file ends before its picture does.");

    public static SegmentRow Segment(int number)
    {
        var first = number / 3 * 512;
        var kind = (number % 3) switch { 0 => SegmentKinds.Embedding, 1 => SegmentKinds.Projection, _ => SegmentKinds.Scores };
        var version = kind == SegmentKinds.Scores ? "main/12" : "mobilenet-v4";
        return new SegmentRow(kind, version, first, 512,
            string.Create(CultureInfo.InvariantCulture, $"datasets/facts/segments/3/{kind}/{version}/{first:x8}-1a-200"));
    }

    private static float Share(int number) => Scattered(number) / (float)(1 << 20);
}
