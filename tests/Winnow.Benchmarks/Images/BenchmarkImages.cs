using System.Buffers.Binary;
using SkiaSharp;
using Winnow.Algorithms.Numerics;
using Winnow.Inference.Weights;
using Winnow.Silo.Demo;

namespace Winnow.Benchmarks.Images;

/// <summary>Image files of the two sizes that figures are given for. The same numbers give the same files.</summary>
internal static class BenchmarkImages
{
    private const int Scenes = 16;

    private static readonly Lazy<byte[][]> Drawn = new(() =>
    {
        var scenes = new byte[Scenes][];
        Parallel.For(0, Scenes, i => scenes[i] = Scene((ulong)i));
        return scenes;
    });

    /// <summary>
    /// 28 × 28 grey PNGs: Fashion-MNIST where the demo has left it in the cache folder, else drawn. At most 60,000, all different.
    /// </summary>
    public static async Task<byte[][]> SmallAsync(int count, CancellationToken stop)
    {
        var pixels = new byte[count][];
        var cache = WeightsCache.DefaultFolder();
        if (File.Exists(Path.Combine(cache, "fashion-mnist", "train-images-idx3-ubyte")))
        {
            var (train, _) = await new FashionMnist(cache, _ => { }).LoadAsync(stop);
            for (var i = 0; i < count; i++) pixels[i] = DemoImages.Encode(train.Image(i).Span);
            return pixels;
        }
        for (var i = 0; i < count; i++) pixels[i] = DemoImages.Encode(Blob(i));
        return pixels;
    }

    /// <summary>
    /// 1280 × 720 JPEGs of about 140 KB, all different: few scenes, each under many numbers in a comment, since drawing one takes longer
    /// than scoring it.
    /// </summary>
    public static byte[][] Photos(int count, int from = 0) =>
        [.. Enumerable.Range(from, count).Select(i => Numbered(Drawn.Value[i % Scenes], i))];

    private static byte[] Blob(int index)
    {
        var random = new SeededRandom((ulong)index);
        var (x, y, size) = (8 + random.Next(12), 8 + random.Next(12), 4 + random.Next(8));
        var pixels = new byte[LabelledPixels.Side * LabelledPixels.Side];
        for (var i = 0; i < pixels.Length; i++)
        {
            var distance = Math.Abs(i % LabelledPixels.Side - x) + Math.Abs(i / LabelledPixels.Side - y);
            if (distance < 2 * size) pixels[i] = (byte)(255 - 100 * distance / size + random.Next(40));
        }
        BinaryPrimitives.WriteInt32LittleEndian(pixels, index);
        return pixels;
    }

    /// <summary>
    /// Clouds of several scales over a gradient with a few things in it: detail everywhere and no pure noise, so that its size as a JPEG is
    /// a photo's.
    /// </summary>
    private static byte[] Scene(ulong seed)
    {
        var random = new SeededRandom(seed);
        SKColor Colour() => new((byte)random.Next(256), (byte)random.Next(256), (byte)random.Next(256));
        using var bitmap = new SKBitmap(new SKImageInfo(1280, 720, SKColorType.Rgba8888, SKAlphaType.Opaque));
        using var canvas = new SKCanvas(bitmap);
        using (var gradient =
            SKShader.CreateLinearGradient(new SKPoint(0, 0), new SKPoint(400, 720), [Colour(), Colour()], SKShaderTileMode.Clamp))
        using (var paint = new SKPaint { Shader = gradient }) canvas.DrawPaint(paint);
        for (var i = 0; i < 40; i++)
        {
            using var paint = new SKPaint { Color = Colour().WithAlpha(160), IsAntialias = true };
            if (i % 2 == 0) canvas.DrawCircle(random.Next(1280), random.Next(720), 10 + random.Next(120), paint);
            else canvas.DrawRect(random.Next(1280), random.Next(720), 10 + random.Next(200), 10 + random.Next(200), paint);
        }
        using (var clouds = SKShader.CreatePerlinNoiseFractalNoise(0.012f, 0.012f, 8, seed))
        using (var paint = new SKPaint { Shader = clouds, BlendMode = SKBlendMode.HardLight }) canvas.DrawPaint(paint);
        using var data = bitmap.Encode(SKEncodedImageFormat.Jpeg, 94);
        return data.ToArray();
    }

    /// <summary>Puts a number into a comment behind the JPEG's first marker.</summary>
    private static byte[] Numbered(byte[] jpeg, int number)
    {
        var copy = new byte[jpeg.Length + 8];
        jpeg.AsSpan(0, 2).CopyTo(copy);
        ReadOnlySpan<byte> comment = [0xff, 0xfe, 0, 6];
        comment.CopyTo(copy.AsSpan(2));
        BinaryPrimitives.WriteInt32BigEndian(copy.AsSpan(6), number);
        jpeg.AsSpan(2).CopyTo(copy.AsSpan(10));
        return copy;
    }
}
