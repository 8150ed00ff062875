using Winnow.Model.Images;

namespace Winnow.Model.Acts;

/// <summary>
/// What somebody did, as the trail has it. Acts are numbered 1, 2, 3, … without a gap in their stream and never change; who did it and to
/// what can be made unreadable by law, and is null then, while the act and its number stay.
/// </summary>
/// <param name="Stream">Where it stands: <c>cluster</c>, <c>shard/N</c> of a dataset, or <c>told/N</c>, which a backup told.</param>
/// <param name="Sequence">Its number in the stream.</param>
/// <param name="At">When.</param>
/// <param name="What">What was done.</param>
/// <param name="Outcome">How it ended.</param>
public sealed record Act(string Stream, long Sequence, DateTimeOffset At, ActKind What, ActOutcome Outcome)
{
    /// <summary>Who, as history names them: <c>PRINCIPAL</c>, or <c>PRINCIPAL for NAME</c>; null where that was erased.</summary>
    public string? Actor { get; init; }

    /// <summary>The address that they called from, as the server's limits see it; null where there was none, or it was erased.</summary>
    public string? Address { get; init; }

    /// <summary>The dataset that it was done in; null for the cluster.</summary>
    public string? Dataset { get; init; }

    /// <summary>The image that it was done to; null for another thing, or where that was erased.</summary>
    public ImageId? Image { get; init; }

    /// <summary>Whom it was about, such as who was granted a role; null for nobody, or where that was erased.</summary>
    public string? About { get; init; }

    /// <summary>Which of the dataset's or the cluster's things: a version's number, a key's id, a role, how many images.</summary>
    public string? Of { get; init; }

    /// <summary>What bytes were wanted for: <c>review</c>, <c>export</c>, <c>backup</c>; null where none were given out.</summary>
    public string? Purpose { get; init; }

    /// <summary>Whether a backup told it, so that this server has not seen it itself.</summary>
    public bool Told { get; init; }
}

/// <summary>A page of acts.</summary>
/// <param name="Acts">In the order of their time, and of each stream in the order of its numbers.</param>
/// <param name="Next">
/// 'after' of the next page, or of a later question for what came since; null where nothing is there yet to continue from.
/// </param>
/// <param name="More">Whether there may be more at this moment.</param>
public sealed record ActPage(IReadOnlyList<Act> Acts, string? Next, bool More);
