using System.Globalization;
using Winnow.Grains.Images;
using Winnow.Model.Datasets;
using Winnow.Model.Review;

namespace Winnow.Grains.Review;

/// <summary>What bounds a decision.</summary>
internal enum SubmitBounds
{
    /// <summary>Nothing: a label schema wants it.</summary>
    None,
    /// <summary>As many entries as one person may make.</summary>
    Person,
    /// <summary>That too, and what the person was asked; what others said is not told.</summary>
    Asked,
    /// <summary>That too, and what the person said themselves.</summary>
    Own,
}

/// <summary>A decision as it comes to its image.</summary>
/// <param name="Command">What was sent.</param>
/// <param name="Actor">Who sent it.</param>
/// <param name="Bounds">What bounds it.</param>
/// <param name="Dataset">The dataset as it is.</param>
/// <param name="History">What has been said of the image so far, as the newest schema has it.</param>
internal sealed record Submission(
    SubmitDecision Command, string Actor, SubmitBounds Bounds, DatasetInfo Dataset, IReadOnlyList<HistoryEntry> History)
{
    /// <summary>What its lease says; null where it has none, or one that this cluster did not give.</summary>
    public Lease? Lease { get; init; }

    /// <summary>Whether its author gave the task back.</summary>
    public bool GivenBack { get; init; }

    /// <summary>The kinds of tasks that its author may answer; null for all.</summary>
    public IReadOnlyList<TaskKind>? May { get; init; }
}

/// <summary>Why a decision is not recorded.</summary>
/// <param name="Status">What its author is told that became of it.</param>
/// <param name="Reason">Why, as a sentence.</param>
internal sealed record SubmitRefusal(SubmitStatus Status, string Reason)
{
    /// <summary>The answer that its author has given to the task already; null where that is not why.</summary>
    public HistoryEntry? Given { get; init; }
}

/// <summary>What a decision rests on.</summary>
/// <param name="Seen">Entries of the history that its author has seen.</param>
/// <param name="Asked">What they were asked; null where they say something of what stands.</param>
/// <param name="Terms">On which terms they were asked; null on plain ones.</param>
internal readonly record struct SubmitBasis(long Seen, TaskKind? Asked, TaskTerms? Terms);

/// <summary>
/// Who may say what of an image, and when. A pure function of its history, the lease and who says it: nobody is asked, and the same is
/// refused whoever else writes meanwhile, which the commit finds out.
/// </summary>
internal static class SubmitRules
{
    private const int MostNamed = 5;

    private static readonly string TooMany = string.Create(
        CultureInfo.InvariantCulture,
        $"You have made {ImageHistory.MaxOfOnePerson} entries in the history of this image, as many as one person may. "
        + $"Have somebody else look at it.");

    /// <summary>How many of the first entries a person made: what somebody who only answers is told in the place of their count.</summary>
    public static int OwnOf(IReadOnlyList<HistoryEntry> history, string actor, long through = long.MaxValue) =>
        history.Count(e => e.Actor == actor && e.Told is null && e.Version <= through);

    /// <summary>
    /// A decision of somebody who only answers, by the numbers of the history. They count their own entries: a count of all would tell
    /// what others said. Where it comes once more it is what it was the first time.
    /// </summary>
    public static SubmitDecision InHistory(SubmitDecision command, string actor, IReadOnlyList<HistoryEntry> history)
    {
        if (command.Decision is not { Kind: DecisionKind.TakeBack, Of: { } of }) return command;
        HistoryEntry[] before = [.. history.TakeWhile(e => e.OperationId != command.OperationId)];
        HistoryEntry[] own = [.. before.Where(e => e.Actor == actor && e.Told is null)];
        return command.ExpectedVersion == before.Length || command.ExpectedVersion != own.Length || of < 1 || of > own.Length
            ? command : command with { Decision = command.Decision with { Of = own[of - 1].Version } };
    }

    /// <summary>What a decision rests on: the lease of its task, or the version of the history that was looked at.</summary>
    public static SubmitRefusal? FindBasis(Submission sent, out SubmitBasis basis)
    {
        basis = default;
        var (command, dataset) = (sent.Command, sent.Dataset);
        if (command.Lease is null)
        {
            if (command.ExpectedVersion is not { } expected)
                return Refused("A decision needs the lease of its task, or for a correction the version that was seen.");
            basis = new SubmitBasis(sent.History.Count, null, null);
            var isOwn = sent.Bounds == SubmitBounds.Own;
            if (expected == sent.History.Count || (isOwn && expected == OwnOf(sent.History, sent.Actor))) return null;
            return Conflict(isOwn
                ? string.Create(CultureInfo.InvariantCulture,
                    $"{expected} is not how many entries the image has of you. Look at it again.")
                : string.Create(CultureInfo.InvariantCulture,
                    $"The image has {sent.History.Count} history entries, not {expected}. Look at it again."));
        }
        if (sent.Lease is not { } lease) return Refused("The lease is not one that this cluster gave. Take the task again.");
        if (lease.Dataset != dataset.Name || lease.Image != command.Image) return Refused("The lease is for another image.");
        if (lease.Actor != sent.Actor) return Refused("The lease was given to somebody else.");
        if (!lease.IsOf(dataset)) return Refused("The lease is of another dataset, which bore this name before. Take the task again.");
        if (sent.May is { } may && !may.Contains(lease.Kind))
            return Refused("You do not hold the permission that such a task needs, or hold it no more. Nothing was recorded.");
        basis = new SubmitBasis(lease.Version, lease.Kind, lease.Terms == TaskTerms.Plain ? null : lease.Terms);
        return null;
    }

    /// <summary>Why its author may not say it, whatever it is.</summary>
    public static SubmitRefusal? MayNotSay(Submission sent, SubmitBasis basis)
    {
        var (decision, history, actor) = (sent.Command.Decision, sent.History, sent.Actor);
        if (basis.Asked is not null && ImageHistory.AnswerOf(history, actor, basis.Seen) is { } given)
            return Conflict(AlreadyGiven(given, history, sent.Bounds == SubmitBounds.Asked ? actor : null)) with { Given = given };
        if (decision.Kind == DecisionKind.Confirm && basis.Asked != TaskKind.Verify)
            return Refused(
                "Only who was asked whether a label is right can confirm it, under the lease of that task. Send the label itself.");
        if (basis.Asked == TaskKind.Qualify && ImageHistory.KnownTo(history).Contains(actor)) return NotOnesOwn;
        if (sent.Bounds == SubmitBounds.None) return null;
        if (ImageHistory.IsFull(history, actor)) return Refused(TooMany);
        if (sent.Bounds == SubmitBounds.Own && !ImageHistory.MayAmend(history, actor, decision)) return Refused(NotOwn(decision.Kind));
        return basis.Asked is null && ImageHistory.SettlesOwnDispute(history, actor, decision)
            ? Refused("People disagree about this image, and you are one of them: somebody else settles it. Your own word you may take "
                + "back.")
            : null;
    }

    /// <summary>What the decision is in the history, and on which terms; or why it has no place there.</summary>
    /// <param name="sent">The decision as it came.</param>
    /// <param name="kept">The same as it is kept.</param>
    /// <param name="basis">What it rests on.</param>
    /// <param name="place">What it is.</param>
    public static SubmitRefusal? FindPlace(
        Submission sent, Decision kept, SubmitBasis basis, out (HistoryKind Kind, TaskTerms? Terms) place)
    {
        var (history, actor, terms) = (sent.History, sent.Actor, basis.Terms);
        var kind = ImageHistory.KindOf(history, sent.Command.Decision.Kind, basis.Seen, basis.Asked);
        place = (kind, terms);
        if (kind == HistoryKind.Decided && basis.Asked != TaskKind.Qualify && ImageHistory.AnsweredBy(history).Contains(actor))
            return NotOnesOwn;
        if (kind == HistoryKind.Decided && basis.Asked == TaskKind.Verify)
        {
            var stands = ImageHistory.Fold(history).Of;
            if (ImageHistory.Fold([.. history.Take((int)basis.Seen)]).Of != stands)
                return Conflict("What stands of the image is another word by now than you were shown. Nothing was recorded: take the task "
                    + "again, and look at it.");
            terms = terms! with { Of = stands };
        }
        if (basis.Asked is null && kept.Kind is DecisionKind.Label or DecisionKind.Reject)
            terms = ImageHistory.TermsOfOwn(history, actor, ownOnly: sent.Bounds == SubmitBounds.Own);
        place = (kind, terms);
        return sent.GivenBack && kind != HistoryKind.SecondOpinion
            ? Refused("You gave this task back, and others may be at it. Take it again to answer it.") : null;
    }

    private static SubmitRefusal NotOnesOwn =>
        Conflict("You have said what this image shows, and others are asked now. Take another task.");

    private static SubmitRefusal Refused(string reason) => new(SubmitStatus.Refused, reason);

    private static SubmitRefusal Conflict(string reason) => new(SubmitStatus.Conflict, reason);

    private static string NotOwn(DecisionKind kind) => kind switch
    {
        DecisionKind.Gold =>
            "To say that what stands is known for certain needs the permission correct-decisions, which you do not hold here.",
        DecisionKind.AskAgain =>
            "To have an image asked about again needs the permission correct-decisions, which you do not hold here.",
        _ => "It would change what others said, which needs the permission correct-decisions; you do not hold it here. "
            + "What you said last yourself you may change.",
    };

    private static string InShort(string[] classes) => classes.Length == 0 ? "that nothing of it is there"
        : $"'{string.Join("', '", classes.Take(MostNamed))}'{(classes.Length > MostNamed ? " and others" : "")}";

    private static string AlreadyGiven(HistoryEntry given, IReadOnlyList<HistoryEntry> history, string? ownOf)
    {
        var said = given.Decision.Kind switch
        {
            DecisionKind.Label => InShort([.. given.Decision.Annotations.Select(a => a.Class).Distinct(StringComparer.Ordinal)]),
            DecisionKind.Reject => "a rejection",
            DecisionKind.Confirm => "that the label is right",
            _ => "that you could not tell",
        };
        if (ownOf is not null)
            return string.Create(CultureInfo.InvariantCulture,
                $"You have answered this task already: {said}, entry {OwnOf(history, ownOf, given.Version)} of yours. To change it send a "
                + $"correction, which is the decision without the lease and with expectedVersion {OwnOf(history, ownOf)}.");
        return string.Create(
            CultureInfo.InvariantCulture,
            $"You have answered this task already: {said}, entry {given.Version} of its history. "
            + $"To change it send a correction, which is the decision without the lease and with expectedVersion {history.Count} "
            + $"(where somebody has changed it since, with the permission correct-decisions).");
    }
}
