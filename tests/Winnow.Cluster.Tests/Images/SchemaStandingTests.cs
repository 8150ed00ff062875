using Winnow.Grains.Images;
using Winnow.Model.Images;
using Winnow.Model.Labels;
using Winnow.Model.Review;

namespace Winnow.Cluster.Tests.Images;

/// <summary>What a history comes to by a later version of the label schema.</summary>
public sealed class SchemaStandingTests
{
    private static readonly LabelSchema First = new() { Classes = [new("fish"), new("cat"), new("dog")] };

    private readonly List<HistoryEntry> _said = [];

    private static LabelSchema After(params SchemaChange[] changes)
    {
        var schema = SchemaEdit.Apply(First, changes, out var wrong);
        Assert.Null(wrong);
        return schema;
    }

    private static LabelSchema Split => After(new SplitClass("fish", ["cod", "eel"]));

    private void Say(string actor, string label, TaskTerms? terms = null, int? schema = null, bool confirms = false)
    {
        var decision = confirms ? new Decision { Kind = DecisionKind.Confirm }
            : new Decision { Kind = DecisionKind.Label, Annotations = [new ClassTag(label)] };
        _said.Add(new HistoryEntry(_said.Count + 1, HistoryKind.Decided, actor, DateTimeOffset.UnixEpoch, Guid.NewGuid(), decision,
            Terms: terms, Schema: schema));
    }

    private HistoryEntry[] By(LabelSchema schema) => [.. _said.Select(e => ImageHistory.Mapped(e, SchemaMap.Of(schema)))];

    private static TaskTerms Labels(int labels) => new(TaskKind.Label, labels);

    private static readonly TaskTerms Verified = new(TaskKind.Label, Verify: true);
    private static readonly TaskTerms Verifies = new(TaskKind.Verify, Of: 1);
    private static readonly TaskTerms Settles = new(TaskKind.Arbitrate);

    private static (Stage?, bool, string?) Of(Standing s) => (s.Stage, s.Closed, s.Annotations.Select(a => a.Class).FirstOrDefault());

    [Fact]
    public void Opinions_of_a_class_that_was_split_are_none_and_who_gave_them_may_be_asked_again()
    {
        Say("ann", "fish", Labels(3));
        Say("bob", "fish", Labels(3));
        Assert.Equal(["ann", "bob"], ImageHistory.AnsweredBy(By(First)));
        Assert.Empty(ImageHistory.AnsweredBy(By(Split)));
        Say("eve", "cod", Labels(3), schema: 2);
        Assert.Equal((null, false, null), Of(ImageHistory.Fold(By(Split))));
        Assert.Equal(["eve"], ImageHistory.AnsweredBy(By(Split)));
        Say("ann", "cod", Labels(3), schema: 2);
        Say("bob", "eel", Labels(3), schema: 2);
        Assert.Equal((Stage.Verified, true, "cod"), Of(ImageHistory.Fold(By(Split))));
    }

    [Fact]
    public void A_majority_that_is_void_is_none()
    {
        Say("ann", "fish", Labels(3));
        Say("bob", "fish", Labels(3));
        Say("eve", "dog", Labels(3));
        Assert.Equal((Stage.Verified, true, "fish"), Of(ImageHistory.Fold(By(First))));
        Assert.Equal((null, false, null), Of(ImageHistory.Fold(By(Split))));
    }

    [Fact]
    public void Who_differs_by_what_is_void_or_from_it_disputes_nothing()
    {
        Say("ann", "cat", Labels(2));
        Say("bob", "dog", Labels(2));
        Assert.Equal(Stage.Disputed, ImageHistory.Fold(By(First)).Stage);
        var retired = By(After(new RetireClass("cat", Ask: true)));
        Assert.Equal((null, TaskKind.Label), (ImageHistory.Fold(retired).Stage, ImageHistory.Fold(retired).Question));
        Assert.Empty(ImageHistory.OpinionsOf(retired));

        _said.Clear();
        Say("ann", "fish", Verified);
        Say("bob", "dog", Verifies);
        Assert.Equal(Stage.Disputed, ImageHistory.Fold(By(First)).Stage);
        // The label stands until the image is asked about again.
        Assert.True(ImageHistory.Fold(By(Split)) is { IsVoid: true, Closed: true });

        _said.Clear();
        Say("ann", "dog", Verified);
        Say("bob", "fish", Verifies);
        var verified = ImageHistory.Fold(By(Split));
        Assert.Equal((Stage.Labeled, true, "dog"), Of(verified));
        Assert.Equal(TaskKind.Verify, verified.Question);
        Assert.Equal(["ann"], ImageHistory.AnsweredBy(By(Split)));
    }

    [Fact]
    public void Who_said_two_classes_that_are_one_by_now_agree_and_what_an_arbitrator_said_of_them_stands()
    {
        var merged = After(new MergeClasses(["dog"], "cat"));
        Say("ann", "cat", Labels(2));
        Say("bob", "dog", Labels(2));
        Assert.Equal((Stage.Verified, true, "cat"), Of(ImageHistory.Fold(By(merged))));
        Say("eve", "fish", Settles);
        Assert.Equal((Stage.Verified, true, "fish"), Of(ImageHistory.Fold(By(merged))));

        _said.Clear();
        Say("ann", "cat", Verified);
        Say("bob", "dog", Verifies);
        Assert.Equal((Stage.Verified, true, "cat"), Of(ImageHistory.Fold(By(merged))));

        _said.Clear();
        Say("ann", "cat", Labels(2));
        Say("bob", "dog", Labels(2));
        Say("eve", "dog", Settles);
        Assert.Equal((Stage.Verified, true, "dog"), Of(ImageHistory.Fold(By(After(new RetireClass("cat", Ask: true))))));
    }

    [Fact]
    public void Nobody_is_judged_by_what_is_void()
    {
        Say("ann", "fish", Verified);
        Say("bob", "dog", Verifies);
        var people = new Dictionary<string, PersonWork>();
        ImageHistory.Count(By(Split), people);
        Assert.All(people.Values, p => Assert.Equal(0, p.Compared));
    }
}
