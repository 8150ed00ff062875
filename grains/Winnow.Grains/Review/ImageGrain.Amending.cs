using Winnow.Abstractions.Images;
using Winnow.Grains.Images;
using Winnow.Model.Images;
using Winnow.Model.Review;

namespace Winnow.Grains.Review;

/// <summary>
/// What was said can be taken back, or asked about again: each is an entry of its own, so that who did what stays told. Whoever may not
/// correct others may still change what stands by their own word.
/// </summary>
internal sealed partial class ImageGrain
{
    private static bool Amends(Decision decision) => decision.Kind is DecisionKind.TakeBack or DecisionKind.AskAgain;

    private string? NotOwn(Decision decision, string actor) => ImageHistory.MayAmend(_history, actor, decision) ? null
        : decision.Kind == DecisionKind.AskAgain
            ? "To have an image asked about again needs the permission correct-decisions, which you do not hold here."
            : "It would change what others said, which needs the permission correct-decisions; you do not hold it here. "
                + "What you said last yourself you may change.";

    /// <summary>Why an image cannot be opened again, as a sentence; null when it can, or is not to be.</summary>
    private async Task<string?> CannotAmendAsync(SubmitDecision command, CancellationToken cancellationToken)
    {
        if (!Amends(command.Decision)) return null;
        if (command.Lease is not null)
            return "Taking back and asking again are said of what stands, not of a task: leave the lease out, and send expectedVersion.";
        if (command.Decision is { Kind: DecisionKind.TakeBack, Of: { } of }) return ImageHistory.CannotTakeBack(_history, of);
        var record = await OnShardAsync((IShardIngest shard) => shard.FindAsync(_image, cancellationToken), cancellationToken);
        // That the dataset does not hold it is said by the commit.
        if (record is null) return null;
        if (record.Stage == Stage.Quarantined) return "The image is put aside, and nobody can be asked about it.";
        if (record.Row.Partition == Partition.Holdout)
            return "The image is of the holdout, about which nobody is asked. Send a correction.";
        if (record.Row.Label >= 0 && !ImageHistory.IsAskedAgain(_history)) return null;
        return ImageHistory.Fold(_history).Closed ? null
            : "Nothing stands of the image that could be said anew: people are asked about it, or may still be.";
    }
}
