using System.Text;
using Winnow.Grains.Ports;
using static Winnow.Adapters.Tests.Ledger.LedgerRows;

namespace Winnow.Adapters.Tests.Ledger;

/// <summary>What a backup reads.</summary>
public abstract partial class ShardLedgerConformance<TFixture> : LedgerConformance<TFixture>
    where TFixture : ILedgerFixture, new()
{
    [Fact]
    public async Task Entries_operations_and_counts_are_read_without_becoming_the_writer()
    {
        Assert.Equal(0, await Shards.CountImagesAsync(Shard, Never));
        var epoch = await OpenShardAsync();
        await CommitAsync(new() { Shard = Shard, Epoch = epoch, OperationId = Operation(1), Images = Rows(0, 3) });
        await CommitAsync(new() { Shard = Shard, Epoch = epoch, Images = Rows(3, 2) });
        HistoryRow[] history = [History(1, 1, 11, """{"a":"ü"}"""), History(1, 2, 12, """{ "b" : 2 }"""), History(4, 1, 13)];
        await CommitAsync(new() { Shard = Shard, Epoch = epoch, OperationId = Operation(2), Images = Rows(5, 1), History = history });
        AssertEqual(history.OrderBy(h => h.Image).ThenBy(h => h.Version), await ToListAsync(Shards.ReadShardEntriesAsync(Shard, Never)));
        Assert.Equal([new(Operation(1), new(0, 3)), new(Operation(2), new(5, 1))],
            (await ToListAsync(Shards.ReadOperationsAsync(Shard, Never))).OrderBy(o => o.Rows.First));
        Assert.Equal(6, await Shards.CountImagesAsync(Shard, Never));
        Assert.Empty(await ToListAsync(Shards.ReadOperationsAsync(Shard with { Shard = 2 }, Never)));
        // The writer is still the writer.
        Assert.Equal(ShardCommitStatus.Committed, await CommitAsync(new() { Shard = Shard, Epoch = epoch, Images = Rows(6, 1) }));
    }

    [Fact]
    public async Task More_operations_and_entries_than_a_page_all_come()
    {
        var epoch = await OpenShardAsync();
        await Task.WhenAll(Enumerable.Range(0, 5_000)
            .Select(n => CommitAsync(
                new()
                {
                    Shard = Shard,
                    Epoch = epoch,
                    OperationId = Operation(n),
                    Images = Rows(n, 1),
                    History = [History(n, 1, n, $$"""{"n":{{n}}}""")]
                })));
        Assert.Equal(Enumerable.Range(0, 5_000),
            (await ToListAsync(Shards.ReadOperationsAsync(Shard, Never))).Select(o => o.Rows.First).Order());
        var entries = await ToListAsync(Shards.ReadShardEntriesAsync(Shard, Never));
        Assert.Equal(5_000, entries.Count);
        Assert.All(entries, e => Assert.Equal($$"""{"n":{{e.Ordinal}}}""", Encoding.UTF8.GetString(e.EntryJson)));
    }
}
