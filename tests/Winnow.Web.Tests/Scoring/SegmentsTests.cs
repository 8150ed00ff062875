using Winnow.Grains.Ports;
using Winnow.Model.Datasets;
using Winnow.Model.Labels;
using Winnow.Testing;

namespace Winnow.Web.Tests.Scoring;

/// <summary>Images that trickle in, each few of them scored before the next come.</summary>
public sealed class SegmentsTests
{
    private const int Trickles = 16, Each = 3;

    [Fact]
    public async Task Images_that_trickle_in_lie_in_few_segments_and_what_these_replaced_is_removed()
    {
        await using var server = await OwnServer.StartAsync(further: ["--Shard:KeepSuperseded", "00:00:00"]);
        await server.Client.CreateDatasetAsync(
            new CreateDataset("trickle", new LabelSchema { Classes = [new LabelClass("a"), new LabelClass("b")] },
                new DatasetSettings { Shards = 1 }));
        for (var i = 0; i < Trickles; i++)
        {
            await foreach (var _ in server.Client.ImportAsync("trickle", DrawnImages.EnumerateAsync(Each, i * Each))) { }
            await server.Client.WaitForScoringAsync("trickle");
        }
        var ledger = (IShardLedger)server.Services.GetService(typeof(IShardLedger))!;
        var rows = (await ledger.ReadSegmentsAsync(new ShardKey("trickle", 0), CancellationToken.None)).OrderBy(r => r.First).ToArray();
        Assert.InRange(rows.Length, 1, 1 + (int)Math.Log2(Trickles * Each));
        // Without a gap from the first to the last.
        Assert.Equal(rows.Select(r => r.First + r.Count).Prepend(0).SkipLast(1), rows.Select(r => r.First));
        Assert.Equal(Trickles * Each, rows.Sum(r => r.Count));

        var named = rows.Select(r => Path.GetFileName(r.ObjectKey)).Order().ToArray();
        await Until.TrueAsync(() => Task.FromResult(named.SequenceEqual(Stored(server.Folder).Order())), TimeSpan.FromSeconds(30),
            () => $"only {string.Join(", ", named)} are stored, not {string.Join(", ", Stored(server.Folder))}");
    }

    private static IEnumerable<string> Stored(string folder) =>
        Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories).Where(f => f.Contains("/segments/", StringComparison.Ordinal))
        .Select(f => Path.GetFileName(f)!);
}
