using System.Globalization;
using SkiaSharp;
using Winnow.Algorithms.Numerics;
using Winnow.Client;

namespace Winnow.Testing;

/// <summary>Small pictures of three kinds that a model can tell apart, each different from all others.</summary>
public static class DrawnImages
{
    public static readonly string[] Classes = ["bars", "disc", "frame"];

    public static async IAsyncEnumerable<ImageToImport> EnumerateAsync(int count, int from = 0, bool labelled = false,
        Model.Images.Partition partition = Model.Images.Partition.Pool)
    {
        for (var i = from; i < from + count; i++)
        {
            var index = i;
            var name = Classes[i % Classes.Length];
            yield return new ImageToImport(string.Create(CultureInfo.InvariantCulture, $"{name}/{i:D5}.png"),
                _ => ValueTask.FromResult<ReadOnlyMemory<byte>>(Draw(index)), labelled ? name : null, partition);
        }
        await Task.CompletedTask;
    }

    public static byte[] Draw(int index)
    {
        var random = new SeededRandom((ulong)index);
        using var bitmap = new SKBitmap(new SKImageInfo(32, 32, SKColorType.Rgba8888, SKAlphaType.Opaque));
        using var canvas = new SKCanvas(bitmap);
        SKColor Colour() => new((byte)random.Next(256), (byte)random.Next(256), (byte)random.Next(256));
        canvas.Clear(Colour());
        using var paint = new SKPaint { Color = Colour(), StrokeWidth = 2 + random.Next(4), IsAntialias = true };
        var x = 10 + random.Next(12);
        var y = 10 + random.Next(12);
        switch (index % Classes.Length)
        {
            case 0:
                for (var i = random.Next(6); i < 32; i += 8) canvas.DrawLine(i, 0, i, 32, paint);
                break;
            case 1:
                canvas.DrawCircle(x, y, 5 + random.Next(6), paint);
                break;
            default:
                paint.Style = SKPaintStyle.Stroke;
                canvas.DrawRect(x - 8, y - 8, 16, 16, paint);
                break;
        }
        // One pixel of noise makes each picture an image of its own.
        bitmap.SetPixel(index % 32, index / 32 % 32, Colour());
        using var data = bitmap.Encode(SKEncodedImageFormat.Png, 100);
        return data.ToArray();
    }
}
