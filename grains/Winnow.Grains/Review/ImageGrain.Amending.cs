using Winnow.Abstractions.Images;
using Winnow.Grains.Images;
using Winnow.Grains.Placement;
using Winnow.Model.Images;
using Winnow.Model.Labels;
using Winnow.Model.Review;

namespace Winnow.Grains.Review;

/// <summary>
/// What was said can be taken back, or asked about again: each is an entry of its own, so that who did what stays told. Whoever may not
/// correct others may still change what stands by their own word.
/// </summary>
internal sealed partial class ImageGrain
{
    /// <summary>A result for somebody who only answers: how many entries others made would tell whether they are checked.</summary>
    private SubmitResult OfOwn(SubmitResult result, string actor) =>
        result with { Version = SubmitRules.OwnOf(_history, actor, result.Version) };

    private static bool Amends(Decision decision) => decision.Kind is DecisionKind.TakeBack or DecisionKind.AskAgain;

    /// <summary>What stands: what people said, or the label that came with the image where they said nothing.</summary>
    private Standing StandingOf(int cameWith)
    {
        var said = ImageHistory.Fold(_history);
        // Nobody knows what it counts as; it is about to be asked about again.
        if (said.IsVoid) return said with { Annotations = [], IsLabelled = false };
        if (said.Closed || said.TakesNoOther || cameWith < 0 || Map.NameOf(cameWith) is not { } name) return said;
        return said with { Annotations = [new ClassTag(name)], IsLabelled = true, Closed = true };
    }

    /// <summary>
    /// Why what would stand cannot, as a sentence; null when it can. What is taken back may leave a label of which nobody knows what it
    /// counts as by now.
    /// </summary>
    private async Task<string?> CannotStandAsync(Decision decision, Standing standing, CancellationToken cancellationToken)
    {
        if (decision.Kind != DecisionKind.TakeBack || _dataset.Schema.Version is null) return null;
        var asks = standing.IsVoid;
        if (!asks && !standing.Closed && !standing.TakesNoOther)
        {
            var record = await OnShardAsync((IShardIngest shard) => shard.FindAsync(_image, cancellationToken), cancellationToken);
            asks = record is { Row.Label: >= 0 and var cameWith } && Map.Asks(cameWith);
        }
        return asks ? "What would stand then is of a class that was split or retired, and is to be said anew. Say what the image shows."
            : null;
    }

    /// <summary>Whose word is taken back; null where none is.</summary>
    private string? AuthorOf(Decision decision) => _history.Find(e => e.Version == decision.Of)?.Actor;

    private const string NothingKnown =
        "Nothing stands of the image that could be known for certain. "
        + "Send what it shows with it ('annotations', or 'review gold --class').";

    /// <summary>What is known for certain: what was sent with it, or what stands; null where nothing does.</summary>
    private async Task<Decision?> AsGoldAsync(Decision decision, CancellationToken cancellationToken)
    {
        if (decision.Annotations.Count > 0) return decision;
        var record = await OnShardAsync((IShardIngest shard) => shard.FindAsync(_image, cancellationToken), cancellationToken);
        var standing = StandingOf(record?.Row.Label ?? -1);
        return standing.IsLabelled ? decision with { Annotations = standing.Annotations } : null;
    }

    /// <summary>Why an image cannot be opened again, as a sentence; null when it can, or is not to be.</summary>
    private async Task<string?> CannotAmendAsync(SubmitDecision command, CancellationToken cancellationToken)
    {
        if (command is { Lease: null, Decision.Kind: DecisionKind.Skip })
            return "That one cannot tell is said of a task, under its lease. To have others look at the image, ask again.";
        if (command.Decision.Kind == DecisionKind.Gold)
            return !level.KeepsTiers ? KnownLevel.TooLow
                : command.Lease is null ? null : "That a label is known is said of what stands, not of a task: leave the lease out.";
        if (!Amends(command.Decision)) return null;
        if (!level.Reopens) return KnownLevel.TooLow;
        if (command.Lease is not null)
            return "Taking back and asking again are said of what stands, not of a task: leave the lease out, and send expectedVersion.";
        if (command.Decision is { Kind: DecisionKind.TakeBack, Of: { } of }) return ImageHistory.CannotTakeBack(_history, of);
        var record = await OnShardAsync((IShardIngest shard) => shard.FindAsync(_image, cancellationToken), cancellationToken);
        // That the dataset does not hold it is said by the commit.
        if (record is null) return null;
        if (record.Stage == Stage.Quarantined) return "The image is put aside, and nobody can be asked about it.";
        if (record.Row.Partition == Partition.Holdout)
            return "The image is of the holdout, about which nobody is asked. Send a correction.";
        // Also where nobody knows what it counts as: that is what asking again is for.
        var standing = StandingOf(record.Row.Label);
        return BearsUnknown(record) || standing.Closed || DecidedOf(record, standing).Any(d => d.Stands) ? null
            : "Nothing stands of the image that could be said anew: people are asked about it, or may still be.";
    }
}
