using Winnow.Grains.Ports;
using static Winnow.Adapters.Tests.Ledger.LedgerRows;

namespace Winnow.Adapters.Tests.Ledger;

/// <summary>
/// A dataset that is deleted is hidden at once and for good, goes step by step, and leaves its name free and one row behind.
/// </summary>
public abstract class DeletionConformance<TFixture> : LedgerConformance<TFixture>
    where TFixture : ILedgerFixture, new()
{
    [Fact]
    public async Task A_deleted_dataset_is_hidden_and_its_name_is_nobodys_until_it_is_gone()
    {
        await FillAsync();
        Assert.Null(await Deletions.BeginAsync("birds", "ada", Noon, Never));
        Assert.Null(await Deletions.FindAsync("cats", Never));
        var begun = (await Deletions.BeginAsync("cats", "ada", Noon, Never))!;
        Assert.Equal(("cats", "ada", Noon, null), (begun.Told.Dataset, begun.Told.DeletedBy, begun.Told.DeletedAt, begun.Told.EndedAt));
        Assert.True(StagedDatasets.Is(begun.Left));
        foreach (var _ in new[] { 1, 2 })
        {
            Assert.Null(await Datasets.FindDatasetAsync("cats", Never));
            Assert.Equal(["cats-2"], (await Datasets.ListDatasetsAsync(Never)).Select(d => d.Name));
            Assert.Empty(await Datasets.ListUnreadableAsync(Never));
            Assert.False(await Datasets.AddDatasetAsync(Dataset(), Never));
            await Datasets.AddDatasetAsync(Dataset() with { Name = StagedDatasets.NameOf(Guid.Empty) }, Never);
            Assert.False(await Datasets.PublishDatasetAsync(StagedDatasets.NameOf(Guid.Empty), Dataset(), [], Never));
            await Assert.ThrowsAsync<KeyNotFoundException>(() => Shards.OpenShardAsync(Shard, Never));
            Assert.Equal(0, await Shards.CountImagesAsync(Shard, Never));
            Assert.Empty(await Datasets.ListShardsAsync("cats", Never));
            // Somebody else wants it too: it is the same deletion, and the first who wanted it.
            var again = await Deletions.BeginAsync("cats", "bob", Noon.AddDays(1), Never);
            Assert.Equal(begun, again);
            await RestartAsync();
        }
        Assert.Equal([begun], await Deletions.ListAsync(Never));
    }

    [Fact]
    public async Task Nobody_commits_to_a_dataset_that_is_deleted()
    {
        var epoch = await FillAsync();
        var begun = (await Deletions.BeginAsync("cats", "ada", Noon, Never))!;
        var late = new ShardCommit { Shard = Shard, Epoch = epoch, Images = Rows(5, 1) };
        Assert.Equal(ShardCommitStatus.Fenced, await CommitAsync(late));
        Assert.Equal(ShardCommitStatus.Fenced, await CommitAsync(late with { Shard = Shard with { Dataset = begun.Left } }));
        Assert.Equal(5, await Shards.CountImagesAsync(Shard with { Dataset = begun.Left }, Never));
        await DeleteAsync("cats");
        Assert.Equal(ShardCommitStatus.Fenced, await CommitAsync(late));
        Assert.True(await Datasets.AddDatasetAsync(Dataset(), Never));
        Assert.Equal(ShardCommitStatus.Fenced, await CommitAsync(late));
    }

    [Fact]
    public async Task What_is_deleted_leaves_nothing_but_that_it_was_deleted()
    {
        await FillAsync();
        var begun = (await Deletions.BeginAsync("cats", "ada", Noon, Never))!;
        await Deletions.CountObjectsAsync(begun, 7, Never);
        Assert.False(await Deletions.EndAsync(begun, Noon, Never));
        Assert.Null(await Datasets.FindDatasetAsync("cats", Never));
        // Each step after a restart, as after a crash, and most of them twice.
        await RestartAsync();
        Assert.Equal([1, 3], await Datasets.ListShardsAsync(begun.Left, Never));
        var rows = await Deletions.CountRowsAsync(begun, Never);
        Assert.Equal(5 + 1 + 1 + 1 + 1, rows);
        foreach (var shard in new[] { 1, 3, 1 })
            while (await Deletions.RemoveRowsAsync(begun, shard, Never)) { }
        await RestartAsync();
        Assert.Equal(0, await Deletions.CountRowsAsync(begun, Never));
        await Deletions.ClearStatesAsync(begun, Never);
        await Deletions.ClearStatesAsync(begun, Never);
        Assert.Null((await States.ReadAsync(new("access", "cats", "access"), Never))!.State);
        await RestartAsync();
        Assert.True(await Deletions.EndAsync(begun, Noon.AddHours(1), Never));
        Assert.Empty(await Datasets.ListShardsAsync(begun.Left, Never));
        Assert.Null(await States.ReadAsync(new("round", "cats/main/1", "round"), Never));
        // Of datasets whose names begin alike, and of the cluster, nothing goes.
        foreach (var (type, key) in new[] { ("dataset", "cats-2"), ("round", "cats-2/main/1"), ("api-key", "cats") })
            Assert.NotNull((await States.ReadAsync(new(type, key, type), Never))!.State);
        Assert.Equal(2, await Shards.CountImagesAsync(new ShardKey("cats-2", 1), Never));
        // Who bears the name next begins with nothing, and an end that is told twice takes nothing of it.
        Assert.True(await Datasets.AddDatasetAsync(Dataset(), Never));
        Assert.Equal(0, (await Shards.OpenShardAsync(Shard, Never)).Images);
        await PutAsync("dataset", "cats", "{}");
        Assert.Empty(await ToListAsync(Shards.ReadShardHistoryAsync(Shard, Never)));
        Assert.Equal([1], await Datasets.ListShardsAsync("cats", Never));
        var ended = (await Deletions.FindAsync("cats", Never))!.Told;
        Assert.Equal(begun.Told with { Objects = 7, Rows = rows, EndedAt = Noon.AddHours(1) }, ended);
        // One of that name is deleted anew: another deletion, and the first is remembered beside it.
        var second = (await Deletions.BeginAsync("cats", "bob", Noon.AddDays(1), Never))!;
        Assert.Equal((true, true), (second.Id > begun.Id, second.Left != begun.Left));
        await DeleteAsync("cats");
        Assert.Equal(["ada", "bob"], (await Deletions.ListAsync(Never)).Select(d => d.Told.DeletedBy));
    }

    [Fact]
    public async Task History_of_a_dataset_that_is_not_deleted_is_deleted_by_nobody()
    {
        await FillAsync();
        await DeleteAsync("cats");
        await Datasets.AddDatasetAsync(Dataset(), Never);
        var epoch = (await Shards.OpenShardAsync(Shard, Never)).Epoch;
        HistoryRow[] said = [History(2, 1, 9)];
        var commit = new ShardCommit { Shard = Shard, Epoch = epoch, Images = Rows(0, 3), History = said };
        Assert.Equal(ShardCommitStatus.Committed, await CommitAsync(commit));
        await Assert.ThrowsAnyAsync<System.Data.Common.DbException>(() => ExecuteAsync("DELETE FROM history"));
        AssertEqual(said, await Shards.ReadHistoryAsync(Shard, Id(2), Never));
    }

    /// <summary>Two datasets with something of everything; the epoch of the first one's shard.</summary>
    private async Task<long> FillAsync()
    {
        var epoch = await OpenShardAsync();
        await Datasets.AddDatasetAsync(Dataset("cats-2"), Never);
        var other = await Shards.OpenShardAsync(new ShardKey("cats-2", 1), Never);
        await Shards.CommitAsync(new() { Shard = new("cats-2", 1), Epoch = other.Epoch, Images = Rows(0, 2) }, Never);
        await Shards.OpenShardAsync(Shard with { Shard = 3 }, Never);
        Assert.Equal(ShardCommitStatus.Committed, await CommitAsync(new()
        {
            Shard = Shard,
            Epoch = epoch,
            OperationId = Operation(1),
            Images = Rows(0, 5),
            History = [History(2, 1, 9)],
            Tasks = [new TaskRow(1, "main", 1, 0.5f, Noon)],
            Segments = [new SegmentRow(SegmentKinds.Scores, "v", 0, 5, "datasets/cats/x")],
        }));
        foreach (var key in new[] { "cats", "cats-2" })
        {
            await PutAsync("dataset", key, "{}");
            await PutAsync("round", $"{key}/main/1", "{}");
            await PutAsync("access", key, "{}");
        }
        await PutAsync("api-key", "cats", "{}");
        return epoch;
    }
}
