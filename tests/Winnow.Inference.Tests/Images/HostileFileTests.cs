using System.Text;
using CsCheck;
using SkiaSharp;
using Winnow.Inference.Images;

namespace Winnow.Inference.Tests.Images;

/// <summary>
/// Files that want to do harm, or are not what they say: refused with a reason, without exceptions and without memory of the declared size.
/// </summary>
public sealed class HostileFileTests
{
    [Fact]
    public void No_bytes() => Assert.Contains("no bytes", TestImages.Refusal([]));

    [Fact]
    public void Html_named_jpg() =>
        Assert.Contains(
            "text, not an image (it begins \"<!DOCTYPE html>",
            TestImages.Refusal(Encoding.UTF8.GetBytes("<!DOCTYPE html>\n<html><body>404 Not Found</body></html>")));

    [Fact]
    public void Unsupported_formats_are_named()
    {
        Assert.Contains("TIFF", TestImages.Refusal(TestImages.Fixture("still.tiff")));
        Assert.Contains("PDF", TestImages.Refusal([.. "%PDF-1.7\0"u8]));
        Assert.Contains("AVIF", TestImages.Refusal([0, 0, 0, 32, .. "ftypavif"u8, 0, 0, 0, 0]));
        Assert.Contains("first bytes 0001020304050607", TestImages.Refusal([0, 1, 2, 3, 4, 5, 6, 7, 8]));
    }

    [Fact]
    public void Too_large_by_header_costs_nothing()
    {
        byte[][] files =
        [
            [.. TestImages.PngHeader(60_000, 60_000), .. TestImages.Chunk("IDAT", new byte[100])],
            [.. TestImages.PngHeader(int.MaxValue, int.MaxValue), .. TestImages.Chunk("IDAT", new byte[100])],
            [.. TestImages.PngHeader(29_000, 29_000), .. TestImages.Chunk("IDAT", new byte[100])],
            [.. "GIF89a"u8, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0x2c, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0, 2, 1, 0, 0, 0x3b],
            [0xff, 0xd8, 0xff, 0xc0, 0, 17, 8, 0xff, 0xff, 0xff, 0xff, 3, 1, 0x11, 0, 2, 0x11, 0, 3, 0x11, 0],
        ];
        foreach (var file in files)
        {
            var chw = new float[3 * 16 * 16];
            var before = GC.GetAllocatedBytesForCurrentThread();
            Assert.False(TestImages.Decoder.TryDecodeToTensor(file, chw, 16, Normalisation.Bytes, out var reason));
            Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 16_384);
            Assert.Contains("declares", reason);
        }
    }

    [Fact]
    public void A_gif_frame_larger_than_its_canvas_counts()
    {
        byte[] file = [.. "GIF89a"u8, 10, 0, 10, 0, 0, 0, 0, 0x2c, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0, 2, 1, 0, 0, 0x3b];
        Assert.Contains("65535 × 65535", TestImages.Refusal(file));
    }

    [Fact]
    public void Limits_on_bytes_frames_and_scans()
    {
        using var strict = new ImageDecoder(new ImageLimits { MaxBytes = 5_000, MaxFrames = 2, MaxScans = 3 }, TimeProvider.System);
        Assert.Contains("the limit is 5000", TestImages.Refusal(new byte[5_001], strict));
        Assert.Contains("more than 2 frames", TestImages.Refusal(TestImages.Fixture("animated.gif"), strict));
        Assert.Contains("more than 2 frames", TestImages.Refusal(TestImages.Fixture("animated.webp"), strict));
        Assert.Contains("more than 3 scans", TestImages.Refusal(TestImages.Fixture("progressive.jpg"), strict));
        Assert.Throws<ArgumentOutOfRangeException>(() => new ImageDecoder(new ImageLimits { MaxPixels = 0 }, TimeProvider.System));
    }

    [Fact]
    public void Headers_tell_format_size_and_frames()
    {
        (string Name, DeclaredImage Expected)[] files =
        [
            ("animated.gif", new("gif", 32, 24, 3)), ("animated.webp", new("webp", 32, 24, 3)), ("cmyk.jpg", new("jpeg", 48, 40, 1)),
            ("progressive.jpg", new("jpeg", 96, 64, 1)), ("grey-alpha.png", new("png", 20, 20, 1)), ("still.bmp", new("bmp", 20, 20, 1)),
        ];
        foreach (var (name, expected) in files)
        {
            Assert.True(TestImages.Decoder.TryReadHeader(TestImages.Fixture(name), out var header, out _));
            Assert.Equal(expected, header);
        }
        var webp = TestImages.Encode(33, 21, (_, _) => (1, 2, 3), SKEncodedImageFormat.Webp, 80);
        Assert.True(TestImages.Decoder.TryReadHeader(webp, out var lossy, out _));
        Assert.Equal(new DeclaredImage("webp", 33, 21, 1), lossy);
    }

    public static TheoryData<string, byte[]> Whole() => new()
    {
        { "png", Noise(SKEncodedImageFormat.Png) },
        { "jpeg", Noise(SKEncodedImageFormat.Jpeg) },
        { "webp", Noise(SKEncodedImageFormat.Webp) },
        { "progressive", TestImages.Fixture("progressive.jpg") },
        { "cmyk", TestImages.Fixture("cmyk.jpg") },
        { "bmp", TestImages.Fixture("still.bmp") },
    };

    [Theory]
    [MemberData(nameof(Whole))]
    public void A_file_that_ends_early_is_refused(string kind, byte[] file)
    {
        Assert.NotEmpty(TestImages.Tensor(file));
        for (var percent = 0; percent <= 95; percent += 5)
            Assert.False(string.IsNullOrEmpty(TestImages.Refusal(file[..(file.Length * percent / 100)])), kind);
    }

    [Fact]
    public void A_still_gif_that_ends_early_is_refused()
    {
        // The first frame ends where the second begins; a cut within it must be seen.
        var file = TestImages.Fixture("animated.gif");
        Assert.NotEmpty(TestImages.Refusal(file[..(file.Length / 4)]));
    }

    [Theory]
    [MemberData(nameof(Whole))]
    public void Flipped_bytes_never_throw(string kind, byte[] file) =>
        Gen.Select(Gen.Int[0, file.Length - 1], Gen.Byte, Gen.Int[0, file.Length - 1], Gen.Byte).Sample((at, value, second, other) =>
        {
            var damaged = (byte[])file.Clone();
            (damaged[at], damaged[second]) = (value, other);
            var chw = new float[3 * 16 * 16];
            var decoded = TestImages.Decoder.TryDecodeToTensor(damaged, chw, 16, Normalisation.ImageNet, out var reason);
            Assert.True(decoded ? chw.All(float.IsFinite) : reason!.Length > 10, kind);
        }, iter: 300);

    [Theory]
    [InlineData(SKEncodedImageFormat.Png)]
    [InlineData(SKEncodedImageFormat.Jpeg)]
    public void A_decode_past_its_time_is_refused(SKEncodedImageFormat format)
    {
        // The clock moves one second at every look; 9,000 × 500 pixels are enough for several looks.
        using var hurried = new ImageDecoder(new ImageLimits { MaxDecodeTime = TimeSpan.FromSeconds(3) }, new RushingClock());
        var file = TestImages.Encode(9_000, 500, (x, y) => ((byte)(x ^ y), (byte)x, (byte)y), format);
        Assert.Contains("took longer than 3 s", TestImages.Refusal(file, hurried));
        Assert.NotEmpty(TestImages.Tensor(file));
    }

    [Fact]
    public void Many_pixels_in_a_small_file_are_read_in_bounded_memory()
    {
        // 81 million grey pixels of zeros deflate to about 100 KB; the managed heap must not see them.
        var row = new byte[9_000];
        var file = TestImages.RawPng(9_000, 9_000, 8, 0, _ => row);
        Assert.InRange(file.Length, 0, 1 << 20);
        var before = GC.GetAllocatedBytesForCurrentThread();
        Assert.All(TestImages.Tensor(file), v => Assert.Equal(0, v));
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 32L << 20);
    }

    private static byte[] Noise(SKEncodedImageFormat format) =>
        TestImages.Encode(60, 50, (x, y) => ((byte)(x * y * 7), (byte)((x * 31) ^ (y * 17)), (byte)(x * x + y)), format, 90);
}
