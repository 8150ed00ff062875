using System.Buffers.Binary;

namespace Winnow.Inference.Images;

/// <summary>Walks the chunks of a WebP file (RFC 9649).</summary>
internal static class WebpChunks
{
    private const int Header = 12;
    private const int Animated = 0x02;

    /// <summary>Size, frames and orientation; counting frames ends once there are more than <paramref name="maxFrames"/>.</summary>
    public static DeclaredImage? Read(ReadOnlySpan<byte> bytes, int maxFrames)
    {
        if (bytes.Length < 30 || BinaryPrimitives.ReadUInt32LittleEndian(bytes[4..]) + 8L > bytes.Length)
            return null;
        var kind = bytes[12..16];
        if (kind.SequenceEqual("VP8 "u8))
        {
            return bytes[23..26].StartsWith<byte>([0x9d, 0x01, 0x2a])
                ? new DeclaredImage(
                    "webp",
                    BinaryPrimitives.ReadUInt16LittleEndian(bytes[26..]) & 0x3fff,
                    BinaryPrimitives.ReadUInt16LittleEndian(bytes[28..]) & 0x3fff)
                : null;
        }
        if (kind.SequenceEqual("VP8L"u8))
        {
            if (bytes[20] != 0x2f)
                return null;
            var packed = BinaryPrimitives.ReadUInt32LittleEndian(bytes[21..]);
            return new DeclaredImage("webp", (int)(packed & 0x3fff) + 1, (int)((packed >> 14) & 0x3fff) + 1);
        }
        return kind.SequenceEqual("VP8X"u8) ? Extended(bytes, maxFrames) : null;
    }

    private static DeclaredImage Extended(ReadOnlySpan<byte> bytes, int maxFrames)
    {
        var width = (bytes[24] | (bytes[25] << 8) | (bytes[26] << 16)) + 1;
        var height = (bytes[27] | (bytes[28] << 8) | (bytes[29] << 16)) + 1;
        var animated = (bytes[20] & Animated) != 0;
        var frames = 0;
        int? orientation = null;
        for (long at = Header; at + 8 <= bytes.Length && frames <= maxFrames;)
        {
            var chunk = bytes[(int)at..];
            var length = (long)BinaryPrimitives.ReadUInt32LittleEndian(chunk[4..]);
            if (animated && chunk[..4].SequenceEqual("ANMF"u8))
                frames++;
            else if (chunk[..4].SequenceEqual("EXIF"u8))
                orientation ??= ExifOrientation.Read(chunk[8..(int)Math.Min(8 + length, chunk.Length)]);
            at += 8 + length + (length & 1);
        }
        return new DeclaredImage("webp", width, height, Math.Max(frames, 1), orientation ?? ExifOrientation.Upright);
    }
}
