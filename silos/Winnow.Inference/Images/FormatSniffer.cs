using System.Text;

namespace Winnow.Inference.Images;

/// <summary>Tells a file's format by its first bytes; names and media types are not believed.</summary>
internal static class FormatSniffer
{
    private const string Supported = "give JPEG, PNG, WebP, GIF or BMP.";

    /// <summary>"jpeg", "png", "gif", "webp", "bmp", or null for anything else.</summary>
    public static string? Sniff(ReadOnlySpan<byte> bytes)
    {
        if (bytes.StartsWith<byte>([0xff, 0xd8, 0xff]))
            return "jpeg";
        if (bytes.StartsWith<byte>([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]))
            return "png";
        if (bytes.StartsWith("GIF87a"u8) || bytes.StartsWith("GIF89a"u8))
            return "gif";
        if (bytes.Length >= 12 && bytes.StartsWith("RIFF"u8) && bytes[8..12].SequenceEqual("WEBP"u8))
            return "webp";
        return bytes.Length >= 18 && bytes.StartsWith("BM"u8) && bytes[14] is 12 or 40 or 52 or 56 or 64 or 108 or 124 && bytes[15] == 0
            ? "bmp"
            : null;
    }

    /// <summary>Says what the file is instead, as far as its first bytes tell.</summary>
    public static string Explain(ReadOnlySpan<byte> bytes)
    {
        if (Other(bytes) is { } name)
            return $"The file is {name}, which is not supported; {Supported}";
        var start = bytes[..Math.Min(bytes.Length, 256)];
        if (IsText(start))
        {
            var shown = Encoding.UTF8.GetString(start[..Math.Min(start.Length, 40)]).ReplaceLineEndings(" ").Trim();
            return $"The file is text, not an image (it begins \"{shown}\"); check the address it was fetched from.";
        }
        var first = Convert.ToHexString(start[..Math.Min(start.Length, 8)]);
        return $"The file is in no known image format (first bytes {first}); {Supported}";
    }

    private static string? Other(ReadOnlySpan<byte> bytes)
    {
        if (bytes.StartsWith("II*\0"u8) || bytes.StartsWith("MM\0*"u8))
            return "TIFF";
        if (bytes.StartsWith("%PDF"u8))
            return "PDF";
        if (bytes.StartsWith("8BPS"u8))
            return "Photoshop (PSD)";
        if (bytes.StartsWith("PK\u0003\u0004"u8))
            return "a ZIP archive";
        if (bytes.StartsWith<byte>([0x1f, 0x8b]))
            return "gzip data";
        if (bytes.StartsWith<byte>([0, 0, 1, 0]))
            return "an icon (ICO)";
        if (bytes.StartsWith<byte>([0xff, 0x0a]) || (bytes.Length >= 8 && bytes[4..8].SequenceEqual("JXL "u8)))
            return "JPEG XL";
        if (bytes.Length >= 8 && bytes[4..8].SequenceEqual("jP  "u8))
            return "JPEG 2000";
        if (bytes.Length >= 12 && bytes[4..8].SequenceEqual("ftyp"u8))
        {
            return bytes[8..12].SequenceEqual("avif"u8) ? "AVIF"
                : bytes[8..11].SequenceEqual("hei"u8) || bytes[8..12].SequenceEqual("mif1"u8) ? "HEIC"
                : "a video (MP4)";
        }
        return null;
    }

    private static bool IsText(ReadOnlySpan<byte> bytes)
    {
        foreach (var b in bytes)
        {
            if (b < 0x20 && b is not ((byte)'\t' or (byte)'\r' or (byte)'\n' or 0x0c))
                return false;
        }
        return true;
    }
}
