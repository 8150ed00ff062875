using Winnow.Grains.Images;
using Winnow.Model.Review;

namespace Winnow.Grains.Review;

/// <summary>
/// What is said once: an operation id stands for one person's one decision, and a task is answered by each person once for what they were
/// shown, under a lease that they still have. Whatever else comes is told why, and leaves the history as it is.
/// </summary>
internal sealed partial class ImageGrain
{
    /// <summary>What becomes of a decision whose operation id is known.</summary>
    private async Task<SubmitResult> AgainAsync(
        HistoryEntry entry, SubmitDecision asSent, SubmitDecision command, string actor, CancellationToken cancellationToken)
    {
        // Both as they are kept now: an early release wrote down what came.
        Decision Filled(Decision said) => said is { Kind: DecisionKind.Gold, Annotations.Count: 0 }
            ? said with { Annotations = entry.Decision.Annotations } : said;
        // Sent once more in the names of an earlier schema, it is what was said then; in those of the newest, what that counts as.
        var same = entry.Actor == actor && (ImageHistory.AreSame(entry.Decision.Cleaned(), Filled(asSent.Decision).Cleaned())
            || (command.Decision.Check(_dataset.Schema) is null && ImageHistory.AreSame(ImageHistory.Mapped(entry, Map).Decision.Cleaned(),
                (await AsKeptAsync(Filled(command.Decision), cancellationToken)).Decision.Cleaned())));
        if (same) return new SubmitResult(_image, SubmitStatus.AlreadyRecorded, entry.Version);
        var whose = entry.Actor == actor ? "for another answer of yours" : "by somebody else";
        return new SubmitResult(
            _image, SubmitStatus.Conflict, _history.Count,
            $"Operation id {command.OperationId} was used before, {whose}. Nothing was recorded. "
            + "Send this decision under an id of its own.");
    }

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
}
