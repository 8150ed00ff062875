using System.Text.Json;
using Winnow.Model.Names;

namespace Winnow.Model.Labels;

/// <summary>What makes an annotation well-formed, for every room that takes one in.</summary>
public static class AnnotationRules
{
    /// <summary>Largest number of annotations on one image.</summary>
    public const int MaxAnnotations = 10_000;

    /// <summary>Largest number of numbers in one shape, or of runs in one mask.</summary>
    public const int MaxNumbers = 1_000_000;

    /// <summary>Most characters that a region may read.</summary>
    public const int MaxText = 10_000;

    /// <summary>Most characters of an annotation's name.</summary>
    public const int MaxId = 64;

    /// <summary>Most characters of the name of who proposed it.</summary>
    public const int MaxSource = 100;

    /// <summary>
    /// The first thing that is wrong with a set of annotations under a schema, as a sentence; null when all are well-formed.
    /// </summary>
    public static string? Check(IReadOnlyList<Annotation> annotations, LabelSchema schema) =>
        CheckAll(annotations, schema, earlier: false);

    /// <summary>
    /// The same of annotations that were made under an earlier version of the schema, and bear its names as they are now: what is retired
    /// may stand in them, and what has come to be required may be missing.
    /// </summary>
    public static string? CheckEarlier(IReadOnlyList<Annotation> annotations, LabelSchema schema) =>
        CheckAll(annotations, schema, earlier: true);

    private static string? CheckAll(IReadOnlyList<Annotation> annotations, LabelSchema schema, bool earlier)
    {
        if (annotations.Count > MaxAnnotations) return $"{annotations.Count} annotations on one image; at most {MaxAnnotations} are taken.";
        HashSet<string>? ids = null;
        HashSet<int>? tags = null;
        foreach (var annotation in annotations)
        {
            if (annotation?.Class is null) return "An annotation is null, or has no class.";
            var known = schema.IndexOf(annotation.Class);
            if (known < 0) return SchemaLineage.NoSuchClass(annotation.Class, schema);
            if (!earlier && schema.Classes[known].Retired is not null) return SchemaLineage.IsRetired(known, schema);
            if (annotation.Confidence is { } p && !(p is >= 0 and <= 1)) return $"Confidence {p} is outside [0, 1].";
            var geometry = Geometries.Of(annotation);
            if (!schema.Geometries.Contains(geometry)) return NotTaken(geometry, schema);
            if (CheckNames(annotation) is { } unnamed) return unnamed;
            if (annotation.Id is { } id && !(ids ??= new(StringComparer.Ordinal)).Add(id)) return $"Annotation id '{id}' stands twice.";
            if (annotation is ClassTag && !(tags ??= []).Add(known)) return $"Class '{schema.Classes[known].Name}' stands twice.";
            if (ShapeRules.Check(annotation, schema.Classes[known]) is { } wrong) return wrong;
            if (CheckAttributes(annotation, schema.Classes[known].Name, schema, earlier) is { } said) return said;
        }
        return tags?.Count > 1 && !schema.MultiLabel ? "More than one class for an image of a single-label schema." : null;
    }

    private static string NotTaken(Geometry geometry, LabelSchema schema)
    {
        var taken = string.Join(", ", schema.Geometries.Distinct().Select(Geometries.Name));
        return $"The label schema takes {taken}, and no {Geometries.Name(geometry)}, which would be lost.";
    }

    private static string? CheckNames(Annotation annotation) =>
        (annotation.Id is { } id ? MemberRules.Text("An annotation's id", id, MaxId, least: 1) : null)
        ?? (annotation.Source is { } source ? MemberRules.Text("An annotation's source", source, MaxSource, least: 1) : null);

    private static string? CheckAttributes(Annotation annotation, string name, LabelSchema schema, bool earlier)
    {
        var seen = 0;
        foreach (var (key, value) in annotation.Attributes ?? Nothing)
        {
            if (schema.Attribute(key) is not { } attribute) return $"Attribute {ShownText.Quote(key)} is not in the label schema.";
            if (!earlier && attribute.Retired is { } since)
                return $"Attribute '{attribute.Name}' was retired in version {since} of the label schema: leave it out.";
            if (attribute.Asks(name)) seen++;
            if (attribute.Name != key && annotation.Attributes!.ContainsKey(attribute.Name))
                return $"Attribute '{attribute.Name}' stands twice, in two forms of its characters (Unicode).";
            if (!attribute.IsOf(name)) return $"Attribute '{key}' is not of class '{name}'.";
            if (attribute.CheckValue(value, earlier) is { } wrong) return wrong;
        }
        if (earlier || seen == (schema.Attributes?.Count(a => a.Asks(name)) ?? 0)) return null;
        bool IsSaid(LabelAttribute asked) => annotation.Attributes?.Keys.Any(k => schema.Attribute(k) == asked) == true;
        var missing = schema.Attributes!.First(a => a.Asks(name) && !IsSaid(a));
        return $"An annotation of class '{name}' must have attribute '{missing.Name}'.";
    }

    private static readonly Dictionary<string, AttributeValue> Nothing = [];

    /// <summary>
    /// The annotation in the words of its schema: class, attributes and options as they are written there. Names are the same in any
    /// Unicode form, and history keeps one.
    /// </summary>
    /// <param name="annotation">One that <see cref="Check"/> has found to be well-formed.</param>
    /// <param name="schema">The schema.</param>
    public static Annotation InWordsOf(Annotation annotation, LabelSchema schema)
    {
        var name = schema.Classes[schema.IndexOf(annotation.Class)].Name;
        if (name != annotation.Class) annotation = annotation with { Class = name };
        if (annotation.Attributes is not { Count: > 0 } said) return annotation;
        var kept = new Dictionary<string, AttributeValue>(said.Count, StringComparer.Ordinal);
        var same = true;
        foreach (var (key, value) in said)
        {
            var attribute = schema.Attribute(key)!;
            var written = attribute.InWords(value);
            same &= attribute.Name == key && ReferenceEquals(written, value);
            kept[attribute.Name] = written;
        }
        return same ? annotation : annotation with { Attributes = kept };
    }

    /// <summary>
    /// The annotation as it is kept: what people wrote without what is not shown, attributes by name. Two that say the same are the same
    /// JSON then.
    /// </summary>
    internal static Annotation Cleaned(Annotation annotation)
    {
        if (annotation.Attributes is { } attributes)
            annotation = annotation with
            {
                Attributes = attributes.Count == 0 ? null : new SortedDictionary<string, AttributeValue>(
                    attributes.ToDictionary(a => a.Key, a => Cleaned(a.Value)), StringComparer.Ordinal),
            };
        if (annotation is BoxAnnotation { Box.Rotation: var turned } box && turned is > -360 and < 0)
            annotation = box with { Box = box.Box with { Rotation = Turned(turned) } };
        return annotation;
    }

    private static AttributeValue Cleaned(AttributeValue value) =>
        value?.Text is { } text && !ShownText.IsClean(text) ? AttributeValue.Of(ShownText.Clean(text)) : value!;

    // The smallest negative one and a whole turn are one number.
    private static double Turned(double degrees) => degrees < 0 && degrees + 360 < 360 ? degrees + 360 : 0;
}

/// <summary>The shapes of annotations, by name.</summary>
public static class Geometries
{
    /// <summary>The shape of an annotation.</summary>
    public static Geometry Of(Annotation annotation) => annotation switch
    {
        ClassTag => Geometry.Class,
        BoxAnnotation => Geometry.Box,
        PolygonAnnotation => Geometry.Polygon,
        PolylineAnnotation => Geometry.Polyline,
        KeypointsAnnotation => Geometry.Keypoints,
        MaskAnnotation => Geometry.Mask,
        TextAnnotation => Geometry.Text,
        _ => throw new ArgumentException($"{annotation.GetType().Name} has no geometry.", nameof(annotation)),
    };

    /// <summary>As JSON has it.</summary>
    public static string Name(Geometry geometry) => JsonNamingPolicy.KebabCaseLower.ConvertName(geometry.ToString());
}
