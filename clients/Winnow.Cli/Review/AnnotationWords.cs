using System.Globalization;
using Winnow.Model.Labels;
using Winnow.Model.Names;

namespace Winnow.Cli.Review;

/// <summary>
/// Annotations as a line tells them: a few each with its place, so that one that was moved is seen to be; many by class and shape.
/// </summary>
internal static class AnnotationWords
{
    private const int FewToTell = 3;

    public static string Of(IReadOnlyList<Annotation> annotations)
    {
        if (annotations.Count <= FewToTell) return string.Join(", ", annotations.Select(One));
        return string.Join(", ", annotations.GroupBy(Kind).Select(g =>
            g.Count() == 1 ? One(g.First()) : string.Create(CultureInfo.InvariantCulture, $"{g.Count()} × {g.Key}")));
    }

    private static string One(Annotation annotation) =>
        (PlaceOf(annotation) is { } place ? $"{Kind(annotation)} {place}" : Kind(annotation))
        + (annotation is TextAnnotation { Text: var text } ? Reads(text) : "");

    private static string Reads(string text) => text.Length == 0 ? ", not to be read" : $", reads {ShownText.Quote(text)}";

    private static string Kind(Annotation annotation) => annotation is ClassTag ? annotation.Class
        : $"{Geometries.Name(Geometries.Of(annotation))} {annotation.Class}";

    /// <summary>Its left upper corner and its size, in pixels of the upright picture; of a mask, how many it has.</summary>
    private static string? PlaceOf(Annotation annotation) => annotation switch
    {
        BoxAnnotation { Box: var box } => Place(box.X, box.Y, box.Width, box.Height)
            + (box.Rotation == 0 ? "" : string.Create(CultureInfo.InvariantCulture, $" turned by {box.Rotation:0.#}°")),
        MaskAnnotation { Mask: var mask } => string.Create(CultureInfo.InvariantCulture,
            $"of {mask.Counts.Where((_, i) => i % 2 == 1).Sum(c => (long)c)} pixels"),
        _ => Extent.Of(annotation) is { } e ? Place(e.Left, e.Top, e.Right - e.Left, e.Bottom - e.Top) : null,
    };

    private static string Place(double x, double y, double width, double height) =>
        string.Create(CultureInfo.InvariantCulture, $"at {x:0.#},{y:0.#}, {width:0.#} × {height:0.#}");
}
