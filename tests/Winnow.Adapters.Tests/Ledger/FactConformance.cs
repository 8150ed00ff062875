using System.Data.Common;
using System.Text;
using Winnow.Grains.Ports;
using static Winnow.Adapters.Tests.Ledger.LedgerRows;

namespace Winnow.Adapters.Tests.Ledger;

/// <summary>
/// What every ledger keeps to about facts, shown on kinds that no release knows: what is true of them is true of every kind to come.
/// </summary>
public abstract class FactConformance<TFixture> : LedgerConformance<TFixture>
    where TFixture : ILedgerFixture, new()
{
    private async Task HoldsAsync(params FactRow[] expected) =>
        Assert.Equal(expected.Select(Line), (await ToListAsync(Shards.ReadFactsAsync(Shard, Never))).Select(Line));

    private async Task<long> BeginAsync()
    {
        var epoch = await OpenShardAsync();
        Assert.Equal(ShardCommitStatus.Committed, await CommitAsync(new() { Shard = Shard, Epoch = epoch, Images = Rows(0, 10) }));
        return epoch;
    }

    private ShardCommit Putting(long epoch, params FactRow[] facts) => new() { Shard = Shard, Epoch = epoch, Facts = facts };

    [Fact]
    public async Task What_grows_is_appended_version_by_version_and_once()
    {
        var epoch = await BeginAsync();
        FactRow[] said = [Fact(-1, 1, "of the shard"), Fact(3, 1, "first"), Fact(3, 2, "second"), Fact(3, 1, "other", key: "ü")];
        Assert.Equal(ShardCommitStatus.Committed, await CommitAsync(Putting(epoch, said[1])));
        Assert.Equal(ShardCommitStatus.Committed, await CommitAsync(Putting(epoch, [.. said, said[2]])));
        // What is there already is left; what would take its place, and what would leave a gap, undoes the whole commit.
        Assert.Equal(ShardCommitStatus.Committed, await CommitAsync(Putting(epoch, said)));
        foreach (var wrong in new[] { Fact(3, 1, "another"), Fact(3, 2, "another"), Fact(3, 4, "a gap"), Fact(4, 2, "a gap") })
            Assert.Equal(ShardCommitStatus.Conflict, await CommitAsync(Putting(epoch, Fact(5, 1, "beside it"), wrong)));
        await RestartAsync();
        await HoldsAsync(said);
        Assert.Equal([Line(said[1]), Line(said[2]), Line(said[3])],
            (await Shards.ReadFactsAsync(Shard, "test-said", [3, 7], FactBounds.None, Never))
                .OrderBy(f => f.Id.Key).ThenBy(f => f.Version).Select(Line));
        Assert.Empty(await Shards.ReadFactsAsync(Shard, "test-made", [3], FactBounds.None, Never));
        Assert.Empty(await Shards.ReadFactsAsync(Shard with { Shard = 2 }, "test-said", [3], FactBounds.None, Never));
    }

    [Fact]
    public async Task Those_of_one_kind_come_in_order_past_all_others()
    {
        var epoch = await BeginAsync();
        FactRow[] wanted = [.. Enumerable.Range(0, 9).SelectMany(o => Enumerable.Range(1, 200).Select(v => Fact(o, v, $"{v}", key: "k")))];
        FactRow[] others = [.. Enumerable.Range(0, 10).Select(o => Fact(o, 3, "other", grows: false)), Fact(4, 1, "x", kind: "test-zz")];
        foreach (var some in wanted.Concat(others).Chunk(400))
            Assert.Equal(ShardCommitStatus.Committed, await CommitAsync(Putting(epoch, some)));
        Assert.Equal(wanted.Select(Line), (await ToListAsync(Shards.ReadFactsAsync(Shard, "test-said", Never))).Select(Line));
        Assert.Empty(await ToListAsync(Shards.ReadFactsAsync(Shard, "test-none", Never)));
        Assert.Empty(await ToListAsync(Shards.ReadFactsAsync(Shard with { Shard = 2 }, "test-said", Never)));
    }

    [Fact]
    public async Task Of_what_is_made_the_newest_stands()
    {
        var epoch = await BeginAsync();
        Assert.Equal(ShardCommitStatus.Committed, await CommitAsync(Putting(epoch, Fact(1, 5, "five", grows: false))));
        Assert.Equal(ShardCommitStatus.Committed, await CommitAsync(Putting(epoch, Fact(1, 4, "late", false), Fact(2, 1, "", false))));
        await HoldsAsync(Fact(1, 5, "five", false), Fact(2, 1, "", false));
        await CommitAsync(Putting(epoch, Fact(1, 5, "five anew", false), Fact(2, 2, "two", false), Fact(2, 3, "three", false)));
        await RestartAsync();
        await HoldsAsync(Fact(1, 5, "five anew", false), Fact(2, 3, "three", false));
    }

    [Fact]
    public async Task Of_each_row_the_newest_are_read_within_bounds()
    {
        var epoch = await BeginAsync();
        FactRow[] made = [.. Enumerable.Range(1, 5).SelectMany(v => new[]
        {
            Fact(1, v, "12345", false, $"k{v}"), Fact(2, v, "1", false, $"k{v}"),
        })];
        await CommitAsync(Putting(epoch, made));
        async Task<string[]> ReadAsync(FactBounds bounds) =>
        [
            .. (await Shards.ReadFactsAsync(Shard, "test-made", [1, 2], bounds, Never)).OrderBy(f => f.Id.Ordinal)
                .ThenByDescending(f => f.Version).Select(f => $"{f.Id.Ordinal}:{f.Version}:{f.Payload?.Length}"),
        ];
        Assert.Equal(10, (await ReadAsync(FactBounds.None)).Length);
        Assert.Equal(["1:5:5", "1:4:5", "2:5:1", "2:4:1"], await ReadAsync(FactBounds.None with { Most = 2 }));
        Assert.Equal(["1:5:5", "2:5:1", "2:4:1", "2:3:1"], await ReadAsync(new FactBounds(3, 9)));
        Assert.Equal(["1:5:", "2:5:"], await ReadAsync(FactBounds.References with { Most = 1 }));
    }

    [Fact]
    public async Task Facts_of_commits_that_go_to_disk_together_follow_each_other()
    {
        var epoch = await BeginAsync();
        var commits = Enumerable.Range(1, 40).Select(n =>
            CommitAsync(Putting(epoch, Fact(1, n, $"said {n}"), Fact(1, n, $"made {n}", grows: false)))).ToArray();
        Assert.All(await Task.WhenAll(commits), s => Assert.Equal(ShardCommitStatus.Committed, s));
        var facts = await ToListAsync(Shards.ReadFactsAsync(Shard, Never));
        Assert.Equal(Enumerable.Range(1, 40).Select(n => Line(Fact(1, n, $"said {n}"))), facts.Where(f => f.AppendOnly).Select(Line));
        Assert.Equal(Line(Fact(1, 40, "made 40", grows: false)), Line(Assert.Single(facts, f => !f.AppendOnly)));
    }

    [Fact]
    public async Task More_facts_than_a_page_come_in_order()
    {
        var epoch = await BeginAsync();
        FactRow[] facts = [.. Enumerable.Range(0, 1_500).Select(n => Fact(n / 3, (n % 3) + 1, $"{n}"))];
        Assert.Equal(ShardCommitStatus.Committed, await CommitAsync(Putting(epoch, facts)));
        await HoldsAsync(facts);
    }

    [Theory]
    [InlineData("UPDATE fact SET actor = 'bob'")]
    [InlineData("DELETE FROM fact WHERE kind = 'test-said'")]
    [InlineData("UPDATE payload SET content = content")]
    [InlineData("DELETE FROM payload WHERE fact IN (SELECT id FROM fact WHERE kind = 'test-said')")]
    public async Task What_grows_is_changed_by_nobody(string sql)
    {
        var epoch = await BeginAsync();
        FactRow[] facts = [Fact(1, 1, "made", grows: false), Fact(1, 1, "said")];
        await CommitAsync(Putting(epoch, facts));
        var refused = await Assert.ThrowsAnyAsync<DbException>(() => ExecuteAsync(sql));
        Assert.Contains("Facts only grow", refused.Message, StringComparison.Ordinal);
        await HoldsAsync(facts);
        // It stays when the shard's other rows go, and what is made does not.
        while (await Shards.RemoveShardRowsAsync(Shard, Never)) { }
        await RestartAsync();
        await HoldsAsync(facts[1]);
    }

    [Fact]
    public async Task A_payload_is_erased_in_every_shard_and_never_comes_back()
    {
        var epoch = await BeginAsync();
        var half = Shard with { Shard = 9 };
        var beside = (await Shards.OpenShardAsync(half, Never)).Epoch;
        FactRow said = Fact(3, 1, "a name"), made = Fact(3, 7, "a face", grows: false), other = Fact(4, 1, "stays");
        await CommitAsync(Putting(epoch, said, made, other, Fact(3, 2, "stays too")));
        FactRow Moved(FactRow fact) => fact with { Id = fact.Id with { Ordinal = 0 } };
        await CommitAsync(Putting(beside, Moved(said)) with { Shard = half });
        var erasure = new PayloadErasure("cats", Id(3), "test-said", "", 1, "ada", Noon);
        Assert.Equal(2, await Erasures.ErasePayloadAsync(erasure, Never));
        Assert.Equal(0, await Erasures.ErasePayloadAsync(erasure, Never));
        Assert.Equal(1, await Erasures.ErasePayloadAsync(erasure with { Kind = "test-made", Version = 7 }, Never));
        Assert.Equal(0, await Erasures.ErasePayloadAsync(erasure with { Dataset = "birds" }, Never));
        await RestartAsync();
        FactRow[] left = [made with { Payload = null }, said with { Payload = null }, Fact(3, 2, "stays too"), other];
        await HoldsAsync(left);
        // What was on its way to another shard meanwhile comes without it, and the reference is what it was.
        var third = Shard with { Shard = 10 };
        beside = (await Shards.OpenShardAsync(third, Never)).Epoch;
        Assert.Equal(ShardCommitStatus.Committed, await CommitAsync(Putting(beside, said) with { Shard = third }));
        Assert.Equal(Line(said with { Payload = null }), Line(Assert.Single(await ToListAsync(Shards.ReadFactsAsync(third, Never)))));
        // A reference without its payload can be copied, and is then there.
        Assert.Equal(ShardCommitStatus.Committed, await CommitAsync(Putting(beside, said with { Payload = null }) with { Shard = third }));
        foreach (var sql in new[] { "DELETE FROM erasure", "UPDATE erasure SET actor = 'bob'" })
            await Assert.ThrowsAnyAsync<DbException>(() => ExecuteAsync(sql));
    }

    [Fact]
    public async Task Facts_go_with_their_dataset()
    {
        var epoch = await BeginAsync();
        await CommitAsync(Putting(epoch, Fact(1, 1, "said"), Fact(2, 1, "said"), Fact(2, 1, "made", grows: false)));
        await Erasures.ErasePayloadAsync(new PayloadErasure("cats", Id(1), "test-said", "", 1, "ada", Noon), Never);
        var deletion = (await Deletions.BeginAsync("cats", "ada", Noon, Never))!;
        Assert.Equal(10 + 3 + 1, await Deletions.CountRowsAsync(deletion, Never));
        while (await Deletions.RemoveRowsAsync(deletion, Shard.Shard, Never)) { }
        Assert.Equal(0, await Deletions.CountRowsAsync(deletion, Never));
        await Deletions.ClearStatesAsync(deletion, Never);
        Assert.True(await Deletions.EndAsync(deletion, Noon, Never));
        await ExecuteAsync("INSERT INTO secret (name, value) SELECT 'left', 'x' WHERE EXISTS (SELECT 1 FROM payload)");
        Assert.False(await Secrets.DiscardSecretAsync("left", 5, Never));
    }

    [Fact]
    public async Task Text_of_any_script_comes_back_byte_by_byte()
    {
        var epoch = await BeginAsync();
        var text = "{\"a\":\"ü 猫 🐈\"}";
        await CommitAsync(Putting(epoch, Fact(1, 1, text)));
        Assert.Equal(text, Encoding.UTF8.GetString(Assert.Single(await ToListAsync(Shards.ReadFactsAsync(Shard, Never))).Payload!));
    }
}
