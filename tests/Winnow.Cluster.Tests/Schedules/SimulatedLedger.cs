using System.Runtime.CompilerServices;
using Winnow.Adapters.Tests.Ledger;
using Winnow.Grains.Ports;
using Winnow.Model.Datasets;
using Winnow.Model.Images;

namespace Winnow.Cluster.Tests.Schedules;

/// <summary>
/// A ledger in memory for one dataset, on the naive twin that the real ones are compared with. A commit takes effect at one moment between
/// the call and its answer; either may take any time, and an answer may get lost.
/// </summary>
internal sealed class SimulatedLedger(DatasetInfo dataset, Mishaps mishaps) : IShardLedger, ISecretLedger
{
    private readonly Dictionary<int, NaiveShard> _shards = [];

    /// <summary>What is on disk of a shard now.</summary>
    public NaiveShard Disk(int shard) => _shards.TryGetValue(shard, out var known) ? known
        : _shards[shard] = new NaiveShard(new ShardKey(dataset.Name, shard));

    /// <summary>Is told of each commit that took effect, when it does.</summary>
    public Action<ShardCommit>? Took { get; set; }

    /// <summary>The part of the other port that shards and queues ask.</summary>
    public IDatasetLedger Datasets => Stub.Of<IDatasetLedger>((method, _) => method.Name == nameof(IDatasetLedger.FindDatasetAsync)
        ? FindDatasetAsync() : throw new NotSupportedException(method.Name));

    private async Task<DatasetInfo?> FindDatasetAsync()
    {
        await Task.Yield();
        return dataset;
    }

    public async Task<OpenedShard> OpenShardAsync(ShardKey shard, CancellationToken cancellationToken)
    {
        await Task.Yield();
        var opened = Disk(shard.Shard).Open();
        await Task.Yield();
        return opened;
    }

    public async Task<ShardCommitStatus> CommitAsync(ShardCommit commit, CancellationToken cancellationToken)
    {
        await Task.Yield();
        if (mishaps.Happens()) throw new IOException("The ledger is away. Nothing of this commit was stored.");
        var status = Disk(commit.Shard.Shard).Commit(commit);
        if (status == ShardCommitStatus.Committed) Took?.Invoke(commit);
        await Task.Yield();
        if (mishaps.Happens()) throw new IOException("The ledger is away. Whether this commit was stored is open.");
        return status;
    }

    public async Task<OperationRow?> FindOperationAsync(ShardKey shard, Guid operationId, CancellationToken cancellationToken) =>
        (await ReadAsync(shard)).Operations.GetValueOrDefault(operationId);

    public async Task<int> CountImagesAsync(ShardKey shard, CancellationToken cancellationToken) => (await ReadAsync(shard)).Images.Count;

    public IAsyncEnumerable<ImageRow> ReadImagesAsync(ShardKey shard, int from, int max, CancellationToken cancellationToken) =>
        ListAsync(shard, disk => disk.Images.Skip(from).Take(max), cancellationToken);

    public IAsyncEnumerable<IReadOnlyList<IndexRow>> ReadIndexAsync(ShardKey shard, CancellationToken cancellationToken)
    {
        static IndexRow RowOf(ImageRow image) => new(image.Row.Id, image.Row.Partition, image.Row.Label, image.Row.Reason is not null);
        return ListAsync(shard, disk => disk.Images.Select(RowOf).Chunk(4), cancellationToken);
    }

    public async Task<IReadOnlyList<ImageRow>> ReadImagesAsync(
        ShardKey shard, IReadOnlyList<int> ordinals, CancellationToken cancellationToken)
    {
        var disk = await ReadAsync(shard);
        return [.. ordinals.Select(o => disk.Images[o])];
    }

    public IAsyncEnumerable<TaskRow> ReadTasksAsync(ShardKey shard, CancellationToken cancellationToken) =>
        ListAsync(shard, disk => disk.Tasks.Values, cancellationToken);

    public IAsyncEnumerable<HistoryRow> ReadShardHistoryAsync(ShardKey shard, CancellationToken cancellationToken) => ListAsync(
        shard, disk => disk.History.GroupBy(h => h.Image).SelectMany(g => g.OrderBy(h => h.Version)), cancellationToken);

    public async Task<IReadOnlyList<HistoryRow>> ReadHistoryAsync(ShardKey shard, ImageId image, CancellationToken cancellationToken) =>
        [.. (await ReadAsync(shard)).History.Where(h => h.Image == image).OrderBy(h => h.Version)];

    public async Task<IReadOnlyList<HistoryRow>> ReadHistoryAsync(
        ShardKey shard, IReadOnlyList<ImageId> images, CancellationToken cancellationToken)
    {
        var history = (await ReadAsync(shard)).History;
        return [.. images.SelectMany(i => history.Where(h => h.Image == i).OrderBy(h => h.Version))];
    }

    public async Task<IReadOnlyList<SegmentRow>> ReadSegmentsAsync(ShardKey shard, CancellationToken cancellationToken) =>
        [.. (await ReadAsync(shard)).Segments.Values];

    public async Task<IReadOnlyList<FactRow>> ReadFactsAsync(
        ShardKey shard, string kind, IReadOnlyList<int> ordinals, FactBounds bounds, CancellationToken cancellationToken) =>
        [.. (await ReadAsync(shard)).Facts.Where(f => f.Id.Kind == kind && ordinals.Contains(f.Id.Ordinal))];

    public async Task<byte[]> GetOrCreateSecretAsync(string name, int length, CancellationToken cancellationToken)
    {
        await Task.Yield();
        return new byte[length];
    }

    // Nothing that is tested on it asks for these.
    public Task<bool> DiscardSecretAsync(string name, int length, CancellationToken cancellationToken) => throw new NotSupportedException();

    public Task<bool> RemoveShardRowsAsync(ShardKey shard, CancellationToken cancellationToken) => throw new NotSupportedException();

    public IAsyncEnumerable<OperationRow> ReadOperationsAsync(ShardKey shard, CancellationToken cancellationToken) =>
        throw new NotSupportedException();

    public IAsyncEnumerable<HistoryRow> ReadShardEntriesAsync(ShardKey shard, CancellationToken cancellationToken) =>
        throw new NotSupportedException();

    public IAsyncEnumerable<FactRow> ReadFactsAsync(ShardKey shard, string kind, CancellationToken cancellationToken) => ListAsync(
        shard, disk => disk.Facts.Where(f => f.Id.Kind == kind).OrderBy(f => f.Id.Ordinal).ThenBy(f => f.Id.Key, StringComparer.Ordinal)
            .ThenBy(f => f.Version), cancellationToken);

    public IAsyncEnumerable<FactRow> ReadFactsAsync(ShardKey shard, CancellationToken cancellationToken) =>
        throw new NotSupportedException();

    /// <summary>
    /// What stands at one moment between the question and its answer. The rows are lists that a commit replaces, so those read stay.
    /// </summary>
    private async Task<NaiveShard> ReadAsync(ShardKey shard)
    {
        await Task.Yield();
        if (mishaps.Happens()) throw new IOException("The ledger is away.");
        return Disk(shard.Shard);
    }

    private async IAsyncEnumerable<T> ListAsync<T>(
        ShardKey shard, Func<NaiveShard, IEnumerable<T>> rows, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        T[] read = [.. rows(await ReadAsync(shard))];
        cancellationToken.ThrowIfCancellationRequested();
        foreach (var row in read)
        {
            await Task.Yield();
            yield return row;
        }
    }
}
