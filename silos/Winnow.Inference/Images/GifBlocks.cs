using System.Buffers.Binary;

namespace Winnow.Inference.Images;

/// <summary>Walks the blocks of a GIF file (GIF89a specification) to count its frames.</summary>
internal static class GifBlocks
{
    /// <summary>
    /// Width, height and frames; counting ends once there are more than <paramref name="maxFrames"/>, and where the file ends.
    /// </summary>
    public static DeclaredImage? Read(ReadOnlySpan<byte> bytes, int maxFrames)
    {
        if (bytes.Length < 14)
            return null;
        var width = BinaryPrimitives.ReadUInt16LittleEndian(bytes[6..]);
        var height = BinaryPrimitives.ReadUInt16LittleEndian(bytes[8..]);
        var at = 13 + ColourTable(bytes[10]);
        var frames = 0;
        while (at < bytes.Length && frames <= maxFrames)
        {
            if (bytes[at] == 0x21)
            {
                at = SkipSubBlocks(bytes, at + 2);
            }
            else if (bytes[at] == 0x2c && at + 10 <= bytes.Length)
            {
                frames++;
                // A frame may be larger than the canvas, and decoders size their buffers by it.
                width = Math.Max(width, (ushort)Math.Min(ushort.MaxValue, Edge(bytes, at + 1, at + 5)));
                height = Math.Max(height, (ushort)Math.Min(ushort.MaxValue, Edge(bytes, at + 3, at + 7)));
                at = SkipSubBlocks(bytes, at + 11 + ColourTable(bytes[at + 9]));
            }
            else
            {
                break;
            }
        }
        return frames == 0 ? null : new DeclaredImage("gif", width, height, frames);
    }

    private static int Edge(ReadOnlySpan<byte> bytes, int offset, int length) =>
        BinaryPrimitives.ReadUInt16LittleEndian(bytes[offset..]) + BinaryPrimitives.ReadUInt16LittleEndian(bytes[length..]);

    private static int ColourTable(byte packed) => (packed & 0x80) == 0 ? 0 : 3 << ((packed & 7) + 1);

    private static int SkipSubBlocks(ReadOnlySpan<byte> bytes, int at)
    {
        while (at < bytes.Length && bytes[at] != 0)
            at += bytes[at] + 1;
        return at + 1;
    }
}
