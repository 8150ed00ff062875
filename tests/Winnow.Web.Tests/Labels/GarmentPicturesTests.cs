using System.Globalization;
using SkiaSharp;
using Winnow.Model.Images;
using Winnow.Model.Labels;
using Winnow.Testing;

namespace Winnow.Web.Tests.Labels;

/// <summary>Composed pictures are what they are said to be: tests of labels stand on that.</summary>
public sealed class GarmentPicturesTests : IAsyncLifetime
{
    private const int Some = 48;
    private Garments _garments = null!;
    private GarmentPicture[] _pictures = null!;

    public async Task InitializeAsync()
    {
        _garments = await Garments.LoadAsync();
        _pictures = [.. Enumerable.Range(0, Some).Select(_garments.Picture)];
    }

    public Task DisposeAsync() => Task.CompletedTask;

    [Fact]
    public void The_same_seed_gives_the_same_bytes_and_another_seed_another_picture()
    {
        for (var i = 0; i < 8; i++) Assert.Equal(_pictures[i].Bytes, _garments.Pictures.Compose(i).Bytes);
        Assert.Equal(Some, _pictures.Select(p => ImageId.Of(p.Bytes)).Distinct().Count());
    }

    [Fact]
    public void All_that_pictures_are_to_show_comes()
    {
        Assert.All(_pictures, p => Assert.InRange(p.Objects.Count, 1, 6));
        Assert.All(_pictures, p => Assert.True(p is { Width: >= 240 and <= 480, Height: >= 240 and <= 480 }));
        Assert.Contains(_pictures, p => p.Objects.Count == 1);
        Assert.Contains(_pictures, p => p.Objects.Count == 6);
        GarmentObject[] objects = [.. _pictures.SelectMany(p => p.Objects)];
        Assert.Equal(_garments.Pictures.Classes.ToHashSet(), objects.Select(o => o.Class).ToHashSet());
        Assert.Contains(objects, o => o.Cut);
        Assert.Contains(objects, o => o.Outline.Count > 1);
        Assert.Contains(objects, o => o.Tag is not null);
        Assert.Contains(objects, o => o.Turned.Rotation is > 0 and < 90);
        Assert.Contains(objects, o => o.Turned.Rotation > 270);
        foreach (var visibility in new[] { 0.0, 1, 2 }) Assert.Contains(objects, o => VisibilitiesOf(o).Contains(visibility));
        Assert.Contains(_pictures, p => p.Orientation is 5 or 6 or 8);
    }

    [Fact]
    public void Files_show_upright_what_is_said_of_them()
    {
        foreach (var picture in _pictures)
        {
            using var codec = SKCodec.Create(new MemoryStream(picture.Bytes));
            // This library does not read it from PNG files; those that test the product see that it does.
            if (codec.EncodedFormat == SKEncodedImageFormat.Jpeg) Assert.Equal(picture.Orientation, (int)codec.EncodedOrigin);
            var (across, down) = picture.Orientation >= 5 ? (picture.Height, picture.Width) : (picture.Width, picture.Height);
            Assert.Equal((across, down), (codec.Info.Width, codec.Info.Height));
        }
    }

    [Fact]
    public void Masks_boxes_polygons_and_points_agree()
    {
        foreach (var picture in _pictures)
        {
            var taken = new bool[picture.Width * picture.Height];
            foreach (var one in picture.Objects)
            {
                var mask = PixelMasks.PixelsOf(one.Mask);
                Assert.Equal(one.Area, mask.Count(p => p));
                Assert.Equal(one.Mask.Counts, PixelMasks.RunsOf(mask, picture.Width).Counts);
                var box = Assert.NotNull(Extent.Of(new MaskAnnotation(one.Class, one.Mask)));
                Assert.Equal(new Box(box.Left, box.Top, box.Right - box.Left, box.Bottom - box.Top), one.Box);
                Assert.Equal(box, Extent.Of(new PolygonAnnotation(one.Class, one.Outline[0]) { Rings = [.. one.Outline.Skip(1)] }));
                Assert.True(Covers(one.Whole, one.Box), $"{one.Whole} does not hold {one.Box}");
                for (var i = 0; i < mask.Length; i++)
                {
                    if (!mask[i]) continue;
                    if (taken[i]) Assert.Fail($"Pixel {i} is seen of two.");
                    taken[i] = true;
                    var (x, y) = (i % picture.Width + 0.5, i / picture.Width + 0.5);
                    if (!Holds(one.Turned, x, y)) Assert.Fail($"{one.Turned} is not around {x}, {y}");
                }
                Assert.True(Overlap(mask, Filled(one.Outline, picture)) > 0.999);
                for (var i = 0; i < one.Keypoints.Count; i += 3)
                {
                    var (at, seen) = ((int)one.Keypoints[i + 1] * picture.Width + (int)one.Keypoints[i], one.Keypoints[i + 2]);
                    if (seen > 0) Assert.Equal(seen == 2, mask[at]);
                }
            }
        }
    }

    [Fact]
    public void What_is_said_of_them_is_sound_under_a_schema_and_nothing_of_it_reaches_beyond_the_picture()
    {
        foreach (var geometry in Enum.GetValues<Geometry>())
        {
            var schema = new LabelSchema
            {
                Classes = [.. _garments.Pictures.Classes.Select(c => new LabelClass(c) { Keypoints = GarmentObject.KeypointNames })],
                Geometries = [geometry],
                MultiLabel = true,
            };
            foreach (var picture in _pictures)
            {
                foreach (var said in new[] { picture.As(geometry), picture.As(geometry, turned: true) })
                {
                    Assert.Null(AnnotationRules.Check(said, schema));
                    Assert.Same(said, PictureEdge.Fit(said, picture.Width, picture.Height, out var wrong));
                    Assert.Null(wrong);
                }
            }
        }
    }

    private static IEnumerable<double> VisibilitiesOf(GarmentObject one) => one.Keypoints.Where((_, i) => i % 3 == 2);

    private static bool Covers(Box outer, Box inner) => outer.X <= inner.X && outer.Y <= inner.Y
        && outer.X + outer.Width >= inner.X + inner.Width && outer.Y + outer.Height >= inner.Y + inner.Height;

    private static bool Holds(Box box, double x, double y)
    {
        var (sin, cos) = Math.SinCos(box.Rotation * Math.PI / 180);
        var (dx, dy) = (x - box.X - box.Width / 2, y - box.Y - box.Height / 2);
        return Math.Abs(cos * dx + sin * dy) <= box.Width / 2 + 1e-6 && Math.Abs(cos * dy - sin * dx) <= box.Height / 2 + 1e-6;
    }

    /// <summary>Filled by a library that knows nothing of how the rings were found.</summary>
    private static bool[] Filled(IReadOnlyList<IReadOnlyList<double>> rings, GarmentPicture picture)
    {
        // As SVG has it: to the first point, lines to the others, and back.
        var written = rings.Select(r => $"M{string.Join(' ', r.Select(n => n.ToString(CultureInfo.InvariantCulture)))}Z");
        using var path = SKPath.ParseSvgPathData(string.Concat(written));
        path.FillType = SKPathFillType.EvenOdd;
        using var bitmap = new SKBitmap(new SKImageInfo(picture.Width, picture.Height, SKColorType.Gray8, SKAlphaType.Opaque));
        using var canvas = new SKCanvas(bitmap);
        using var paint = new SKPaint { Color = SKColors.White, IsAntialias = false };
        canvas.Clear(SKColors.Black);
        canvas.DrawPath(path, paint);
        var set = new bool[picture.Width * picture.Height];
        for (var i = 0; i < set.Length; i++) set[i] = bitmap.GetPixelSpan()[i / picture.Width * bitmap.RowBytes + i % picture.Width] > 127;
        return set;
    }

    private static double Overlap(bool[] one, bool[] other)
    {
        var (both, either) = (0.0, 0);
        for (var i = 0; i < one.Length; i++)
        {
            if (one[i] && other[i]) both++;
            if (one[i] || other[i]) either++;
        }
        return both / either;
    }
}
