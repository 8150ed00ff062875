using System.Text.Json.Serialization;
using Winnow.Model.Names;

namespace Winnow.Model.Labels;

/// <summary>
/// One statement about an image: a class of the whole image, or of a part of it. Coordinates are pixels of the original image after its
/// EXIF orientation was applied; x to the right, y down, the origin at the top-left corner of the top-left pixel.
/// </summary>
/// <param name="Class">Name of a class of the dataset's label schema.</param>
/// <remarks>What an annotation does not say is left out of its JSON: an image may have thousands of them.</remarks>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "type")]
[JsonDerivedType(typeof(ClassTag), "class")]
[JsonDerivedType(typeof(BoxAnnotation), "box")]
[JsonDerivedType(typeof(PolygonAnnotation), "polygon")]
[JsonDerivedType(typeof(PolylineAnnotation), "polyline")]
[JsonDerivedType(typeof(KeypointsAnnotation), "keypoints")]
[JsonDerivedType(typeof(MaskAnnotation), "mask")]
[JsonDerivedType(typeof(TextAnnotation), "text")]
public abstract record Annotation([property: Text(TextKind.Exact)] string Class)
{
    /// <summary>
    /// A name within its label set, chosen by whoever made it, by which a shape is followed through corrections; null where nobody needs
    /// one.
    /// </summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    [Text(TextKind.Name, AnnotationRules.MaxId)]
    public string? Id { get; init; }

    /// <summary>The proposer's confidence in [0, 1]; null when a person made it.</summary>
    public double? Confidence { get; init; }

    /// <summary>Whose proposal it was that a person took over, such as <c>yolo</c>; null where a person made it.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    [Text(TextKind.Name, AnnotationRules.MaxSource)]
    public string? Source { get; init; }

    /// <summary>Whether it stands for a group whose members nobody told apart: COCO's <c>iscrowd</c>.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public bool Crowd { get; init; }

    /// <summary>What else is said of it, by the names of the schema's attributes; null where nothing is.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyDictionary<string, AttributeValue>? Attributes { get; init; }
}

/// <summary>The whole image bears a class.</summary>
public sealed record ClassTag(string Class) : Annotation(Class);

/// <summary>A rectangle, upright or turned.</summary>
/// <param name="X">Left edge in pixels, before it is turned.</param>
/// <param name="Y">Top edge in pixels, before it is turned.</param>
/// <param name="Width">Pixels across.</param>
/// <param name="Height">Pixels down.</param>
[method: JsonConstructor]
public readonly record struct Box(double X, double Y, double Width, double Height)
{
    /// <summary>Degrees by which it is turned clockwise about its centre, above -360 and below 360. Default 0.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public double Rotation { get; init; }
}

/// <summary>An object within a rectangle.</summary>
public sealed record BoxAnnotation(string Class, Box Box) : Annotation(Class);

/// <summary>
/// An object within closed polygons, each as <c>x0, y0, x1, y1, …</c> with at least three points. A pixel belongs to it where an odd
/// number of rings hold it: a ring within another is a hole, a ring beside another a further part.
/// </summary>
/// <param name="Class">Name of a class of the label schema.</param>
/// <param name="Points">The first ring.</param>
public sealed record PolygonAnnotation(string Class, IReadOnlyList<double> Points) : Annotation(Class)
{
    /// <summary>The further rings; null where there is one alone.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<IReadOnlyList<double>>? Rings { get; init; }
}

/// <summary>A line, as <c>x0, y0, x1, y1, …</c> with at least two points.</summary>
public sealed record PolylineAnnotation(string Class, IReadOnlyList<double> Points) : Annotation(Class);

/// <summary>
/// The points of a skeleton in the order of its class's keypoints, each as <c>x, y, v</c>, with COCO's visibility: 0 not labelled, 1
/// labelled and hidden, 2 labelled and seen. Those that are not labelled stand at 0, 0.
/// </summary>
public sealed record KeypointsAnnotation(string Class, IReadOnlyList<double> Points) : Annotation(Class);

/// <summary>
/// A binary mask as run lengths in COCO's order: columns from left to right, each from top to bottom, the first run counting zeros
/// (possibly none). The runs add up to <c>Width × Height</c>.
/// </summary>
public sealed record RunLengthMask(int Width, int Height, IReadOnlyList<int> Counts);

/// <summary>An object as a set of pixels.</summary>
public sealed record MaskAnnotation(string Class, RunLengthMask Mask) : Annotation(Class);

/// <summary>A region that carries text.</summary>
/// <param name="Class">Name of a class of the label schema.</param>
/// <param name="Points">The region as a polygon, <c>x0, y0, x1, y1, …</c>.</param>
/// <param name="Text">
/// What it reads, to the character: line ends and marks of direction are kept. Empty: nobody can read it. Control characters are refused.
/// </param>
public sealed record TextAnnotation(
    string Class,
    IReadOnlyList<double> Points,
    [property: Text(TextKind.Exact, AnnotationRules.MaxText)] string Text) : Annotation(Class);
