namespace Winnow.Inference.Images;

/// <summary>
/// What the first bytes of an image file declare. A reader of one format checks nothing of it; what the decoder gives out keeps to the
/// limits.
/// </summary>
/// <param name="Format">One of <see cref="ImageDecoder.Formats"/>.</param>
/// <param name="Width">Pixels, as stored (before an EXIF orientation is applied).</param>
/// <param name="Height">Pixels, as stored.</param>
/// <param name="Frames">1 for a still image.</param>
/// <param name="Orientation">1 to 8: how the stored pixels are to be turned (EXIF 2.3, tag 0x0112); 1 leaves them as they are.</param>
public sealed record DeclaredImage(string Format, int Width, int Height, int Frames = 1, int Orientation = ExifOrientation.Upright);
