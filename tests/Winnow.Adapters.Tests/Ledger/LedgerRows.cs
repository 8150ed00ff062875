using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Winnow.Abstractions.Images;
using Winnow.Grains.Ports;
using Winnow.Model.Datasets;
using Winnow.Model.Images;
using Winnow.Model.Labels;

namespace Winnow.Adapters.Tests.Ledger;

/// <summary>Rows for tests. Times are whole milliseconds: every ledger keeps at least microseconds.</summary>
public static class LedgerRows
{
    public static readonly DateTimeOffset Noon = new(2026, 3, 1, 12, 0, 0, 123, TimeSpan.Zero);

    public static DatasetInfo Dataset(string name = "cats") =>
        new(name, new LabelSchema { Classes = [new("cat", "Cat", "#1f77b4"), new("dog")] }, new DatasetSettings { Shards = 4, Seed = 7 },
        Noon, "ada");

    public static ImageId Id(int n) => ImageId.Of(BitConverter.GetBytes(n));

    public static Guid Operation(int n) => new(n, 1, 2, [3, 4, 5, 6, 7, 8, 9, 10]);

    public static ImageRow Image(int ordinal, int id = -1) => new(
        ordinal,
        new IngestRow(Id(id < 0 ? ordinal : id), $"ünïcode/{ordinal}.png", ordinal % 3 == 0 ? "jpeg" : "png", 28, 29, 1, 600 + ordinal,
            ordinal % 5 == 0 ? Partition.Holdout : Partition.Pool, ordinal % 2 - 1, ordinal % 7 == 0 ? "cut off" : null)
        {
            Orientation = (byte)(ordinal % 9),
        },
        Noon.AddMilliseconds(ordinal),
        "ada");

    public static ImageRow[] Rows(int first, int count) => [.. Enumerable.Range(first, count).Select(o => Image(o))];

    public static HistoryRow History(int id, int version, int operation, string json = "{}") =>
        new(Id(id), id, version, Operation(operation), System.Text.Encoding.UTF8.GetBytes(json), version % 2, version > 1, Stage.Labeled);

    /// <summary>A fact of a kind that no release knows.</summary>
    public static FactRow Fact(int ordinal, long version, string payload, bool grows = true, string key = "", string? kind = null) => new(
        new FactKey(kind ?? (grows ? "test-said" : "test-made"), ordinal, key), ordinal < 0 ? default : Id(ordinal), version, grows,
        Operation((int)version), "ada", SHA256.HashData(Encoding.UTF8.GetBytes(payload)), Encoding.UTF8.GetByteCount(payload),
        Encoding.UTF8.GetBytes(payload));

    /// <summary>A fact in one line, so that two can be compared.</summary>
    public static string Line(FactRow f) => string.Create(CultureInfo.InvariantCulture,
        $"{f.Id} {f.Image} {f.Version} {f.AppendOnly} {f.OperationId} {f.Actor} {Convert.ToHexString(f.Sha256)} {f.Size} ")
        + (f.Payload is { } payload ? Encoding.UTF8.GetString(payload) : "erased");

    public static async Task<List<T>> ToListAsync<T>(IAsyncEnumerable<T> items)
    {
        var list = new List<T>();
        await foreach (var item in items) list.Add(item);
        return list;
    }

    public static void AssertEqual(IEnumerable<HistoryRow> expected, IEnumerable<HistoryRow> actual) =>
        Assert.Equal(expected.Select(Comparable), actual.Select(Comparable));

    private static (HistoryRow, string) Comparable(HistoryRow row) =>
        (row with { EntryJson = null! }, System.Text.Encoding.UTF8.GetString(row.EntryJson));
}
