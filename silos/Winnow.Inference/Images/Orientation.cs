namespace Winnow.Inference.Images;

/// <summary>
/// Applies an EXIF orientation (1–8, EXIF 2.3 tag 0x0112) to planar values. Turning after the resize gives what turning before it would,
/// because the filter treats rows and columns alike, and it moves fewer values.
/// </summary>
internal static class Orientation
{
    /// <summary>True when the orientation exchanges width and height.</summary>
    public static bool Transposes(int orientation) => orientation is >= 5 and <= 8;

    /// <summary>
    /// Copies a plane [height, width] to its upright form; the target has width and height exchanged when <see cref="Transposes"/>.
    /// </summary>
    public static void Apply(int orientation, ReadOnlySpan<float> source, int width, int height, Span<float> target)
    {
        var (uprightWidth, uprightHeight) = Transposes(orientation) ? (height, width) : (width, height);
        for (var y = 0; y < uprightHeight; y++)
        {
            for (var x = 0; x < uprightWidth; x++)
            {
                var (sx, sy) = orientation switch
                {
                    2 => (width - 1 - x, y),
                    3 => (width - 1 - x, height - 1 - y),
                    4 => (x, height - 1 - y),
                    5 => (y, x),
                    6 => (y, height - 1 - x),
                    7 => (width - 1 - y, height - 1 - x),
                    8 => (width - 1 - y, x),
                    _ => (x, y),
                };
                target[(y * uprightWidth) + x] = source[(sy * width) + sx];
            }
        }
    }
}
