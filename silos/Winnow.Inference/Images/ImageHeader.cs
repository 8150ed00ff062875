namespace Winnow.Inference.Images;

/// <summary>What the first bytes of an image file declare.</summary>
/// <param name="Format">"jpeg", "png", "gif", "webp" or "bmp".</param>
/// <param name="Width">Pixels, as stored (before an EXIF orientation is applied).</param>
/// <param name="Height">Pixels, as stored.</param>
/// <param name="Frames">1 for a still image.</param>
public sealed record ImageHeader(string Format, int Width, int Height, int Frames);

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
