using System.Numerics.Tensors;
using Winnow.Algorithms.Numerics;

namespace Winnow.Algorithms.Selection;

/// <summary>
/// Chooses greedily the candidates S that maximise Σₓ u(x) · max over c in L ∪ S of exp(−‖x − c‖² / s²), where x are the points
/// that stand for the pool, u(x) their keys and L what is labelled. s² is the median nearest-neighbour squared distance among the
/// labelled points.
/// </summary>
internal static class Herding
{
    /// <summary>Points of the pool that stand for all of it.</summary>
    public const int EvaluationPoints = 5_000;

    private const int BandwidthSample = 1_500;
    private const int Block = 256;

    /// <summary>Indices of the chosen candidates, best first.</summary>
    public static async Task<IReadOnlyList<int>> SelectAsync(
        ISelectionPool pool, SelectionRequest request, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var count = Math.Min(request.BatchSize, pool.Candidates.Count);
        if (count == 0) return [];
        var candidates = await pool.Candidates.VectorsAsync(cancellationToken).ConfigureAwait(false);
        var evaluation = await pool.Evaluation.VectorsAsync(cancellationToken).ConfigureAwait(false);
        var labelled = await pool.LabelledAsync(cancellationToken).ConfigureAwait(false);
        var chosen = Choose(pool, candidates, evaluation, new RowMatrix(candidates.Columns, labelled.Vectors), request, count,
            cancellationToken);
        CandidateOrder.Fill(chosen, pool.Candidates, count);
        return chosen;
    }

    private static List<int> Choose(
        ISelectionPool pool, RowMatrix candidates, RowMatrix evaluation, RowMatrix labelled, SelectionRequest request, int count,
        CancellationToken cancellationToken)
    {
        var d = candidates.Columns;
        var points = pool.Evaluation.Count;
        var bandwidth = Bandwidth(candidates, evaluation, labelled, request.Seed);
        var toPool = new RowDistances(evaluation.Values, points, d);
        var kernel = Kernel(candidates.Values, candidates.Count, toPool, points, d, bandwidth, cancellationToken);
        var covered = Covered(labelled.Values, labelled.Count, toPool, points, d, bandwidth, cancellationToken);
        return LazyGreedy(kernel, covered, pool, points, count, cancellationToken);
    }

    /// <summary>
    /// A candidate's gain only falls as others are chosen, so a stale gain is an upper bound: the top of the heap is recomputed until it
    /// stays on top (Minoux 1978).
    /// </summary>
    private static List<int> LazyGreedy(float[] kernel, float[] covered, ISelectionPool pool, int points, int count,
        CancellationToken cancellationToken)
    {
        var (weights, noise) = (pool.Evaluation.Keys, pool.Candidates.Noise);
        var n = pool.Candidates.Count;
        var gains = new double[n];
        Parallel.For(0, n, new ParallelOptions { CancellationToken = cancellationToken },
            i => gains[i] = Gain(kernel.AsSpan(i * points, points), covered, weights.Span));
        var heap = new PriorityQueue<int, (double NegatedGain, ulong Noise)>(n);
        for (var i = 0; i < n; i++) heap.Enqueue(i, (-gains[i], noise.Span[i]));
        var chosen = new List<int>(count);
        while (chosen.Count < count && heap.TryDequeue(out var best, out _))
        {
            cancellationToken.ThrowIfCancellationRequested();
            var row = kernel.AsSpan(best * points, points);
            var gain = Gain(row, covered, weights.Span);
            var order = (-gain, noise.Span[best]);
            if (heap.TryPeek(out _, out var next) && order.CompareTo(next) > 0)
            {
                heap.Enqueue(best, order);
                continue;
            }
            chosen.Add(best);
            TensorPrimitives.Max(covered, row, covered);
        }
        return chosen;
    }

    /// <summary>Σₓ u(x) · max(0, k(x, c) − covered(x)).</summary>
    private static double Gain(ReadOnlySpan<float> kernel, ReadOnlySpan<float> covered, ReadOnlySpan<float> weights)
    {
        double sum = 0;
        Span<float> part = stackalloc float[Block];
        for (var from = 0; from < kernel.Length; from += Block)
        {
            var count = Math.Min(Block, kernel.Length - from);
            var gain = part[..count];
            TensorPrimitives.Subtract(kernel.Slice(from, count), covered.Slice(from, count), gain);
            TensorPrimitives.Max(gain, 0f, gain);
            sum += TensorPrimitives.Dot<float>(gain, weights.Slice(from, count));
        }
        return sum;
    }

    /// <summary>exp(−‖a − b‖² / s²) of all pairs, [rows × others].</summary>
    private static float[] Kernel(ReadOnlyMemory<float> a, int rows, RowDistances toOthers, int others, int d, float bandwidth,
        CancellationToken cancellationToken)
    {
        var kernel = new float[(long)rows * others];
        Parallel.For(0, (rows + Block - 1) / Block, new ParallelOptions { CancellationToken = cancellationToken }, block =>
        {
            var from = block * Block;
            var count = Math.Min(Block, rows - from);
            var part = kernel.AsSpan(from * others, count * others);
            toOthers.Squared(a.Span.Slice(from * d, count * d), count, part);
            TensorPrimitives.Multiply(part, -1 / bandwidth, part);
            TensorPrimitives.Exp(part, part);
        });
        return kernel;
    }

    private static float[] Covered(ReadOnlyMemory<float> labelled, int count, RowDistances toPool, int points, int d, float bandwidth,
        CancellationToken cancellationToken)
    {
        var covered = new float[points];
        for (var from = 0; from < count; from += Block)
        {
            var rows = Math.Min(Block, count - from);
            var kernel = Kernel(labelled.Slice(from * d, rows * d), rows, toPool, points, d, bandwidth, cancellationToken);
            for (var r = 0; r < rows; r++) TensorPrimitives.Max(covered, kernel.AsSpan(r * points, points), covered);
        }
        return covered;
    }

    private static float Bandwidth(RowMatrix candidates, RowMatrix evaluation, RowMatrix labelled, ulong seed)
    {
        const float Smallest = 1e-6f;
        // Without two labelled points to measure: a quarter of the median distance between pool and candidates.
        if (labelled.Count < 2) return Math.Max(Smallest, MedianDistance(candidates, evaluation) / 4);
        var d = labelled.Columns;
        var sample = Sample(labelled.Values, labelled.Count, d, seed);
        var n = sample.Length / d;
        var distances = new float[n * n];
        Gemm.SquaredDistances(sample, n, sample, n, d, distances);
        var nearest = new float[n];
        for (var i = 0; i < n; i++)
        {
            distances[i * n + i] = float.PositiveInfinity;
            nearest[i] = TensorPrimitives.Min<float>(distances.AsSpan(i * n, n));
        }
        return Math.Max(Smallest, Median(nearest));
    }

    private static float MedianDistance(RowMatrix candidates, RowMatrix evaluation)
    {
        var d = candidates.Columns;
        var a = Math.Min(500, candidates.Count);
        var b = Math.Min(500, evaluation.Count);
        if (a == 0 || b == 0) return 0;
        var distances = new float[a * b];
        Gemm.SquaredDistances(candidates.Values.AsSpan(0, a * d), a, evaluation.Values.AsSpan(0, b * d), b, d, distances);
        return Median(distances);
    }

    private static float[] Sample(ReadOnlySpan<float> rows, int n, int d, ulong seed)
    {
        if (n <= BandwidthSample) return rows.ToArray();
        var order = Enumerable.Range(0, n).ToArray();
        new SeededRandom(seed).Shuffle<int>(order);
        var sample = new float[BandwidthSample * d];
        for (var i = 0; i < BandwidthSample; i++) rows.Slice(order[i] * d, d).CopyTo(sample.AsSpan(i * d));
        return sample;
    }

    private static float Median(float[] values)
    {
        Array.Sort(values);
        var middle = values.Length / 2;
        return values.Length % 2 == 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
    }
}
