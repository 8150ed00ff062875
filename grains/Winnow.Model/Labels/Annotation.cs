using System.Text.Json.Serialization;
using Winnow.Model.Names;

namespace Winnow.Model.Labels;

/// <summary>
/// One statement about an image: a class of the whole image, or of a part of it. Coordinates are pixels of the original image after its
/// EXIF orientation was applied; x to the right, y down, the origin at the top-left corner.
/// </summary>
/// <param name="Class">Name of a class of the dataset's label schema.</param>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "type")]
[JsonDerivedType(typeof(ClassTag), "class")]
[JsonDerivedType(typeof(BoxAnnotation), "box")]
[JsonDerivedType(typeof(PolygonAnnotation), "polygon")]
[JsonDerivedType(typeof(MaskAnnotation), "mask")]
[JsonDerivedType(typeof(TextAnnotation), "text")]
public abstract record Annotation([property: Text(TextKind.Exact)] string Class)
{
    /// <summary>The proposer's confidence in [0, 1]; null when a person made it.</summary>
    public double? Confidence { get; init; }
}

/// <summary>The whole image bears a class.</summary>
public sealed record ClassTag(string Class) : Annotation(Class);

/// <summary>An axis-aligned rectangle.</summary>
/// <param name="X">Left edge in pixels.</param>
/// <param name="Y">Top edge in pixels.</param>
/// <param name="Width">Pixels across.</param>
/// <param name="Height">Pixels down.</param>
public readonly record struct Box(double X, double Y, double Width, double Height);

/// <summary>An object within a rectangle.</summary>
public sealed record BoxAnnotation(string Class, Box Box) : Annotation(Class);

/// <summary>An object within one closed polygon, as <c>x0, y0, x1, y1, …</c> with at least three points.</summary>
public sealed record PolygonAnnotation(string Class, IReadOnlyList<double> Points) : Annotation(Class);

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
/// <param name="Text">What it reads.</param>
public sealed record TextAnnotation(
    string Class,
    IReadOnlyList<double> Points,
    [property: Text(TextKind.Free, AnnotationRules.MaxText)] string Text) : Annotation(Class);
