using System.Globalization;
using Winnow.Grains.Images;
using Winnow.Model.Review;

namespace Winnow.Grains.Review;

/// <summary>
/// What is said once: an operation id stands for one person's one decision, and a task is answered by each person once for what they were
/// shown, under a lease that they still have. Whatever else comes is told why, and leaves the history as it is.
/// </summary>
internal sealed partial class ImageGrain
{
    private const int MostNamed = 5;

    private static readonly string TooMany = string.Create(
        CultureInfo.InvariantCulture,
        $"You have made {ImageHistory.MaxOfOnePerson} entries in the history of this image, as many as one person may. "
        + $"Have somebody else look at it.");

    /// <summary>What becomes of a decision whose operation id is known.</summary>
    private async Task<SubmitResult> AgainAsync(
        HistoryEntry entry, SubmitDecision asSent, SubmitDecision command, string actor, CancellationToken cancellationToken)
    {
        // Both as they are kept now: an early release wrote down what came.
        Decision Filled(Decision said) => said is { Kind: DecisionKind.Gold, Annotations.Count: 0 }
            ? said with { Annotations = entry.Decision.Annotations } : said;
        // Sent once more in the names of an earlier schema, it is what was said then; in those of the newest, what that counts as.
        var same = entry.Actor == actor
            && (ImageHistory.AreSame(entry.Decision.Cleaned(), Filled(asSent.Decision).Cleaned())
            || (command.Decision.Check(_dataset.Schema) is null && ImageHistory.AreSame(
                ImageHistory.Mapped(entry, Map).Decision.Cleaned(),
                (await AsKeptAsync(Filled(command.Decision), cancellationToken)).Decision.Cleaned())));
        if (same) return new SubmitResult(_image, SubmitStatus.AlreadyRecorded, entry.Version);
        var whose = entry.Actor == actor ? "for another answer of yours" : "by somebody else";
        return new SubmitResult(
            _image, SubmitStatus.Conflict, _history.Count,
            $"Operation id {command.OperationId} was used before, {whose}. Nothing was recorded. "
            + "Send this decision under an id of its own.");
    }

    private const string OfAnother = "The lease is of another dataset, which bore this name before. Take the task again.";
    private const string NoVerification =
        "Only who was asked whether a label is right can confirm it, under the lease of that task. Send the label itself.";

    private const string MayNoMore = "You do not hold the permission that such a task needs, or hold it no more. Nothing was recorded.";

    private const string SaidOtherwise =
        "What stands of the image is another word by now than you were shown. Nothing was recorded: take the task again, and look at it.";

    private const string NotOnesOwn = "You have said what this image shows, and others are asked now. Take another task.";

    private const string OneOfThem =
        "People disagree about this image, and you are one of them: somebody else settles it. Your own word you may take back.";

    private const string GivenBack = "You gave this task back, and others may be at it. Take it again to answer it.";

    // Ends of the leases that people gave back. What is forgotten with the activation costs no answer: theirs is then taken as a late one.
    private readonly Dictionary<string, DateTimeOffset> _givenBack = new(StringComparer.Ordinal);

    public Task GaveBackAsync(string actor, DateTimeOffset leaseEnds, CancellationToken cancellationToken)
    {
        _givenBack[actor] = leaseEnds;
        var left = leaseEnds - time.GetUtcNow();
        if (left > TimeSpan.Zero) DelayDeactivation(left);
        return Task.CompletedTask;
    }

    /// <summary>Whether its bearer gave the task back. They may still say what they think of an image that others have decided.</summary>
    private bool WasGivenBack(in Lease lease) => _givenBack.TryGetValue(lease.Actor, out var ends) && lease.Expires <= ends;

    private static string InShort(string[] classes) => classes.Length == 0 ? "that nothing of it is there"
        : $"'{string.Join("', '", classes.Take(MostNamed))}'{(classes.Length > MostNamed ? " and others" : "")}";

    private string AlreadyGiven(HistoryEntry given)
    {
        var said = given.Decision.Kind switch
        {
            DecisionKind.Label => InShort([.. given.Decision.Annotations.Select(a => a.Class).Distinct(StringComparer.Ordinal)]),
            DecisionKind.Reject => "a rejection",
            DecisionKind.Confirm => "that the label is right",
            _ => "that you could not tell",
        };
        return string.Create(
            CultureInfo.InvariantCulture,
            $"You have answered this task already: {said}, entry {given.Version} of its history. "
            + $"To change it send a correction, which is the decision without the lease and with expectedVersion {_history.Count} "
            + $"(where somebody has changed it since, with the permission correct-decisions).");
    }
}
