using Winnow.Grains.Ports;
using static Winnow.Adapters.Tests.Ledger.LedgerRows;

namespace Winnow.Adapters.Tests.Ledger;

/// <summary>What every ledger keeps to where shards are doubled.</summary>
public abstract partial class ShardLedgerConformance<TFixture> : LedgerConformance<TFixture>
    where TFixture : ILedgerFixture, new()
{
    [Fact]
    public async Task Operations_that_inserted_rows_elsewhere_are_remembered()
    {
        var epoch = await OpenShardAsync();
        OperationRow known = new(Operation(1), new OrdinalRange(0, 3));
        ShardCommit Bring(params OperationRow[] operations) => new() { Shard = Shard, Epoch = epoch, Operations = operations };
        Assert.Equal(ShardCommitStatus.Committed, await CommitAsync(Bring(known) with { Images = Rows(0, 3) }));
        Assert.Equal(ShardCommitStatus.Committed,
            await CommitAsync(Bring(known with { Rows = new OrdinalRange(7, 7) }, new OperationRow(Operation(2), new OrdinalRange(3, 1)))));
        await RestartAsync();
        Assert.Equal(new OrdinalRange(0, 3), (await Shards.FindOperationAsync(Shard, Operation(1), Never))?.Rows);
        Assert.Equal(new OrdinalRange(3, 1), (await Shards.FindOperationAsync(Shard, Operation(2), Never))?.Rows);
        epoch = await OpenShardAsync();
        Assert.Equal(ShardCommitStatus.AlreadyApplied,
            await CommitAsync(new() { Shard = Shard, Epoch = epoch, OperationId = Operation(1), Images = Rows(3, 1) }));
    }

    [Fact]
    public async Task An_image_has_its_history_in_each_shard_that_held_it()
    {
        var epoch = await OpenShardAsync();
        var other = Shard with { Shard = 9 };
        var next = (await Shards.OpenShardAsync(other, Never)).Epoch;
        Assert.Equal(ShardCommitStatus.Committed,
            await CommitAsync(new() { Shard = Shard, Epoch = epoch, History = [History(3, 1, 1), History(3, 2, 2)] }));
        Assert.Equal(ShardCommitStatus.Conflict, await CommitAsync(new() { Shard = other, Epoch = next, History = [History(3, 2, 2)] }));
        Assert.Equal(ShardCommitStatus.Committed,
            await CommitAsync(new() { Shard = other, Epoch = next, History = [History(3, 1, 1), History(3, 2, 2), History(3, 3, 3)] }));
        Assert.Equal(2, (await Shards.ReadHistoryAsync(Shard, Id(3), Never)).Count);
        Assert.Equal(3, (await Shards.ReadHistoryAsync(other, Id(3), Never)).Count);
    }

    [Fact]
    public async Task A_shard_is_emptied_but_for_what_people_said()
    {
        var epoch = await OpenShardAsync();
        var neighbour = Shard with { Shard = 2 };
        var beside = (await Shards.OpenShardAsync(neighbour, Never)).Epoch;
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
        while (await Shards.RemoveShardRowsAsync(Shard, Never)) steps++;
        Assert.True(steps > 1, "All rows at once would keep other writers waiting.");
        Assert.Equal(0, await Shards.CountImagesAsync(Shard, Never));
        Assert.Empty(await ToListAsync(Shards.ReadImagesAsync(Shard, 0, 10, Never)));
        Assert.Empty(await ToListAsync(Shards.ReadTasksAsync(Shard, Never)));
        Assert.Empty(await ToListAsync(Shards.ReadOperationsAsync(Shard, Never)));
        Assert.Empty(await Shards.ReadSegmentsAsync(Shard, Never));
        Assert.Single(await Shards.ReadHistoryAsync(Shard, Id(3), Never));
        Assert.Equal(ShardCommitStatus.Fenced,
            await CommitAsync(new() { Shard = Shard, Epoch = epoch, Tasks = [new TaskRow(2, "main", 1, 1, Noon)] }));
        Assert.Equal(20, (await ToListAsync(Shards.ReadImagesAsync(neighbour, 0, 100, Never))).Count);
        Assert.Single(await ToListAsync(Shards.ReadTasksAsync(neighbour, Never)));
        Assert.Equal(ShardCommitStatus.Committed,
            await CommitAsync(new() { Shard = neighbour, Epoch = beside, History = [History(3, 2, 2)] }));
        Assert.False(await Shards.RemoveShardRowsAsync(new ShardKey("birds", 0), Never));
    }
}
