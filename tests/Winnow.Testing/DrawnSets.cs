using System.Globalization;
using SkiaSharp;
using Winnow.Algorithms.Numerics;
using Winnow.Client;
using Winnow.Model.Images;
using Winnow.Model.Labels;

namespace Winnow.Testing;

/// <summary>Small pictures that show any of three things, or none, each drawn for itself; each different from all others.</summary>
public static class DrawnSets
{
    public static readonly string[] Classes = ["bars", "disc", "frame"];

    private static readonly double[] Shares = [0.5, 0.35, 0.25];

    /// <summary>What a picture shows.</summary>
    public static ClassTag[] TruthOf(int index)
    {
        var random = new SeededRandom((ulong)index + 31_000);
        return [.. Classes.Where((_, c) => random.NextDouble() < Shares[c]).Select(c => new ClassTag(c))];
    }

    /// <summary>What a picture of this name shows.</summary>
    public static ClassTag[] TruthOf(string name) =>
        TruthOf(int.Parse(Path.GetFileNameWithoutExtension(name), CultureInfo.InvariantCulture));

    public static async IAsyncEnumerable<ImageToImport> EnumerateAsync(int count, int from = 0, Partition partition = Partition.Pool)
    {
        for (var i = from; i < from + count; i++)
        {
            var index = i;
            yield return new ImageToImport(string.Create(CultureInfo.InvariantCulture, $"sets/{i:D5}.png"),
                _ => ValueTask.FromResult<ReadOnlyMemory<byte>>(Draw(index)), null, partition);
        }
        await Task.CompletedTask;
    }

    private static byte[] Draw(int index)
    {
        var random = new SeededRandom((ulong)index + 52_000);
        var shown = TruthOf(index).Select(t => t.Class).ToHashSet(StringComparer.Ordinal);
        using var bitmap = new SKBitmap(new SKImageInfo(48, 48, SKColorType.Rgba8888, SKAlphaType.Opaque));
        using var canvas = new SKCanvas(bitmap);
        SKColor Colour() => new((byte)random.Next(256), (byte)random.Next(256), (byte)random.Next(256));
        canvas.Clear(Colour());
        using var paint = new SKPaint { Color = Colour(), StrokeWidth = 2 + random.Next(3), IsAntialias = true };
        if (shown.Contains("bars"))
            for (var x = random.Next(8); x < 48; x += 8) canvas.DrawLine(x, 0, x, 48, paint);
        paint.Color = Colour();
        if (shown.Contains("disc")) canvas.DrawCircle(12 + random.Next(24), 12 + random.Next(24), 6 + random.Next(8), paint);
        (paint.Color, paint.Style) = (Colour(), SKPaintStyle.Stroke);
        if (shown.Contains("frame"))
            canvas.DrawRect(3 + random.Next(12), 3 + random.Next(12), 24 + random.Next(6), 24 + random.Next(6), paint);
        // One pixel of noise makes each picture an image of its own.
        bitmap.SetPixel(index % 48, index / 48 % 48, Colour());
        using var data = bitmap.Encode(SKEncodedImageFormat.Png, 100);
        return data.ToArray();
    }
}
