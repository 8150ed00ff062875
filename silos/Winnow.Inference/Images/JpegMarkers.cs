using System.Buffers.Binary;

namespace Winnow.Inference.Images;

/// <summary>What the segments of a JPEG file (ITU-T T.81) declare before its pixels.</summary>
internal static class JpegMarkers
{
    private const byte Progressive = 0xc2;
    private const byte App1 = 0xe1;
    private const byte JpegLs = 0xf7;

    private static ReadOnlySpan<byte> StartMarker => [0xff, 0xd8];

    private static ReadOnlySpan<byte> ScanMarker => [0xff, JpegSegments.StartOfScan];

    private static ReadOnlySpan<byte> EndMarker => [0xff, JpegSegments.EndOfImage];

    /// <summary>
    /// Size from the frame header and orientation from whichever segment before the pixels has one; null when the file ends before a frame
    /// header. A non-null <paramref name="reason"/> refuses the file.
    /// </summary>
    public static DeclaredImage? Read(ReadOnlySpan<byte> bytes, int maxScans, out string? reason)
    {
        reason = null;
        DeclaredImage? frame = null;
        int? orientation = null;
        var segments = new JpegSegments(bytes);
        while (reason is null && segments.Next() && segments.Marker is not (JpegSegments.StartOfScan or JpegSegments.EndOfImage))
        {
            if (segments.Marker == JpegLs)
                reason = "The file is JPEG-LS, which is not supported; save it as baseline or progressive JPEG.";
            else if (segments.Marker == App1 && segments.Content.StartsWith("Exif\0"u8))
                orientation ??= ExifOrientation.Read(segments.Content);
            else if (frame is null && IsFrame(segments.Marker))
                frame = Frame(bytes, segments, maxScans, out reason);
        }
        return frame is { } found ? found with { Orientation = orientation ?? ExifOrientation.Upright } : null;
    }

    /// <summary>
    /// Whether bytes that are no marker stand right behind the start marker. Two bytes tell little, so a frame header has to follow.
    /// </summary>
    public static bool BeginsWithStray(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length < 3 || !bytes.StartsWith(StartMarker) || bytes[2] == 0xff)
            return false;
        var segments = new JpegSegments(bytes);
        while (segments.Next() && segments.Marker is not (JpegSegments.StartOfScan or JpegSegments.EndOfImage))
        {
            if (IsFrame(segments.Marker))
                return true;
        }
        return false;
    }

    /// <summary>
    /// The file with its first segment right behind the start marker. libjpeg passes over most of what may stand between, but not over a
    /// second start marker, and what looks at a file before libjpeg does takes it for no JPEG.
    /// </summary>
    public static ReadOnlyMemory<byte> WithoutStray(ReadOnlyMemory<byte> bytes)
    {
        var segments = new JpegSegments(bytes.Span);
        return segments.Next() && segments.Start > StartMarker.Length ? (byte[])[.. StartMarker, .. bytes.Span[segments.Start..]] : bytes;
    }

    /// <summary>
    /// Whether no end marker stands behind the first scan: then nothing but the coded data says whether all pixels are there.
    /// </summary>
    public static bool LacksEnd(ReadOnlySpan<byte> bytes)
    {
        if (bytes.EndsWith(EndMarker))
            return false;
        var last = bytes.LastIndexOf(EndMarker);
        if (last < 0)
            return true;
        // A small copy in the EXIF data has an end marker too.
        var segments = new JpegSegments(bytes);
        while (segments.Next() && segments.Position <= last)
        {
            if (segments.Marker == JpegSegments.StartOfScan)
                return false;
        }
        return true;
    }

    private static bool IsFrame(byte marker) => marker is >= 0xc0 and <= 0xcf and not (0xc4 or 0xc8 or 0xcc);

    private static DeclaredImage? Frame(ReadOnlySpan<byte> bytes, JpegSegments segments, int maxScans, out string? reason)
    {
        reason = null;
        var marker = segments.Marker;
        var content = segments.Content;
        if (content.Length < 6)
            return null;
        var height = BinaryPrimitives.ReadUInt16BigEndian(content[1..]);
        var image = new DeclaredImage("jpeg", BinaryPrimitives.ReadUInt16BigEndian(content[3..]), height);
        if (marker > Progressive)
        {
            reason = $"The JPEG is coded by a rare process (SOF{marker - 0xc0}: lossless, hierarchical or arithmetic), "
                + "which is not supported; save it as baseline or progressive JPEG.";
        }
        else if (content[0] != 8)
            reason = $"The JPEG has {content[0]} bits per channel and 8 are supported; save it with 8 bits, or as PNG.";
        else if (height == 0)
            reason = "The JPEG tells its height behind its pixels (DNL), which is not supported; save it anew.";
        else if (marker == Progressive)
            reason = CheckScans(bytes, segments.Position, maxScans);
        return image;
    }

    /// <summary>
    /// Looks at the scans of a progressive file. Inside coded data 0xff is always followed by 0 or a restart marker, so a plain search
    /// finds no false marker. Decoders show a progressive file without its last scans as if it were whole, only blurred: so either the end
    /// marker is there, or all scans are, whose pixels <see cref="JpegScans"/> counts when it is decoded.
    /// </summary>
    private static string? CheckScans(ReadOnlySpan<byte> bytes, int from, int maxScans)
    {
        var rest = bytes[from..];
        var scans = 0;
        while (rest.IndexOf(ScanMarker) is >= 0 and var found)
        {
            if (++scans > maxScans)
            {
                return $"The progressive JPEG has more than {maxScans} scans; encoders write about ten, so it may be made to waste time. "
                    + "Save it anew or raise MaxScans.";
            }
            rest = rest[(found + 2)..];
        }
        return scans > 0 && (rest.IndexOf(EndMarker) >= 0 || JpegScript.IsWhole(bytes))
            ? null
            : "The progressive JPEG is cut off: its last scans are missing; fetch it again from its source.";
    }
}
