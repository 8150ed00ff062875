using Winnow.Model.Labels;

namespace Winnow.Testing;

/// <summary>
/// Sets of pixels of a picture, row by row, as run lengths and as outlines. Both say exactly which pixels there are: the outline runs along
/// their edges.
/// </summary>
public static class PixelMasks
{
    /// <summary>Run lengths in COCO's order.</summary>
    public static RunLengthMask RunsOf(ReadOnlySpan<bool> set, int width)
    {
        var height = set.Length / width;
        var counts = new List<int>();
        var (last, run) = (false, 0);
        for (var x = 0; x < width; x++)
            for (var y = 0; y < height; y++)
            {
                var now = set[y * width + x];
                if (now != last)
                {
                    counts.Add(run);
                    (last, run) = (now, 0);
                }
                run++;
            }
        counts.Add(run);
        return new RunLengthMask(width, height, counts);
    }

    /// <summary>The pixels of run lengths.</summary>
    public static bool[] PixelsOf(RunLengthMask mask)
    {
        var set = new bool[mask.Width * mask.Height];
        var at = 0;
        for (var i = 0; i < mask.Counts.Count; i++)
            for (var end = at + mask.Counts[i]; at < end; at++)
                if (i % 2 == 1) set[at % mask.Height * mask.Width + at / mask.Height] = true;
        return set;
    }

    /// <summary>
    /// Closed rings around all parts and holes, the longest first, each as x0, y0, x1, y1, … with a point at each corner. What an odd
    /// number of them hold is the set.
    /// </summary>
    public static IReadOnlyList<IReadOnlyList<double>> OutlineOf(bool[] set, int width)
    {
        var height = set.Length / width;
        var across = width + 1;
        bool Is(int x, int y) => x >= 0 && y >= 0 && x < width && y < height && set[y * width + x];
        // Edges with the set on their right hand, by the corner that they start at. A corner where two pixels touch has two of them.
        var from = new Dictionary<int, List<int>>();
        void Add(int a, int b)
        {
            if (!from.TryGetValue(a, out var to)) from[a] = to = [];
            to.Add(b);
        }
        for (var y = 0; y < height; y++)
            for (var x = 0; x < width; x++)
            {
                if (!Is(x, y)) continue;
                var corner = y * across + x;
                if (!Is(x, y - 1)) Add(corner, corner + 1);
                if (!Is(x + 1, y)) Add(corner + 1, corner + 1 + across);
                if (!Is(x, y + 1)) Add(corner + 1 + across, corner + across);
                if (!Is(x - 1, y)) Add(corner + across, corner);
            }
        var rings = new List<IReadOnlyList<double>>();
        foreach (var start in from.Keys.Order().ToArray())
            while (from[start].Count > 0)
                rings.Add(Corners(Follow(from, start), across));
        return [.. rings.OrderByDescending(r => r.Count)];
    }

    /// <summary>From corner to corner until the first comes again; edges are used up.</summary>
    private static List<int> Follow(Dictionary<int, List<int>> from, int start)
    {
        var ring = new List<int>();
        var at = start;
        do
        {
            ring.Add(at);
            var next = from[at][^1];
            from[at].RemoveAt(from[at].Count - 1);
            at = next;
        }
        while (at != start);
        return ring;
    }

    /// <summary>Without the corners that lie on a straight stretch.</summary>
    private static List<double> Corners(List<int> ring, int across)
    {
        var points = new List<double>();
        for (var i = 0; i < ring.Count; i++)
        {
            var (before, after) = (ring[(i + ring.Count - 1) % ring.Count], ring[(i + 1) % ring.Count]);
            if (ring[i] - before == after - ring[i]) continue;
            points.Add(ring[i] % across);
            points.Add(ring[i] / across);
        }
        return points;
    }
}
