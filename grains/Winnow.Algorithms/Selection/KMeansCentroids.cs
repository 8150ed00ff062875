using System.Numerics.Tensors;
using Winnow.Algorithms.Numerics;
using Winnow.Algorithms.Scoring;

namespace Winnow.Algorithms.Selection;

/// <summary>
/// The cold start: rows of unit length are clustered into as many clusters as the batch has places, and the real image nearest to each
/// centre is asked about, the largest cluster first.
/// </summary>
public sealed class KMeansCentroids : IQueryStrategy
{
    /// <summary>Candidates to cluster: a uniform part of a large pool shows its clusters as well as all of it.</summary>
    private const int Sample = 20_000;

    /// <inheritdoc/>
    public string Name => "k-means";

    /// <inheritdoc/>
    /// <remarks>Clusters grow with the batch, and so do the rows that are clustered.</remarks>
    public int LargestBatch => 10_000;

    /// <inheritdoc/>
    public bool NeedsModel => false;

    /// <inheritdoc/>
    public SelectionPlan Plan(SelectionRequest request) => new(0, UniformCandidates: Math.Max(Sample, 4 * request.BatchSize));

    /// <inheritdoc/>
    public void Keys(ReadOnlySpan<ImageScore> scores, ReadOnlySpan<ulong> noise, SelectionRequest request, Span<float> keys) =>
        keys.Clear();

    /// <inheritdoc/>
    public async Task<IReadOnlyList<int>> SelectAsync(ISelectionPool pool, SelectionRequest request, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var count = Math.Min(request.BatchSize, pool.Candidates.Count);
        if (count == 0) return [];
        var vectors = await pool.Candidates.VectorsAsync(cancellationToken).ConfigureAwait(false);
        var chosen = Nearest(vectors, count, request, cancellationToken);
        CandidateOrder.Fill(chosen, pool.Candidates, count);
        return chosen;
    }

    /// <summary>The real image nearest to each centre, the largest cluster first.</summary>
    private static List<int> Nearest(RowMatrix vectors, int count, SelectionRequest request, CancellationToken cancellationToken)
    {
        var d = vectors.Columns;
        var rows = UnitRows(vectors);
        var clusters = KMeans.Cluster(rows, d, count, request.Seed, cancellationToken);
        var nearest = new int[count];
        var distance = new float[count];
        var size = new int[count];
        Array.Fill(nearest, -1);
        Array.Fill(distance, float.PositiveInfinity);
        for (var i = 0; i < vectors.Count; i++)
        {
            var c = clusters.Assignment[i];
            size[c]++;
            var own = TensorPrimitives.Distance(rows.AsSpan(i * d, d), clusters.Centres.AsSpan(c * d, d));
            if (own < distance[c]) (distance[c], nearest[c]) = (own, i);
        }
        return [.. Enumerable.Range(0, count).Where(c => nearest[c] >= 0).OrderByDescending(c => size[c]).ThenBy(c => c)
            .Select(c => nearest[c])];
    }

    private static float[] UnitRows(RowMatrix vectors)
    {
        var d = vectors.Columns;
        var rows = vectors.Values.ToArray();
        for (var i = 0; i < vectors.Count; i++)
        {
            var row = rows.AsSpan(i * d, d);
            var norm = TensorPrimitives.Norm<float>(row);
            if (norm > 1e-9f) TensorPrimitives.Divide(row, norm, row);
        }
        return rows;
    }
}
