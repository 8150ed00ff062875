using System.Data.Common;
using System.Text;
using Winnow.Abstractions.Acts;
using Winnow.Grains.Acts;
using Winnow.Grains.Ports;
using Winnow.Model.Acts;
using static Winnow.Adapters.Tests.Ledger.LedgerRows;

namespace Winnow.Adapters.Tests.Ledger;

/// <summary>What every ledger keeps to about acts.</summary>
public abstract class ActConformance<TFixture> : LedgerConformance<TFixture>
    where TFixture : ILedgerFixture, new()
{
    private static readonly ActStream OfShard = ActStream.Of(Shard);

    private static ActRecord Made(int n, ActKind what = ActKind.DecisionMade) => ActRecords.Make(
        new ActDraft(what) { Image = Id(n), Of = $"{n}" }, new ActCaller("person:ada", "10.0.0.7"), Noon.AddSeconds(n).AddTicks(7));

    private static string Line(StoredAct stored) =>
        $"{stored.Sequence} {stored.Act.At:O} {Encoding.UTF8.GetString(stored.Act.Record)} {Hex(stored.Act.Actor)} "
        + Hex(stored.Act.Object);

    private static string Hex(byte[]? part) => part is null ? "none" : Convert.ToHexString(part);

    private async Task HoldsAsync(ActStream stream, params ActRecord[] expected)
    {
        Assert.Equal(expected.Select((a, i) => Line(new StoredAct(i + 1, a))),
            (await Acts.ReadActsAsync(stream, 0, 10_000, Never)).Select(Line));
        Assert.Equal(expected.Length, await Acts.LastActAsync(stream, Never));
    }

    private async Task<long> BeginAsync()
    {
        await Level.RaiseAsync(ClusterLevels.Acts, Never);
        var epoch = await OpenShardAsync();
        Assert.Equal(ShardCommitStatus.Committed, await CommitAsync(new() { Shard = Shard, Epoch = epoch, Images = Rows(0, 10) }));
        return epoch;
    }

    private ShardCommit Deciding(long epoch, int image, int version, params ActRecord[] acts) =>
        new() { Shard = Shard, Epoch = epoch, History = [History(image, version, 100 + version)], Acts = acts };

    [Fact]
    public async Task Acts_are_numbered_as_they_are_committed_and_go_with_their_commit_or_not_at_all()
    {
        var epoch = await BeginAsync();
        ActRecord[] acts = [.. Enumerable.Range(1, 5).Select(n => Made(n))];
        Assert.Equal(ShardCommitStatus.Committed, await CommitAsync(Deciding(epoch, 3, 1, acts[0])));
        // What does not go through takes no number.
        Assert.Equal(ShardCommitStatus.Conflict, await CommitAsync(Deciding(epoch, 3, 1, Made(8))));
        Assert.Equal(ShardCommitStatus.Conflict, await CommitAsync(Deciding(epoch, 3, 7, Made(8))));
        Assert.Equal(ShardCommitStatus.Fenced, await CommitAsync(Deciding(epoch - 1, 3, 2, Made(8))));
        Assert.Equal(ShardCommitStatus.Committed, await CommitAsync(Deciding(epoch, 3, 2, acts[1], acts[2])));
        Assert.True(await Acts.AppendAsync(OfShard, [acts[3], acts[4]], Never));
        await RestartAsync();
        await HoldsAsync(OfShard, acts);
        Assert.Equal(acts[2..4].Select((a, i) => Line(new StoredAct(i + 3, a))),
            (await Acts.ReadActsAsync(OfShard, 2, 2, Never)).Select(Line));
        await HoldsAsync(OfShard with { Number = 2 });
        await HoldsAsync(ActStream.Cluster);
    }

    [Fact]
    public async Task Acts_of_commits_that_go_to_disk_together_leave_no_gap_and_none_out()
    {
        var epoch = await BeginAsync();
        var other = Shard with { Shard = 2 };
        var beside = (await Shards.OpenShardAsync(other, Never)).Epoch;
        var all = Enumerable.Range(1, 120).Select(n => Made(n)).ToArray();
        var tasks = all.Select((act, i) => (i % 3) switch
        {
            0 => CommitAsync(new() { Shard = Shard, Epoch = epoch, Acts = [act] }),
            1 => CommitAsync(new() { Shard = other, Epoch = beside, Acts = [act] }),
            _ => AppendAsync(OfShard, act),
        }).ToArray();
        Assert.All(await Task.WhenAll(tasks), s => Assert.Equal(ShardCommitStatus.Committed, s));
        var stream = await Acts.ReadActsAsync(OfShard, 0, 1_000, Never);
        Assert.Equal(Enumerable.Range(1, 80).Select(n => (long)n), stream.Select(a => a.Sequence));
        var second = await Acts.ReadActsAsync(ActStream.Of(other), 0, 1_000, Never);
        Assert.Equal(all.Select(a => Hex(a.Record)).Order(), stream.Concat(second).Select(a => Hex(a.Act.Record)).Order());
    }

    private async Task<ShardCommitStatus> AppendAsync(ActStream stream, ActRecord act) =>
        await Acts.AppendAsync(stream, [act], Never) ? ShardCommitStatus.Committed : ShardCommitStatus.Conflict;

    [Fact]
    public async Task Nothing_is_written_below_the_level_nor_of_what_is_not_there()
    {
        await Level.RaiseAsync(ClusterLevels.Acts - 1, Never);
        var epoch = await OpenShardAsync();
        Assert.Equal(ShardCommitStatus.LevelTooLow, await CommitAsync(new() { Shard = Shard, Epoch = epoch, Acts = [Made(1)] }));
        Assert.False(await Acts.AppendAsync(OfShard, [Made(1)], Never));
        Assert.False(await Acts.AppendAsync(ActStream.Cluster, [Made(1)], Never));
        await Level.RaiseAsync(ClusterLevels.Acts, Never);
        Assert.True(await Acts.AppendAsync(ActStream.Cluster, [Made(1)], Never));
        Assert.False(await Acts.AppendAsync(new ActStream("birds", 0), [Made(1)], Never));
        await HoldsAsync(OfShard);
        Assert.Empty(await Acts.ReadActsAsync(new ActStream("birds", 0), 0, 10, Never));
    }

    [Theory]
    [InlineData("UPDATE act SET at = 0")]
    [InlineData("UPDATE act SET actor = NULL")]
    [InlineData("DELETE FROM act")]
    [InlineData("DELETE FROM act WHERE dataset = 0")]
    public async Task Acts_are_changed_by_nobody(string sql)
    {
        var epoch = await BeginAsync();
        await CommitAsync(Deciding(epoch, 3, 1, Made(1)));
        var of = Made(2, ActKind.KeyMade);
        await Acts.AppendAsync(ActStream.Cluster, [of], Never);
        var refused = await Assert.ThrowsAnyAsync<DbException>(() => ExecuteAsync(sql));
        Assert.Contains("Acts only grow", refused.Message, StringComparison.Ordinal);
        await HoldsAsync(ActStream.Cluster, of);
        // They stay when the shard's other rows go.
        while (await Shards.RemoveShardRowsAsync(Shard, Never)) { }
        Assert.Equal(1, await Acts.LastActAsync(OfShard, Never));
    }

    [Fact]
    public async Task What_a_backup_told_keeps_its_numbers_and_stands_apart()
    {
        await BeginAsync();
        var told = new ActStream("cats", -2);
        StoredAct[] acts = [.. Enumerable.Range(1, 4).Select(n => new StoredAct(n, Made(n)))];
        acts[2] = new StoredAct(3, acts[2].Act with { Actor = null });
        Assert.True(await Acts.RestoreAsync(told, acts[..2], Never));
        // The same again is left, as after a lost answer.
        Assert.True(await Acts.RestoreAsync(told, acts, Never));
        Assert.Equal(acts.Select(Line), (await Acts.ReadActsAsync(told, 0, 10, Never)).Select(Line));
        await Assert.ThrowsAsync<InvalidOperationException>(() => Acts.RestoreAsync(told, [new StoredAct(6, Made(6))], Never));
        // What was written before the gap was found is not kept, nor are its numbers.
        await Assert.ThrowsAsync<InvalidOperationException>(
            () => Acts.RestoreAsync(told, [new StoredAct(5, Made(5)), new StoredAct(7, Made(7))], Never));
        Assert.True(await Acts.AppendAsync(told, [Made(8)], Never));
        Assert.Equal([1L, 2, 3, 4, 5], (await Acts.ReadActsAsync(told, 0, 10, Never)).Select(a => a.Sequence));
        Assert.Equal([OfShard, told with { Number = -1 }, told],
            (await Acts.ListStreamsAsync("cats", Never)).OrderByDescending(s => s.Number));
        Assert.Empty(await Acts.ListStreamsAsync("birds", Never));
    }

    [Fact]
    public async Task A_stream_that_nobody_would_find_takes_nothing()
    {
        await BeginAsync();
        Assert.False(await Acts.AppendAsync(new ActStream("birds", 0), [Made(1)], Never));
        // Nothing was ever put into this shard.
        Assert.False(await Acts.AppendAsync(OfShard with { Number = 3 }, [Made(1)], Never));
        Assert.True(await Acts.AppendAsync(OfShard, [Made(1)], Never));
        // Word of what was done before the deletion comes after it began: the name is nobody's by now.
        var deletion = (await Deletions.BeginAsync("cats", "ada", Noon, Never))!;
        Assert.False(await Acts.AppendAsync(OfShard, [Made(2)], Never));
        foreach (var shard in await Datasets.ListShardsAsync(deletion.Left, Never))
            while (await Deletions.RemoveRowsAsync(deletion, shard, Never)) { }
        await Deletions.ClearStatesAsync(deletion, Never);
        Assert.True(await Deletions.EndAsync(deletion, Noon, Never));
    }

    [Fact]
    public async Task Acts_of_shards_go_with_their_dataset_and_those_of_the_cluster_stay()
    {
        var epoch = await BeginAsync();
        await CommitAsync(Deciding(epoch, 3, 1, Made(1), Made(2)));
        await Acts.RestoreAsync(new ActStream("cats", -1), [new StoredAct(1, Made(4))], Never);
        var deleted = Made(5, ActKind.DatasetDeleted);
        await Acts.AppendAsync(ActStream.Cluster, [deleted], Never);
        await DeleteAsync("cats");
        await HoldsAsync(ActStream.Cluster, deleted);
        await Datasets.AddDatasetAsync(Dataset(), Never);
        await Shards.OpenShardAsync(Shard, Never);
        await HoldsAsync(OfShard);
        Assert.Equal([OfShard], await Acts.ListStreamsAsync("cats", Never));
    }
}
