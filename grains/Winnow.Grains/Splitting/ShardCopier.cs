using Winnow.Abstractions.Datasets;
using Winnow.Grains.Ports;
using Winnow.Model.Datasets;
using Winnow.Model.Images;

namespace Winnow.Grains.Splitting;

/// <summary>
/// Copies a shard into its two halves while it is worked with. Rows and columns only grow at their end, so they are copied from where the
/// halves stand; all that can happen to a row later is told by the shard's commits, which are repeated in the halves in their order. What
/// an earlier try left in the halves is taken up first. Used on the shard's own scheduler alone.
/// </summary>
internal sealed class ShardCopier(ShardKey shard, ShardLayout to, IShardLedger ledger, ColumnCopier columns, TimeProvider time)
{
    private const int PageRows = 4_096;
    private const int CommitsAtOnce = 64;
    private static readonly TimeSpan Slice = TimeSpan.FromSeconds(1.5);

    private readonly HalfRanks _ranks = new(to.Count);
    private readonly Queue<ShardCommit> _log = new();
    private ShardHalf[]? _halves;

    /// <summary>An image that the shard has already; in the order of ordinals, before the first commit is told.</summary>
    public void Add(ImageId image) => _ranks.Add(image);

    /// <summary>The shard made this durable.</summary>
    public void Committed(ShardCommit commit)
    {
        foreach (var image in commit.Images) _ranks.Add(image.Row.Id);
        // Segments are copied as columns.
        _log.Enqueue(commit with { Segments = [], WithdrawnSegments = [] });
    }

    /// <summary>Copies for a moment.</summary>
    /// <param name="source">The shard's columns as of now.</param>
    /// <param name="isQuarantined">Whether the image at an ordinal was put aside.</param>
    /// <param name="cancellationToken">Gives up between two steps.</param>
    public async Task<CopiedRows> AdvanceAsync(IReadOnlyList<SourceColumn> source, Func<int, bool> isQuarantined,
        CancellationToken cancellationToken)
    {
        var halves = await OpenAsync(isQuarantined, cancellationToken);
        var started = time.GetTimestamp();
        bool more;
        do more = await CopyRowsAsync(halves, cancellationToken)
            || await columns.CopyAsync(halves, _ranks, source, last: false, cancellationToken);
        while (more && time.GetElapsedTime(started) < Slice);
        await RepeatAsync(halves);
        var copied = halves.Sum(h => h.Images + h.Columns.Values.Sum(c => (long)c.Count));
        return new CopiedRows(copied, _ranks.Count + source.Sum(c => (long)c.Column.Count), !more);
    }

    /// <summary>Copies all that is left of a shard to which nothing comes any more.</summary>
    public async Task FinishAsync(IReadOnlyList<SourceColumn> source, Func<int, bool> isQuarantined, CancellationToken cancellationToken)
    {
        var halves = await OpenAsync(isQuarantined, cancellationToken);
        while (await CopyRowsAsync(halves, cancellationToken)) { }
        await RepeatAsync(halves);
        while (await columns.CopyAsync(halves, _ranks, source, last: true, cancellationToken)) { }
    }

    private async Task<ShardHalf[]> OpenAsync(Func<int, bool> isQuarantined, CancellationToken cancellationToken)
    {
        if (_halves is not null) return _halves;
        var halves = new ShardHalf[2];
        for (var i = 0; i < halves.Length; i++)
        {
            var key = new ShardKey(shard.Dataset, to.First + (shard.Shard - (to.First - to.Count / 2)) * 2 + i);
            halves[i] = new ShardHalf(ledger, key, await ledger.OpenShardAsync(key, cancellationToken));
        }
        await new HalfRepair(shard, ledger, _ranks, halves).RunAsync(isQuarantined, cancellationToken);
        return _halves = halves;
    }

    /// <summary>Copies the next page of image rows; false when there is none.</summary>
    private async Task<bool> CopyRowsAsync(ShardHalf[] halves, CancellationToken cancellationToken)
    {
        var next = int.MaxValue;
        for (var i = 0; i < halves.Length; i++)
            if (halves[i].Images < _ranks.Members(i).Length) next = Math.Min(next, _ranks.Members(i)[halves[i].Images]);
        if (next == int.MaxValue) return false;
        List<ImageRow>[] rows = [[], []];
        await foreach (var row in ledger.ReadImagesAsync(shard, next, Math.Min(PageRows, _ranks.Count - next), cancellationToken))
            if (_ranks.PlaceOf(row.Ordinal) is var (half, ordinal) && ordinal >= halves[half].Images)
                rows[half].Add(row with { Ordinal = ordinal });
        await Task.WhenAll(halves.Select((half, i) => half.CommitAsync(half.New() with { Images = rows[i] })));
        return true;
    }

    /// <summary>Repeats in the halves what the shard has committed since.</summary>
    private async Task RepeatAsync(ShardHalf[] halves)
    {
        // Not until the log is empty, which it may never be: what has come until now.
        for (var left = _log.Count; left > 0;)
        {
            var commits = new List<Task>();
            for (; left > 0 && commits.Count < CommitsAtOnce; left--)
            {
                var commit = _log.Dequeue();
                for (var i = 0; i < halves.Length; i++)
                    commits.Add(halves[i].CommitAsync(HalfCommits.PartOf(commit, _ranks, i, halves[i].VersionOf, halves[i].New())));
            }
            await Task.WhenAll(commits);
        }
    }
}
