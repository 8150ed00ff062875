using Winnow.Grains.Ports;
using Winnow.Model.Datasets;
using static Winnow.Adapters.Tests.Ledger.LedgerRows;

namespace Winnow.Adapters.Tests.Ledger;

/// <summary>What every ledger keeps to where shards are doubled.</summary>
public abstract partial class LedgerConformance
{
    [Fact]
    public async Task A_layout_is_changed_by_who_knows_the_one_that_stands()
    {
        await Ledger.AddDatasetAsync(Dataset(), Never);
        var created = new ShardLayout(0, 4);
        var copying = created with { Split = new ShardSplit(ShardSplitStep.Copying, Noon, "ada") };
        Assert.True(await Ledger.SetLayoutAsync("cats", created, copying, Never));
        Assert.False(await Ledger.SetLayoutAsync("cats", created, created.Doubled(), Never));
        Assert.True(await Ledger.SetLayoutAsync("cats", copying, created.Doubled() with { Superseded = new SupersededShards(0, 4, Noon) }, Never));
        await RestartAsync();
        var found = (await Ledger.FindDatasetAsync("cats", Never))!;
        Assert.Equal(new ShardLayout(4, 8, null, new SupersededShards(0, 4, Noon)), found.Shards);
        Assert.Equal(Dataset().Settings, found.Settings);
        await Assert.ThrowsAsync<KeyNotFoundException>(() => Ledger.SetLayoutAsync("birds", created, copying, Never));
    }

    [Fact]
    public async Task One_of_two_that_change_a_layout_at_once_is_told_so()
    {
        await Ledger.AddDatasetAsync(Dataset(), Never);
        var tries = await Task.WhenAll(Enumerable.Range(0, 8).Select(i => Ledger.SetLayoutAsync("cats", new ShardLayout(0, 4), new ShardLayout(0, 4, new ShardSplit(ShardSplitStep.Copying, Noon, $"person {i}")), Never)));
        Assert.Single(tries, won => won);
    }

    [Fact]
    public async Task Operations_that_inserted_rows_elsewhere_are_remembered()
    {
        var epoch = await OpenShardAsync();
        OperationRow known = new(Operation(1), new OrdinalRange(0, 3));
        ShardCommit Bring(params OperationRow[] operations) => new() { Shard = Shard, Epoch = epoch, Operations = operations };
        Assert.Equal(ShardCommitStatus.Committed, await CommitAsync(Bring(known) with { Images = Rows(0, 3) }));
        Assert.Equal(ShardCommitStatus.Committed, await CommitAsync(Bring(known with { Rows = new OrdinalRange(7, 7) }, new OperationRow(Operation(2), new OrdinalRange(3, 1)))));
        await RestartAsync();
        Assert.Equal(new OrdinalRange(0, 3), (await Ledger.FindOperationAsync(Shard, Operation(1), Never))?.Rows);
        Assert.Equal(new OrdinalRange(3, 1), (await Ledger.FindOperationAsync(Shard, Operation(2), Never))?.Rows);
        epoch = await OpenShardAsync();
        Assert.Equal(ShardCommitStatus.AlreadyApplied, await CommitAsync(new() { Shard = Shard, Epoch = epoch, OperationId = Operation(1), Images = Rows(3, 1) }));
    }

    [Fact]
    public async Task An_image_has_its_history_in_each_shard_that_held_it()
    {
        var epoch = await OpenShardAsync();
        var other = Shard with { Shard = 9 };
        var next = (await Ledger.OpenShardAsync(other, Never)).Epoch;
        Assert.Equal(ShardCommitStatus.Committed, await CommitAsync(new() { Shard = Shard, Epoch = epoch, History = [History(3, 1, 1), History(3, 2, 2)] }));
        Assert.Equal(ShardCommitStatus.Conflict, await CommitAsync(new() { Shard = other, Epoch = next, History = [History(3, 2, 2)] }));
        Assert.Equal(ShardCommitStatus.Committed, await CommitAsync(new() { Shard = other, Epoch = next, History = [History(3, 1, 1), History(3, 2, 2), History(3, 3, 3)] }));
        Assert.Equal(2, (await Ledger.ReadHistoryAsync(Shard, Id(3), Never)).Count);
        Assert.Equal(3, (await Ledger.ReadHistoryAsync(other, Id(3), Never)).Count);
    }

    [Fact]
    public async Task A_shard_is_emptied_but_for_what_people_said()
    {
        var epoch = await OpenShardAsync();
        var neighbour = Shard with { Shard = 2 };
        var beside = (await Ledger.OpenShardAsync(neighbour, Never)).Epoch;
        const int Many = 25_000;
        foreach (var (shard, writer, count) in new[] { (Shard, epoch, Many), (neighbour, beside, 20) })
            Assert.Equal(ShardCommitStatus.Committed, await CommitAsync(new()
            {
                Shard = shard,
                Epoch = writer,
                OperationId = Operation(1),
                Images = Rows(0, count),
                Quarantined = [new QuarantineRow(1, "broken")],
                Tasks = [new TaskRow(2, "main", 1, 1, Noon)],
                History = [History(3, 1, 1)],
                Segments = [new SegmentRow(SegmentKinds.Embedding, "v", 0, 10, "objects/a")],
            }));
        var steps = 0;
        while (await Ledger.RemoveShardRowsAsync(Shard, Never)) steps++;
        Assert.True(steps > 1, "All rows at once would keep other writers waiting.");
        Assert.Equal(0, await Ledger.CountImagesAsync(Shard, Never));
        Assert.Empty(await ToListAsync(Ledger.ReadImagesAsync(Shard, 0, 10, Never)));
        Assert.Empty(await ToListAsync(Ledger.ReadTasksAsync(Shard, Never)));
        Assert.Empty(await ToListAsync(Ledger.ReadOperationsAsync(Shard, Never)));
        Assert.Empty(await Ledger.ReadSegmentsAsync(Shard, Never));
        Assert.Single(await Ledger.ReadHistoryAsync(Shard, Id(3), Never));
        Assert.Equal(ShardCommitStatus.Fenced, await CommitAsync(new() { Shard = Shard, Epoch = epoch, Tasks = [new TaskRow(2, "main", 1, 1, Noon)] }));
        Assert.Equal(20, (await ToListAsync(Ledger.ReadImagesAsync(neighbour, 0, 100, Never))).Count);
        Assert.Single(await ToListAsync(Ledger.ReadTasksAsync(neighbour, Never)));
        Assert.Equal(ShardCommitStatus.Committed, await CommitAsync(new() { Shard = neighbour, Epoch = beside, History = [History(3, 2, 2)] }));
        Assert.False(await Ledger.RemoveShardRowsAsync(new ShardKey("birds", 0), Never));
    }
}
