using Winnow.Model.Labels;

namespace Winnow.Testing;

/// <summary>A picture of garments of which everything is known.</summary>
/// <param name="Bytes">The file, JPEG or PNG.</param>
/// <param name="FileName">What it is called; its end says which of both it is.</param>
/// <param name="Width">Pixels across, upright.</param>
/// <param name="Height">Pixels down, upright.</param>
/// <param name="Orientation">How its pixels are stored (EXIF).</param>
/// <param name="Objects">What it shows; one to six.</param>
public sealed record GarmentPicture(
    byte[] Bytes, string FileName, int Width, int Height, int Orientation, IReadOnlyList<GarmentObject> Objects)
{
    /// <summary>What a careful person says of it in one kind of shape, as it is kept: nothing reaches beyond the picture.</summary>
    /// <param name="geometry">Which kind.</param>
    /// <param name="turned">Whether boxes lie along garments that are turned, or all stand upright.</param>
    public Annotation[] As(Geometry geometry, bool turned = false) => geometry switch
    {
        Geometry.Class => [.. Objects.Select(o => o.Class).Distinct().Order(StringComparer.Ordinal).Select(c => new ClassTag(c))],
        Geometry.Box => [.. Objects.Select(o => new BoxAnnotation(o.Class, turned && o.Turned.Rotation != 0 ? o.Turned : o.Box))],
        Geometry.Polygon => [.. Objects.Select(PolygonOf)],
        Geometry.Mask => [.. Objects.Select(o => new MaskAnnotation(o.Class, o.Mask))],
        Geometry.Polyline => [.. Objects.Select(o => new PolylineAnnotation(o.Class, o.Spine))],
        Geometry.Keypoints => [.. Objects.Select(o => new KeypointsAnnotation(o.Class, o.Keypoints))],
        Geometry.Text => [.. Objects.Where(o => o.Tag is not null).Select(o => new TextAnnotation(o.Class, o.Tag!.Region, o.Tag.Text))],
        _ => throw new ArgumentOutOfRangeException(nameof(geometry)),
    };

    private static PolygonAnnotation PolygonOf(GarmentObject one) =>
        new(one.Class, one.Outline[0]) { Rings = one.Outline.Count == 1 ? null : [.. one.Outline.Skip(1)] };
}

/// <summary>A garment in a picture. Coordinates are those of annotations: pixels of the upright picture.</summary>
public sealed record GarmentObject
{
    /// <summary>Names of its keypoints, in their order.</summary>
    public static readonly string[] KeypointNames = ["middle", "left", "right", "top", "bottom"];

    /// <summary>Its class.</summary>
    public required string Class { get; init; }

    /// <summary>The pixels that are seen of it: what covers it, a price tag included, is none of it.</summary>
    public required RunLengthMask Mask { get; init; }

    /// <summary>The edges of those pixels.</summary>
    public required IReadOnlyList<IReadOnlyList<double>> Outline { get; init; }

    /// <summary>The least upright rectangle that holds them.</summary>
    public required Box Box { get; init; }

    /// <summary>The upright rectangle around all of it, what is covered or lies beyond the edge of the picture included.</summary>
    public required Box Whole { get; init; }

    /// <summary>The rectangle around all of it that is turned as the garment is.</summary>
    public required Box Turned { get; init; }

    /// <summary>
    /// The middle of what is seen of it, and the first and last points of all of it across and down: seen, hidden, or not labelled where
    /// they lie beyond the edge.
    /// </summary>
    public required IReadOnlyList<double> Keypoints { get; init; }

    /// <summary>Its length from top to bottom through its middle, within the picture.</summary>
    public required IReadOnlyList<double> Spine { get; init; }

    /// <summary>Its price tag; null where it has none.</summary>
    public GarmentTag? Tag { get; init; }

    /// <summary>Whether the edge of the picture cuts it.</summary>
    public required bool Cut { get; init; }

    /// <summary>Pixels that are seen of it.</summary>
    public required int Area { get; init; }
}

/// <summary>A price tag on a garment.</summary>
/// <param name="Region">Its corners.</param>
/// <param name="Text">What it reads.</param>
public sealed record GarmentTag(IReadOnlyList<double> Region, string Text);
