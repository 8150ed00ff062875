using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;

namespace Winnow.Inference.Images;

/// <summary>
/// Reads what an image file declares about itself, without decoding and without allocating: PNG (W3C PNG, third edition), JPEG (ITU-T T.81),
/// GIF89a, WebP (RFC 9649) and BMP.
/// </summary>
internal static class HeaderReader
{
    /// <summary>Reads and checks a header.</summary>
    /// <returns>False with a reason that names what is wrong and what to do.</returns>
    public static bool TryRead(ReadOnlySpan<byte> bytes, ImageLimits limits, [NotNullWhen(true)] out ImageHeader? header, [NotNullWhen(false)] out string? reason)
    {
        header = null;
        if (bytes.IsEmpty)
        {
            reason = "The file has no bytes; fetch it again from its source.";
            return false;
        }
        if (bytes.Length > limits.MaxBytes)
        {
            reason = $"The file has {bytes.Length} bytes and the limit is {limits.MaxBytes}; shrink it or raise MaxBytes.";
            return false;
        }
        if (FormatSniffer.Sniff(bytes) is not { } format)
        {
            reason = FormatSniffer.Explain(bytes);
            return false;
        }
        reason = null;
        (int Width, int Height, int Frames)? size = format switch
        {
            "png" => Png(bytes),
            "jpeg" => JpegMarkers.Read(bytes, limits.MaxScans, out reason),
            "gif" => GifBlocks.Read(bytes, limits.MaxFrames),
            "webp" => Webp(bytes, limits.MaxFrames),
            _ => Bmp(bytes),
        };
        if (reason is not null)
            return false;
        if (size is not var (width, height, frames))
        {
            reason = $"The {format} file is cut off or broken in its header ({bytes.Length} bytes); fetch it again from its source.";
            return false;
        }
        header = new ImageHeader(format, width, height, frames);
        reason = Check(header, limits);
        if (reason is not null)
            header = null;
        return reason is null;
    }

    /// <summary>The limit that the header breaks, or null.</summary>
    public static string? Check(ImageHeader header, ImageLimits limits)
    {
        var (_, width, height, frames) = header;
        if (width <= 0 || height <= 0)
            return $"The header declares {width} × {height} pixels: there is no image.";
        if (width > limits.MaxSide || height > limits.MaxSide)
            return $"The header declares {width} × {height} pixels and a side may have {limits.MaxSide}; shrink the image or raise MaxSide.";
        if ((long)width * height > limits.MaxPixels)
            return $"The header declares {width} × {height} pixels and the limit is {limits.MaxPixels} in all; shrink the image or raise MaxPixels.";
        return frames > limits.MaxFrames
            ? $"The animation has more than {limits.MaxFrames} frames; give a still image or raise MaxFrames."
            : null;
    }

    private static (int Width, int Height, int Frames)? Png(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length < 33 || !bytes[12..16].SequenceEqual("IHDR"u8))
            return null;
        var width = BinaryPrimitives.ReadUInt32BigEndian(bytes[16..]);
        var height = BinaryPrimitives.ReadUInt32BigEndian(bytes[20..]);
        if (width > int.MaxValue || height > int.MaxValue)
            return null;
        var frames = 1L;
        for (long at = 33; at + 12 <= bytes.Length;)
        {
            var chunk = bytes[(int)at..];
            var length = BinaryPrimitives.ReadUInt32BigEndian(chunk);
            if (chunk[4..8].SequenceEqual("acTL"u8) && length >= 8)
                frames = BinaryPrimitives.ReadUInt32BigEndian(chunk[8..]);
            if (chunk[4..8].SequenceEqual("IDAT"u8))
                break;
            at += 12 + (long)length;
        }
        return ((int)width, (int)height, (int)Math.Min(frames, int.MaxValue));
    }

    private static (int Width, int Height, int Frames)? Webp(ReadOnlySpan<byte> bytes, int maxFrames)
    {
        if (bytes.Length < 30 || BinaryPrimitives.ReadUInt32LittleEndian(bytes[4..]) + 8L > bytes.Length)
            return null;
        var kind = bytes[12..16];
        if (kind.SequenceEqual("VP8 "u8))
        {
            return bytes[23..26].StartsWith<byte>([0x9d, 0x01, 0x2a])
                ? (BinaryPrimitives.ReadUInt16LittleEndian(bytes[26..]) & 0x3fff, BinaryPrimitives.ReadUInt16LittleEndian(bytes[28..]) & 0x3fff, 1)
                : null;
        }
        if (kind.SequenceEqual("VP8L"u8))
        {
            if (bytes[20] != 0x2f)
                return null;
            var packed = BinaryPrimitives.ReadUInt32LittleEndian(bytes[21..]);
            return ((int)(packed & 0x3fff) + 1, (int)((packed >> 14) & 0x3fff) + 1, 1);
        }
        if (!kind.SequenceEqual("VP8X"u8))
            return null;
        var width = (bytes[24] | (bytes[25] << 8) | (bytes[26] << 16)) + 1;
        var height = (bytes[27] | (bytes[28] << 8) | (bytes[29] << 16)) + 1;
        var animated = (bytes[20] & 0x02) != 0;
        return (width, height, animated ? WebpFrames(bytes, maxFrames) : 1);
    }

    private static int WebpFrames(ReadOnlySpan<byte> bytes, int maxFrames)
    {
        var frames = 0;
        for (long at = 12; at + 8 <= bytes.Length && frames <= maxFrames;)
        {
            var chunk = bytes[(int)at..];
            if (chunk[..4].SequenceEqual("ANMF"u8))
                frames++;
            var length = (long)BinaryPrimitives.ReadUInt32LittleEndian(chunk[4..]);
            at += 8 + length + (length & 1);
        }
        return Math.Max(frames, 1);
    }

    private static (int Width, int Height, int Frames)? Bmp(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length < 26)
            return null;
        if (BinaryPrimitives.ReadUInt32LittleEndian(bytes[14..]) == 12)
            return (BinaryPrimitives.ReadUInt16LittleEndian(bytes[18..]), BinaryPrimitives.ReadUInt16LittleEndian(bytes[20..]), 1);
        var height = BinaryPrimitives.ReadInt32LittleEndian(bytes[22..]);
        return height == int.MinValue ? null : (BinaryPrimitives.ReadInt32LittleEndian(bytes[18..]), Math.Abs(height), 1);
    }
}
