using System.Text;
using Winnow.Abstractions.Health;
using Winnow.Grains.Ports;
using Winnow.Model.Datasets;
using Winnow.Model.Labels;
using static Winnow.Adapters.Tests.Ledger.LedgerRows;

namespace Winnow.Adapters.Tests.Ledger;

/// <summary>What every ledger keeps to about datasets, their layouts and the states of their grains.</summary>
public abstract class DatasetLedgerConformance<TFixture> : LedgerConformance<TFixture>
    where TFixture : ILedgerFixture, new()
{
    [Fact]
    public async Task Datasets_are_added_once_and_listed_by_name()
    {
        Assert.True(await Datasets.AddDatasetAsync(Dataset("dogs"), Never));
        Assert.True(await Datasets.AddDatasetAsync(Dataset("cats"), Never));
        Assert.False(await Datasets.AddDatasetAsync(Dataset("cats") with { CreatedBy = "bob" }, Never));
        await RestartAsync();
        Assert.Equal(["cats", "dogs"], (await Datasets.ListDatasetsAsync(Never)).Select(d => d.Name));
        var found = await Datasets.FindDatasetAsync("cats", Never);
        Assert.NotNull(found);
        Assert.Equal(("ada", Noon, 4, 7ul), (found.CreatedBy, found.CreatedAt, found.Settings.Shards, found.Settings.Seed));
        Assert.Equal(Dataset().Schema.Classes, found.Schema.Classes);
        Assert.Null(await Datasets.FindDatasetAsync("birds", Never));
    }

    [Fact]
    public async Task A_layout_is_changed_by_who_knows_the_one_that_stands()
    {
        await Datasets.AddDatasetAsync(Dataset(), Never);
        var created = new ShardLayout(0, 4);
        var copying = created with { Split = new ShardSplit(ShardSplitStep.Copying, Noon, "ada") };
        Assert.True(await Datasets.SetLayoutAsync("cats", created, copying, Never));
        Assert.False(await Datasets.SetLayoutAsync("cats", created, created.Doubled(), Never));
        Assert.True(await Datasets.SetLayoutAsync("cats", copying,
            created.Doubled() with { Superseded = new SupersededShards(0, 4, Noon) }, Never));
        await RestartAsync();
        var found = (await Datasets.FindDatasetAsync("cats", Never))!;
        Assert.Equal(new ShardLayout(4, 8, null, new SupersededShards(0, 4, Noon)), found.Shards);
        Assert.Equal(Dataset().Settings, found.Settings);
        await Assert.ThrowsAsync<KeyNotFoundException>(() => Datasets.SetLayoutAsync("birds", created, copying, Never));
    }

    [Fact]
    public async Task A_label_schema_is_followed_by_the_version_after_it_and_by_no_other()
    {
        await Datasets.AddDatasetAsync(Dataset(), Never);
        var second = SchemaEdit.Apply(Dataset().Schema, [new RenameClass("cat", "puma")], out _);
        var third = SchemaEdit.Apply(second, [new AddClass(new LabelClass("bird"))], out _);
        Assert.False(await Datasets.SetSchemaAsync("cats", third, Never));
        Assert.True(await Datasets.SetSchemaAsync("cats", second, Never));
        // Whoever repeats it after a crash finds it done.
        Assert.True(await Datasets.SetSchemaAsync("cats", second, Never));
        Assert.True(await Datasets.SetSchemaAsync("cats", third, Never));
        Assert.True(await Datasets.SetSchemaAsync("cats", second, Never));
        await RestartAsync();
        var found = (await Datasets.FindDatasetAsync("cats", Never))!;
        Assert.True(found.Schema.IsSame(third));
        Assert.Equal((Dataset().Settings, "ada"), (found.Settings, found.CreatedBy));
        await Assert.ThrowsAsync<KeyNotFoundException>(() => Datasets.SetSchemaAsync("birds", second, Never));
    }

    [Fact]
    public async Task One_of_two_that_change_a_layout_at_once_is_told_so()
    {
        await Datasets.AddDatasetAsync(Dataset(), Never);
        var tries = await Task.WhenAll(Enumerable.Range(0, 8)
            .Select(i => Datasets.SetLayoutAsync("cats", new ShardLayout(0, 4),
                new ShardLayout(0, 4, new ShardSplit(ShardSplitStep.Copying, Noon, $"person {i}")), Never)));
        Assert.Single(tries, won => won);
    }

    private static readonly string Staged = StagedDatasets.NameOf(Operation(77));

    private static ControlState State(string key, string json = "{}") => new("dataset", key, "dataset", Encoding.UTF8.GetBytes(json));

    [Fact]
    public async Task A_staged_dataset_is_seen_when_it_gets_its_name_and_not_before()
    {
        Assert.True(await Datasets.AddDatasetAsync(Dataset(Staged), Never));
        var shard = new ShardKey(Staged, 1);
        var opened = await Shards.OpenShardAsync(shard, Never);
        await CommitAsync(new() { Shard = shard, Epoch = opened.Epoch, Images = Rows(0, 4), History = [History(2, 1, 1)] });
        Assert.Empty(await Datasets.ListDatasetsAsync(Never));
        Assert.Null(await Datasets.FindDatasetAsync("cats", Never));

        Assert.True(await Datasets.PublishDatasetAsync(Staged, Dataset(), [State("cats"), State("cats/1")], Never));
        Assert.Equal(["cats"], (await Datasets.ListDatasetsAsync(Never)).Select(d => d.Name));
        Assert.Equal("cats", (await Datasets.FindDatasetAsync("cats", Never))!.Name);
        Assert.Null(await Datasets.FindDatasetAsync(Staged, Never));
        Assert.Equal(Rows(0, 4), await ToListAsync(Shards.ReadImagesAsync(Shard, 0, 10, Never)));
        Assert.Single(await Shards.ReadHistoryAsync(Shard, Id(2), Never));
        await RestartAsync();
        Assert.Equal(new OpenedShard(opened.Epoch + 1, 4), await Shards.OpenShardAsync(Shard, Never));
    }

    [Fact]
    public async Task A_name_that_is_taken_is_not_given_and_nothing_changes()
    {
        await Datasets.AddDatasetAsync(Dataset(), Never);
        await Datasets.AddDatasetAsync(Dataset(Staged), Never);
        Assert.False(await Datasets.PublishDatasetAsync(Staged, Dataset() with { CreatedBy = "bob" }, [State("cats")], Never));
        Assert.Equal("ada", (await Datasets.FindDatasetAsync("cats", Never))!.CreatedBy);
        Assert.NotNull(await Datasets.FindDatasetAsync(Staged, Never));
        // A state that is there already undoes the naming too: somebody's grain has written it.
        Assert.True(await Datasets.PublishDatasetAsync(Staged, Dataset("dogs"), [State("dogs")], Never));
        await Datasets.AddDatasetAsync(Dataset(Staged), Never);
        Assert.False(await Datasets.PublishDatasetAsync(Staged, Dataset("birds"), [State("birds"), State("dogs")], Never));
        Assert.Null(await Datasets.FindDatasetAsync("birds", Never));
        Assert.True(await Datasets.PublishDatasetAsync(Staged, Dataset("birds"), [State("birds")], Never));
    }

    [Fact]
    public async Task A_row_that_cannot_be_read_is_named_and_hides_no_other()
    {
        foreach (var name in new[] { "cats", "dogs", "birds" }) await Datasets.AddDatasetAsync(Dataset(name), Never);
        Assert.Empty(await Datasets.ListUnreadableAsync(Never));
        await ExecuteAsync("UPDATE dataset SET info = '[1,2]' WHERE name = 'dogs'");
        await ExecuteAsync("UPDATE dataset SET info = 'null' WHERE name = 'birds'");
        await RestartAsync();
        Assert.Equal(["cats"], (await Datasets.ListDatasetsAsync(Never)).Select(d => d.Name));
        var unreadable = await Datasets.ListUnreadableAsync(Never);
        Assert.Equal(["birds", "dogs"], unreadable.Select(u => u.Name));
        Assert.All(unreadable, u => Assert.InRange(u.Problem.Length, 10, 200));
        Assert.NotNull(await Datasets.FindDatasetAsync("cats", Never));
        var told = await Assert.ThrowsAsync<SetAsideException>(() => Datasets.FindDatasetAsync("dogs", Never));
        Assert.Contains("'dogs'", told.Message, StringComparison.Ordinal);
        // The name is not free before somebody has removed what bears it.
        Assert.False(await Datasets.AddDatasetAsync(Dataset("dogs"), Never));
        await DeleteAsync("dogs");
        Assert.True(await Datasets.AddDatasetAsync(Dataset("dogs"), Never));
        Assert.Equal(["birds"], (await Datasets.ListUnreadableAsync(Never)).Select(u => u.Name));
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
            [.. (await Datasets.ListUnreadableStatesAsync(Never)).Select(s => $"{s.GrainType}/{s.GrainKey}").Order()];
        Assert.Equal(["access/*", "round/cats/main/2"], await NamedAsync());
        await RestartAsync();
        Assert.Equal(["access/*", "round/cats/main/2"], await NamedAsync());
        Assert.Equal(["access/*", "round/cats/main/2"], await NamedAsync());
        // What is sound is not discarded, nor what is not there.
        Assert.False(await Datasets.DiscardStateAsync("round", "cats/main/1", null, Never));
        Assert.False(await Datasets.DiscardStateAsync("round", "cats/main/3", null, Never));
        Assert.True(await Datasets.DiscardStateAsync("round", "cats/main/2", null, Never));
        Assert.False(await Datasets.DiscardStateAsync("round", "cats/main/2", null, Never));
        Assert.True(await Datasets.DiscardStateAsync("access", "*", Json("""{"grants":[],"changes":[],"lastChange":1}"""), Never));
        Assert.Empty(await NamedAsync());
        Assert.Equal(["cats/main/1"], await Datasets.ListStatesAsync("round", Never));
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
        await Datasets.AddDatasetAsync(Dataset("dogs"), Never);
        await Shards.OpenShardAsync(new ShardKey("dogs", 0), Never);
        await ExecuteAsync($"UPDATE grain_state SET version = {version}");
        await ExecuteAsync($"UPDATE shard SET epoch = {version}");
        await RestartAsync();
        Assert.Equal(2, (await Datasets.ListUnreadableStatesAsync(Never)).Count);
        Assert.True(await Datasets.DiscardStateAsync("round", "cats/main/1", null, Never));
        var opened = await Shards.OpenShardAsync(new ShardKey("dogs", 0), Never);
        ShardCommit Adding(int row) => new() { Shard = new("dogs", 0), Epoch = opened.Epoch, Images = Rows(row, 1) };
        Assert.Equal(ShardCommitStatus.Committed, await Shards.CommitAsync(Adding(0), Never));
        Assert.NotNull(await Deletions.BeginAsync("dogs", "ada", Noon, Never));
        Assert.Equal(ShardCommitStatus.Fenced, await Shards.CommitAsync(Adding(1), Never));
        await DeleteAsync("dogs");
        Assert.Empty(await Datasets.ListUnreadableStatesAsync(Never));
    }
}
