using System.Text.Json;
using Winnow.Model.Names;

namespace Winnow.Model.Labels;

/// <summary>What makes an annotation well-formed, for every room that takes one in.</summary>
public static class AnnotationRules
{
    /// <summary>Largest number of annotations on one image.</summary>
    public const int MaxAnnotations = 10_000;

    /// <summary>Largest number of numbers in one polygon, or of runs in one mask.</summary>
    public const int MaxNumbers = 1_000_000;

    /// <summary>Most characters that a region may read.</summary>
    public const int MaxText = 10_000;

    /// <summary>
    /// The first thing that is wrong with a set of annotations under a schema, as a sentence; null when all are well-formed.
    /// </summary>
    public static string? Check(IReadOnlyList<Annotation> annotations, LabelSchema schema)
    {
        if (annotations.Count > MaxAnnotations) return $"{annotations.Count} annotations on one image; at most {MaxAnnotations} are taken.";
        var tags = 0;
        foreach (var annotation in annotations)
        {
            if (annotation?.Class is null) return "An annotation is null, or has no class.";
            if (schema.IndexOf(annotation.Class) < 0) return $"Class {ShownText.Quote(annotation.Class)} is not in the label schema.";
            if (annotation.Confidence is { } p && !(p is >= 0 and <= 1)) return $"Confidence {p} is outside [0, 1].";
            if (!schema.Geometries.Contains(GeometryOf(annotation))) return NotTaken(GeometryOf(annotation), schema);
            if (annotation is ClassTag) tags++;
            if (CheckShape(annotation) is { } wrong) return wrong;
        }
        return tags > 1 && !schema.MultiLabel ? "More than one class for an image of a single-label schema." : null;
    }

    private static string NotTaken(Geometry geometry, LabelSchema schema)
    {
        var taken = string.Join(", ", schema.Geometries.Distinct().Select(Name));
        return $"The label schema takes {taken}, and no {Name(geometry)}: it would be lost. Nothing of this decision was recorded.";
    }

    private static string Name(Geometry geometry) => JsonNamingPolicy.KebabCaseLower.ConvertName(geometry.ToString());

    private static Geometry GeometryOf(Annotation annotation) => annotation switch
    {
        ClassTag => Geometry.Class,
        BoxAnnotation => Geometry.Box,
        PolygonAnnotation => Geometry.Polygon,
        MaskAnnotation => Geometry.Mask,
        _ => Geometry.Text,
    };

    private static string? CheckShape(Annotation annotation) => annotation switch
    {
        BoxAnnotation { Box: var b }
            when !(b.Width > 0 && b.Height > 0 && double.IsFinite(b.X) && double.IsFinite(b.Y) && double.IsFinite(b.Width)
                && double.IsFinite(b.Height))
            => "A box needs finite coordinates, a width and a height above zero.",
        PolygonAnnotation { Points: var points } => CheckPolygon(points),
        TextAnnotation { Points: var points, Text: var text } => MemberRules.Text("text", text, MaxText) ?? CheckPolygon(points),
        MaskAnnotation { Mask: var mask } => CheckMask(mask),
        _ => null,
    };

    private static string? CheckPolygon(IReadOnlyList<double> points)
    {
        if (points.Count < 6 || points.Count % 2 != 0) return "A polygon needs at least three points, written x0, y0, x1, y1, ….";
        if (points.Count > MaxNumbers) return $"A polygon of {points.Count / 2} points; at most {MaxNumbers / 2} are taken.";
        return points.All(double.IsFinite) ? null : "A polygon needs finite coordinates.";
    }

    private static string? CheckMask(RunLengthMask mask)
    {
        if (mask.Width <= 0 || mask.Height <= 0) return "A mask needs a width and a height above zero.";
        if (mask.Counts.Count > MaxNumbers) return $"A mask of {mask.Counts.Count} runs; at most {MaxNumbers} are taken.";
        long sum = 0;
        foreach (var run in mask.Counts)
        {
            if (run < 0) return "A mask's run lengths cannot be negative.";
            sum += run;
        }
        return sum == (long)mask.Width * mask.Height
            ? null : $"A mask's runs add up to {sum}, not to width × height = {(long)mask.Width * mask.Height}.";
    }
}
