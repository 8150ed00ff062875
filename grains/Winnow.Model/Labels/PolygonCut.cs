namespace Winnow.Model.Labels;

/// <summary>
/// Cuts a closed ring to a rectangle, one side after the other (Sutherland and Hodgman, Reentrant polygon clipping, CACM 17, 1974). Of a
/// ring that leaves the picture and comes back, the parts stay joined by stretches along the edge, which hold no pixel.
/// </summary>
internal static class PolygonCut
{
    /// <summary>The ring within the picture; the same list where none of it lies outside, an empty one where all does.</summary>
    public static IReadOnlyList<double> ToPicture(IReadOnlyList<double> ring, int width, int height)
    {
        if (LiesWithin(ring, width, height)) return ring;
        List<double> kept = [.. ring];
        kept = Cut(kept, 0, 0, keepsAbove: true);
        kept = Cut(kept, 0, width, keepsAbove: false);
        kept = Cut(kept, 1, 0, keepsAbove: true);
        kept = Cut(kept, 1, height, keepsAbove: false);
        return HasArea(kept) ? kept : [];
    }

    private static bool LiesWithin(IReadOnlyList<double> ring, int width, int height)
    {
        for (var i = 0; i < ring.Count; i += 2)
            if (!(ring[i] >= 0 && ring[i] <= width && ring[i + 1] >= 0 && ring[i + 1] <= height)) return false;
        return true;
    }

    // What is left of a ring that touches the picture from outside are points on its edge.
    private static bool HasArea(List<double> ring)
    {
        for (var axis = 0; axis < 2; axis++)
        {
            var all = true;
            for (var i = axis; i < ring.Count; i += 2) all &= ring[i] == ring[axis];
            if (all) return false;
        }
        return true;
    }

    private static List<double> Cut(List<double> ring, int axis, double at, bool keepsAbove)
    {
        var kept = new List<double>(ring.Count + 4);
        for (int i = 0, last = ring.Count - 2; i < ring.Count; last = i, i += 2)
        {
            var (from, to) = (ring[last + axis], ring[i + axis]);
            var (fromIn, toIn) = keepsAbove ? (from >= at, to >= at) : (from <= at, to <= at);
            if (fromIn != toIn)
            {
                // Halves, as the distance of two large coordinates may be too large for a number.
                var share = (at / 2 - from / 2) / (to / 2 - from / 2);
                // Two that are as near to each other as two numbers can be.
                if (double.IsNaN(share)) share = 0;
                var (a, b) = (ring[last + 1 - axis], ring[i + 1 - axis]);
                // Between the two, whatever is lost in rounding.
                var across = Math.Clamp(a * (1 - share) + b * share, Math.Min(a, b), Math.Max(a, b));
                kept.Add(axis == 0 ? at : across);
                kept.Add(axis == 0 ? across : at);
            }
            if (!toIn) continue;
            kept.Add(ring[i]);
            kept.Add(ring[i + 1]);
        }
        return kept;
    }
}
