using System.Buffers.Binary;

namespace Winnow.Inference.Images;

/// <summary>
/// Names files of the ISO base media format (ISO/IEC 14496-12) by their brands: HEIC, AVIF, raw data of cameras and videos all begin alike.
/// </summary>
internal static class MediaBrands
{
    private const int MaxBrands = 64;

    private static readonly string[] Avif = ["avif", "avis"];
    private static readonly string[] Heic = ["heic", "heix", "heim", "heis", "hevc", "hevx", "hevm", "hevs"];
    private static readonly string[] Heif = ["mif1", "mif2", "msf1", "miaf"];

    /// <summary>What the file is; null when it is of another format.</summary>
    public static (string Name, ForeignKind Kind)? Name(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length < 12 || !bytes[4..8].SequenceEqual("ftyp"u8))
            return null;
        var brands = Read(bytes);
        if (brands[0] == "crx ")
            return ("a camera raw file (CR3)", ForeignKind.Picture);
        // A general major brand is told apart by what else the file says it is compatible with.
        if (brands.Any(Avif.Contains))
            return ("AVIF", ForeignKind.Picture);
        if (brands.Any(Heic.Contains))
            return ("HEIC", ForeignKind.Picture);
        if (brands.Any(Heif.Contains))
            return ("HEIF", ForeignKind.Picture);
        return brands[0] switch
        {
            "qt  " => ("a video (QuickTime)", ForeignKind.Video),
            "M4A " or "M4B " => ("sound (MPEG-4)", ForeignKind.Other),
            "jxl " => ("JPEG XL", ForeignKind.Picture),
            "jp2 " or "jpx " or "jpm " => ("JPEG 2000", ForeignKind.Picture),
            _ => ("a video (MP4)", ForeignKind.Video),
        };
    }

    /// <summary>The major brand, then those that the file is compatible with.</summary>
    private static List<string> Read(ReadOnlySpan<byte> bytes)
    {
        var end = (int)Math.Min(BinaryPrimitives.ReadUInt32BigEndian(bytes), (uint)bytes.Length);
        var brands = new List<string> { System.Text.Encoding.Latin1.GetString(bytes[8..12]) };
        for (var at = 16; at + 4 <= end && brands.Count < MaxBrands; at += 4)
            brands.Add(System.Text.Encoding.Latin1.GetString(bytes.Slice(at, 4)));
        return brands;
    }
}
