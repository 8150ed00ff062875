using System.Runtime.InteropServices;
using SkiaSharp;
using Winnow.Algorithms.Numerics;
using Winnow.Model.Labels;

namespace Winnow.Testing;

/// <summary>A picture of which everything is known.</summary>
/// <param name="Bytes">The file.</param>
/// <param name="Objects">What it shows, as boxes, in pixels of the upright picture.</param>
public sealed record ComposedPicture(byte[] Bytes, IReadOnlyList<BoxAnnotation> Objects)
{
    /// <summary>The same objects in another shape.</summary>
    public Annotation[] As(Geometry geometry) =>
        geometry == Geometry.Class
            ? [.. Objects.Select(o => o.Class).Distinct().Order(StringComparer.Ordinal).Select(c => new ClassTag(c))]
            : [.. Objects.Select(o => ComposedPictures.Shape(o, geometry))];
}

/// <summary>Pictures with one to six drawn objects each, none upon another, on a drawn ground; each different from all others.</summary>
public static class ComposedPictures
{
    public const int Width = 144, Height = 96;
    private const int Cell = 48;

    public static readonly string[] Classes = ["block", "disc", "wedge"];

    /// <param name="index">Which picture.</param>
    /// <param name="orientation">How the stored pixels are turned (EXIF); what it shows is the same, as it stands upright.</param>
    public static ComposedPicture Draw(int index, int orientation = 1)
    {
        var random = new SeededRandom((ulong)index + 7_000);
        using var bitmap = new SKBitmap(new SKImageInfo(Width, Height, SKColorType.Rgba8888, SKAlphaType.Opaque));
        using var canvas = new SKCanvas(bitmap);
        SKColor Colour() => new((byte)random.Next(256), (byte)random.Next(256), (byte)random.Next(256));
        canvas.Clear(Colour());
        var cells = Enumerable.Range(0, 6).ToArray();
        random.Shuffle<int>(cells);
        var objects = new List<BoxAnnotation>();
        foreach (var cell in cells[..(1 + random.Next(6))])
        {
            var (w, h) = (14 + random.Next(28), 14 + random.Next(28));
            var (x, y) = (cell % 3 * Cell + random.Next(Cell - w), cell / 3 * Cell + random.Next(Cell - h));
            var kind = random.Next(Classes.Length);
            using var paint = new SKPaint { Color = Colour(), IsAntialias = false };
            if (kind == 0) canvas.DrawRect(x, y, w, h, paint);
            else if (kind == 1) canvas.DrawOval(new SKRect(x, y, x + w, y + h), paint);
            else
            {
                for (var line = 0; line < h; line++)
                    canvas.DrawRect(x + w * (h - 1 - line) / (2f * h), y + line, w * (line + 1f) / h, 1, paint);
            }
            objects.Add(new BoxAnnotation(Classes[kind], new Box(x, y, w, h)));
        }
        bitmap.SetPixel(index % Width, index / Width % Height, Colour());
        var bytes = StoredPicture.Png(MemoryMarshal.Cast<byte, uint>(bitmap.GetPixelSpan()), Width, orientation);
        return new ComposedPicture(bytes, objects);
    }

    /// <summary>An object of a box in another shape.</summary>
    internal static Annotation Shape(BoxAnnotation one, Geometry geometry)
    {
        var (x, y, w, h) = (one.Box.X, one.Box.Y, one.Box.Width, one.Box.Height);
        double[] corners = [x, y, x + w, y, x + w, y + h, x, y + h];
        return geometry switch
        {
            Geometry.Box => one,
            Geometry.Polygon => new PolygonAnnotation(one.Class, corners),
            Geometry.Polyline => new PolylineAnnotation(one.Class, corners),
            Geometry.Keypoints => new KeypointsAnnotation(one.Class, [x, y, 2, x + w, y + h, 1]),
            Geometry.Text => new TextAnnotation(one.Class, corners, $"{one.Class} №{x}"),
            Geometry.Mask => new MaskAnnotation(one.Class, Mask((int)x, (int)y, (int)w, (int)h)),
            _ => throw new ArgumentOutOfRangeException(nameof(geometry)),
        };
    }

    private static RunLengthMask Mask(int x, int y, int w, int h)
    {
        var counts = new List<int> { x * Height + y };
        for (var column = 0; column < w; column++)
        {
            counts.Add(h);
            counts.Add(column < w - 1 ? Height - h : Height - h - y + (Width - x - w) * Height);
        }
        return new RunLengthMask(Width, Height, counts);
    }
}
