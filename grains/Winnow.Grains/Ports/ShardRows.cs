using Winnow.Abstractions.Acts;
using Winnow.Abstractions.Datasets;
using Winnow.Abstractions.Images;
using Winnow.Model.Images;
using Winnow.Model.Labels;

namespace Winnow.Grains.Ports;

/// <summary>Names one shard of one dataset.</summary>
public readonly record struct ShardKey(string Dataset, int Shard)
{
    public override string ToString() => GrainKeys.Shard(Dataset, Shard);

    /// <summary>Reads what <see cref="ToString"/> writes.</summary>
    public static ShardKey Parse(string text)
    {
        var slash = text.LastIndexOf('/');
        return new ShardKey(text[..slash], int.Parse(text.AsSpan(slash + 1), System.Globalization.CultureInfo.InvariantCulture));
    }
}

/// <summary>One image row. Rows of a shard are numbered 0, 1, 2, … in the order of their commit; the number never changes.</summary>
public readonly record struct ImageRow(int Ordinal, IngestRow Row, DateTimeOffset ReceivedAt, string ReceivedBy);

/// <summary>As much of an image row as a shard keeps in memory.</summary>
/// <param name="Image">Identity.</param>
/// <param name="Partition">What it is for.</param>
/// <param name="Label">Class index that came with it, or -1.</param>
/// <param name="Quarantined">Whether it was put aside, at once or later.</param>
public readonly record struct IndexRow(ImageId Image, Partition Partition, int Label, bool Quarantined);

/// <summary>Why an image was put aside after its row was committed: its pixels could not be used.</summary>
public readonly record struct QuarantineRow(int Ordinal, string Reason);

/// <summary>An image that an arm asked people about in a round. The row stays once it was answered: it is the arm's membership.</summary>
public readonly record struct TaskRow(int Ordinal, string Arm, int Round, float Priority, DateTimeOffset ReservedUntil);

/// <summary>An image that an arm asks about no more, as if it never had.</summary>
public readonly record struct WithdrawnTaskRow(int Ordinal, string Arm);

/// <summary>
/// A reservation of an open task for the review queue. It ends with the task: of an image that its history closes, nothing is said of it.
/// </summary>
public readonly record struct ReservationRow(int Ordinal, DateTimeOffset Until);

/// <summary>A human fact: entry number <paramref name="Version"/> of an image's history, with what stands after it.</summary>
/// <param name="Label">Class index that stands; -1: none; <see cref="LabelSet"/>; <see cref="AskedAgain"/>.</param>
/// <param name="Closes">
/// Whether nobody needs to be asked. Where that is not so and there is no label, what came with the image stands.
/// </param>
public readonly record struct HistoryRow(ImageId Image, int Ordinal, int Version, Guid OperationId, byte[] EntryJson, int Label,
    bool Closes, Stage Stage)
{
    /// <summary>The label of an image that is asked about again: none stands, not even one that came with the image.</summary>
    public const int AskedAgain = -2;

    /// <summary>
    /// What stands is a set of annotations, of a schema that asks for more than one class: the history says which. Memory keeps labels in
    /// two bytes, and this is more than any class's.
    /// </summary>
    public const int LabelSet = short.MaxValue;

    /// <summary>Whether a row of a dataset with this schema may have this label.</summary>
    public static bool MayBe(int label, LabelSchema schema) =>
        label >= AskedAgain && (label < schema.Classes.Count || (label == LabelSet && !schema.IsOneClass));

    /// <summary>The cluster level from which such an entry may be written; 0 for one that is read.</summary>
    public int Level { get; init; }
}

/// <summary>
/// Publishes a columnar segment: rows <paramref name="First"/> … <paramref name="First"/> + <paramref name="Count"/> − 1 of the shard.
/// </summary>
/// <param name="Kind">Which column set: see <see cref="SegmentKinds"/>.</param>
/// <param name="Version">The backbone, projection or model that made it.</param>
/// <param name="ObjectKey">The object that holds it.</param>
public sealed record SegmentRow(string Kind, string Version, int First, int Count, string ObjectKey);

/// <summary>Kinds of segments.</summary>
public static class SegmentKinds
{
    public const string Embedding = "embedding";
    public const string Projection = "projection";
    public const string Scores = "scores";
}

/// <summary>Everything that one step of a shard makes durable, in one transaction.</summary>
public sealed record ShardCommit
{
    public required ShardKey Shard { get; init; }

    /// <summary>The writer's epoch, from <see cref="IShardLedger.OpenShardAsync"/>. An older one is fenced off.</summary>
    public required long Epoch { get; init; }

    /// <summary>Makes the commit exactly-once: an operation seen before changes nothing. <see cref="Guid.Empty"/>: no check.</summary>
    public Guid OperationId { get; init; }

    /// <summary>Whose <see cref="OperationId"/> is, and for what; null where that is not known, and then nothing is compared.</summary>
    public OperationStamp? Stamp { get; init; }

    /// <summary>
    /// Operations that inserted rows elsewhere before these rows came here, by which of this shard's rows are theirs. One that is known
    /// stays as it is.
    /// </summary>
    public IReadOnlyList<OperationRow> Operations { get; init; } = [];

    /// <summary>New rows; their ordinals continue those of the shard without a gap.</summary>
    public IReadOnlyList<ImageRow> Images { get; init; } = [];
    public IReadOnlyList<QuarantineRow> Quarantined { get; init; } = [];
    public IReadOnlyList<TaskRow> Tasks { get; init; } = [];

    /// <summary>Tasks that end unanswered, whether they are there or not; the commit's own <see cref="Tasks"/> come after them.</summary>
    public IReadOnlyList<WithdrawnTaskRow> WithdrawnTasks { get; init; } = [];
    public IReadOnlyList<ReservationRow> Reservations { get; init; } = [];

    /// <summary>Each is inserted only where its version is the next one of its image; otherwise the whole commit is a conflict.</summary>
    public IReadOnlyList<HistoryRow> History { get; init; } = [];
    public IReadOnlyList<SegmentRow> Segments { get; init; } = [];

    /// <summary>Segments that are withdrawn; by kind and version.</summary>
    public IReadOnlyList<(string Kind, string Version)> WithdrawnSegments { get; init; } = [];

    /// <summary>
    /// One of an append-only kind is inserted where its version is the next one; one that is there already, with the same hash, is left;
    /// anything else is a conflict of the whole commit. One of another kind takes the place of its key's unless that has a higher version.
    /// </summary>
    public IReadOnlyList<FactRow> Facts { get; init; } = [];

    /// <summary>What was done by this commit; each gets the next number of the shard's stream of acts.</summary>
    public IReadOnlyList<ActRecord> Acts { get; init; } = [];

    /// <summary>The cluster level from which all of it may be written.</summary>
    public int Level
    {
        get
        {
            var level = Acts.Count > 0 ? ClusterLevels.Acts : 0;
            foreach (var fact in Facts) level = Math.Max(level, fact.Level);
            foreach (var entry in History) level = Math.Max(level, entry.Level);
            return level;
        }
    }
}

/// <summary>What became of a commit.</summary>
public enum ShardCommitStatus
{
    /// <summary>On disk.</summary>
    Committed,
    /// <summary>The shard committed the operation before; nothing was changed.</summary>
    AlreadyApplied,
    /// <summary>A history version was taken, or an ordinal was not the next one; nothing was changed.</summary>
    Conflict,
    /// <summary>Another activation has opened the shard since; nothing was changed.</summary>
    Fenced,
    /// <summary>The dataset knows the operation by another <see cref="ShardCommit.Stamp"/>; nothing was changed.</summary>
    OtherOperation,
    /// <summary>The cluster's level is lower than something in the commit needs; nothing was changed.</summary>
    LevelTooLow,
    /// <summary>The cluster's level is higher than this silo knows; nothing was changed.</summary>
    SiloTooOld,
}

/// <summary>A shard as opened: the writer's epoch and how much there is.</summary>
public readonly record struct OpenedShard(long Epoch, int Images);
