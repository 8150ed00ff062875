using System.Buffers.Binary;

namespace Winnow.Inference.Images;

/// <summary>Walks the chunks of a PNG file (W3C PNG, third edition).</summary>
internal static class PngChunks
{
    private const int Signature = 8;
    private const int Frame = 12;
    // Each may take some work to read, and an image has one.
    private const int MostProfiles = 4;

    /// <summary>Size, frames and orientation. A non-null <paramref name="reason"/> refuses the file.</summary>
    public static DeclaredImage? Read(ReadOnlySpan<byte> bytes, out string? reason)
    {
        reason = bytes.Length >= 16 && bytes[12..16].SequenceEqual("CgBI"u8)
            ? "The PNG is in the variant that Apple's tools make for apps (CgBI), which is not supported; save it as plain PNG."
            : null;
        if (reason is not null || bytes.Length < 33 || !bytes[12..16].SequenceEqual("IHDR"u8))
            return null;
        var width = BinaryPrimitives.ReadUInt32BigEndian(bytes[16..]);
        var height = BinaryPrimitives.ReadUInt32BigEndian(bytes[20..]);
        if (width > int.MaxValue || height > int.MaxValue)
            return null;
        var image = new DeclaredImage("png", (int)width, (int)height);
        int? chunked = null, profiled = null;
        var profiles = 0;
        // To the end of the file, since eXIf may stand behind the pixels.
        for (long at = Signature + Frame + 13; at + Frame <= bytes.Length;)
        {
            var chunk = bytes[(int)at..];
            var length = BinaryPrimitives.ReadUInt32BigEndian(chunk);
            var name = chunk[4..8];
            var content = chunk[8..(int)Math.Min(8L + length, chunk.Length)];
            if (name.SequenceEqual("acTL"u8) && length >= 8)
                image = image with { Frames = (int)Math.Min(BinaryPrimitives.ReadUInt32BigEndian(chunk[8..]), int.MaxValue) };
            else if (name.SequenceEqual("eXIf"u8))
                chunked = ExifOrientation.Read(content) ?? chunked;
            else if (PngRawProfile.IsExif(name, content) && profiles++ < MostProfiles)
                profiled ??= PngRawProfile.Read(name, content) is { } exif ? ExifOrientation.Read(exif) : null;
            else if (name.SequenceEqual("IEND"u8))
                break;
            at += Frame + (long)length;
        }
        return image with { Orientation = chunked ?? profiled ?? ExifOrientation.Upright };
    }
}
