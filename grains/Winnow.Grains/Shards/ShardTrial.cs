using System.Runtime.InteropServices;
using Winnow.Abstractions.Training;
using Winnow.Algorithms.Scoring;
using Winnow.Grains.Columns;
using Winnow.Grains.Images;
using Winnow.Grains.Ports;
using Winnow.Grains.Selection;

namespace Winnow.Grains.Shards;

/// <summary>
/// What a space can tell that is on trial: samples of it, and what it makes nothing of. Any space that the shard keeps may be asked,
/// whether it serves or not, and none is changed.
/// </summary>
internal sealed class ShardTrial(ShardWriter writer, ShardIndex index, ShardColumns columns, ShardReviewDesk desk)
{
    // Of the dataset's seed, so that no two draws share their hashes: see AuditSample.
    private const ulong ProjectionStream = 0xA0D1_7000_0000_0002;
    private const ulong LabelStream = 0xA0D1_7000_0000_0003;

    /// <summary>A uniform sample of the pool's embeddings.</summary>
    /// <param name="backbone">Whose; null, of a caller of the last release: of the one that serves.</param>
    /// <param name="count">At most so many.</param>
    public MatrixRows SampleEmbeddings(string? backbone, int count)
    {
        var space = backbone is null ? columns.Serving : Find(backbone);
        if (space?.Embeddings is not { } embeddings) return new MatrixRows(0, []);
        // Of the sample alone it is asked whether there are numbers: a look at each row would read the whole column.
        var sample = Smallest(ProjectionStream, count, o => o < embeddings.Count && index.InPool(o));
        return embeddings.ToMatrix([.. sample.Where(o => IsNumber(embeddings, o))]);
    }

    public SpaceSample SampleLabelled(string backbone, int count)
    {
        if (Find(backbone) is not { Embeddings: { } embeddings, Projected: { } projected })
            return new SpaceSample(new LabelledRows([], [], new MatrixRows(0, [])), 0);
        var labelled = Smallest(
            LabelStream, count, o => o < projected.Count && index.InPool(o) && index.LearnedOf(o) >= 0 && IsNumber(projected, o));
        Array.Sort(labelled);
        var rows = new LabelledRows([.. labelled.Select(index.IdOf)], [.. labelled.Select(index.LearnedOf)], projected.ToMatrix(labelled));
        return new SpaceSample(rows, embeddings.RowBytes + projected.RowBytes + Marshal.SizeOf<ImageScore>());
    }

    public Task<int> CountUnusableAsync(string backbone, CancellationToken cancellationToken) =>
        Task.FromResult(Unusable(backbone, cancellationToken).Count);

    public async Task<int> PutAsideUnusableAsync(string backbone, CancellationToken cancellationToken)
    {
        var unusable = Unusable(backbone, cancellationToken);
        if (unusable.Count == 0) return 0;
        QuarantineRow[] rows = [.. unusable.Select(o => new QuarantineRow(o, $"The backbone '{backbone}' makes nothing of it."))];
        await writer.CommitAsync(writer.New() with { Quarantined = rows }, cancellationToken);
        foreach (var ordinal in unusable) desk.Quarantined(ordinal);
        return unusable.Count;
    }

    private List<int> Unusable(string backbone, CancellationToken cancellationToken)
    {
        var unusable = new List<int>();
        // Projections are a fraction of the embeddings, and have no numbers where those have none.
        if (Find(backbone)?.Projected is not { } projected) return unusable;
        for (var o = 0; o < projected.Count; o++)
        {
            if (o % 65_536 == 0) cancellationToken.ThrowIfCancellationRequested();
            if (!IsNumber(projected, o) && !index.Has(o, ShardIndex.Flags.Quarantined)) unusable.Add(o);
        }
        return unusable;
    }

    private ShardSpace? Find(string backbone) => columns.Others.Append(columns.Serving).FirstOrDefault(s => s.Backbone == backbone);

    private static bool IsNumber(SegmentColumn rows, int ordinal) => !Half.IsNaN(rows.Row<Half>(ordinal)[0]);

    /// <summary>The rows with the smallest hashes among those that count, the smallest first.</summary>
    private int[] Smallest(ulong stream, int count, Func<int, bool> counts)
    {
        var seed = writer.Dataset.Settings.Seed ^ stream;
        var ordinals = Enumerable.Range(0, index.Count).Where(counts).ToArray();
        Array.Sort(ordinals.Select(o => LocalSelection.HashOf(index.IdOf(o), seed)).ToArray(), ordinals);
        return ordinals[..Math.Min(count, ordinals.Length)];
    }
}
