using Winnow.Cluster.Tests.Images;
using Winnow.Grains.Images;
using Winnow.Grains.Review;
using Winnow.Model.Datasets;
using Winnow.Model.Labels;
using Winnow.Model.Review;

namespace Winnow.Cluster.Tests.Review;

/// <summary>Who may say what of an image, and when: told from its history and a lease alone.</summary>
public sealed class SubmitRulesTests
{
    private static readonly DateTimeOffset Noon = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);
    private static readonly LabelSchema Schema = new() { Classes = [new("cat"), new("dog")] };
    private static readonly DatasetInfo Cats = new("cats", Schema, new DatasetSettings(), Noon, "ada");

    private static Decision Says(string name) => new() { Kind = DecisionKind.Label, Annotations = [new ClassTag(name)] };

    private static Decision Is(DecisionKind kind, long? of = null) => new() { Kind = kind, Of = of };

    private static HistoryEntry[] History(params (string Actor, Decision Decision, TaskTerms? Terms)[] entries) =>
    [
        .. entries.Select((e, i) => new HistoryEntry(i + 1, e.Decision.Kind == DecisionKind.TakeBack ? HistoryKind.TakenBack
            : HistoryKind.Decided, e.Actor, Noon.AddMinutes(i), Guid.NewGuid(), e.Decision, Terms: e.Terms)),
    ];

    private static Lease LeaseOf(string actor, int version = 0, TaskTerms? terms = null) =>
        new("cats", ShardIndexTests.IdOf(1), version, actor, Noon.AddHours(1), Noon, Terms: terms);

    /// <summary>An answer under a lease.</summary>
    private static Submission Answer(Decision decision, Lease? lease, IReadOnlyList<HistoryEntry>? history = null) =>
        new(new SubmitDecision(ShardIndexTests.IdOf(1), Guid.NewGuid(), decision, "signed"), "ann", SubmitBounds.Person, Cats,
            history ?? [])
        {
            Lease = lease,
        };

    /// <summary>A word about what stands.</summary>
    private static Submission Amendment(
        Decision decision, IReadOnlyList<HistoryEntry> history, SubmitBounds bounds = SubmitBounds.Person, long? expected = null) =>
        new(new SubmitDecision(ShardIndexTests.IdOf(1), Guid.NewGuid(), decision, ExpectedVersion: expected ?? history.Count), "ann",
            bounds, Cats, history);

    private static SubmitRefusal? Judge(Submission sent, out (HistoryKind Kind, TaskTerms? Terms) place)
    {
        place = default;
        return SubmitRules.FindBasis(sent, out var basis) ?? SubmitRules.MayNotSay(sent, basis)
            ?? SubmitRules.FindPlace(sent, sent.Command.Decision, basis, out place);
    }

    private static void Refused(Submission sent, SubmitStatus status, string said)
    {
        var refusal = Judge(sent, out _);
        Assert.Equal(status, refusal?.Status);
        Assert.Contains(said, refusal!.Reason, StringComparison.Ordinal);
    }

    private static (HistoryKind Kind, TaskTerms? Terms) Taken(Submission sent)
    {
        var refusal = Judge(sent, out var place);
        Assert.Null(refusal?.Reason);
        return place;
    }

    [Fact]
    public void A_decision_rests_on_the_lease_of_its_task_or_on_the_version_that_was_seen()
    {
        Assert.Equal((HistoryKind.Decided, null), Taken(Answer(Says("cat"), LeaseOf("ann"))));
        Refused(Answer(Says("cat"), null), SubmitStatus.Refused, "not one that this cluster gave");
        Refused(Answer(Says("cat"), LeaseOf("ann") with { Image = ShardIndexTests.IdOf(2) }), SubmitStatus.Refused, "for another image");
        Refused(Answer(Says("cat"), LeaseOf("ann") with { Dataset = "dogs" }), SubmitStatus.Refused, "for another image");
        Refused(Answer(Says("cat"), LeaseOf("bob")), SubmitStatus.Refused, "given to somebody else");
        Refused(Answer(Says("cat"), LeaseOf("ann") with { Since = Noon.AddDays(-1) }), SubmitStatus.Refused, "of another dataset");
        var said = History(("bob", Says("dog"), null));
        Assert.Equal(HistoryKind.Corrected, Taken(Amendment(Says("cat"), said)).Kind);
        Refused(Amendment(Says("cat"), said, expected: 0), SubmitStatus.Conflict, "has 1 history entries, not 0");
        var neither = Amendment(Says("cat"), said);
        Refused(neither with { Command = neither.Command with { ExpectedVersion = null } }, SubmitStatus.Refused,
            "needs the lease of its task");
    }

    [Fact]
    public void A_task_is_answered_by_who_may_answer_its_kind_and_has_not_given_it_back()
    {
        var lease = LeaseOf("ann", terms: new TaskTerms(TaskKind.Arbitrate));
        Refused(Answer(Says("cat"), lease) with { May = [TaskKind.Label, TaskKind.Verify] }, SubmitStatus.Refused,
            "do not hold the permission");
        Refused(Answer(Says("cat"), LeaseOf("ann")) with { GivenBack = true }, SubmitStatus.Refused, "You gave this task back");
        // What others have decided meanwhile they may still have an opinion of.
        var late = Answer(Says("cat"), LeaseOf("ann"), History(("bob", Says("dog"), null))) with { GivenBack = true };
        Assert.Equal(HistoryKind.SecondOpinion, Taken(late).Kind);
    }

    [Fact]
    public void Nobody_answers_a_task_twice_nor_judges_their_own_word()
    {
        var own = History(("ann", Says("cat"), null));
        var again = Judge(Answer(Says("dog"), LeaseOf("ann"), own), out _)!;
        Assert.Equal((SubmitStatus.Conflict, own[0]), (again.Status, again.Given));
        Assert.Contains("You have answered this task already: 'cat', entry 1", again.Reason, StringComparison.Ordinal);
        Assert.Contains("expectedVersion 1 ", again.Reason, StringComparison.Ordinal);
        // Their answer lies before the lease: they are asked to verify what they said.
        Refused(Answer(Is(DecisionKind.Confirm), LeaseOf("ann", 1, new TaskTerms(TaskKind.Verify)),
            History(("ann", Says("cat"), new TaskTerms(Verify: true)))), SubmitStatus.Conflict, "others are asked now");
        var known = History(("ann", Is(DecisionKind.Gold), null));
        Refused(Answer(Says("cat"), LeaseOf("ann", 1, new TaskTerms(TaskKind.Qualify)), known), SubmitStatus.Conflict,
            "others are asked now");
    }

    [Fact]
    public void A_label_is_confirmed_by_who_was_asked_whether_it_is_right_and_was_shown_what_stands()
    {
        var drawn = History(("bob", Says("cat"), new TaskTerms(Verify: true)));
        var terms = new TaskTerms(TaskKind.Verify);
        var place = Taken(Answer(Is(DecisionKind.Confirm), LeaseOf("ann", 1, terms), drawn));
        Assert.Equal((HistoryKind.Decided, terms with { Of = 1 }), place);
        Refused(Answer(Is(DecisionKind.Confirm), LeaseOf("ann"), drawn), SubmitStatus.Refused,
            "Only who was asked whether a label is right");
        Refused(Amendment(Is(DecisionKind.Confirm), drawn), SubmitStatus.Refused, "Only who was asked whether a label is right");
        // Somebody has said another word since.
        var word = drawn[0] with { Version = 2, Kind = HistoryKind.Corrected, Decision = Says("dog"), Terms = null };
        HistoryEntry[] other = [.. drawn, word];
        Assert.NotEqual(ImageHistory.Fold(drawn).Of, ImageHistory.Fold(other).Of);
        Refused(Answer(Is(DecisionKind.Confirm), LeaseOf("ann", 1, terms), other), SubmitStatus.Conflict, "another word by now");
    }

    [Fact]
    public void Who_may_not_correct_others_changes_their_own_last_word_alone()
    {
        var others = History(("bob", Says("cat"), null));
        Refused(Amendment(Says("dog"), others, SubmitBounds.Own), SubmitStatus.Refused, "It would change what others said");
        Refused(Amendment(Is(DecisionKind.AskAgain), others, SubmitBounds.Own), SubmitStatus.Refused, "To have an image asked about");
        Refused(Amendment(Is(DecisionKind.Gold), others, SubmitBounds.Own), SubmitStatus.Refused, "known for certain");
        Refused(Amendment(Is(DecisionKind.TakeBack, 1), others, SubmitBounds.Own), SubmitStatus.Refused, "It would change what");
        var own = History(("ann", Says("cat"), null));
        Assert.Equal(HistoryKind.Corrected, Taken(Amendment(Says("dog"), own, SubmitBounds.Own)).Kind);
        Assert.Equal(HistoryKind.TakenBack, Taken(Amendment(Is(DecisionKind.TakeBack, 1), own, SubmitBounds.Own)).Kind);
    }

    [Fact]
    public void One_person_has_so_many_entries_and_a_change_of_the_schema_has_room_all_the_same()
    {
        var full = History([.. Enumerable.Repeat(("ann", Says("cat"), (TaskTerms?)null), ImageHistory.MaxOfOnePerson)]);
        Refused(Amendment(Says("dog"), full), SubmitStatus.Refused, "You have made 100 entries");
        Assert.Equal(HistoryKind.AskedAgain, Taken(Amendment(Is(DecisionKind.AskAgain), full, SubmitBounds.None)).Kind);
        Assert.Equal(HistoryKind.Corrected, Taken(Amendment(Says("dog"), full[1..])).Kind);
    }

    [Fact]
    public void Nobody_settles_a_dispute_of_their_own_but_each_may_take_their_word_back()
    {
        var terms = new TaskTerms(Labels: 2);
        var dispute = History(("ann", Says("cat"), terms), ("bob", Says("dog"), terms));
        Assert.Equal(Model.Images.Stage.Disputed, ImageHistory.Fold(dispute).Stage);
        Refused(Amendment(Says("dog"), dispute), SubmitStatus.Refused, "you are one of them");
        Refused(Amendment(Is(DecisionKind.TakeBack, 2), dispute), SubmitStatus.Refused, "you are one of them");
        Assert.Equal(HistoryKind.TakenBack, Taken(Amendment(Is(DecisionKind.TakeBack, 1), dispute)).Kind);
    }

    [Fact]
    public void One_of_several_labels_that_its_author_changes_stays_one_of_them()
    {
        var terms = new TaskTerms(Labels: 3);
        var some = History(("ann", Says("cat"), terms));
        Assert.Equal((HistoryKind.Corrected, terms), Taken(Amendment(Says("dog"), some, SubmitBounds.Own)));
        Assert.Null(Taken(Amendment(Says("dog"), History(("bob", Says("cat"), null)))).Terms);
    }

    [Fact]
    public void Who_counts_only_their_own_entries_takes_back_the_one_that_they_mean_also_when_it_is_sent_again()
    {
        // Somebody said what is known for certain; ann was checked by it, twice.
        var history = History(("eve", Says("cat"), null), ("ann", Says("dog"), null), ("ann", Says("cat"), null));
        Assert.Equal((2, 1), (SubmitRules.OwnOf(history, "ann"), SubmitRules.OwnOf(history, "ann", through: 2)));
        long? Meant(long of, long expected) => SubmitRules.InHistory(
            Amendment(Is(DecisionKind.TakeBack, of), history, expected: expected).Command, "ann", history).Decision.Of;
        Assert.Equal((2, 3), (Meant(1, 2), Meant(2, 2)));
        // Whoever names the image's own count means its numbers; what is no entry of theirs stays what it is.
        Assert.Equal((2, 3, 3), (Meant(2, 3), Meant(3, 3), Meant(3, 2)));
        var sent = Amendment(Is(DecisionKind.TakeBack, 1), history, expected: 2).Command;
        HistoryEntry[] after =
        [
            .. history,
            new(4, HistoryKind.TakenBack, "ann", Noon, sent.OperationId, SubmitRules.InHistory(sent, "ann", history).Decision),
        ];
        Assert.Equal(2, SubmitRules.InHistory(sent, "ann", after).Decision.Of);
    }
}
