using System.Text;
using Winnow.Abstractions.Health;
using Winnow.Grains.Ports;
using static Winnow.Adapters.Tests.Ledger.LedgerRows;

namespace Winnow.Adapters.Tests.Ledger;

/// <summary>What cannot be read is named and can be removed, and keeps nothing else from anybody; what is removed frees its name.</summary>
public abstract partial class LedgerConformance
{
    private IGrainStateStore States => (IGrainStateStore)Ledger;

    private static byte[] Json(string text) => Encoding.UTF8.GetBytes(text);

    private Task<long?> PutAsync(string type, string key, string json, long? expected = null) =>
        States.WriteAsync(new GrainStateKey(type, key, type), expected, Json(json), Never);

    [Fact]
    public async Task A_row_that_cannot_be_read_is_named_and_hides_no_other()
    {
        foreach (var name in new[] { "cats", "dogs", "birds" }) await Ledger.AddDatasetAsync(Dataset(name), Never);
        Assert.Empty(await Ledger.ListUnreadableAsync(Never));
        await ExecuteAsync("UPDATE dataset SET info = '[1,2]' WHERE name = 'dogs'");
        await ExecuteAsync("UPDATE dataset SET info = 'null' WHERE name = 'birds'");
        await RestartAsync();
        Assert.Equal(["cats"], (await Ledger.ListDatasetsAsync(Never)).Select(d => d.Name));
        var unreadable = await Ledger.ListUnreadableAsync(Never);
        Assert.Equal(["birds", "dogs"], unreadable.Select(u => u.Name));
        Assert.All(unreadable, u => Assert.InRange(u.Problem.Length, 10, 200));
        Assert.NotNull(await Ledger.FindDatasetAsync("cats", Never));
        var told = await Assert.ThrowsAsync<SetAsideException>(() => Ledger.FindDatasetAsync("dogs", Never));
        Assert.Contains("'dogs'", told.Message, StringComparison.Ordinal);
        // The name is not free before somebody has removed what bears it.
        Assert.False(await Ledger.AddDatasetAsync(Dataset("dogs"), Never));
        await DeleteAsync("dogs");
        Assert.True(await Ledger.AddDatasetAsync(Dataset("dogs"), Never));
        Assert.Equal(["birds"], (await Ledger.ListUnreadableAsync(Never)).Select(u => u.Name));
    }

    [Fact]
    public async Task States_that_cannot_be_read_are_named_until_they_are_discarded_or_written()
    {
        await PutAsync("round", "cats/main/1", """{"step":"done","selected":[]}""");
        await PutAsync("round", "cats/main/2", """{"step":"no such step"}""");
        await PutAsync("access", "*", """{"grants":[null]}""");
        await PutAsync("dataset", "cats", """{"fromANewerRelease":{"a":[1]}}""");
        // What no grain of this program keeps is nobody's to judge.
        await PutAsync("of-a-newer-release", "cats", "[1]");
        async Task<string[]> NamedAsync() =>
            [.. (await Ledger.ListUnreadableStatesAsync(Never)).Select(s => $"{s.GrainType}/{s.GrainKey}").Order()];
        Assert.Equal(["access/*", "round/cats/main/2"], await NamedAsync());
        await RestartAsync();
        Assert.Equal(["access/*", "round/cats/main/2"], await NamedAsync());
        Assert.Equal(["access/*", "round/cats/main/2"], await NamedAsync());
        // What is sound is not discarded, nor what is not there.
        Assert.False(await Ledger.DiscardStateAsync("round", "cats/main/1", null, Never));
        Assert.False(await Ledger.DiscardStateAsync("round", "cats/main/3", null, Never));
        Assert.True(await Ledger.DiscardStateAsync("round", "cats/main/2", null, Never));
        Assert.False(await Ledger.DiscardStateAsync("round", "cats/main/2", null, Never));
        Assert.True(await Ledger.DiscardStateAsync("access", "*", Json("""{"grants":[],"changes":[],"lastChange":1}"""), Never));
        Assert.Empty(await NamedAsync());
        Assert.Equal(["cats/main/1"], await Ledger.ListStatesAsync("round", Never));
        // One that was sound is looked at again when it was written.
        Assert.Equal(2, await PutAsync("round", "cats/main/1", "[]", expected: 1));
        Assert.Equal(["round/cats/main/1"], await NamedAsync());
        Assert.Equal(3, await PutAsync("round", "cats/main/1", """{"step":"done","selected":[]}""", expected: 2));
        Assert.Empty(await NamedAsync());
    }

    [Theory]
    [InlineData("9223372036854775807")]
    [InlineData("-5")]
    public async Task A_version_that_nobody_counted_to_is_no_obstacle(string version)
    {
        await PutAsync("round", "cats/main/1", """{"step":"done"}""");
        await PutAsync("dataset", "dogs", "{}");
        await Ledger.AddDatasetAsync(Dataset("dogs"), Never);
        await Ledger.OpenShardAsync(new ShardKey("dogs", 0), Never);
        await ExecuteAsync($"UPDATE grain_state SET version = {version}");
        await ExecuteAsync($"UPDATE shard SET epoch = {version}");
        await RestartAsync();
        Assert.Equal(2, (await Ledger.ListUnreadableStatesAsync(Never)).Count);
        Assert.True(await Ledger.DiscardStateAsync("round", "cats/main/1", null, Never));
        var opened = await Ledger.OpenShardAsync(new ShardKey("dogs", 0), Never);
        ShardCommit Adding(int row) => new() { Shard = new("dogs", 0), Epoch = opened.Epoch, Images = Rows(row, 1) };
        Assert.Equal(ShardCommitStatus.Committed, await Ledger.CommitAsync(Adding(0), Never));
        Assert.NotNull(await Deletions.BeginAsync("dogs", "ada", Noon, Never));
        Assert.Equal(ShardCommitStatus.Fenced, await Ledger.CommitAsync(Adding(1), Never));
        await DeleteAsync("dogs");
        Assert.Empty(await Ledger.ListUnreadableStatesAsync(Never));
    }

    [Fact]
    public async Task A_secret_of_another_length_is_discarded_and_made_anew()
    {
        var made = await Ledger.GetOrCreateSecretAsync("lease", 32, Never);
        Assert.False(await Ledger.DiscardSecretAsync("lease", 32, Never));
        Assert.False(await Ledger.DiscardSecretAsync("other", 32, Never));
        Assert.Equal(made, await Ledger.GetOrCreateSecretAsync("lease", 32, Never));
        Assert.True(await Ledger.DiscardSecretAsync("lease", 16, Never));
        Assert.Equal(16, (await Ledger.GetOrCreateSecretAsync("lease", 16, Never)).Length);
    }
}
