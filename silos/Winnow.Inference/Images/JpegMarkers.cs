using System.Buffers.Binary;

namespace Winnow.Inference.Images;

/// <summary>Walks the marker segments of a JPEG file (ITU-T T.81, annex B).</summary>
internal static class JpegMarkers
{
    private const byte StartOfScan = 0xda;
    private const byte EndOfImage = 0xd9;

    /// <summary>Width, height and one frame from the frame header; null when the file ends before one. A non-null <paramref name="reason"/> refuses the file.</summary>
    public static (int Width, int Height, int Frames)? Read(ReadOnlySpan<byte> bytes, int maxScans, out string? reason)
    {
        reason = null;
        var at = 2;
        while (at + 9 <= bytes.Length)
        {
            if (bytes[at] != 0xff)
                return null;
            var marker = bytes[at + 1];
            if (marker == 0xff)
            {
                at++;
                continue;
            }
            if (marker is 0x01 or (>= 0xd0 and <= 0xd8))
            {
                at += 2;
                continue;
            }
            if (marker is StartOfScan or EndOfImage)
                return null;
            var length = BinaryPrimitives.ReadUInt16BigEndian(bytes[(at + 2)..]);
            if (length < 2)
                return null;
            if (marker is >= 0xc0 and <= 0xcf and not (0xc4 or 0xc8 or 0xcc))
                return Frame(bytes, at, marker, maxScans, out reason);
            at += 2 + length;
        }
        return null;
    }

    private static (int Width, int Height, int Frames)? Frame(ReadOnlySpan<byte> bytes, int at, byte marker, int maxScans, out string? reason)
    {
        reason = null;
        if (marker > 0xc2)
            reason = $"The JPEG is coded by a rare process (SOF{marker - 0xc0}: lossless, hierarchical or arithmetic), which is not supported; save it as baseline or progressive JPEG.";
        else if (bytes[at + 4] != 8)
            reason = $"The JPEG has {bytes[at + 4]} bits per channel and 8 are supported; save it with 8 bits, or as PNG.";
        else if (marker == 0xc2)
            reason = CheckScans(bytes[at..], maxScans);
        return (BinaryPrimitives.ReadUInt16BigEndian(bytes[(at + 7)..]), BinaryPrimitives.ReadUInt16BigEndian(bytes[(at + 5)..]), 1);
    }

    /// <summary>
    /// Looks at the scans of a progressive file. Inside coded data 0xff is always followed by 0 or a restart marker, so a plain search finds no false marker.
    /// The end marker is demanded here because decoders show a progressive file without its last scans as if it were whole, only blurred.
    /// </summary>
    private static string? CheckScans(ReadOnlySpan<byte> bytes, int maxScans)
    {
        var scans = 0;
        while (bytes.IndexOf<byte>([0xff, StartOfScan]) is >= 0 and var found)
        {
            if (++scans > maxScans)
                return $"The progressive JPEG has more than {maxScans} scans; encoders write about ten, so it may be made to waste time. Save it anew or raise MaxScans.";
            bytes = bytes[(found + 2)..];
        }
        return scans == 0 || bytes.IndexOf<byte>([0xff, EndOfImage]) < 0
            ? "The progressive JPEG is cut off: its last scans are missing; fetch it again from its source."
            : null;
    }
}
