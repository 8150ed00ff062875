using Winnow.Abstractions.Datasets;
using Winnow.Abstractions.Health;
using Winnow.Abstractions.Images;
using Winnow.Model.Datasets;
using Winnow.Model.Images;

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

/// <summary>A reservation of an open task for the review queue. It ends with the task: of an image that its history closes, nothing is said of it.</summary>
public readonly record struct ReservationRow(int Ordinal, DateTimeOffset Until);

/// <summary>A human fact: entry number <paramref name="Version"/> of an image's history, with what stands after it.</summary>
public readonly record struct HistoryRow(ImageId Image, int Ordinal, int Version, Guid OperationId, byte[] EntryJson, int Label, bool Closes, Stage Stage);

/// <summary>Publishes a columnar segment: rows <paramref name="First"/> … <paramref name="First"/> + <paramref name="Count"/> − 1 of the shard.</summary>
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

    /// <summary>The writer's epoch, from <see cref="ILedger.OpenShardAsync"/>. An older one is fenced off.</summary>
    public required long Epoch { get; init; }

    /// <summary>Makes the commit exactly-once: an operation seen before changes nothing. <see cref="Guid.Empty"/>: no check.</summary>
    public Guid OperationId { get; init; }

    /// <summary>Whose <see cref="OperationId"/> is, and for what; null where that is not known, and then nothing is compared.</summary>
    public OperationStamp? Stamp { get; init; }

    /// <summary>Operations that inserted rows elsewhere before these rows came here, by which of this shard's rows are theirs. One that is known stays as it is.</summary>
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
}

/// <summary>A shard as opened: the writer's epoch and how much there is.</summary>
public readonly record struct OpenedShard(long Epoch, int Images);

/// <summary>The stored state of a control grain, for a dataset that comes as a whole.</summary>
public sealed record ControlState(string GrainType, string GrainKey, string Name, byte[] Json);

/// <summary>
/// The durable rows of all datasets. A commit is on disk, past the device's cache, when its task completes; commits of several shards that
/// wait at the same time go to disk together. Reads see every completed commit.
/// </summary>
public interface ILedger
{
    /// <summary>Adds a dataset. False when one of that name is there; it is left as it is.</summary>
    Task<bool> AddDatasetAsync(DatasetInfo dataset, CancellationToken cancellationToken);

    /// <summary>
    /// Gives a staged dataset its name and its grains their states, all in one transaction. False when the name is taken; nothing is changed then.
    /// </summary>
    /// <param name="staged">The name that it bears until now, of <see cref="StagedDatasets"/>.</param>
    /// <param name="dataset">The dataset as it is to be.</param>
    /// <param name="states">States that are not there yet, or were cleared.</param>
    /// <param name="cancellationToken">Gives up while the change waits.</param>
    Task<bool> PublishDatasetAsync(string staged, DatasetInfo dataset, IReadOnlyList<ControlState> states, CancellationToken cancellationToken);

    /// <summary>
    /// All datasets, by name; staged ones left out, and those whose row cannot be read: one of them must not keep the others from anybody.
    /// </summary>
    Task<IReadOnlyList<DatasetInfo>> ListDatasetsAsync(CancellationToken cancellationToken);

    /// <summary>The datasets that <see cref="ListDatasetsAsync"/> leaves out because their row cannot be read.</summary>
    Task<IReadOnlyList<UnreadableDataset>> ListUnreadableAsync(CancellationToken cancellationToken);

    /// <summary>The states of control grains that cannot be read. One that was found sound is read again when it has changed.</summary>
    Task<IReadOnlyList<UnreadableState>> ListUnreadableStatesAsync(CancellationToken cancellationToken);

    /// <summary>The keys of the grains of a kind that have a state, readable or not.</summary>
    Task<IReadOnlyList<string>> ListStatesAsync(string grainType, CancellationToken cancellationToken);

    /// <summary>
    /// Clears a state that cannot be read. False when there is none, when it can be read, or when somebody wrote it meanwhile.
    /// </summary>
    /// <param name="grainType">The kind of grain.</param>
    /// <param name="grainKey">Which of them.</param>
    /// <param name="instead">The JSON that takes its place; null for nothing.</param>
    /// <param name="cancellationToken">Gives up while the change waits.</param>
    Task<bool> DiscardStateAsync(string grainType, string grainKey, byte[]? instead, CancellationToken cancellationToken);

    /// <summary>One dataset, or null.</summary>
    /// <exception cref="SetAsideException">Its row cannot be read.</exception>
    Task<DatasetInfo?> FindDatasetAsync(string name, CancellationToken cancellationToken);

    /// <summary>The numbers of a dataset's shards that were ever opened.</summary>
    Task<IReadOnlyList<int>> ListShardsAsync(string dataset, CancellationToken cancellationToken);

    /// <summary>Says which shards hold a dataset from now on. False when it is held otherwise than <paramref name="known"/> says; nothing is changed then.</summary>
    /// <exception cref="KeyNotFoundException">The ledger has no such dataset.</exception>
    Task<bool> SetLayoutAsync(string dataset, ShardLayout known, ShardLayout next, CancellationToken cancellationToken);

    /// <summary>
    /// Removes rows of a shard that holds nothing any more, some thousands at a time, and fences off whoever may still write to it. Its history stays: what people
    /// said is never removed. False when nothing is left to remove.
    /// </summary>
    Task<bool> RemoveShardRowsAsync(ShardKey shard, CancellationToken cancellationToken);

    /// <summary>Makes the caller the shard's only writer: takes the next epoch, which fences every earlier one.</summary>
    Task<OpenedShard> OpenShardAsync(ShardKey shard, CancellationToken cancellationToken);

    /// <summary>Commits one step of a shard: all of it or nothing.</summary>
    Task<ShardCommitStatus> CommitAsync(ShardCommit commit, CancellationToken cancellationToken);

    /// <summary>
    /// Which rows of a shard an operation inserted; null when the dataset has not seen it. Where only other shards have, it has no rows,
    /// and their stamp.
    /// </summary>
    Task<OperationRow?> FindOperationAsync(ShardKey shard, Guid operationId, CancellationToken cancellationToken);

    /// <summary>All operations of a shard that inserted rows, in no particular order.</summary>
    IAsyncEnumerable<OperationRow> ReadOperationsAsync(ShardKey shard, CancellationToken cancellationToken);

    /// <summary>How many image rows a shard has. Unlike opening it, asking disturbs no writer.</summary>
    Task<int> CountImagesAsync(ShardKey shard, CancellationToken cancellationToken);

    /// <summary>Image rows in order of ordinals, from <paramref name="from"/> on, at most <paramref name="max"/>. Reasons of later quarantine are merged in.</summary>
    IAsyncEnumerable<ImageRow> ReadImagesAsync(ShardKey shard, int from, int max, CancellationToken cancellationToken);

    /// <summary>
    /// All image rows of a shard in order of ordinals, from 0 without a gap, by the page: what opening a shard reads. It leaves out what memory does not keep, which
    /// is most of a row.
    /// </summary>
    IAsyncEnumerable<IReadOnlyList<IndexRow>> ReadIndexAsync(ShardKey shard, CancellationToken cancellationToken);

    /// <summary>Image rows of these ordinals, in the order asked; reasons of later quarantine merged in.</summary>
    Task<IReadOnlyList<ImageRow>> ReadImagesAsync(ShardKey shard, IReadOnlyList<int> ordinals, CancellationToken cancellationToken);

    /// <summary>All tasks of a shard.</summary>
    IAsyncEnumerable<TaskRow> ReadTasksAsync(ShardKey shard, CancellationToken cancellationToken);

    /// <summary>All history rows of a shard, without their JSON, grouped by image, versions ascending.</summary>
    IAsyncEnumerable<HistoryRow> ReadShardHistoryAsync(ShardKey shard, CancellationToken cancellationToken);

    /// <summary>All history rows of a shard with their JSON, grouped by image, versions ascending.</summary>
    IAsyncEnumerable<HistoryRow> ReadShardEntriesAsync(ShardKey shard, CancellationToken cancellationToken);

    /// <summary>The history of one image, oldest first.</summary>
    Task<IReadOnlyList<HistoryRow>> ReadHistoryAsync(ShardKey shard, ImageId image, CancellationToken cancellationToken);

    /// <summary>All published segments of a shard, by kind, version and first row.</summary>
    Task<IReadOnlyList<SegmentRow>> ReadSegmentsAsync(ShardKey shard, CancellationToken cancellationToken);

    /// <summary>A secret that all silos share, made at random on first use.</summary>
    /// <param name="name">What it is for.</param>
    /// <param name="length">Bytes.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="SetAsideException">It is there, with another length.</exception>
    Task<byte[]> GetOrCreateSecretAsync(string name, int length, CancellationToken cancellationToken);

    /// <summary>Removes a secret that has another length, so that the next who asks makes it anew. False when there is no such.</summary>
    Task<bool> DiscardSecretAsync(string name, int length, CancellationToken cancellationToken);
}
