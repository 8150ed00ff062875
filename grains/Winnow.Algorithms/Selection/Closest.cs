using Winnow.Algorithms.Numerics;

namespace Winnow.Algorithms.Selection;

/// <summary>Finds where rows lie closest together.</summary>
public static class Closest
{
    /// <summary>
    /// All rows by their distance from the one whose nearest neighbours are nearest, that one first. The same rows give the same order.
    /// </summary>
    /// <param name="rows">The rows.</param>
    /// <param name="together">How many are to lie close together, the one included; 1 or more.</param>
    public static int[] Order(RowMatrix rows, int together)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(together, 1);
        var n = rows.Count;
        if (n == 0) return [];
        var (distances, sorted) = (new float[n * n], new float[n]);
        new RowDistances(rows.Values, n, rows.Columns).Squared(rows.Values, n, distances);
        var (seed, least) = (0, double.MaxValue);
        for (var r = 0; r < n; r++)
        {
            distances.AsSpan(r * n, n).CopyTo(sorted);
            Array.Sort(sorted);
            // The root: one that lies far away counts as one, and not as all others together.
            var sum = 0.0;
            for (var i = 0; i < Math.Min(together, n); i++) sum += Math.Sqrt(sorted[i]);
            if (sum < least) (seed, least) = (r, sum);
        }
        var order = Enumerable.Range(0, n).ToArray();
        var from = seed;
        Array.Sort(order, (a, b) =>
        {
            if (a == from || b == from) return a == b ? 0 : a == from ? -1 : 1;
            var byDistance = distances[(from * n) + a].CompareTo(distances[(from * n) + b]);
            return byDistance != 0 ? byDistance : a.CompareTo(b);
        });
        return order;
    }
}
