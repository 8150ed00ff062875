using System.Buffers;
using System.Text;

namespace Winnow.Model.Labels;

/// <summary>What makes the shape of an annotation one, wherever in a picture it lies.</summary>
internal static class ShapeRules
{
    /// <summary>A smaller box is nothing that anybody drew, and formats that write shares of the picture lose it.</summary>
    public const double LeastSide = 0.001;

    /// <summary>The first thing that is wrong with a shape, as a sentence; null when nothing is.</summary>
    /// <param name="annotation">The annotation.</param>
    /// <param name="of">Its class.</param>
    public static string? Check(Annotation annotation, LabelClass of) => annotation switch
    {
        ClassTag => null,
        BoxAnnotation { Box: var box } => CheckBox(box),
        PolygonAnnotation polygon => CheckPolygon(polygon),
        PolylineAnnotation { Points: var points } => CheckPoints("A polyline", points, 2)
            ?? (LengthOf(points) >= LeastSide ? null : "A polyline needs a length of at least 0.001 pixels."),
        KeypointsAnnotation { Points: var points } => CheckKeypoints(points, of),
        TextAnnotation text => CheckText(text.Text) ?? CheckPoints("A polygon", text.Points, 3) ?? CheckArea("A polygon", text.Points),
        MaskAnnotation { Mask: var mask } => CheckMask(mask),
        _ => "An annotation is of no shape that is known.",
    };

    private static string? CheckBox(Box box) =>
        !(box.Width >= LeastSide && box.Height >= LeastSide && double.IsFinite(box.X) && double.IsFinite(box.Y)
            && double.IsFinite(box.Width) && double.IsFinite(box.Height)
            && double.IsFinite(box.X + box.Width) && double.IsFinite(box.Y + box.Height))
            ? "A box needs finite coordinates, and a width and a height of at least 0.001 pixels."
            : box.Rotation is > -360 and < 360 ? null : "A box's rotation must be above -360 and below 360 degrees.";

    private static string? CheckPolygon(PolygonAnnotation polygon)
    {
        if ((CheckPoints("A polygon", polygon.Points, 3) ?? CheckArea("A polygon", polygon.Points)) is { } wrong) return wrong;
        long numbers = polygon.Points.Count;
        foreach (var ring in polygon.Rings ?? [])
        {
            if (ring is null) return "A polygon has a ring that is null.";
            if ((CheckPoints("A polygon's ring", ring, 3) ?? CheckArea("A polygon's ring", ring)) is { } bent) return bent;
            numbers += ring.Count;
        }
        return numbers > AnnotationRules.MaxNumbers ? TooMany("A polygon", numbers) : null;
    }

    private static string? CheckPoints(string what, IReadOnlyList<double> points, int least)
    {
        if (points is null || points.Count < 2 * least || points.Count % 2 != 0)
            return $"{what} needs at least {(least == 2 ? "two" : "three")} points, written x0, y0, x1, y1, ….";
        if (points.Count > AnnotationRules.MaxNumbers) return TooMany(what, points.Count);
        return AreFinite(points) ? null : $"{what} needs finite coordinates.";
    }

    /// <summary>
    /// A shape that is nowhere wider than the least side has no area. The sum of the corners would not tell: it is 0 of an eight, too.
    /// </summary>
    private static string? CheckArea(string what, IReadOnlyList<double> points)
    {
        var (far, length) = (0, 0.0);
        for (var i = 2; i < points.Count; i += 2)
        {
            var distance = Distance(points, 0, i);
            if (distance > length) (far, length) = (i, distance);
        }
        var (x, y) = (points[far] - points[0], points[far + 1] - points[1]);
        for (var i = 2; length >= LeastSide && i < points.Count; i += 2)
            if (Math.Abs((x / length * (points[i + 1] - points[1])) - (y / length * (points[i] - points[0]))) >= LeastSide) return null;
        return $"{what} needs an area: it is nowhere wider than 0.001 pixels.";
    }

    private static double LengthOf(IReadOnlyList<double> points)
    {
        var length = 0.0;
        for (var i = 2; i < points.Count; i += 2) length += Distance(points, i - 2, i);
        return length;
    }

    private static double Distance(IReadOnlyList<double> points, int one, int other) =>
        double.Hypot(points[other] - points[one], points[other + 1] - points[one + 1]);

    /// <summary>What a region reads is the label: nothing of it is changed, and what is no writing is refused.</summary>
    private static string? CheckText(string? text)
    {
        if (text is null) return "text is missing. Where nobody can read it, send an empty one.";
        if (text.Length > AnnotationRules.MaxText)
            return $"text has {text.Length} characters; at most {AnnotationRules.MaxText} are taken.";
        for (var i = 0; i < text.Length;)
        {
            if (Rune.DecodeFromUtf16(text.AsSpan(i), out var rune, out var length) != OperationStatus.Done)
                return $"text has half of a character at place {i}.";
            if (Rune.IsControl(rune) && rune.Value is not ('\n' or '\r' or '\t'))
                return $"text has the control character U+{rune.Value:X4} at place {i}, which is no writing: leave it out. Line ends, "
                    + "tabs and marks of direction are kept.";
            i += length;
        }
        return null;
    }

    private static string TooMany(string what, long numbers) =>
        $"{what} of {numbers / 2} points; at most {AnnotationRules.MaxNumbers / 2} are taken.";

    private static bool AreFinite(IReadOnlyList<double> numbers)
    {
        for (var i = 0; i < numbers.Count; i++)
            if (!double.IsFinite(numbers[i])) return false;
        return true;
    }

    private static string? CheckKeypoints(IReadOnlyList<double> points, LabelClass of)
    {
        if (points is null || points.Count == 0 || points.Count % 3 != 0) return "Keypoints are written x0, y0, v0, x1, y1, v1, ….";
        if (points.Count > AnnotationRules.MaxNumbers) return TooMany("Keypoints", points.Count);
        if (of.Keypoints is { } names && points.Count != 3 * names.Count)
            return $"Class '{of.Name}' has {names.Count} keypoints, not {points.Count / 3}: those that are not labelled are 0, 0, 0.";
        if (!AreFinite(points)) return "Keypoints need finite coordinates.";
        var labelled = false;
        for (var i = 0; i < points.Count; i += 3)
        {
            if (points[i + 2] is not (0 or 1 or 2))
                return $"A keypoint's visibility must be 0 (not labelled), 1 (hidden) or 2 (seen), not {points[i + 2]}.";
            labelled |= points[i + 2] > 0;
        }
        return labelled ? null : "Keypoints need at least one that is labelled.";
    }

    private static string? CheckMask(RunLengthMask mask)
    {
        if (mask?.Counts is null || mask.Width <= 0 || mask.Height <= 0) return "A mask needs a width and a height above zero.";
        if (mask.Counts.Count > AnnotationRules.MaxNumbers)
            return $"A mask of {mask.Counts.Count} runs; at most {AnnotationRules.MaxNumbers} are taken.";
        long sum = 0, set = 0;
        for (var i = 0; i < mask.Counts.Count; i++)
        {
            if (mask.Counts[i] < 0) return "A mask's run lengths cannot be negative.";
            sum += mask.Counts[i];
            if (i % 2 == 1) set += mask.Counts[i];
        }
        var pixels = (long)mask.Width * mask.Height;
        if (sum != pixels) return $"A mask's runs add up to {sum}, not to width × height = {pixels}.";
        return set > 0 ? null : "A mask needs at least one pixel.";
    }
}
