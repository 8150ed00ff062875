namespace Winnow.Inference.Images;

/// <summary>Tells TIFF from the raw files of cameras, which begin as TIFF does.</summary>
internal static class TiffFlavours
{
    private const ushort Make = 0x010f;
    private const ushort SubDirectories = 0x014a;
    private const ushort DngVersion = 0xc612;

    /// <summary>What the file is; null when it is of another format.</summary>
    public static string? Name(ReadOnlySpan<byte> bytes)
    {
        if (bytes.StartsWith("II+\0"u8) || bytes.StartsWith("MM\0+"u8))
            return "TIFF (BigTIFF)";
        if (!bytes.StartsWith("II*\0"u8) && !bytes.StartsWith("MM\0*"u8))
            return null;
        if (bytes.Length > 10 && bytes[8..10].SequenceEqual("CR"u8))
            return "a camera raw file (CR2)";
        var directory = TiffDirectory.Open(bytes);
        if (directory.Has(DngVersion))
            return "a camera raw file (DNG)";
        // A camera's maker alone says nothing, since programs keep it in the TIFF that they write; the preview and the raw data in
        // directories of their own do.
        if (!directory.Has(SubDirectories))
            return "TIFF";
        var make = directory.Text(Make);
        return make.StartsWith("NIKON"u8) ? "a camera raw file (NEF)"
            : make.StartsWith("SONY"u8) ? "a camera raw file (ARW)"
            : make.StartsWith("PENTAX"u8) || make.StartsWith("RICOH"u8) ? "a camera raw file (PEF)"
            : make.StartsWith("SAMSUNG"u8) ? "a camera raw file (SRW)"
            : make.StartsWith("Hasselblad"u8) ? "a camera raw file (3FR)"
            : "TIFF";
    }
}
