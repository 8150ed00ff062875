using System.Globalization;
using Microsoft.Extensions.Logging.Abstractions;
using Winnow.Adapters.Ledger;
using Winnow.Adapters.Tests.Support;
using Winnow.CrashHost;
using Winnow.Grains.Acts;
using Winnow.Grains.Ports;

namespace Winnow.Adapters.Tests.Ledger;

/// <summary>A real process is killed in the middle of its commits, again and again on the same ledger.</summary>
public sealed class LedgerCrashTests : IDisposable
{
    private const int Kills = 10;

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Every_acknowledged_commit_is_there_once_and_whole_after_a_kill()
    {
        var path = _folder.At("ledger.db");
        var seeds = new Random(20260301);
        var acknowledged = new HashSet<(int Shard, int Number)>();
        for (var kill = 0; kill < Kills; kill++)
        {
            using var process = CrashingProcess.Start("ledger", path);
            foreach (var line in await process.KillAfterAsync(seeds.Next(1, 400)))
                Assert.True(acknowledged.Add(Parse(line)), $"Operation {line} was acknowledged twice.");
            await CheckAsync(path, acknowledged);
        }
    }

    private static (int Shard, int Number) Parse(string line)
    {
        var words = line.Split(' ');
        return (int.Parse(words[0], CultureInfo.InvariantCulture), int.Parse(words[1], CultureInfo.InvariantCulture));
    }

    private static async Task CheckAsync(string path, HashSet<(int Shard, int Number)> acknowledged)
    {
        await using var ledger = SqliteLedger.Open(new LedgerOptions { Path = path }, NullLogger<SqliteLedger>.Instance);
        for (var shard = 0; shard < LedgerLoad.Shards; shard++)
        {
            var key = new ShardKey(LedgerLoad.Dataset, shard);
            var images = await LedgerRows.ToListAsync(ledger.ReadImagesAsync(key, 0, int.MaxValue, CancellationToken.None));
            Assert.Equal(0, images.Count % LedgerLoad.RowsPerOperation);
            var operations = images.Count / LedgerLoad.RowsPerOperation;
            var known = acknowledged.Where(a => a.Shard == shard).Select(a => a.Number).ToList();
            Assert.All(known, number => Assert.InRange(number, 0, operations - 1));
            // An operation whose acknowledgement was lost with the process may be there as well: at most the one under way at each kill.
            Assert.InRange(operations, known.Count, known.Count + Kills);

            Assert.Equal(Enumerable.Range(0, operations).SelectMany(n => LedgerLoad.Commit(shard, 1, n).Images), images);
            var history = await LedgerRows.ToListAsync(ledger.ReadShardHistoryAsync(key, CancellationToken.None));
            Assert.Equal(Enumerable.Range(0, operations).Select(n => LedgerLoad.OperationId(shard, n)),
                history.OrderBy(h => h.Ordinal).Select(h => h.OperationId));
            Assert.Equal(operations, (await LedgerRows.ToListAsync(ledger.ReadTasksAsync(key, CancellationToken.None))).Count);
            for (var number = 0; number < operations; number++)
            {
                var rows = new OrdinalRange(number * LedgerLoad.RowsPerOperation, LedgerLoad.RowsPerOperation);
                var found = await ledger.FindOperationAsync(key, LedgerLoad.OperationId(shard, number), CancellationToken.None);
                Assert.Equal(rows, found?.Rows);
            }
            // Nothing was done without its act, and no act tells of what was not done.
            var stream = ActStream.Of(key);
            var acts = await ledger.ReadActsAsync(stream, 0, int.MaxValue, CancellationToken.None);
            Assert.Equal(Enumerable.Range(0, operations).Select(n => (n + 1L, $"{n}")),
                acts.Select(a => (a.Sequence, ActRecords.Read(stream, a.Sequence, a.Act).Of!)));
            if (operations > 0)
                Assert.Equal(LedgerLoad.Entry(shard, operations - 1),
                    Assert.Single(await ledger.ReadHistoryAsync(key,
                        LedgerLoad.Image(shard, (operations - 1) * LedgerLoad.RowsPerOperation), CancellationToken.None)).EntryJson);
        }
    }
}
