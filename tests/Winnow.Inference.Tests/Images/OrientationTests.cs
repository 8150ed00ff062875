using SkiaSharp;
using Winnow.Inference.Images;

namespace Winnow.Inference.Tests.Images;

/// <summary>
/// EXIF orientations, wherever a format keeps them and however they are written: a picture is upright in all of them or in none.
/// </summary>
public sealed class OrientationTests
{
    private const int Width = 48, Height = 32;

    /// <summary>EXIF 2.3, tag 0x0112: where the stored first pixel (red) and the end of the first stored row (green) are seen.</summary>
    private static readonly (string First, string RowEnd)[] Standard =
        [("TL", "TR"), ("TR", "TL"), ("BR", "BL"), ("BL", "BR"), ("TL", "BL"), ("TR", "BR"), ("BR", "TR"), ("BL", "TL")];

    private static readonly byte[] Jpeg = Encode(SKEncodedImageFormat.Jpeg);
    private static readonly byte[] Png = Encode(SKEncodedImageFormat.Png);
    private static readonly byte[] Webp = Encode(SKEncodedImageFormat.Webp);

    private static readonly byte[] Xmp = ExifFiles.Segment(0xe1, [.. "http://ns.adobe.com/xap/1.0/\0<x/>"u8]);

    public static TheoryData<string> Formats() =>
    [
        "jpeg", "jpeg-behind-xmp", "jpeg-behind-frame", "png", "png-behind-pixels", "png-with-prefix", "webp", "webp-with-prefix",
        "png-profile-packed", "png-profile-plain", "png-profile-app1",
    ];

    [Theory]
    [MemberData(nameof(Formats))]
    public void Every_orientation_puts_the_stored_corner_where_the_standard_says(string format)
    {
        for (var orientation = 1; orientation <= 8; orientation++)
            AssertTurned(Put(format, ExifFiles.Tiff((uint)orientation)), orientation);
    }

    [Theory]
    [MemberData(nameof(Formats))]
    public void An_orientation_is_read_however_it_is_written(string format)
    {
        ushort[] types = [ExifFiles.Byte, ExifFiles.Short, ExifFiles.Long];
        foreach (var type in types)
        {
            foreach (var bigEndian in new[] { true, false })
            {
                AssertTurned(Put(format, ExifFiles.Tiff(6, type, bigEndian)), 6);
                AssertTurned(Put(format, ExifFiles.Tiff(3, type, bigEndian, directoryAt: 40, before: 5)), 3);
            }
        }
    }

    [Theory]
    [MemberData(nameof(Formats))]
    public void What_means_nothing_leaves_the_picture_as_it_is_stored(string format)
    {
        var sound = ExifFiles.Tiff(6);
        byte[][] meaningless =
        [
            ExifFiles.Tiff(0), ExifFiles.Tiff(9), ExifFiles.Tiff(65_535), ExifFiles.Tiff(uint.MaxValue, ExifFiles.Long),
            ExifFiles.Tiff(6, type: 2),
            sound[..9], sound[..11], sound[..20], [.. "XX"u8, .. sound[2..]], ExifFiles.Tiff(6, directoryAt: 8)[..8],
            // A directory that lies outside, and one that claims more entries than there are.
            [.. "MM\0*"u8, 0xff, 0xff, 0xff, 0xff, .. sound[8..]], [.. "MM\0*"u8, 0, 0, 0, 8, 0xff, 0xff, 0, 0],
        ];
        foreach (var tiff in meaningless)
            AssertTurned(Put(format, tiff), 1);
    }

    [Fact]
    public void Of_several_segments_the_first_with_an_orientation_counts()
    {
        var file = ExifFiles.Jpeg(
            Jpeg, ExifFiles.Segment(0xe1), Xmp,
            ExifFiles.App1(ExifFiles.Tiff(9)), ExifFiles.App1(ExifFiles.Tiff(8)), ExifFiles.App1(ExifFiles.Tiff(3)));
        AssertTurned(file, 8);
    }

    [Fact]
    public void The_chunk_that_PNG_has_for_it_counts_before_a_profile_in_a_text()
    {
        AssertTurned(ExifFiles.PngProfile(ExifFiles.Png(Png, ExifFiles.Tiff(8), behind: true), ExifFiles.Tiff(3), "zTXt"), 8);
        // One that unpacks to far more than it is, or to nothing, turns nothing and costs little.
        AssertTurned(ExifFiles.PngProfile(Png, new byte[64 << 20], "zTXt"), 1);
        byte[] torn = [.. "Raw profile type exif\0"u8, 0, 1, 2, 3];
        AssertTurned([.. Png[..33], .. TestImages.Chunk("zTXt", torn), .. TestImages.Chunk("iTXt", torn), .. Png[33..]], 1);
    }

    private static byte[] Put(string format, byte[] tiff) => format switch
    {
        "jpeg" => ExifFiles.Jpeg(Jpeg, ExifFiles.App1(tiff)),
        "jpeg-behind-xmp" => ExifFiles.Jpeg(
            Jpeg, ExifFiles.Segment(0xe0, [.. "JFIF\0"u8, 1, 1, 0, 0, 1, 0, 1, 0, 0]), Xmp, ExifFiles.App1(tiff)),
        "jpeg-behind-frame" => ExifFiles.Before(Jpeg, 0xda, ExifFiles.App1(tiff)),
        "png" => ExifFiles.Png(Png, tiff),
        "png-behind-pixels" => ExifFiles.Png(Png, tiff, behind: true),
        "png-with-prefix" => ExifFiles.Png(Png, [.. "Exif\0\0"u8, .. tiff]),
        "png-profile-packed" => ExifFiles.PngProfile(Png, tiff, "zTXt"),
        "png-profile-plain" => ExifFiles.PngProfile(Png, [.. "Exif\0\0"u8, .. tiff], "tEXt"),
        "png-profile-app1" => ExifFiles.PngProfile(Png, [.. "Exif\0\0"u8, .. tiff], "iTXt", "APP1"),
        "webp" => ExifFiles.Webp(Webp, Width, Height, tiff),
        _ => ExifFiles.Webp(Webp, Width, Height, [.. "Exif\0\0"u8, .. tiff]),
    };

    private static void AssertTurned(byte[] file, int orientation)
    {
        Assert.True(TestImages.Decoder.TryReadHeader(file, out var header, out var reason), reason);
        Assert.Equal((Width, Height, orientation), (header.Width, header.Height, header.Orientation));
        var (first, rowEnd) = Standard[orientation - 1];
        var chw = TestImages.Tensor(file);
        Assert.Equal(first, TestImages.Brightest(chw.AsSpan(0, 256), 16, 16));
        Assert.Equal(rowEnd, TestImages.Brightest(chw.AsSpan(256, 256), 16, 16));

        Assert.True(TestImages.Decoder.TryMakeDerivative(file, 24, DerivativeFormat.Png, out var copy, out _));
        using var bitmap = SKBitmap.Decode(copy);
        Assert.Equal(orientation < 5 ? (24, 16) : (16, 24), (bitmap.Width, bitmap.Height));
        Assert.Equal(first, TestImages.Brightest([.. bitmap.Pixels.Select(p => (float)p.Red)], bitmap.Width, bitmap.Height));
    }

    private static byte[] Encode(SKEncodedImageFormat format) => TestImages.Encode(
        Width,
        Height,
        (x, y) => ((byte)(y < Height / 2 && x < Width / 2 ? 255 : 0), (byte)(y < Height / 2 && x >= Width / 2 ? 255 : 0), 0),
        format);
}
