using System.Buffers.Binary;
using System.Runtime.InteropServices;
using SkiaSharp;

namespace Winnow.Testing;

/// <summary>
/// Picture files whose pixels are stored turned or mirrored, and which say so by their EXIF orientation (1 to 8): however that is, what
/// they show upright is the same.
/// </summary>
public static class StoredPicture
{
    /// <summary>A PNG file; the same pixels give the same bytes.</summary>
    /// <param name="upright">Pixels as they are to be seen, row by row, each as red, green, blue and alpha in its bytes.</param>
    /// <param name="width">Pixels across, upright.</param>
    /// <param name="orientation">How they are stored.</param>
    public static byte[] Png(ReadOnlySpan<uint> upright, int width, int orientation = 1)
    {
        var png = Encode(upright, width, orientation, SKEncodedImageFormat.Png, 100);
        return orientation == 1 ? png : WithExifChunk(png, orientation);
    }

    /// <summary>A JPEG file; the same pixels give the same bytes.</summary>
    /// <param name="upright">Pixels as they are to be seen, row by row, each as red, green, blue and alpha in its bytes.</param>
    /// <param name="width">Pixels across, upright.</param>
    /// <param name="orientation">How they are stored.</param>
    public static byte[] Jpeg(ReadOnlySpan<uint> upright, int width, int orientation = 1)
    {
        var jpeg = Encode(upright, width, orientation, SKEncodedImageFormat.Jpeg, 90);
        return orientation == 1 ? jpeg : WithExifSegment(jpeg, orientation);
    }

    private static byte[] Encode(ReadOnlySpan<uint> upright, int width, int orientation, SKEncodedImageFormat format, int quality)
    {
        var height = upright.Length / width;
        var turned = orientation >= 5;
        var across = turned ? height : width;
        var stored = new uint[upright.Length];
        for (var y = 0; y < height; y++)
            for (var x = 0; x < width; x++)
            {
                var (toX, toY) = orientation switch
                {
                    1 => (x, y),
                    2 => (width - 1 - x, y),
                    3 => (width - 1 - x, height - 1 - y),
                    4 => (x, height - 1 - y),
                    5 => (y, x),
                    6 => (y, width - 1 - x),
                    7 => (height - 1 - y, width - 1 - x),
                    8 => (height - 1 - y, x),
                    _ => throw new ArgumentOutOfRangeException(nameof(orientation)),
                };
                stored[toY * across + toX] = upright[y * width + x];
            }
        using var bitmap = new SKBitmap(new SKImageInfo(across, turned ? width : height, SKColorType.Rgba8888, SKAlphaType.Opaque));
        MemoryMarshal.AsBytes(stored.AsSpan()).CopyTo(bitmap.GetPixelSpan());
        using var data = bitmap.Encode(format, quality);
        return data.ToArray();
    }

    private static byte[] Exif(int orientation) =>
        [0x4D, 0x4D, 0, 42, 0, 0, 0, 8, 0, 1, 0x01, 0x12, 0, 3, 0, 0, 0, 1, 0, (byte)orientation, 0, 0, 0, 0, 0, 0];

    /// <summary>A PNG with an eXIf chunk (W3C PNG, third edition) behind its header.</summary>
    private static byte[] WithExifChunk(byte[] png, int orientation)
    {
        const int BehindHeader = 33;
        var exif = Exif(orientation);
        byte[] typed = [.. "eXIf"u8, .. exif];
        var chunk = new byte[4 + typed.Length + 4];
        BinaryPrimitives.WriteInt32BigEndian(chunk, exif.Length);
        typed.CopyTo(chunk, 4);
        BinaryPrimitives.WriteUInt32BigEndian(chunk.AsSpan(4 + typed.Length), Crc(typed));
        return [.. png[..BehindHeader], .. chunk, .. png[BehindHeader..]];
    }

    /// <summary>A JPEG with an APP1 segment (Exif 2.3, 4.5.4) behind its start, before all others.</summary>
    private static byte[] WithExifSegment(byte[] jpeg, int orientation)
    {
        byte[] content = [.. "Exif\0\0"u8, .. Exif(orientation)];
        var size = content.Length + 2;
        return [.. jpeg[..2], 0xFF, 0xE1, (byte)(size >> 8), (byte)size, .. content, .. jpeg[2..]];
    }

    private static uint Crc(ReadOnlySpan<byte> bytes)
    {
        var crc = 0xFFFFFFFFu;
        foreach (var b in bytes)
        {
            crc ^= b;
            for (var bit = 0; bit < 8; bit++) crc = (crc & 1) != 0 ? (crc >> 1) ^ 0xEDB88320u : crc >> 1;
        }
        return ~crc;
    }
}
