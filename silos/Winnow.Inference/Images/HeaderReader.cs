using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;

namespace Winnow.Inference.Images;

/// <summary>
/// Reads what an image file declares about itself, without decoding and without a copy of its bytes: PNG (W3C PNG, third edition),
/// JPEG (ITU-T T.81), GIF89a, WebP (RFC 9649) and BMP.
/// </summary>
internal static class HeaderReader
{
    /// <summary>Reads and checks a header.</summary>
    /// <returns>False with a reason that names what is wrong and what to do.</returns>
    public static bool TryRead(
        ReadOnlySpan<byte> bytes,
        ImageLimits limits,
        [NotNullWhen(true)] out DeclaredImage? header,
        [NotNullWhen(false)] out string? reason)
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
        var image = format switch
        {
            "png" => PngChunks.Read(bytes, out reason),
            "jpeg" => JpegMarkers.Read(bytes, limits.MaxScans, out reason),
            "gif" => GifBlocks.Read(bytes, limits.MaxFrames),
            "webp" => WebpChunks.Read(bytes, limits.MaxFrames),
            _ => Bmp(bytes),
        };
        if (reason is not null)
            return false;
        if (image is null)
        {
            reason = $"The {format} file is cut off or broken in its header ({bytes.Length} bytes); fetch it again from its source.";
            return false;
        }
        reason = Check(image, limits);
        if (reason is not null)
            return false;
        header = image;
        return true;
    }

    /// <summary>The limit that the header breaks, or null.</summary>
    public static string? Check(DeclaredImage header, ImageLimits limits)
    {
        var (_, width, height, frames, _) = header;
        if (width <= 0 || height <= 0)
            return $"{Declares(header)}: there is no image.";
        if (width > limits.MaxSide || height > limits.MaxSide)
            return $"{Declares(header)} and a side may have {limits.MaxSide}; shrink the image or raise Images:MaxSide.";
        if ((long)width * height > limits.MaxPixels)
            return $"{Declares(header)} and the limit is {limits.MaxPixels} in all; shrink the image or raise MaxPixels.";
        return frames > limits.MaxFrames
            ? $"The animation has more than {limits.MaxFrames} frames; give a still image or raise MaxFrames."
            : null;
    }

    private static string Declares(DeclaredImage header) => $"The header declares {header.Width} × {header.Height} pixels";

    private static DeclaredImage? Bmp(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length < 26)
            return null;
        if (BinaryPrimitives.ReadUInt32LittleEndian(bytes[14..]) == 12)
        {
            return new DeclaredImage(
                "bmp",
                BinaryPrimitives.ReadUInt16LittleEndian(bytes[18..]),
                BinaryPrimitives.ReadUInt16LittleEndian(bytes[20..]));
        }
        var (width, height) = (BinaryPrimitives.ReadInt32LittleEndian(bytes[18..]), BinaryPrimitives.ReadInt32LittleEndian(bytes[22..]));
        return height == int.MinValue ? null : new DeclaredImage("bmp", width, Math.Abs(height));
    }
}
