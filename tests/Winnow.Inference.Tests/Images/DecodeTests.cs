using SkiaSharp;
using Winnow.Inference.Images;

namespace Winnow.Inference.Tests.Images;

public sealed class DecodeTests
{
    [Theory]
    [InlineData("cmyk.jpg", 202, 42, 71, 4)]
    [InlineData("animated.gif", 200, 30, 60, 1)]
    [InlineData("animated.webp", 200, 30, 60, 1)]
    [InlineData("still.bmp", 200, 30, 60, 0.01)]
    [InlineData("grey-alpha.png", 177, 177, 177, 1)]
    public void Solid_fixtures_have_their_colour_everywhere(string name, float r, float g, float b, float tolerance)
    {
        var chw = TestImages.Tensor(TestImages.Fixture(name));
        float[] expected = [r, g, b];
        for (var i = 0; i < chw.Length; i++)
            Assert.Equal(expected[i / 256], chw[i], tolerance);
    }

    [Fact]
    public void Transparent_pixels_are_laid_on_white()
    {
        var chw = TestImages.Tensor(TestImages.Fixture("palette-transparent.png"));
        Assert.Equal(200, chw[0], 1f);
        Assert.Equal(30, chw[256], 1f);
        Assert.All(new[] { chw[15], chw[256 + 15], chw[512 + 15] }, v => Assert.Equal(255, v, 0.001f));
    }

    [Fact]
    public void Sixteen_bit_png_is_read()
    {
        var grey = TestImages.RawPng(20, 20, 16, 0, _ => [.. Enumerable.Repeat<byte[]>([100, 7], 20).SelectMany(p => p)]);
        Assert.All(TestImages.Tensor(grey), v => Assert.Equal(100, v, 1f));
        var colour = TestImages.RawPng(20, 20, 16, 2, _ => [.. Enumerable.Repeat<byte[]>([200, 0, 30, 0, 60, 0], 20).SelectMany(p => p)]);
        var chw = TestImages.Tensor(colour);
        Assert.Equal([200, 30, 60], new[] { chw[0], chw[256], chw[512] }.Select(v => (int)MathF.Round(v)));
    }

    [Fact]
    public void Grey_and_colour_files_of_the_same_picture_agree()
    {
        static byte Value(int x, int y) => (byte)((x * 9) ^ (y * 5));
        var grey = TestImages.RawPng(28, 28, 8, 0, y => [.. Enumerable.Range(0, 28).Select(x => Value(x, y))]);
        var colour = TestImages.Encode(28, 28, (x, y) => (Value(x, y), Value(x, y), Value(x, y)));
        var (a, b) = (TestImages.Tensor(grey, 64), TestImages.Tensor(colour, 64));
        for (var i = 0; i < a.Length; i++)
            Assert.Equal(a[i], b[i], 1e-3f);
    }

    [Fact]
    public void Reduced_and_row_by_row_decoding_stay_close_to_the_full_picture()
    {
        static (byte R, byte G, byte B) Smooth(int x, int y) => ((byte)(x / 8), (byte)(y / 5), (byte)((x + y) / 13));
        var chw = TestImages.Tensor(TestImages.Encode(2000, 1200, Smooth, SKEncodedImageFormat.Png), 160);
        foreach (var format in new[] { SKEncodedImageFormat.Jpeg, SKEncodedImageFormat.Webp })
        {
            var other = TestImages.Tensor(TestImages.Encode(2000, 1200, Smooth, format, 95), 160);
            for (var i = 0; i < chw.Length; i++)
                Assert.Equal(chw[i], other[i], 6f);
        }
        // Too wide for a reduced decode: rows go through in blocks.
        var flat = TestImages.Tensor(TestImages.Encode(9000, 100, (x, _) => ((byte)(x / 36), 0, 0), SKEncodedImageFormat.Jpeg, 95), 160);
        for (var x = 0; x < 160; x++)
            Assert.Equal((x + 0.5) * 9000 / 160 / 36, flat[(80 * 160) + x], 4.0);
    }

    [Theory]
    [InlineData(DerivativeFormat.Jpeg, "jpeg")]
    [InlineData(DerivativeFormat.Webp, "webp")]
    [InlineData(DerivativeFormat.Png, "png")]
    public void A_derivative_fits_and_keeps_the_aspect_ratio(DerivativeFormat format, string name)
    {
        var file = TestImages.Encode(300, 150, (x, _) => ((byte)(x * 255 / 300), 80, 80));
        Assert.True(TestImages.Decoder.TryMakeDerivative(file, 100, format, out var copy, out _));
        Assert.True(TestImages.Decoder.TryReadHeader(copy, out var header, out _));
        Assert.Equal(new DeclaredImage(name, 100, 50, 1), header);
        using var bitmap = SKBitmap.Decode(copy);
        Assert.InRange(bitmap.GetPixel(90, 25).Red - bitmap.GetPixel(10, 25).Red, 196, 212);
        Assert.True(TestImages.Decoder.TryMakeDerivative(file, 1000, format, out copy, out _));
        Assert.True(TestImages.Decoder.TryReadHeader(copy, out header, out _));
        Assert.Equal(300, header!.Width);
    }

    [Fact]
    public void Tiny_images_make_little_garbage()
    {
        var file = TestImages.RawPng(28, 28, 8, 0, y => new byte[28]);
        var chw = new float[3 * 160 * 160];
        for (var i = 0; i < 10; i++)
            TestImages.Decoder.TryDecodeToTensor(file, chw, 160, Normalisation.ImageNet, out _);
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 100; i++)
            TestImages.Decoder.TryDecodeToTensor(file, chw, 160, Normalisation.ImageNet, out _);
        Assert.InRange((GC.GetAllocatedBytesForCurrentThread() - before) / 100, 0, 1024);
    }
}
