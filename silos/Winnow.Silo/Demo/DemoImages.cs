using System.Globalization;
using System.Runtime.InteropServices;
using SkiaSharp;
using Winnow.Algorithms.Numerics;

namespace Winnow.Silo.Demo;

/// <summary>Writes Fashion-MNIST as PNG files, a folder per class, as anybody's labelled images would lie on a disk.</summary>
internal static class DemoImages
{
    /// <summary>Writes the chosen images to <c>folder/CLASS/INDEX.png</c>.</summary>
    public static void Write(string folder, LabelledPixels images, IReadOnlyCollection<int> chosen)
    {
        foreach (var name in FashionMnist.Classes) Directory.CreateDirectory(Path.Combine(folder, name));
        Parallel.ForEach(chosen, index =>
        {
            var path = Path.Combine(folder, FashionMnist.Classes[images.Labels[index]],
                string.Create(CultureInfo.InvariantCulture, $"{index:D5}.png"));
            File.WriteAllBytes(path, Encode(images.Image(index).Span));
        });
    }

    /// <summary>A seeded random part of the pool, so that another seed is another pool.</summary>
    public static int[] Choose(int available, int wanted, ulong seed)
    {
        var order = Enumerable.Range(0, available).ToArray();
        new SeededRandom(seed).Shuffle<int>(order);
        return order[..Math.Min(wanted, available)];
    }

    internal static byte[] Encode(ReadOnlySpan<byte> pixels)
    {
        using var bitmap = new SKBitmap(new SKImageInfo(LabelledPixels.Side, LabelledPixels.Side, SKColorType.Gray8, SKAlphaType.Opaque));
        Marshal.Copy(pixels.ToArray(), 0, bitmap.GetPixels(), pixels.Length);
        using var data = bitmap.Encode(SKEncodedImageFormat.Png, 100);
        return data.ToArray();
    }
}
