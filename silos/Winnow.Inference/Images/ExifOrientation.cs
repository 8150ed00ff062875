namespace Winnow.Inference.Images;

/// <summary>
/// The orientation that EXIF data give (tag 0x0112, EXIF 2.3): one reading for every format that carries them. Decoders differ in where
/// they look and which types of numbers they take, and an image may not be turned in one format and lie on its side in another.
/// </summary>
internal static class ExifOrientation
{
    /// <summary>As stored.</summary>
    public const int Upright = 1;

    private const ushort Tag = 0x0112;

    /// <summary>1 to 8; null where the data give none, or one that means nothing.</summary>
    public static int? Read(ReadOnlySpan<byte> exif)
    {
        // JPEG puts this before the TIFF header, PNG and WebP need not, and some encoders do it there too.
        if (exif.StartsWith("Exif\0"u8) && exif.Length > 6)
            exif = exif[6..];
        return TiffDirectory.Open(exif).Number(Tag) is >= 1 and <= 8 and var orientation ? (int)orientation : null;
    }
}
