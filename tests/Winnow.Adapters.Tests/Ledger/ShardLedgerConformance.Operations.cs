using Winnow.Abstractions.Datasets;
using Winnow.Grains.Ports;
using static Winnow.Adapters.Tests.Ledger.LedgerRows;

namespace Winnow.Adapters.Tests.Ledger;

/// <summary>An operation is its actor's and its content's, in all shards of its dataset.</summary>
public abstract partial class ShardLedgerConformance<TFixture> : LedgerConformance<TFixture>
    where TFixture : ILedgerFixture, new()
{
    private static readonly OperationStamp Anns = new("ann", OperationStamp.ContentOf("a lot"));

    private static readonly OperationStamp[] Others =
        [Anns with { Actor = "bob" }, Anns with { Content = OperationStamp.ContentOf("another lot") }];

    [Fact]
    public async Task An_operation_belongs_to_its_actor_and_content_in_every_shard()
    {
        var epoch = await OpenShardAsync();
        var far = Shard with { Shard = 2 };
        var beside = (await Shards.OpenShardAsync(far, Never)).Epoch;
        var first = new ShardCommit { Shard = Shard, Epoch = epoch, OperationId = Operation(1), Stamp = Anns, Images = Rows(0, 3) };
        Assert.Equal(ShardCommitStatus.Committed, await CommitAsync(first));
        Assert.Equal(ShardCommitStatus.AlreadyApplied, await CommitAsync(first));
        var next = first with { Images = Rows(3, 1), Tasks = [new TaskRow(3, "main", 1, 1, Noon)] };
        foreach (var other in Others)
        {
            Assert.Equal(ShardCommitStatus.OtherOperation, await CommitAsync(next with { Stamp = other }));
            var elsewhere = first with { Shard = far, Epoch = beside, Stamp = other, Images = Rows(0, 2) };
            Assert.Equal(ShardCommitStatus.OtherOperation, await CommitAsync(elsewhere));
        }
        // Nothing of what was refused is there, and whoever's it is goes on in another shard.
        Assert.Equal(3, await Shards.CountImagesAsync(Shard, Never));
        Assert.Empty(await ToListAsync(Shards.ReadTasksAsync(Shard, Never)));
        Assert.Equal(0, await Shards.CountImagesAsync(far, Never));
        Assert.Equal(new OperationRow(Operation(1), default, Anns), await Shards.FindOperationAsync(far, Operation(1), Never));
        var rest = first with { Shard = far, Epoch = beside, Images = Rows(0, 2) };
        Assert.Equal(ShardCommitStatus.Committed, await CommitAsync(rest));

        await RestartAsync();
        var here = new OperationRow(Operation(1), new OrdinalRange(0, 3), Anns);
        Assert.Equal(here, await Shards.FindOperationAsync(Shard, Operation(1), Never));
        Assert.Equal(here with { Rows = new OrdinalRange(0, 2) }, await Shards.FindOperationAsync(far, Operation(1), Never));
        Assert.Equal(here, Assert.Single(await ToListAsync(Shards.ReadOperationsAsync(Shard, Never))));
        epoch = await OpenShardAsync();
        Assert.Equal(ShardCommitStatus.OtherOperation, await CommitAsync(next with { Epoch = epoch, Stamp = Others[0] }));
    }

    [Fact]
    public async Task A_writer_that_was_replaced_hears_that_first()
    {
        var old = await OpenShardAsync();
        var commit = new ShardCommit { Shard = Shard, Epoch = old, OperationId = Operation(1), Stamp = Anns, Images = Rows(0, 1) };
        await CommitAsync(commit);
        await Shards.OpenShardAsync(Shard, Never);
        Assert.Equal(ShardCommitStatus.Fenced, await CommitAsync(commit with { Stamp = Others[0] }));
    }

    [Fact]
    public async Task One_operation_in_two_datasets_is_two()
    {
        var epoch = await OpenShardAsync();
        await Datasets.AddDatasetAsync(Dataset("dogs"), Never);
        var dogs = Shard with { Dataset = "dogs" };
        var opened = await Shards.OpenShardAsync(dogs, Never);
        var commit = new ShardCommit { Shard = Shard, Epoch = epoch, OperationId = Operation(1), Stamp = Anns, Images = Rows(0, 1) };
        Assert.Equal(ShardCommitStatus.Committed, await CommitAsync(commit));
        Assert.Equal(ShardCommitStatus.Committed, await CommitAsync(commit with { Shard = dogs, Epoch = opened.Epoch, Stamp = Others[0] }));
    }

    [Fact]
    public async Task Of_many_who_take_one_id_at_once_one_has_it()
    {
        var epoch = await OpenShardAsync();
        ShardCommit By(int n) => new()
        {
            Shard = Shard,
            Epoch = epoch,
            OperationId = Operation(1),
            Stamp = Anns with { Actor = $"person {n}" },
            Images = Rows(0, 1),
        };
        var statuses = await Task.WhenAll(Enumerable.Range(0, 40).Select(n => CommitAsync(By(n))));
        Assert.Single(statuses, s => s == ShardCommitStatus.Committed);
        Assert.Equal(39, statuses.Count(s => s == ShardCommitStatus.OtherOperation));
        Assert.Equal(1, await Shards.CountImagesAsync(Shard, Never));
    }

    [Fact]
    public async Task What_was_brought_from_another_shard_keeps_its_stamp()
    {
        var epoch = await OpenShardAsync();
        var brought = new OperationRow(Operation(1), new OrdinalRange(0, 2), Anns);
        ShardCommit commit = new() { Shard = Shard, Epoch = epoch, Images = Rows(0, 2), Operations = [brought] };
        Assert.Equal(ShardCommitStatus.Committed, await CommitAsync(commit));
        Assert.Equal(brought, await Shards.FindOperationAsync(Shard, Operation(1), Never));
        commit = new() { Shard = Shard, Epoch = epoch, OperationId = Operation(1), Stamp = Others[1], Images = Rows(2, 1) };
        Assert.Equal(ShardCommitStatus.OtherOperation, await CommitAsync(commit));
    }
}
