using Winnow.Grains.Ports;
using static Winnow.Adapters.Tests.Ledger.LedgerRows;

namespace Winnow.Adapters.Tests.Ledger;

/// <summary>What people said is appended and never changed: the database itself refuses anything else, whoever asks it.</summary>
public abstract partial class ShardLedgerConformance<TFixture> : LedgerConformance<TFixture>
    where TFixture : ILedgerFixture, new()
{
    [Theory]
    [InlineData("UPDATE history SET label = 9")]
    [InlineData("UPDATE history SET entry = entry WHERE version = 2")]
    [InlineData("DELETE FROM history")]
    [InlineData("DELETE FROM history WHERE version = 1")]
    [InlineData("INSERT INTO history SELECT * FROM history WHERE true ON CONFLICT (dataset, shard, image, version) DO UPDATE SET label=9")]
    public async Task History_is_changed_by_nobody(string sql)
    {
        var epoch = await OpenShardAsync();
        HistoryRow[] said = [History(5, 1, 1, """{"a":1}"""), History(5, 2, 2, """{"b":2}""")];
        var commit = new ShardCommit { Shard = Shard, Epoch = epoch, Images = Rows(0, 6), History = said };
        Assert.Equal(ShardCommitStatus.Committed, await CommitAsync(commit));
        var refused = await Assert.ThrowsAnyAsync<System.Data.Common.DbException>(() => ExecuteAsync(sql));
        Assert.Contains("History only grows", refused.Message, StringComparison.Ordinal);
        AssertEqual(said, await Shards.ReadHistoryAsync(Shard, Id(5), Never));
        // It grows as before, and stays when the shard's other rows go.
        Assert.Equal(ShardCommitStatus.Committed, await CommitAsync(new() { Shard = Shard, Epoch = epoch, History = [History(5, 3, 3)] }));
        while (await Shards.RemoveShardRowsAsync(Shard, Never)) { }
        await RestartAsync();
        AssertEqual([.. said, History(5, 3, 3)], await Shards.ReadHistoryAsync(Shard, Id(5), Never));
    }
}
