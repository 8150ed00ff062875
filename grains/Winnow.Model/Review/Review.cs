using System.Text.Json.Serialization;
using Winnow.Model.Images;
using Winnow.Model.Prelabels;

namespace Winnow.Model.Review;

/// <summary>What a person did with a task.</summary>
[JsonConverter(typeof(KebabEnumConverter<DecisionKind>))]
public enum DecisionKind : byte
{
    /// <summary>Said what the image shows.</summary>
    Label = 0,
    /// <summary>Said that no class of the schema fits or that the image is unusable.</summary>
    Reject = 1,
    /// <summary>Could not tell; somebody else is asked.</summary>
    Skip = 2,
}

/// <summary>What a person says about an image.</summary>
public sealed record Decision
{
    /// <summary>What was done.</summary>
    public required DecisionKind Kind { get; init; }
    // Settable, so that JSON without it keeps the default.
    /// <summary>What the image shows; empty unless <see cref="Kind"/> is <see cref="DecisionKind.Label"/>.</summary>
    public IReadOnlyList<Annotation> Annotations { get; set; } = [];
    /// <summary>How long the person looked, in milliseconds.</summary>
    public long? ElapsedMilliseconds { get; init; }
    /// <summary>What the person wrote; at most 2,000 characters.</summary>
    public string? Comment { get; init; }
}

/// <summary>What an entry of an image's history records.</summary>
[JsonConverter(typeof(KebabEnumConverter<HistoryKind>))]
public enum HistoryKind : byte
{
    /// <summary>The label that came with the image.</summary>
    Imported = 0,
    /// <summary>The answer to a review task.</summary>
    Decided = 1,
    /// <summary>An answer that came after somebody else's: kept, and does not replace the first.</summary>
    SecondOpinion = 2,
    /// <summary>A later correction that replaces what stood.</summary>
    Corrected = 3,
}

/// <summary>One human fact about an image. Entries are appended, never changed.</summary>
/// <param name="Version">1 for the first entry of the image; each next one adds one.</param>
/// <param name="Kind">What it records.</param>
/// <param name="Actor">Who.</param>
/// <param name="At">When it was committed.</param>
/// <param name="OperationId">The command that made it; the same command sent twice makes one entry.</param>
/// <param name="Decision">What was said.</param>
public sealed record HistoryEntry(long Version, HistoryKind Kind, string Actor, DateTimeOffset At, Guid OperationId, Decision Decision);

/// <summary>A question to a person, with the lease that lets that person answer it.</summary>
public sealed record ReviewTask
{
    /// <summary>The image in question.</summary>
    public required ImageId Image { get; init; }
    /// <summary>The name it came under.</summary>
    public required string Name { get; init; }
    /// <summary>How much asking is worth; higher first.</summary>
    public required double Priority { get; init; }
    /// <summary>The signed lease to send back with the answer.</summary>
    public required string Lease { get; init; }
    /// <summary>Until when the lease keeps the task from others.</summary>
    public required DateTimeOffset LeasedUntil { get; init; }
    /// <summary>What machines propose.</summary>
    public IReadOnlyList<Prelabel> Prelabels { get; init; } = [];
}

/// <summary>A request for tasks.</summary>
/// <param name="Max">How many at most, 1 to 1,000.</param>
/// <param name="WaitMilliseconds">How long to wait for the first when there is none, at most 30,000.</param>
public sealed record LeaseRequest(int Max = 1, int WaitMilliseconds = 0);

/// <summary>An answer to a review task, or a correction without one.</summary>
/// <param name="Image">The image.</param>
/// <param name="OperationId">Chosen by the caller; sending the same again is harmless.</param>
/// <param name="Decision">What the person says.</param>
/// <param name="Lease">The lease under which it was made; absent for a correction.</param>
/// <param name="ExpectedVersion">For a correction: the version of the human facts that the person saw. A newer one is a conflict.</param>
public sealed record SubmitDecision(ImageId Image, Guid OperationId, Decision Decision, string? Lease = null, long? ExpectedVersion = null);

/// <summary>What became of an answer.</summary>
[JsonConverter(typeof(KebabEnumConverter<SubmitStatus>))]
public enum SubmitStatus : byte
{
    /// <summary>It stands, on disk.</summary>
    Recorded = 0,
    /// <summary>Somebody else had answered; kept as a second opinion, on disk.</summary>
    SecondOpinion = 1,
    /// <summary>It was recorded before, by the same operation.</summary>
    AlreadyRecorded = 2,
    /// <summary>Refused: the reason says why. Nothing was written.</summary>
    Refused = 3,
    /// <summary>Refused: the human facts are newer than what the person saw. Nothing was written.</summary>
    Conflict = 4,
}

/// <summary>The answer to one submitted decision.</summary>
public sealed record SubmitResult(ImageId Image, SubmitStatus Status, long Version, string? Reason = null);
