using Winnow.Grains.Ports;
using static Winnow.Adapters.Tests.Ledger.LedgerRows;

namespace Winnow.Adapters.Tests.Ledger;

/// <summary>What every ledger keeps to about the level of the cluster.</summary>
public abstract class LevelConformance<TFixture> : LedgerConformance<TFixture>
    where TFixture : ILedgerFixture, new()
{
    [Fact]
    public async Task A_level_rises_and_never_falls()
    {
        Assert.Equal(0, await Level.ReadAsync(Never));
        Assert.True(await Level.RaiseAsync(1, Never));
        Assert.False(await Level.RaiseAsync(1, Never));
        Assert.False(await Level.RaiseAsync(0, Never));
        await RestartAsync();
        Assert.Equal(1, await Level.ReadAsync(Never));
    }

    [Fact]
    public async Task What_needs_a_level_is_written_from_that_level_on()
    {
        var epoch = await OpenShardAsync();
        ShardCommit commit = new() { Shard = Shard, Epoch = epoch, Images = Rows(0, 1), Facts = [Fact(0, 1, "new") with { Level = 1 }] };
        Assert.Equal(ShardCommitStatus.LevelTooLow, await CommitAsync(commit));
        Assert.Equal(0, await Shards.CountImagesAsync(Shard, Never));
        // What was written before is kept as before, and a writer that was replaced hears that first.
        Assert.Equal(ShardCommitStatus.Fenced, await CommitAsync(commit with { Epoch = epoch - 1 }));
        Assert.Equal(ShardCommitStatus.Committed, await CommitAsync(commit with { Facts = [Fact(0, 1, "new")] }));
        await Level.RaiseAsync(1, Never);
        ShardCommit next = new() { Shard = Shard, Epoch = epoch, Facts = [Fact(0, 2, "next") with { Level = 1 }] };
        Assert.Equal(ShardCommitStatus.Committed, await CommitAsync(next));
    }

    [Fact]
    public async Task A_silo_that_does_not_know_the_level_commits_nothing()
    {
        var epoch = await OpenShardAsync();
        await Level.RaiseAsync(ClusterLevels.Newest + 1, Never);
        ShardCommit commit = new() { Shard = Shard, Epoch = epoch, Images = Rows(0, 1) };
        Assert.Equal(ShardCommitStatus.SiloTooOld, await CommitAsync(commit));
        Assert.Equal(0, await Shards.CountImagesAsync(Shard, Never));
    }

    [Fact]
    public async Task What_a_newer_program_migrated_is_opened_where_it_says_so()
    {
        await OpenShardAsync();
        await MigrateAsync();
        await RestartAsync();
        Assert.NotNull(await Datasets.FindDatasetAsync("cats", Never));
        await ExecuteAsync("UPDATE cluster SET opens_from = 1000");
        var refused = await Assert.ThrowsAsync<Adapters.Ledger.LedgerUnavailableException>(RestartAsync);
        Assert.Contains("this program knows layouts up to", refused.Message, StringComparison.Ordinal);
        await ExecuteAsync("UPDATE cluster SET opens_from = 1");
        await OpenAgainAsync();
    }

    /// <summary>As a later release would: one table more, and its number.</summary>
    private async Task MigrateAsync()
    {
        await ExecuteAsync("CREATE TABLE of_a_later_release (id integer)");
        await ExecuteAsync(LaterLayout);
    }
}
