using Winnow.Grains.Images;
using Winnow.Model.Labels;
using Winnow.Model.Review;

namespace Winnow.Cluster.Tests.Images;

/// <summary>What each person did, and how far others agree, by small histories.</summary>
public sealed class PeopleCountTests
{
    private readonly List<HistoryEntry> _said = [];

    private PeopleCountTests Say(
        string actor, string said, TaskKind? asked = null, int labels = 1, bool verify = false, bool settles = false, long? of = null)
    {
        var decision = said switch
        {
            "skip" => new Decision { Kind = DecisionKind.Skip },
            "reject" => new Decision { Kind = DecisionKind.Reject },
            "confirm" => new Decision { Kind = DecisionKind.Confirm },
            "take-back" => new Decision { Kind = DecisionKind.TakeBack, Of = of },
            "again" => new Decision { Kind = DecisionKind.AskAgain },
            ['!', .. var known] => new Decision { Kind = DecisionKind.Gold, Annotations = [new ClassTag(known)] },
            _ => new Decision { Kind = DecisionKind.Label, Annotations = [new ClassTag(said)] },
        };
        var terms = asked is { } kind ? new TaskTerms(kind, labels, verify, settles) : null;
        var entry = ImageHistory.KindOf(_said, decision.Kind, _said.Count, asked ?? (of is null ? TaskKind.Label : null));
        _said.Add(new HistoryEntry(_said.Count + 1, entry, actor, DateTimeOffset.UnixEpoch, Guid.NewGuid(), decision, Terms: terms));
        return this;
    }

    private PeopleCountTests Together(string actor, string said) => Say(actor, said, TaskKind.Label, labels: 3);

    private PersonWork[] Count()
    {
        var people = new Dictionary<string, PersonWork>(StringComparer.Ordinal);
        ImageHistory.Count(_said, people);
        return [.. people.Values.OrderBy(p => p.Person, StringComparer.Ordinal)];
    }

    [Fact]
    public void Whoever_verifies_judges_whose_word_stands()
    {
        Say("ann", "cat", TaskKind.Label, verify: true).Say("bob", "confirm", TaskKind.Verify);
        Assert.Equal([new PersonWork("ann", Answers: 1, Compared: 1, Agreed: 1), new PersonWork("bob", Verified: 1)], Count());
        _said.Clear();
        Say("ann", "cat", TaskKind.Label, verify: true).Say("bob", "dog", TaskKind.Verify).Say("eve", "dog", TaskKind.Arbitrate);
        Assert.Equal(
            [
                new PersonWork("ann", Answers: 1, Compared: 2), new PersonWork("bob", Verified: 1, Compared: 1, Agreed: 1),
                new PersonWork("eve", Settled: 1),
            ], Count());
    }

    [Fact]
    public void A_rejection_is_judged_as_a_label_is()
    {
        Say("ann", "reject", TaskKind.Label, verify: true).Say("bob", "confirm", TaskKind.Verify);
        Assert.Equal((1L, 1L), (Count()[0].Compared, Count()[0].Agreed));
        _said.Clear();
        Say("ann", "reject", TaskKind.Label, verify: true).Say("bob", "cat", TaskKind.Verify);
        Assert.Equal((1L, 0L), (Count()[0].Compared, Count()[0].Agreed));
    }

    [Fact]
    public void Those_who_label_an_image_together_are_judged_by_what_most_say()
    {
        Together("ann", "cat").Together("bob", "dog").Together("eve", "cat");
        Assert.Equal([1L, 0L, 1L], Count().Select(p => p.Agreed));
        Assert.All(Count(), p => Assert.Equal((1L, 1L), (p.Answers, p.Compared)));
        // Nobody is judged before it is settled, nor by what was taken back.
        _said.Clear();
        Together("ann", "cat").Together("bob", "dog").Together("eve", "skip");
        Assert.All(Count(), p => Assert.Equal(0, p.Compared));
        Assert.Equal([0L, 0L, 1L], Count().Select(p => p.Skips));
        Together("max", "cat").Say("max", "take-back", of: 4);
        Assert.All(Count(), p => Assert.Equal(0, p.Compared));
    }

    [Fact]
    public void What_is_known_judges_whoever_is_asked_and_changes_nothing()
    {
        Say("ann", "cat").Say("eve", "!cat").Say("bob", "cat", TaskKind.Qualify).Say("max", "dog", TaskKind.Qualify)
            .Say("zoe", "skip", TaskKind.Qualify);
        // Who cannot tell is not wrong.
        Assert.Equal([(0L, 0L), (1L, 1L), (0L, 0L), (1L, 0L), (0L, 0L)], Count().Select(p => (p.Gold, p.GoldRight)));
        Assert.Equal(["ann", "eve", "bob", "max", "zoe"], ImageHistory.KnownTo(_said));
        Assert.Equal((Model.Images.Stage.Gold, "cat"),
            (ImageHistory.Fold(_said).Stage, Assert.Single(ImageHistory.Fold(_said).Annotations).Class));
    }

    [Fact]
    [Trait("kind", "security")]
    public void Who_is_checked_is_right_by_what_they_said_first_whatever_they_say_or_take_back_since()
    {
        Say("eve", "!cat").Say("bob", "dog", TaskKind.Qualify).Say("bob", "cat", TaskKind.Qualify);
        Assert.Equal((1L, 0L), (Count()[0].Gold, Count()[0].GoldRight));
        _said.Clear();
        Say("eve", "!cat").Say("bob", "dog", TaskKind.Qualify).Say("bob", "take-back", of: 2).Say("bob", "cat", TaskKind.Qualify);
        Assert.Equal((1L, 0L), (Count()[0].Gold, Count()[0].GoldRight));
        _said.Clear();
        Say("eve", "!cat").Say("bob", "cat", TaskKind.Qualify).Say("bob", "dog", TaskKind.Qualify);
        Assert.Equal((1L, 1L), (Count()[0].Gold, Count()[0].GoldRight));
    }
}
