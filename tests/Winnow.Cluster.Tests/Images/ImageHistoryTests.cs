using CsCheck;
using Winnow.Grains.Images;
using Winnow.Model.Images;
using Winnow.Model.Labels;
using Winnow.Model.Review;

namespace Winnow.Cluster.Tests.Images;

public sealed class ImageHistoryTests
{
    private static readonly LabelSchema Schema = new() { Classes = [new("cat"), new("dog")] };

    private static HistoryEntry Entry(long version, HistoryKind kind, DecisionKind decision, string? label = null, string actor = "ann") =>
        new(version, kind, actor, DateTimeOffset.UnixEpoch, Guid.NewGuid(),
        new Decision { Kind = decision, Annotations = label is null ? [] : [new ClassTag(label)] });

    [Fact]
    public void The_first_answer_stands_and_a_second_opinion_does_not_replace_it()
    {
        var standing = ImageHistory.Fold(
            [Entry(1, HistoryKind.Decided, DecisionKind.Label, "dog"), Entry(2, HistoryKind.SecondOpinion, DecisionKind.Label, "cat")]);
        Assert.Equal(1, standing.LabelIndex(Schema));
        Assert.True(standing.Closed);
        Assert.Equal(Stage.Labeled, standing.Stage);
    }

    [Fact]
    public void A_correction_replaces_what_stood()
    {
        var standing = ImageHistory.Fold(
            [Entry(1, HistoryKind.Decided, DecisionKind.Label, "dog"), Entry(2, HistoryKind.Corrected, DecisionKind.Label, "cat")]);
        Assert.Equal(0, standing.LabelIndex(Schema));
    }

    [Fact]
    public void A_rejection_closes_without_a_label() =>
        Assert.Equal((true, -1),
            (ImageHistory.Fold([Entry(1, HistoryKind.Decided, DecisionKind.Reject)]) is var s && s.Closed,
                ImageHistory.Fold([Entry(1, HistoryKind.Decided, DecisionKind.Reject)]).LabelIndex(Schema)));

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
        var skips = Enumerable.Range(1, 5).Select(v => Entry(v, HistoryKind.Decided, DecisionKind.Skip, actor: v < 5 ? "ann" : "bob"))
            .ToList();
        Assert.False(ImageHistory.Fold(skips).Closed);
        Assert.Equal(["ann", "bob"], ImageHistory.SkipsOf(skips).People);
    }

    [Fact]
    public void What_was_skipped_last_was_left_for_that_and_what_was_answered_was_not()
    {
        HistoryEntry[] history =
            [Entry(1, HistoryKind.Decided, DecisionKind.Skip), Entry(2, HistoryKind.Decided, DecisionKind.Skip, actor: "bob")];
        Assert.True(ImageHistory.SkipsOf(history).Last);
        Assert.False(ImageHistory.SkipsOf([.. history, Entry(3, HistoryKind.Decided, DecisionKind.Reject, actor: "eve")]).Last);
        // A second opinion changes nothing.
        Assert.True(ImageHistory.SkipsOf([.. history, Entry(3, HistoryKind.Decided, DecisionKind.Skip, actor: "eve"),
            Entry(4, HistoryKind.SecondOpinion, DecisionKind.Label, "dog", "max")]).Last);
        Assert.Equal([], ImageHistory.SkipsOf(
            [Entry(1, HistoryKind.Decided, DecisionKind.Reject), Entry(2, HistoryKind.SecondOpinion, DecisionKind.Skip)]).People);
        Assert.False(ImageHistory.SkipsOf([]).Last);
    }

    [Fact]
    public void An_answer_that_came_too_late_is_a_second_opinion()
    {
        HistoryEntry[] history = [Entry(1, HistoryKind.Decided, DecisionKind.Label, "dog")];
        Assert.Equal(HistoryKind.SecondOpinion, ImageHistory.KindOf(history, DecisionKind.Label, seenVersion: 0, asked: TaskKind.Label));
        Assert.Equal(HistoryKind.Decided, ImageHistory.KindOf([], DecisionKind.Label, seenVersion: 0, asked: TaskKind.Label));
        Assert.Equal(HistoryKind.Decided,
            ImageHistory.KindOf(
                [Entry(1, HistoryKind.Decided, DecisionKind.Skip)], DecisionKind.Label, seenVersion: 0, asked: TaskKind.Label));
        Assert.Equal(HistoryKind.Corrected, ImageHistory.KindOf(history, DecisionKind.Label, seenVersion: 1, asked: null));
    }

    [Fact]
    public void An_answer_is_given_once_to_what_was_shown()
    {
        HistoryEntry[] history =
        [
            Entry(1, HistoryKind.Decided, DecisionKind.Skip), Entry(2, HistoryKind.Decided, DecisionKind.Label, "dog", "bob"),
            Entry(3, HistoryKind.SecondOpinion, DecisionKind.Label, "cat", "eve"),
        ];
        Assert.Equal(1, ImageHistory.AnswerOf(history, "ann", 0)!.Version);
        // Asked again, she is shown that she could not tell.
        Assert.Null(ImageHistory.AnswerOf(history, "ann", 1));
        Assert.Equal(3, ImageHistory.AnswerOf(history, "eve", 0)!.Version);
        Assert.Null(ImageHistory.AnswerOf(history, "max", 0));
        Assert.Null(ImageHistory.AnswerOf([], "ann", 0));
    }

    [Fact]
    public void Agreement_is_told_by_people_and_each_of_them_once()
    {
        HistoryEntry[] history =
        [
            Entry(1, HistoryKind.Decided, DecisionKind.Label, "dog"),
            Entry(2, HistoryKind.SecondOpinion, DecisionKind.Reject, actor: "bob"),
        ];
        Assert.False(ImageHistory.TellsOfAgreement(history, "ann"));
        Assert.False(ImageHistory.TellsOfAgreement(history, "bob"));
        Assert.True(ImageHistory.TellsOfAgreement(history, "eve"));
        // Who could not tell has said nothing of what the image shows.
        Assert.True(ImageHistory.TellsOfAgreement([Entry(1, HistoryKind.Decided, DecisionKind.Skip)], "ann"));
    }

    [Fact]
    public void Decisions_are_the_same_to_the_last_member()
    {
        Decision Said() => new() { Kind = DecisionKind.Label, Annotations = [new ClassTag("dog")], Comment = "sure" };
        Assert.True(ImageHistory.AreSame(Said(), Said()));
        Assert.False(ImageHistory.AreSame(Said(), Said() with { Comment = null }));
        Assert.False(ImageHistory.AreSame(Said(), Said() with { Annotations = [new ClassTag("cat")] }));
        Assert.False(ImageHistory.AreSame(Said(), Said() with { ElapsedMilliseconds = 1 }));
    }

    /// <summary>Leases are given under some version, by whatever came before, and sent at any time and as often as anybody likes.</summary>
    [Fact]
    public void However_often_leases_are_sent_nobody_answers_twice_what_they_were_shown() =>
        Gen.Select(Gen.Int[0, 3], Gen.Bool, Gen.Int[0, 7], Gen.Int[0, 2]).Array[0, 120].Sample(steps =>
        {
            var history = new List<HistoryEntry>();
            var leases = new List<(string Actor, long Seen)>();
            var answered = new HashSet<(string Actor, long Seen)>();
            foreach (var (person, takes, which, decision) in steps)
            {
                var actor = $"person {person}";
                if (takes || leases.Count == 0)
                {
                    leases.Add((actor, history.Count));
                    continue;
                }
                var lease = leases[which % leases.Count];
                if (ImageHistory.AnswerOf(history, lease.Actor, lease.Seen) is not null) continue;
                Assert.True(answered.Add(lease));
                var kind = ImageHistory.KindOf(history, DecisionKind.Label, lease.Seen, TaskKind.Label);
                history.Add(Entry(history.Count + 1, kind, (DecisionKind)decision, decision == 0 ? "dog" : null, lease.Actor));
            }
            // Whoever holds a lease has the last word under it, once.
            Assert.All(leases, l => Assert.True(history.Count(e => e.Actor == l.Actor) <= leases.Count(o => o.Actor == l.Actor)));
        }, iter: 500);

    [Fact]
    public void The_entries_of_one_person_have_an_end()
    {
        var history = Enumerable.Range(1, ImageHistory.MaxOfOnePerson)
            .Select(v => Entry(v, HistoryKind.Corrected, DecisionKind.Reject)).ToList();
        Assert.True(ImageHistory.IsFull(history, "ann"));
        Assert.False(ImageHistory.IsFull(history, "bob"));
        Assert.False(ImageHistory.IsFull(history[1..], "ann"));
    }

    [Fact]
    public void Annotations_that_are_not_well_formed_are_named()
    {
        Assert.Contains("'bird'", AnnotationRules.Check([new ClassTag("bird")], Schema));
        Assert.Contains("More than one class", AnnotationRules.Check([new ClassTag("cat"), new ClassTag("dog")], Schema));
        Assert.Contains("takes class, and no box", AnnotationRules.Check([new BoxAnnotation("cat", new Box(0, 0, 1, 1))], Schema));
        var shapes = Schema with { Geometries = [Geometry.Box, Geometry.Polygon, Geometry.Mask, Geometry.Text] };
        Assert.Null(AnnotationRules.Check(
            [new BoxAnnotation("cat", new Box(0, 0, 1, 1)), new PolygonAnnotation("dog", [0, 0, 1, 0, 1, 1]),
                new MaskAnnotation("cat", new RunLengthMask(2, 2, [1, 3]))], shapes));
        Assert.Contains("add up to 3", AnnotationRules.Check([new MaskAnnotation("cat", new RunLengthMask(2, 2, [3]))], shapes));
        Assert.Contains("three points", AnnotationRules.Check([new TextAnnotation("cat", [0, 0], "x")], shapes));
        Assert.Contains("finite", AnnotationRules.Check([new BoxAnnotation("cat", new Box(double.NaN, 0, 1, 1))], shapes));
    }
}
