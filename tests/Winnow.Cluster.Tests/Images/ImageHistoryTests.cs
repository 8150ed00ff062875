using Winnow.Grains.Images;
using Winnow.Model.Datasets;
using Winnow.Model.Images;
using Winnow.Model.Prelabels;
using Winnow.Model.Review;

namespace Winnow.Cluster.Tests.Images;

public sealed class ImageHistoryTests
{
    private static readonly LabelSchema Schema = new() { Classes = [new("cat"), new("dog")] };

    private static HistoryEntry Entry(long version, HistoryKind kind, DecisionKind decision, string? label = null, string actor = "ann") =>
        new(version, kind, actor, DateTimeOffset.UnixEpoch, Guid.NewGuid(), new Decision { Kind = decision, Annotations = label is null ? [] : [new ClassTag(label)] });

    [Fact]
    public void The_first_answer_stands_and_a_second_opinion_does_not_replace_it()
    {
        var standing = ImageHistory.Fold([Entry(1, HistoryKind.Decided, DecisionKind.Label, "dog"), Entry(2, HistoryKind.SecondOpinion, DecisionKind.Label, "cat")]);
        Assert.Equal(1, standing.LabelIndex(Schema));
        Assert.True(standing.Closed);
        Assert.Equal(Stage.Labeled, standing.Stage);
    }

    [Fact]
    public void A_correction_replaces_what_stood()
    {
        var standing = ImageHistory.Fold([Entry(1, HistoryKind.Decided, DecisionKind.Label, "dog"), Entry(2, HistoryKind.Corrected, DecisionKind.Label, "cat")]);
        Assert.Equal(0, standing.LabelIndex(Schema));
    }

    [Fact]
    public void A_rejection_closes_without_a_label() => Assert.Equal((true, -1), (ImageHistory.Fold([Entry(1, HistoryKind.Decided, DecisionKind.Reject)]) is var s && s.Closed, ImageHistory.Fold([Entry(1, HistoryKind.Decided, DecisionKind.Reject)]).LabelIndex(Schema)));

    [Fact]
    public void Skips_leave_it_open_until_three_people_could_not_tell()
    {
        var skips = Enumerable.Range(1, 3).Select(v => Entry(v, HistoryKind.Decided, DecisionKind.Skip, actor: $"person {v}")).ToList();
        Assert.False(ImageHistory.Fold(skips[..2]).Closed);
        Assert.True(ImageHistory.Fold(skips).Closed);
    }

    [Fact]
    public void Whoever_cannot_tell_three_times_is_one_person()
    {
        var skips = Enumerable.Range(1, 5).Select(v => Entry(v, HistoryKind.Decided, DecisionKind.Skip, actor: v < 5 ? "ann" : "bob")).ToList();
        Assert.False(ImageHistory.Fold(skips).Closed);
        Assert.Equal(["ann", "bob"], ImageHistory.SkipsOf(skips).People);
    }

    [Fact]
    public void What_was_skipped_last_was_left_for_that_and_what_was_answered_was_not()
    {
        HistoryEntry[] history = [Entry(1, HistoryKind.Decided, DecisionKind.Skip), Entry(2, HistoryKind.Decided, DecisionKind.Skip, actor: "bob")];
        Assert.True(ImageHistory.SkipsOf(history).Last);
        Assert.False(ImageHistory.SkipsOf([.. history, Entry(3, HistoryKind.Decided, DecisionKind.Reject, actor: "eve")]).Last);
        // A second opinion changes nothing.
        Assert.True(ImageHistory.SkipsOf([.. history, Entry(3, HistoryKind.SecondOpinion, DecisionKind.Label, "dog", "eve")]).Last);
        Assert.Equal([], ImageHistory.SkipsOf([Entry(1, HistoryKind.SecondOpinion, DecisionKind.Skip)]).People);
        Assert.False(ImageHistory.SkipsOf([]).Last);
    }

    [Fact]
    public void An_answer_that_came_too_late_is_a_second_opinion()
    {
        HistoryEntry[] history = [Entry(1, HistoryKind.Decided, DecisionKind.Label, "dog")];
        Assert.Equal(HistoryKind.SecondOpinion, ImageHistory.KindOf(history, seenVersion: 0, underLease: true));
        Assert.Equal(HistoryKind.Decided, ImageHistory.KindOf([], seenVersion: 0, underLease: true));
        Assert.Equal(HistoryKind.Decided, ImageHistory.KindOf([Entry(1, HistoryKind.Decided, DecisionKind.Skip)], seenVersion: 0, underLease: true));
        Assert.Equal(HistoryKind.Corrected, ImageHistory.KindOf(history, seenVersion: 1, underLease: false));
    }

    [Fact]
    public void Annotations_that_are_not_well_formed_are_named()
    {
        Assert.Contains("'bird'", AnnotationRules.Check([new ClassTag("bird")], Schema));
        Assert.Contains("More than one class", AnnotationRules.Check([new ClassTag("cat"), new ClassTag("dog")], Schema));
        Assert.Contains("takes class, and no box", AnnotationRules.Check([new BoxAnnotation("cat", new Box(0, 0, 1, 1))], Schema));
        var shapes = Schema with { Geometries = [Geometry.Box, Geometry.Polygon, Geometry.Mask, Geometry.Text] };
        Assert.Null(AnnotationRules.Check([new BoxAnnotation("cat", new Box(0, 0, 1, 1)), new PolygonAnnotation("dog", [0, 0, 1, 0, 1, 1]), new MaskAnnotation("cat", new RunLengthMask(2, 2, [1, 3]))], shapes));
        Assert.Contains("add up to 3", AnnotationRules.Check([new MaskAnnotation("cat", new RunLengthMask(2, 2, [3]))], shapes));
        Assert.Contains("three points", AnnotationRules.Check([new TextAnnotation("cat", [0, 0], "x")], shapes));
        Assert.Contains("finite", AnnotationRules.Check([new BoxAnnotation("cat", new Box(double.NaN, 0, 1, 1))], shapes));
    }
}
