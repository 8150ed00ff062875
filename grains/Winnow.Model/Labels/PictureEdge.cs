using System.Globalization;

namespace Winnow.Model.Labels;

/// <summary>
/// The one rule for shapes that reach beyond the picture. What has an area is cut at the edge: boxes, polygons, regions of text. What would
/// become another shape by being cut is taken as it is while it belongs to the picture: a turned box by its centre, lines and keypoints by
/// each of their points, which may lie <see cref="Slack"/> outside and are moved onto the edge. A mask is as large as the picture. What is
/// left of none of it is refused.
/// </summary>
public static class PictureEdge
{
    /// <summary>Pixels by which a point may miss the picture: rounding, and the border of a canvas that is counted in.</summary>
    public const double Slack = 1;

    /// <summary>A label set as it is kept for a picture of this size; the same list where nothing reaches beyond it.</summary>
    /// <param name="annotations">Well-formed annotations.</param>
    /// <param name="width">Pixels across, upright.</param>
    /// <param name="height">Pixels down, upright.</param>
    /// <param name="wrong">The first thing that does not belong to the picture, as a sentence; null when all does.</param>
    public static IReadOnlyList<Annotation> Fit(IReadOnlyList<Annotation> annotations, int width, int height, out string? wrong)
    {
        Annotation[]? kept = null;
        wrong = null;
        for (var i = 0; i < annotations.Count; i++)
        {
            var fitted = Fit(annotations[i], width, height, out wrong);
            if (wrong is not null) return annotations;
            if (ReferenceEquals(fitted, annotations[i])) continue;
            kept ??= [.. annotations];
            kept[i] = fitted;
        }
        return kept ?? annotations;
    }

    private static Annotation Fit(Annotation annotation, int width, int height, out string? wrong)
    {
        wrong = null;
        switch (annotation)
        {
            case BoxAnnotation { Box: var box } one:
                if (box.Rotation != 0)
                {
                    var (x, y) = (box.X + box.Width / 2, box.Y + box.Height / 2);
                    if (!Holds(x, y, width, height)) wrong = Outside("The centre of a turned box", x, y, width, height);
                    return one;
                }
                var cut = Cut(box, width, height);
                if (!(cut.Width >= ShapeRules.LeastSide && cut.Height >= ShapeRules.LeastSide))
                    wrong = Outside("A box", box.X, box.Y, width, height);
                return cut == box ? one : one with { Box = cut };
            case PolygonAnnotation polygon:
                return Cut(polygon, width, height, out wrong);
            case TextAnnotation text:
                var region = PolygonCut.ToPicture(text.Points, width, height);
                if (region.Count < 6) wrong = Outside("A region of text", text.Points[0], text.Points[1], width, height);
                return ReferenceEquals(region, text.Points) ? text : text with { Points = region };
            case PolylineAnnotation line:
                var moved = Move("A polyline", line.Points, 2, width, height, out wrong);
                return ReferenceEquals(moved, line.Points) ? line : line with { Points = moved };
            case KeypointsAnnotation keypoints:
                var seen = Move("A keypoint", keypoints.Points, 3, width, height, out wrong);
                return ReferenceEquals(seen, keypoints.Points) ? keypoints : keypoints with { Points = seen };
            case MaskAnnotation { Mask: var mask } set:
                if (mask.Width != width || mask.Height != height)
                    wrong = $"A mask of {mask.Width} × {mask.Height} pixels on a picture of {width} × {height}.";
                return set;
            default:
                return annotation;
        }
    }

    private static Box Cut(Box box, int width, int height)
    {
        if (box.X >= 0 && box.Y >= 0 && box.X + box.Width <= width && box.Y + box.Height <= height) return box;
        var (left, top) = (Math.Max(box.X, 0), Math.Max(box.Y, 0));
        var (right, bottom) = (Math.Min(box.X + box.Width, width), Math.Min(box.Y + box.Height, height));
        return box with { X = left, Y = top, Width = right - left, Height = bottom - top };
    }

    private static PolygonAnnotation Cut(PolygonAnnotation polygon, int width, int height, out string? wrong)
    {
        wrong = null;
        var same = true;
        List<IReadOnlyList<double>> rings = [];
        foreach (var ring in (IReadOnlyList<double>[])[polygon.Points, .. polygon.Rings ?? []])
        {
            var cut = PolygonCut.ToPicture(ring, width, height);
            same &= ReferenceEquals(cut, ring);
            if (cut.Count >= 6) rings.Add(cut);
        }
        if (same) return polygon;
        if (rings.Count == 0)
        {
            wrong = Outside("A polygon", polygon.Points[0], polygon.Points[1], width, height);
            return polygon;
        }
        return polygon with { Points = rings[0], Rings = rings.Count == 1 ? null : rings[1..] };
    }

    private static IReadOnlyList<double> Move(
        string what, IReadOnlyList<double> points, int stride, int width, int height, out string? wrong)
    {
        wrong = null;
        double[]? moved = null;
        for (var i = 0; i < points.Count; i += stride)
        {
            var (x, y) = (points[i], points[i + 1]);
            // Keypoints that nobody labelled are nowhere.
            var (toX, toY) = stride == 3 && points[i + 2] == 0 ? (0, 0) : (Math.Clamp(x, 0, width), Math.Clamp(y, 0, height));
            if (toX == x && toY == y) continue;
            if ((stride != 3 || points[i + 2] != 0) && (Math.Abs(toX - x) > Slack || Math.Abs(toY - y) > Slack))
            {
                wrong = Outside(what, x, y, width, height);
                return points;
            }
            moved ??= [.. points];
            (moved[i], moved[i + 1]) = (toX, toY);
        }
        return moved ?? points;
    }

    private static bool Holds(double x, double y, int width, int height) => x >= 0 && y >= 0 && x <= width && y <= height;

    private static string Outside(string what, double x, double y, int width, int height) => string.Create(
        CultureInfo.InvariantCulture,
        $"{what} at {x:0.##}, {y:0.##} lies outside the picture, which has {width} × {height} pixels as it is shown upright.");
}
