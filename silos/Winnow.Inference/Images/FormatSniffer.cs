using System.Buffers.Binary;

namespace Winnow.Inference.Images;

/// <summary>Tells a file's format by its first bytes; names and media types are not believed.</summary>
internal static class FormatSniffer
{
    private const string Supported = ImageDecoder.FormatNames;

    /// <summary>"jpeg", "png", "gif", "webp", "bmp", or null for anything else.</summary>
    public static string? Sniff(ReadOnlySpan<byte> bytes)
    {
        if (bytes.StartsWith<byte>([0xff, 0xd8, 0xff]) || JpegMarkers.BeginsWithStray(bytes))
            return "jpeg";
        if (bytes.StartsWith<byte>([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]))
            return "png";
        if (bytes.StartsWith("GIF87a"u8) || bytes.StartsWith("GIF89a"u8))
            return "gif";
        if (bytes.Length >= 12 && bytes.StartsWith("RIFF"u8) && bytes[8..12].SequenceEqual("WEBP"u8))
            return "webp";
        return bytes.Length >= 18 && bytes.StartsWith("BM"u8) && IsBmpHeader(BinaryPrimitives.ReadUInt32LittleEndian(bytes[14..]))
            ? "bmp"
            : null;
    }

    /// <summary>Says what the file is instead, as far as its bytes tell, and what to do about it.</summary>
    public static string Explain(ReadOnlySpan<byte> bytes)
    {
        if (ForeignFormats.Find(bytes) is var (name, kind))
        {
            return kind switch
            {
                ForeignKind.Picture => $"The file is {name}, which is not supported; convert it to {Supported}.",
                ForeignKind.Archive => $"The file is {name}, not an image; unpack it and give what is in it.",
                ForeignKind.Video => $"The file is {name}, not an image; take still pictures out of it.",
                ForeignKind.Damaged => $"The file is {name}; fetch it again from its source, as bytes.",
                ForeignKind.Pointer => $"The file is {name}, not the image that it stands for.",
                _ => $"The file is {name}, not an image; give {Supported}.",
            };
        }
        if (ForeignText.Explain(bytes) is { } text)
            return text;
        var first = Convert.ToHexString(bytes[..Math.Min(bytes.Length, 8)]);
        return $"The file is in no known image format (first bytes {first}); give {Supported}.";
    }

    /// <summary>
    /// Sizes that the header behind the file header may have: Windows' versions, and OS/2's, which leave out what they have no use for.
    /// </summary>
    private static bool IsBmpHeader(uint size) =>
        size is 12 or 16 or 20 or 24 or 28 or 32 or 36 or 40 or 42 or 46 or 48 or 52 or 56 or 60 or 64 or 108 or 124;
}
