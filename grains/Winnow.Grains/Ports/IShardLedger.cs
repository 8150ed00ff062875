using Winnow.Model.Images;

namespace Winnow.Grains.Ports;

/// <summary>
/// The rows of shards. A commit is on disk, past the device's cache, when its task completes; commits of several shards that wait at the
/// same time go to disk together. Reads see every completed commit.
/// </summary>
public interface IShardLedger
{
    /// <summary>
    /// Removes rows of a shard that holds nothing any more, some thousands at a time, and fences off whoever may still write to it. Its
    /// history stays: what people said is never removed. False when nothing is left to remove.
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

    /// <summary>
    /// Image rows in order of ordinals, from <paramref name="from"/> on, at most <paramref name="max"/>. Reasons of later quarantine are
    /// merged in.
    /// </summary>
    IAsyncEnumerable<ImageRow> ReadImagesAsync(ShardKey shard, int from, int max, CancellationToken cancellationToken);

    /// <summary>
    /// All image rows of a shard in order of ordinals, from 0 without a gap, by the page: what opening a shard reads. It leaves out what
    /// memory does not keep, which is most of a row.
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

    /// <summary>The histories of these images, one after the other in the order asked, each oldest first.</summary>
    Task<IReadOnlyList<HistoryRow>> ReadHistoryAsync(ShardKey shard, IReadOnlyList<ImageId> images, CancellationToken cancellationToken);

    /// <summary>All published segments of a shard, by kind, version and first row.</summary>
    Task<IReadOnlyList<SegmentRow>> ReadSegmentsAsync(ShardKey shard, CancellationToken cancellationToken);

    /// <summary>All facts of a shard, of whatever kind, by ordinal, kind, key and version.</summary>
    IAsyncEnumerable<FactRow> ReadFactsAsync(ShardKey shard, CancellationToken cancellationToken);

    /// <summary>All facts of one kind of a shard, by ordinal, key and version.</summary>
    IAsyncEnumerable<FactRow> ReadFactsAsync(ShardKey shard, string kind, CancellationToken cancellationToken);

    /// <summary>The facts of a kind about some rows, in no particular order: of each row the newest, within bounds.</summary>
    Task<IReadOnlyList<FactRow>> ReadFactsAsync(ShardKey shard, string kind, IReadOnlyList<int> ordinals, FactBounds bounds,
        CancellationToken cancellationToken);
}

/// <summary>How much is read of the facts about one row.</summary>
/// <param name="Most">How many.</param>
/// <param name="Bytes">Of how many bytes together.</param>
/// <param name="Payloads">Whether with their payloads.</param>
public readonly record struct FactBounds(int Most, long Bytes, bool Payloads = true)
{
    /// <summary>All of them.</summary>
    public static FactBounds None { get; } = new(int.MaxValue, long.MaxValue);

    /// <summary>All of them, and of each only that it is there.</summary>
    public static FactBounds References { get; } = None with { Payloads = false };
}
