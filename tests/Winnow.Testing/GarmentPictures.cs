using System.Globalization;
using Winnow.Algorithms.Numerics;

namespace Winnow.Testing;

/// <summary>
/// Composes pictures of one to six garments (Fashion-MNIST), which are scaled, turned a little and laid on a drawn ground; some cover
/// others, some are cut by the edge, some bear a price tag. The same seed gives the same bytes, and what is true of them.
/// </summary>
/// <param name="pixels">Grey images of 28 × 28, one behind the other.</param>
/// <param name="labels">The class of each, as its position.</param>
/// <param name="classes">Names of the classes.</param>
public sealed class GarmentPictures(ReadOnlyMemory<byte> pixels, ReadOnlyMemory<byte> labels, IReadOnlyList<string> classes)
{
    private const int MostObjects = 6, Tries = 40;
    private static readonly int[] Orientations = [1, 6, 1, 8, 3, 1, 5, 1];

    /// <summary>Names of the classes.</summary>
    public IReadOnlyList<string> Classes { get; } = classes;

    /// <summary>One picture, of 240 to 480 pixels a side.</summary>
    /// <param name="seed">Which.</param>
    public GarmentPicture Compose(int seed)
    {
        var random = new SeededRandom((ulong)seed + 40_000);
        var (width, height) = (240 + random.Next(241), 240 + random.Next(241));
        var canvas = new GarmentCanvas(width, height, random);
        var wanted = 1 + seed % MostObjects;
        for (var t = 0; t < Tries && canvas.Objects < wanted; t++) Place(canvas, random);
        var orientation = Orientations[seed % Orientations.Length];
        var jpeg = seed % 3 == 0;
        var bytes = jpeg ? StoredPicture.Jpeg(canvas.Pixels, width, orientation) : StoredPicture.Png(canvas.Pixels, width, orientation);
        var name = string.Create(CultureInfo.InvariantCulture, $"{seed:D4}.{(jpeg ? "jpg" : "png")}");
        return new GarmentPicture(bytes, name, width, height, orientation, canvas.Truth());
    }

    private void Place(GarmentCanvas canvas, SeededRandom random)
    {
        var which = random.Next(labels.Length);
        var image = pixels.Slice(which * Garment.Side * Garment.Side, Garment.Side * Garment.Side);
        var garment = new Garment(
            Classes[labels.Span[which]], image, Scale: 2.5 + 2.5 * random.NextDouble(),
            // Many garments lie as they are. A quarter of a degree is the same number whichever way round it is said.
            Degrees: random.Next(3) == 0 ? 0 : (random.Next(201) - 100) / 4.0,
            X: random.Next(canvas.Width), Y: random.Next(canvas.Height));
        canvas.TryLay(garment, price: random.Next(4) > 0 ? string.Create(
            CultureInfo.InvariantCulture, $"{1 + random.Next(99)}.{random.Next(10)}{random.Next(10)}") : null);
    }
}
