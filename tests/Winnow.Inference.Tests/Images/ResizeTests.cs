using CsCheck;
using Winnow.Inference.Images;

namespace Winnow.Inference.Tests.Images;

/// <summary>The row resizer against a direct two-dimensional sum over the triangle filter.</summary>
public sealed class ResizeTests
{
    [Fact]
    public void Every_size_agrees_with_the_naive_twin() =>
        Gen.Select(Gen.Int[1, 70], Gen.Int[1, 70], Gen.Int[1, 40], Gen.Int[1, 40], Gen.Int[0, 2], Gen.Int[0, int.MaxValue])
            .Sample((sourceWidth, sourceHeight, width, height, kind, seed) =>
                Compare(sourceWidth, sourceHeight, width, height, kind, seed), iter: 300);

    [Theory]
    [InlineData(28, 28, 160, 160, 0)]
    [InlineData(320, 180, 160, 160, 1)]
    [InlineData(1, 900, 7, 3, 2)]
    [InlineData(900, 1, 3, 7, 0)]
    public void Usual_and_extreme_sizes_agree_with_the_naive_twin(int sourceWidth, int sourceHeight, int width, int height, int kind) =>
        Compare(sourceWidth, sourceHeight, width, height, kind, 7);

    [Fact]
    public void The_same_size_is_the_identity()
    {
        var resizer = new RowResizer();
        var chw = new float[3 * 16];
        resizer.Begin(4, 4, 4, 4, grey: true, transparent: false, Normalisation.Bytes);
        for (byte y = 0; y < 4; y++)
            resizer.Push([y, (byte)(y + 10), (byte)(y + 20), (byte)(y + 30)], chw);
        Assert.Equal([0, 10, 20, 30, 1, 11, 21, 31, 2, 12, 22, 32, 3, 13, 23, 33], chw[..16]);
        Assert.Equal(chw[..16], chw[32..]);
    }

    private static void Compare(int sourceWidth, int sourceHeight, int width, int height, int kind, int seed)
    {
        var (grey, transparent) = (kind == 0, kind == 2);
        var channels = grey ? 1 : 4;
        var source = new byte[sourceWidth * sourceHeight * channels];
        var state = (uint)seed | 1;
        for (var i = 0; i < source.Length; i++)
        {
            state = (state * 1664525) + 1013904223;
            source[i] = (byte)(state >> 24);
        }
        // Premultiplied colours never exceed their alpha.
        for (var i = 0; transparent && i < source.Length; i += 4)
        {
            for (var c = 0; c < 3; c++)
                source[i + c] = Math.Min(source[i + c], source[i + 3]);
        }
        var fast = new float[3 * width * height];
        var resizer = new RowResizer();
        // Twice with one instance: nothing of an earlier image may stay.
        resizer.Begin(5, 3, 2, 2, grey: false, transparent: false, Normalisation.Bytes);
        for (var y = 0; y < 3; y++)
            resizer.Push(new byte[20], new float[12]);
        resizer.Begin(sourceWidth, sourceHeight, width, height, grey, transparent, Normalisation.ImageNet);
        for (var y = 0; y < sourceHeight; y++)
            resizer.Push(source.AsSpan(y * sourceWidth * channels, sourceWidth * channels), fast);
        for (var c = 0; c < 3; c++)
        {
            // The twin is slow: of a large output every seventh pixel is looked at.
            var step = width * height > 4000 ? 7 : 1;
            for (var y = 0; y < height; y += step)
            {
                for (var x = 0; x < width; x += step)
                {
                    var expected = Naive(source, sourceWidth, sourceHeight, width, height, grey, transparent, c, x, y);
                    Assert.Equal(expected, fast[(((c * height) + y) * width) + x], 2e-4);
                }
            }
        }
    }

    private static double Naive(byte[] source, int sourceWidth, int sourceHeight, int width, int height, bool grey, bool transparent,
        int c, int x, int y)
    {
        double[] mean = [0.485, 0.456, 0.406];
        double[] std = [0.229, 0.224, 0.225];
        var (sum, total) = (0.0, 0.0);
        for (var sy = 0; sy < sourceHeight; sy++)
        {
            var vertical = Triangle(sy, y, sourceHeight, height);
            for (var sx = 0; vertical > 0 && sx < sourceWidth; sx++)
            {
                var weight = vertical * Triangle(sx, x, sourceWidth, width);
                var at = (sy * sourceWidth) + sx;
                double value = grey ? source[at] : source[(4 * at) + c] + (transparent ? 255 - source[(4 * at) + 3] : 0);
                sum += weight * value;
                total += weight;
            }
        }
        return ((sum / total / 255) - mean[c]) / std[c];
    }

    private static double Triangle(int position, int target, int sourceLength, int targetLength)
    {
        var scale = (double)sourceLength / targetLength;
        return Math.Max(0, 1 - (Math.Abs(position + 0.5 - ((target + 0.5) * scale)) / Math.Max(1, scale)));
    }
}
