using Winnow.Abstractions.Datasets;
using Winnow.Grains.Training;
using Winnow.Model.Datasets;
using Winnow.Model.Labels;
using Winnow.Model.Training;

namespace Winnow.Cluster.Tests.Training;

/// <summary>A candidate that has learned under other classes than there are now goes no further.</summary>
public sealed class RoundSchemaTests
{
    private static readonly LabelSchema First = new() { Classes = [new("cat"), new("dog"), new("bird")] };

    private sealed class Kept : IPersistentState<RoundState>
    {
        public RoundState State { get; set; } = new();
        public string Etag => "";
        public bool RecordExists => true;

        public Task ClearStateAsync() => Task.CompletedTask;

        public Task WriteStateAsync() => Task.CompletedTask;

        public Task ReadStateAsync() => Task.CompletedTask;
    }

    private static RoundWork Round(RoundState state, params SchemaChange[][] versions)
    {
        var schema = First;
        foreach (var changes in versions)
        {
            schema = SchemaEdit.Apply(schema, changes, out var wrong);
            Assert.Null(wrong);
        }
        var dataset = new DatasetInfo("pets", schema, new DatasetSettings(), DateTimeOffset.UnixEpoch, "ann");
        return new RoundWork(null!, null!, dataset, Arms.Main, 1, new Kept { State = state });
    }

    [Fact]
    public void A_round_that_still_asks_goes_on_whatever_the_classes_become() =>
        Round(new RoundState { Step = RoundStep.Review }, [new MergeClasses(["cat"], "dog")]).ThrowIfOtherClasses();

    [Fact]
    public void One_that_has_learned_goes_on_while_the_classes_are_the_same_and_ends_otherwise()
    {
        SchemaChange[] renamed = [new RenameClass("cat", "puma")], merged = [new MergeClasses(["bird"], "dog")];
        Round(new RoundState { HeadKey = "head" }, renamed).ThrowIfOtherClasses();
        Round(new RoundState { HeadKey = "head", Schema = 3 }, renamed, merged).ThrowIfOtherClasses();
        Round(new RoundState { HeadKey = "head", Schema = 2 }, merged, renamed).ThrowIfOtherClasses();
        var refused = Assert.Throws<RefusedException>(
            () => Round(new RoundState { HeadKey = "head", Schema = 2 }, renamed, merged).ThrowIfOtherClasses());
        Assert.Contains(
            "other classes since its version 3, and this round learned under version 2", refused.Message, StringComparison.Ordinal);
        Assert.Throws<RefusedException>(() => Round(new RoundState { HeadKey = "head" }, merged).ThrowIfOtherClasses());
    }

    [Fact]
    public void Rows_of_before_teach_what_they_count_as_and_nothing_that_is_told_apart_no_more()
    {
        var schema = SchemaEdit.Apply(First, [new MergeClasses(["cat"], "dog"), new SplitClass("bird", ["duck", "hen"])], out _);
        var index = new Grains.Images.ShardIndex { Map = SchemaMap.Of(schema) };
        for (var label = -1; label < 3; label++)
            index.Add(new Model.Images.ImageId((ulong)label + 2, 0, 0, 0), Model.Images.Partition.Pool, label, quarantined: false);
        Assert.Equal([-1, 1, 1, -1], Enumerable.Range(0, 4).Select(index.LearnedOf));
        Assert.Equal([-1, 0, 1, 2], Enumerable.Range(0, 4).Select(index.LabelOf));
    }
}
