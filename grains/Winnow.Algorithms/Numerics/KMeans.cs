using System.Numerics.Tensors;

namespace Winnow.Algorithms.Numerics;

/// <summary>A clustering: centres [k × d] and the centre of each row.</summary>
public sealed record Clustering(float[] Centres, int[] Assignment);

/// <summary>k-means: k-means++ seeding (Arthur, Vassilvitskii 2007), then Lloyd's iterations.</summary>
public static class KMeans
{
    private const int Block = 256;

    /// <summary>Work beyond which the centres are found on a random part of the rows, in row × centre pairs.</summary>
    private const long MostPairs = 3_000_000;

    /// <summary>Clusters rows.</summary>
    /// <param name="rows">[n × <paramref name="dimensions"/>].</param>
    /// <param name="dimensions">Length of a row.</param>
    /// <param name="clusters">k; fewer where there are fewer rows.</param>
    /// <param name="seed">Draws the seeding.</param>
    /// <param name="ct">Gives up between iterations.</param>
    /// <param name="maxIterations">Most iterations of Lloyd's algorithm.</param>
    public static Clustering Cluster(ReadOnlyMemory<float> rows, int dimensions, int clusters, ulong seed, CancellationToken ct = default,
        int maxIterations = 30)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(dimensions);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(clusters);
        var n = rows.Length / dimensions;
        var k = Math.Min(clusters, n);
        if (k == 0) return new Clustering([], []);
        var random = new SeededRandom(seed);
        var fitted = Sample(rows, n, dimensions, k, random);
        var fittedCount = fitted.Length / dimensions;
        var centres = Seed(fitted.Span, fittedCount, dimensions, k, random, ct);
        var assignment = new int[fittedCount];
        var distances = new float[fittedCount];
        var iteration = 0;
        while (iteration < maxIterations)
        {
            ct.ThrowIfCancellationRequested();
            iteration++;
            var moved = Assign(fitted, fittedCount, dimensions, centres, k, assignment, distances, ct);
            if (!moved && iteration > 1) break;
            Update(fitted.Span, fittedCount, dimensions, centres, k, assignment, distances);
        }
        var all = new int[n];
        Assign(rows, n, dimensions, centres, k, all, new float[n], ct);
        return new Clustering(centres, all);
    }

    private static ReadOnlyMemory<float> Sample(ReadOnlyMemory<float> rows, int n, int d, int k, SeededRandom random)
    {
        var wanted = (int)Math.Max(MostPairs / k, 20L * k);
        if (n <= wanted) return rows;
        var order = Enumerable.Range(0, n).ToArray();
        random.Shuffle<int>(order);
        var sample = new float[wanted * d];
        for (var i = 0; i < wanted; i++) rows.Span.Slice(order[i] * d, d).CopyTo(sample.AsSpan(i * d));
        return sample;
    }

    private static float[] Seed(ReadOnlySpan<float> rows, int n, int d, int k, SeededRandom random, CancellationToken ct)
    {
        var centres = new float[k * d];
        var nearest = new float[n];
        Array.Fill(nearest, float.PositiveInfinity);
        var next = random.Next(n);
        for (var c = 0; c < k; c++)
        {
            if ((c & 31) == 0) ct.ThrowIfCancellationRequested();
            var centre = rows.Slice(next * d, d);
            centre.CopyTo(centres.AsSpan(c * d));
            double total = 0;
            for (var i = 0; i < n; i++)
            {
                var distance = TensorPrimitives.Distance(rows.Slice(i * d, d), centre);
                if (distance * distance < nearest[i]) nearest[i] = distance * distance;
                total += nearest[i];
            }
            // The next seed is drawn in proportion to the squared distance from those chosen; where all rows are alike, uniformly.
            next = total > 0 ? Draw(nearest, random.NextDouble() * total) : random.Next(n);
        }
        return centres;
    }

    private static int Draw(float[] weights, double target)
    {
        double sum = 0;
        for (var i = 0; i < weights.Length; i++)
        {
            sum += weights[i];
            if (sum > target) return i;
        }
        return weights.Length - 1;
    }

    private static bool Assign(ReadOnlyMemory<float> rows, int n, int d, float[] centres, int k, int[] assignment, float[] distances,
        CancellationToken ct)
    {
        var moved = 0;
        var toCentres = new RowDistances(centres, k, d);
        Parallel.For(0, (n + Block - 1) / Block, new ParallelOptions { CancellationToken = ct }, block =>
        {
            var from = block * Block;
            var count = Math.Min(Block, n - from);
            var table = new float[count * k];
            toCentres.Squared(rows.Span.Slice(from * d, count * d), count, table);
            for (var i = 0; i < count; i++)
            {
                var line = table.AsSpan(i * k, k);
                var nearest = Extremes.IndexOfMin(line);
                distances[from + i] = line[nearest];
                if (assignment[from + i] == nearest) continue;
                assignment[from + i] = nearest;
                Interlocked.Increment(ref moved);
            }
        });
        return moved > 0;
    }

    private static void Update(ReadOnlySpan<float> rows, int n, int d, float[] centres, int k, int[] assignment, float[] distances)
    {
        var counts = new int[k];
        Array.Clear(centres);
        for (var i = 0; i < n; i++)
        {
            var centre = centres.AsSpan(assignment[i] * d, d);
            TensorPrimitives.Add(centre, rows.Slice(i * d, d), centre);
            counts[assignment[i]]++;
        }
        for (var c = 0; c < k; c++)
        {
            var centre = centres.AsSpan(c * d, d);
            if (counts[c] > 0)
            {
                TensorPrimitives.Divide(centre, counts[c], centre);
                continue;
            }
            // An empty cluster takes the row that is served worst.
            var farthest = Extremes.IndexOfMax(distances);
            rows.Slice(farthest * d, d).CopyTo(centre);
            distances[farthest] = 0;
        }
    }
}
