using Winnow.Model.Images;
using Winnow.Model.Review;

namespace Winnow.Grains.Images;

/// <summary>What people may make of what they said themselves.</summary>
public static partial class ImageHistory
{
    /// <summary>
    /// Whether a person may change what stands without being asked to judge others: it is what they said last themselves, and an entry that
    /// is taken back is theirs. What a restoration told of is nobody's here.
    /// </summary>
    public static bool MayAmend(IReadOnlyList<HistoryEntry> entries, string actor, Decision decision) => decision.Kind switch
    {
        DecisionKind.AskAgain or DecisionKind.Gold => false,
        DecisionKind.TakeBack => entries.FirstOrDefault(e => e.Version == decision.Of) is { Told: null } own && own.Actor == actor,
        // Whoever was checked by it may think better of what they said, as of any other answer.
        _ when OwnCheck(entries, actor) is not null => true,
        // What people disagree about is an arbitrator's to settle.
        _ => Counting(entries) is [.., var (last, after)] && last is { Told: null, Decision.Kind: not DecisionKind.AskAgain }
            && last.Actor == actor && after.Stage != Stage.Disputed && (last.Terms?.Kind ?? TaskKind.Label) == TaskKind.Label,
    };

    /// <summary>
    /// Whether a decision without a lease would settle what its author and others disagree about: nobody does, whatever else they may. To
    /// take one's own word back does not help: it was said, and until others have settled it its author is one of them.
    /// </summary>
    public static bool SettlesOwnDispute(IReadOnlyList<HistoryEntry> entries, string actor, Decision decision)
    {
        if (decision.Kind == DecisionKind.TakeBack && entries.Any(e => e.Version == decision.Of && e.Actor == actor)) return false;
        var back = TakenBack(entries);
        HistoryEntry[] said =
        [
            .. entries.Where(e => e.Decision.Kind != DecisionKind.TakeBack
                && (back?.Contains(e.Version) != true || (e.Actor == actor && Answers(e)))),
        ];
        return AnsweredBy(said).Contains(actor) && (Fold(entries).Stage == Stage.Disputed || Fold(said).Stage == Stage.Disputed);
    }

    /// <summary>
    /// On which terms a person said last what they say anew without a lease; null where they judge what stands. One of several labels is
    /// one still, whatever its author makes of it, until all have said theirs; who may change their own word alone has no more than that
    /// ever.
    /// </summary>
    public static TaskTerms? TermsOfOwn(IReadOnlyList<HistoryEntry> entries, string actor, bool ownOnly)
    {
        if (!ownOnly && Fold(entries).Closed) return null;
        if (ownOnly && OwnCheck(entries, actor) is { } check) return check.Terms;
        var own = Counting(entries).LastOrDefault(c => c.Entry.Actor == actor && Answers(c.Entry)).Entry;
        return own?.Terms is { Kind: TaskKind.Label, Labels: > 1 } terms ? terms : null;
    }

    /// <summary>What a person said last of an image, where it was a check of what they know; null otherwise.</summary>
    private static HistoryEntry? OwnCheck(IReadOnlyList<HistoryEntry> entries, string actor)
    {
        var back = TakenBack(entries);
        var last = entries.LastOrDefault(e => e.Actor == actor && e.Told is null && back?.Contains(e.Version) != true && Answers(e));
        return last?.Terms?.Kind == TaskKind.Qualify ? last : null;
    }
}
