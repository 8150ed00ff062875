namespace Winnow.Inference.Images;

/// <summary>What the first bytes of an image file declare.</summary>
/// <param name="Format">"jpeg", "png", "gif", "webp" or "bmp".</param>
/// <param name="Width">Pixels, as stored (before an EXIF orientation is applied).</param>
/// <param name="Height">Pixels, as stored.</param>
/// <param name="Frames">1 for a still image.</param>
/// <param name="Orientation">1 to 8: how the stored pixels are to be turned (EXIF 2.3, tag 0x0112); 1 leaves them as they are.</param>
public sealed record ImageHeader(string Format, int Width, int Height, int Frames, int Orientation = ExifOrientation.Upright);

/// <summary>How a derivative is encoded.</summary>
public enum DerivativeFormat
{
    /// <summary>JPEG, quality 85.</summary>
    Jpeg,

    /// <summary>Lossy WebP, quality 80.</summary>
    Webp,

    /// <summary>PNG, lossless.</summary>
    Png,
}
