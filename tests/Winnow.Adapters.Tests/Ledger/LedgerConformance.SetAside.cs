using System.Text;
using Winnow.Abstractions.Health;
using Winnow.Adapters.Ledger;
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
        Assert.NotNull(await Ledger.RemoveDatasetAsync("dogs", Never));
        Assert.True(await Ledger.AddDatasetAsync(Dataset("dogs"), Never));
        Assert.Equal(["birds"], (await Ledger.ListUnreadableAsync(Never)).Select(u => u.Name));
    }

    [Fact]
    public async Task A_removed_dataset_frees_its_name_and_leaves_nothing_of_its_own()
    {
        var epoch = await OpenShardAsync();
        await Ledger.AddDatasetAsync(Dataset("cats-2"), Never);
        var other = await Ledger.OpenShardAsync(new ShardKey("cats-2", 1), Never);
        await Ledger.CommitAsync(new() { Shard = new("cats-2", 1), Epoch = other.Epoch, Images = Rows(0, 2) }, Never);
        await Ledger.OpenShardAsync(Shard with { Shard = 3 }, Never);
        await CommitAsync(new()
        {
            Shard = Shard,
            Epoch = epoch,
            OperationId = Operation(1),
            Images = Rows(0, 5),
            History = [History(2, 1, 9)],
            Tasks = [new TaskRow(1, "main", 1, 0.5f, Noon)],
            Segments = [new SegmentRow(SegmentKinds.Scores, "v", 0, 5, "datasets/cats/x")],
        });
        foreach (var key in new[] { "cats", "cats-2" })
        {
            await PutAsync("dataset", key, "{}");
            await PutAsync("round", $"{key}/main/1", "{}");
        }
        await PutAsync("api-key", "cats", "{}");
        Assert.Null(await Ledger.RemoveDatasetAsync("birds", Never));
        var left = await Ledger.RemoveDatasetAsync("cats", Never);
        Assert.True(StagedDatasets.Is(left!));
        await RestartAsync();
        Assert.Equal(["cats-2"], (await Ledger.ListDatasetsAsync(Never)).Select(d => d.Name));
        Assert.Empty(await Ledger.ListUnreadableAsync(Never));
        Assert.Null((await States.ReadAsync(new("dataset", "cats", "dataset"), Never))!.State);
        Assert.Null((await States.ReadAsync(new("round", "cats/main/1", "round"), Never))!.State);
        // Of datasets whose names begin alike, and of the cluster, nothing goes.
        foreach (var (type, key) in new[] { ("dataset", "cats-2"), ("round", "cats-2/main/1"), ("api-key", "cats") })
            Assert.NotNull((await States.ReadAsync(new(type, key, type), Never))!.State);
        // Its shards are fenced, and their rows go by and by.
        Assert.Equal([1, 3], await Ledger.ListShardsAsync(left!, Never));
        Assert.Empty(await Ledger.ListShardsAsync("cats", Never));
        foreach (var shard in await Ledger.ListShardsAsync(left!, Never))
            while (await Ledger.RemoveShardRowsAsync(new ShardKey(left!, shard), Never)) { }
        Assert.Empty(await ToListAsync(Ledger.ReadImagesAsync(Shard with { Dataset = left! }, 0, 10, Never)));
        var gone = Shard with { Dataset = left! };
        Assert.Equal(ShardCommitStatus.Fenced, await CommitAsync(new() { Shard = gone, Epoch = epoch, Images = Rows(5, 1) }));
        // Who bears the name next begins with nothing.
        Assert.True(await Ledger.AddDatasetAsync(Dataset(), Never));
        Assert.Equal(0, (await Ledger.OpenShardAsync(Shard, Never)).Images);
        Assert.Empty(await ToListAsync(Ledger.ReadShardHistoryAsync(Shard, Never)));
        Assert.Equal([1], await Ledger.ListShardsAsync("cats", Never));
        Assert.Equal(2, await Ledger.CountImagesAsync(new ShardKey("cats-2", 1), Never));
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
        Assert.NotNull(await Ledger.RemoveDatasetAsync("dogs", Never));
        Assert.Empty(await Ledger.ListUnreadableStatesAsync(Never));
        Assert.Equal(ShardCommitStatus.Fenced, await Ledger.CommitAsync(Adding(1), Never));
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
