using Winnow.Model.Review;

namespace Winnow.Studio.Label;

/// <summary>A task that this page holds, with its picture once that is here.</summary>
public sealed class HeldTask(ReviewTask task)
{
    public ReviewTask Task { get; } = task;

    /// <summary>The lease to answer with, where nothing later is known.</summary>
    public string Lease { get; set; } = task.Lease;

    /// <summary>The picture's address in this page; null until it is here.</summary>
    public string? Picture { get; set; }

    /// <summary>Why there is no picture and will be none, as a sentence.</summary>
    public string? NoPicture { get; set; }

    /// <summary>The original's pixels, upright: what shapes are measured in. Nothing where no shapes are asked for.</summary>
    public (int Width, int Height) Size { get; set; }

    /// <summary>The picture's address with more of its pixels; null until it is here, and where there are no more.</summary>
    public string? Sharp { get; set; }

    /// <summary>Whether more of its pixels were asked for.</summary>
    public bool IsSharpened { get; set; }

    /// <summary>Whether its answer was undone: what was drawn for it comes back.</summary>
    public bool IsResumed { get; set; }

    /// <summary>Whether the picture was asked for.</summary>
    public bool IsAsked { get; set; }
}

/// <summary>What was answered, while it can be undone.</summary>
/// <param name="Held">The task, with its picture.</param>
/// <param name="Operation">The answer's own id.</param>
/// <param name="Words">What was said.</param>
/// <param name="Class">Its class's place in the schema, for its colour; -1 for none.</param>
internal sealed record AnsweredTask(HeldTask Held, Guid Operation, string Words, int Class)
{
    /// <summary>Ends when it is kept: with its order in the outbox, or -1 where it could not be.</summary>
    public required Task<long> Kept { get; init; }
}
