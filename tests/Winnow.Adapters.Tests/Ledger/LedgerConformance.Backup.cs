using System.Text;
using Winnow.Grains.Ports;
using static Winnow.Adapters.Tests.Ledger.LedgerRows;

namespace Winnow.Adapters.Tests.Ledger;

/// <summary>What a backup reads, and how a restored dataset gets its name.</summary>
public abstract partial class LedgerConformance
{
    private static readonly string Staged = StagedDatasets.NameOf(Operation(77));

    private static ControlState State(string key, string json = "{}") => new("dataset", key, "dataset", Encoding.UTF8.GetBytes(json));

    [Fact]
    public async Task Entries_operations_and_counts_are_read_without_becoming_the_writer()
    {
        Assert.Equal(0, await Ledger.CountImagesAsync(Shard, Never));
        var epoch = await OpenShardAsync();
        await CommitAsync(new() { Shard = Shard, Epoch = epoch, OperationId = Operation(1), Images = Rows(0, 3) });
        await CommitAsync(new() { Shard = Shard, Epoch = epoch, Images = Rows(3, 2) });
        HistoryRow[] history = [History(1, 1, 11, """{"a":"ü"}"""), History(1, 2, 12, """{ "b" : 2 }"""), History(4, 1, 13)];
        await CommitAsync(new() { Shard = Shard, Epoch = epoch, OperationId = Operation(2), Images = Rows(5, 1), History = history });
        AssertEqual(history.OrderBy(h => h.Image).ThenBy(h => h.Version), await ToListAsync(Ledger.ReadShardEntriesAsync(Shard, Never)));
        Assert.Equal([new(Operation(1), new(0, 3)), new(Operation(2), new(5, 1))], (await ToListAsync(Ledger.ReadOperationsAsync(Shard, Never))).OrderBy(o => o.Rows.First));
        Assert.Equal(6, await Ledger.CountImagesAsync(Shard, Never));
        Assert.Empty(await ToListAsync(Ledger.ReadOperationsAsync(Shard with { Shard = 2 }, Never)));
        // The writer is still the writer.
        Assert.Equal(ShardCommitStatus.Committed, await CommitAsync(new() { Shard = Shard, Epoch = epoch, Images = Rows(6, 1) }));
    }

    [Fact]
    public async Task More_operations_and_entries_than_a_page_all_come()
    {
        var epoch = await OpenShardAsync();
        await Task.WhenAll(Enumerable.Range(0, 5_000).Select(n => CommitAsync(new() { Shard = Shard, Epoch = epoch, OperationId = Operation(n), Images = Rows(n, 1), History = [History(n, 1, n, $$"""{"n":{{n}}}""")] })));
        Assert.Equal(Enumerable.Range(0, 5_000), (await ToListAsync(Ledger.ReadOperationsAsync(Shard, Never))).Select(o => o.Rows.First).Order());
        var entries = await ToListAsync(Ledger.ReadShardEntriesAsync(Shard, Never));
        Assert.Equal(5_000, entries.Count);
        Assert.All(entries, e => Assert.Equal($$"""{"n":{{e.Ordinal}}}""", Encoding.UTF8.GetString(e.EntryJson)));
    }

    [Fact]
    public async Task A_staged_dataset_is_seen_when_it_gets_its_name_and_not_before()
    {
        Assert.True(await Ledger.AddDatasetAsync(Dataset(Staged), Never));
        var shard = new ShardKey(Staged, 1);
        var opened = await Ledger.OpenShardAsync(shard, Never);
        await CommitAsync(new() { Shard = shard, Epoch = opened.Epoch, Images = Rows(0, 4), History = [History(2, 1, 1)] });
        Assert.Empty(await Ledger.ListDatasetsAsync(Never));
        Assert.Null(await Ledger.FindDatasetAsync("cats", Never));

        Assert.True(await Ledger.PublishDatasetAsync(Staged, Dataset(), [State("cats"), State("cats/1")], Never));
        Assert.Equal(["cats"], (await Ledger.ListDatasetsAsync(Never)).Select(d => d.Name));
        Assert.Equal("cats", (await Ledger.FindDatasetAsync("cats", Never))!.Name);
        Assert.Null(await Ledger.FindDatasetAsync(Staged, Never));
        Assert.Equal(Rows(0, 4), await ToListAsync(Ledger.ReadImagesAsync(Shard, 0, 10, Never)));
        Assert.Single(await Ledger.ReadHistoryAsync(Shard, Id(2), Never));
        await RestartAsync();
        Assert.Equal(new OpenedShard(opened.Epoch + 1, 4), await Ledger.OpenShardAsync(Shard, Never));
    }

    [Fact]
    public async Task A_name_that_is_taken_is_not_given_and_nothing_changes()
    {
        await Ledger.AddDatasetAsync(Dataset(), Never);
        await Ledger.AddDatasetAsync(Dataset(Staged), Never);
        Assert.False(await Ledger.PublishDatasetAsync(Staged, Dataset() with { CreatedBy = "bob" }, [State("cats")], Never));
        Assert.Equal("ada", (await Ledger.FindDatasetAsync("cats", Never))!.CreatedBy);
        Assert.NotNull(await Ledger.FindDatasetAsync(Staged, Never));
        // A state that is there already undoes the naming too: somebody's grain has written it.
        Assert.True(await Ledger.PublishDatasetAsync(Staged, Dataset("dogs"), [State("dogs")], Never));
        await Ledger.AddDatasetAsync(Dataset(Staged), Never);
        Assert.False(await Ledger.PublishDatasetAsync(Staged, Dataset("birds"), [State("birds"), State("dogs")], Never));
        Assert.Null(await Ledger.FindDatasetAsync("birds", Never));
        Assert.True(await Ledger.PublishDatasetAsync(Staged, Dataset("birds"), [State("birds")], Never));
    }
}
