namespace Winnow.Model.Labels;

/// <summary>
/// The upright rectangle around what an annotation marks, in pixels. What has no breadth, such as a level line, has no area.
/// </summary>
/// <param name="Left">Least x.</param>
/// <param name="Top">Least y.</param>
/// <param name="Right">Greatest x.</param>
/// <param name="Bottom">Greatest y.</param>
public readonly record struct Extent(double Left, double Top, double Right, double Bottom)
{
    /// <summary>Pixels that it covers.</summary>
    public double Area => (Right - Left) * (Bottom - Top);

    /// <summary>The same, and a pixel broad where it has no breadth, so that it has an area.</summary>
    public Extent Broad()
    {
        var (across, down) = (Right > Left ? 0 : 0.5, Bottom > Top ? 0 : 0.5);
        return new Extent(Left - across, Top - down, Right + across, Bottom + down);
    }

    /// <summary>The extent of an annotation; null of one that marks no place.</summary>
    public static Extent? Of(Annotation annotation) => annotation switch
    {
        BoxAnnotation { Box: var box } => Around(box),
        PolygonAnnotation { Points: var points, Rings: var rings } => Around([points, .. rings ?? []], 2),
        PolylineAnnotation { Points: var points } => Around([points], 2),
        TextAnnotation { Points: var points } => Around([points], 2),
        KeypointsAnnotation { Points: var points } => Around([points], 3),
        MaskAnnotation { Mask: var mask } => Around(mask),
        _ => null,
    };

    private static Extent? Around(in Box box)
    {
        if (box.Rotation == 0) return new Extent(box.X, box.Y, box.X + box.Width, box.Y + box.Height);
        var (sin, cos) = Math.SinCos(box.Rotation * Math.PI / 180);
        var across = (Math.Abs(box.Width * cos) + Math.Abs(box.Height * sin)) / 2;
        var down = (Math.Abs(box.Width * sin) + Math.Abs(box.Height * cos)) / 2;
        var (x, y) = (box.X + (box.Width / 2), box.Y + (box.Height / 2));
        return new Extent(x - across, y - down, x + across, y + down);
    }

    private static Extent? Around(IReadOnlyList<double>[] rings, int step)
    {
        var (left, top, right, bottom) = (double.MaxValue, double.MaxValue, double.MinValue, double.MinValue);
        foreach (var points in rings)
            for (var i = 0; i + step <= points.Count; i += step)
            {
                // A keypoint that is not labelled lies nowhere.
                if (step == 3 && points[i + 2] == 0) continue;
                (left, right) = (Math.Min(left, points[i]), Math.Max(right, points[i]));
                (top, bottom) = (Math.Min(top, points[i + 1]), Math.Max(bottom, points[i + 1]));
            }
        return left > right ? null : new Extent(left, top, right, bottom);
    }

    private static Extent? Around(RunLengthMask mask)
    {
        long at = 0;
        var (left, top, right, bottom) = (long.MaxValue, long.MaxValue, -1L, -1L);
        for (var i = 0; i < mask.Counts.Count; at += mask.Counts[i], i++)
        {
            if (i % 2 == 0 || mask.Counts[i] == 0) continue;
            var end = at + mask.Counts[i] - 1;
            var (first, last) = (at / mask.Height, end / mask.Height);
            (left, right) = (Math.Min(left, first), Math.Max(right, last));
            // A run that goes on into the next column touches the lower and the upper edge.
            top = Math.Min(top, first == last ? at % mask.Height : 0);
            bottom = Math.Max(bottom, first == last ? end % mask.Height : mask.Height - 1);
        }
        return right < 0 ? null : new Extent(left, top, right + 1, bottom + 1);
    }
}
