using Winnow.Abstractions.Scoring;
using Winnow.Model;
using Winnow.Model.Images;

namespace Winnow.Abstractions.Images;

/// <summary>One image of a lot whose bytes are in the object store already.</summary>
/// <param name="Id">Identity.</param>
/// <param name="Name">The name it came under.</param>
/// <param name="Format">Encoding, empty when the header could not be read.</param>
/// <param name="Label">Class index that came with it, or -1.</param>
/// <param name="Reason">Why it is quarantined; null when its header is sound.</param>
[GenerateSerializer, Immutable, Alias("winnow.ingest-row")]
public readonly record struct IngestRow(
    [property: Id(0)] ImageId Id,
    [property: Id(1)] string Name,
    [property: Id(2)] string Format,
    [property: Id(3)] int Width,
    [property: Id(4)] int Height,
    [property: Id(5)] int Frames,
    [property: Id(6)] long Bytes,
    [property: Id(7)] Partition Partition,
    [property: Id(8)] int Label,
    [property: Id(9)] string? Reason)
{
    /// <summary>
    /// How the stored pixels are to be turned to stand upright, 1 to 8 (EXIF 2.3, tag 0x0112); 0 where nobody has read it, as in rows of
    /// early releases. Sizes are those of the stored pixels.
    /// </summary>
    [Id(10)]
    public byte Orientation { get; init; }

    /// <summary>Pixels across and down as the picture stands upright; null where that is not known.</summary>
    public (int Width, int Height)? Upright => Orientation is 0 ? null : Orientation > 4 ? (Height, Width) : (Width, Height);

    /// <summary>Most characters of a name. New ones are shorter; those of early releases need not be.</summary>
    public const int MaxName = 4_096;

    /// <summary>Most characters of a reason.</summary>
    public const int MaxReason = 10_000;

    private const int MaxFormat = 20;

    // What a server can be set to take, at most.
    private const int MaxSide = 65_535;
    private const int MaxFrames = 1_000_000;

    /// <summary>The first thing that is wrong, as a sentence with the member's name; null when all is sound.</summary>
    /// <param name="classes">Classes of the label schema.</param>
    public string? Check(int classes) =>
        MemberRules.Text("name", Name, MaxName, least: 1)
        ?? (Format is { Length: <= MaxFormat }
            && Format.All(c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c is '-' or '+' or '.')
            ? null : "format must be the name of an encoding in lower-case letters, or empty.")
        ?? (Reason is null ? CheckSize(1, MaxSide, MaxFrames) : CheckSize(0, int.MaxValue, int.MaxValue))
        ?? MemberRules.Number("orientation", Orientation, 0, 8)
        ?? MemberRules.Number("bytes", Bytes, 0, int.MaxValue)
        ?? MemberRules.Word("partition", Partition)
        ?? MemberRules.Number("label", Label, -1, classes - 1)
        ?? MemberRules.TextOrNone("reason", Reason, MaxReason);

    /// <summary>What was quarantined bears what its header declared, which may be why.</summary>
    private string? CheckSize(int least, int mostOfSide, int mostFrames) =>
        MemberRules.Number("width", Width, least, mostOfSide)
        ?? MemberRules.Number("height", Height, least, mostOfSide)
        ?? MemberRules.Number("frames", Frames, least, mostFrames);
}

/// <summary>The rows of one upload that fall into one shard. The operation id makes a repeated lot harmless.</summary>
/// <param name="OperationId">The operation, which belongs to its actor and content.</param>
/// <param name="Actor">Who sent it.</param>
/// <param name="Rows">The rows.</param>
/// <param name="Content">What the whole upload is, over all shards; null from silos of the last release.</param>
[GenerateSerializer, Immutable, Alias("winnow.ingest-lot")]
public sealed record IngestLot(
    [property: Id(0)] Guid OperationId,
    [property: Id(1)] string Actor,
    [property: Id(2)] IngestRow[] Rows,
    [property: Id(3)] Guid? Content = null);

/// <summary>How one row was taken.</summary>
/// <param name="Status">As it is told to the sender.</param>
/// <param name="Reason">Why it cannot be used, or what of it was not done as asked.</param>
/// <param name="StandsIn">The partition in which it stands, where it was sent for another.</param>
/// <param name="LabelNotTaken">Whether it stands with another label than it was sent with.</param>
/// <param name="StandsAs">The name under which it stands, where it was sent under another.</param>
[GenerateSerializer, Immutable, Alias("winnow.ingest-outcome")]
public readonly record struct IngestOutcome(
    [property: Id(0)] IngestStatus Status,
    [property: Id(1)] string? Reason,
    [property: Id(2)] Partition? StandsIn = null,
    [property: Id(3)] bool LabelNotTaken = false,
    [property: Id(4)] string? StandsAs = null);

/// <summary>The machine's side of one image, as its shard knows it.</summary>
/// <param name="Version">Entries of its human history, all of which the shard has written; null from a silo of the last release.</param>
/// <param name="Set">What the model predicts where labels are sets of classes; else null.</param>
[GenerateSerializer, Immutable, Alias("winnow.image-record")]
public sealed record ImageRecord(
    [property: Id(0)] int Ordinal,
    [property: Id(1)] IngestRow Row,
    [property: Id(2)] DateTimeOffset ReceivedAt,
    [property: Id(3)] string ReceivedBy,
    [property: Id(4)] Stage Stage,
    [property: Id(5)] string? ModelName,
    [property: Id(6)] ScoreRecord? Scores,
    [property: Id(7)] byte[][]? Prelabels = null,
    [property: Id(8)] int? Version = null,
    [property: Id(9)] PredictedSet? Set = null)
{
    /// <summary>What machines decided about it, oldest first, as JSON: an array; null where there is nothing.</summary>
    [Id(10)]
    public byte[]? Machine { get; init; }
}

/// <summary>One row of a score segment.</summary>
[GenerateSerializer, Immutable, Alias("winnow.score-record")]
public readonly record struct ScoreRecord(
    [property: Id(0)] float LeastConfidence,
    [property: Id(1)] float Margin,
    [property: Id(2)] float Entropy,
    [property: Id(3)] float Energy,
    [property: Id(4)] int Predicted,
    [property: Id(5)] int RunnerUp);

/// <summary>One image in a listing. <paramref name="Audit"/> holds under the threshold that the listing names.</summary>
/// <param name="Imported">Whether the label that stands came with the image.</param>
[GenerateSerializer, Immutable, Alias("winnow.listed-image")]
public readonly record struct ListedImage(
    [property: Id(0)] int Ordinal,
    [property: Id(1)] ImageId Id,
    [property: Id(2)] string Name,
    [property: Id(3)] Stage Stage,
    [property: Id(4)] Partition Partition,
    [property: Id(5)] int Label,
    [property: Id(6)] string? Reason,
    [property: Id(7)] int HistoryVersion,
    [property: Id(8)] bool Audit,
    [property: Id(9)] bool Imported = false)
{
    /// <summary>What stands, where that is a set of annotations and was asked for.</summary>
    [Id(10)]
    public LabelSet? Set { get; init; }

    /// <summary>Pixels across as it stands upright; 0 where that is not known.</summary>
    [Id(11)]
    public int Width { get; init; }

    /// <summary>Pixels down as it stands upright; 0 where that is not known.</summary>
    [Id(12)]
    public int Height { get; init; }

    /// <summary>By what kind of machine decision it stands; null where it does not.</summary>
    [Id(13)]
    public MachineKind? StandsBy { get; init; }

    /// <summary>That decision, where it was asked for.</summary>
    [Id(14)]
    public MachineLabel? Machine { get; init; }
}

/// <summary>A label that is a set of annotations.</summary>
/// <param name="Annotations">As JSON, an array.</param>
/// <param name="By">Who said so; null where it came with the image.</param>
[GenerateSerializer, Immutable, Alias("winnow.label-set")]
public sealed record LabelSet([property: Id(0)] byte[] Annotations, [property: Id(1)] string? By);

/// <summary>What stands of an image by a machine's decision, where people have said nothing.</summary>
/// <param name="Kind">What it is worth.</param>
/// <param name="Run">The run.</param>
/// <param name="Source">The model or tool.</param>
/// <param name="Version">Which state of it.</param>
/// <param name="Confidence">Its confidence.</param>
/// <param name="Annotations">What it decided, as JSON, an array.</param>
[GenerateSerializer, Immutable, Alias("winnow.machine-label")]
public sealed record MachineLabel(
    [property: Id(0)] MachineKind Kind,
    [property: Id(1)] string Run,
    [property: Id(2)] string Source,
    [property: Id(3)] string? Version,
    [property: Id(4)] double? Confidence,
    [property: Id(5)] byte[] Annotations);

/// <summary>
/// Which images of a shard to list, and after which. A page is continued after an image, never from a place: whatever closes, opens or is
/// doubled between two pages, each image that was there at the first is listed once.
/// </summary>
/// <param name="FromOrdinal">For callers of the last release: from which row on, in the order of rows.</param>
/// <param name="Max">How many at most.</param>
/// <param name="Stage">Of one stage alone; null for all.</param>
/// <param name="ById">In the order of ids.</param>
/// <param name="After">The last image of the page before; null for the first page.</param>
/// <param name="AuditThreshold">Under which images are marked as audit.</param>
[GenerateSerializer, Immutable, Alias("winnow.list-images")]
public sealed record ListImages(
    [property: Id(0)] int FromOrdinal,
    [property: Id(1)] int Max,
    [property: Id(2)] Stage? Stage,
    [property: Id(3)] bool ById = false,
    [property: Id(4)] ImageId? After = null,
    [property: Id(5)] ulong AuditThreshold = 0)
{
    /// <summary>Whether labels that are sets of annotations are told; a page ends early where they grow large.</summary>
    [Id(6)]
    public bool Sets { get; init; }

    /// <summary>Whether of such a set its classes alone are told, each once.</summary>
    [Id(7)]
    public bool ClassesAlone { get; init; }

    /// <summary>Whether what stands by machines' decisions is told.</summary>
    [Id(8)]
    public bool Machine { get; init; }
}

/// <summary>A page of a listing. <paramref name="NextOrdinal"/> is -1 at the shard's end.</summary>
/// <param name="NextOrdinal">For callers of the last release: continues it.</param>
/// <param name="ById">It is in the order of ids, as it was asked for: a shard of the last release knows no such order.</param>
[GenerateSerializer, Immutable, Alias("winnow.listed-images")]
public sealed record ListedImages(
    [property: Id(0)] ListedImage[] Images,
    [property: Id(1)] int NextOrdinal,
    [property: Id(2)] bool ById = false)
{
    /// <summary>A page of another order than was asked for cannot be continued after its last image.</summary>
    /// <exception cref="OrleansException">A silo of the last release holds the shard.</exception>
    public static void ThrowIfOld(ListedImages page, string shard)
    {
        if (page.ById) return;
        throw new OrleansException(
            $"Shard {shard} is held by a silo of the last release, which lists images by place. Repeat the request when that silo "
            + $"was replaced.");
    }
}
