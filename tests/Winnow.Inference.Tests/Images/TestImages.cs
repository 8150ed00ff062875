using System.Buffers.Binary;
using System.IO.Compression;
using SkiaSharp;
using Winnow.Inference.Images;

namespace Winnow.Inference.Tests.Images;

/// <summary>Image files made by code, and fixtures.</summary>
internal static class TestImages
{
    public static readonly ImageDecoder Decoder = new(new ImageLimits(), TimeProvider.System);

    public static byte[] Fixture(string name) => File.ReadAllBytes(Path.Combine(AppContext.BaseDirectory, "Fixtures", name));

    public static byte[] Encode(
        int width,
        int height,
        Func<int, int, (byte R, byte G, byte B)> colour,
        SKEncodedImageFormat format = SKEncodedImageFormat.Png,
        int quality = 100)
    {
        var info = new SKImageInfo(width, height, SKColorType.Rgba8888, SKAlphaType.Opaque);
        var pixels = new byte[info.BytesSize];
        for (var i = 0; i < width * height; i++)
            (pixels[4 * i], pixels[(4 * i) + 1], pixels[(4 * i) + 2], pixels[(4 * i) + 3]) = WithAlpha(colour(i % width, i / width));
        using var bitmap = new SKBitmap(info);
        System.Runtime.InteropServices.Marshal.Copy(pixels, 0, bitmap.GetPixels(), pixels.Length);
        using var data = bitmap.Encode(format, quality);
        return data.ToArray();
    }

    public static byte[] Solid(byte r, byte g, byte b, int side = 8) => Encode(side, side, (_, _) => (r, g, b));

    /// <summary>A PNG built chunk by chunk (W3C PNG): any bit depth and colour type, rows as given, filter 0.</summary>
    public static byte[] RawPng(int width, int height, byte depth, byte colourType, Func<int, byte[]> row)
    {
        using var pixels = new MemoryStream();
        using (var zlib = new ZLibStream(pixels, CompressionLevel.Fastest, leaveOpen: true))
        {
            for (var y = 0; y < height; y++)
            {
                zlib.WriteByte(0);
                zlib.Write(row(y));
            }
        }
        return [.. PngHeader(width, height, depth, colourType), .. Chunk("IDAT", pixels.ToArray()), .. Chunk("IEND", [])];
    }

    public static byte[] PngHeader(int width, int height, byte depth = 8, byte colourType = 2)
    {
        var header = new byte[13];
        BinaryPrimitives.WriteInt32BigEndian(header, width);
        BinaryPrimitives.WriteInt32BigEndian(header.AsSpan(4), height);
        (header[8], header[9]) = (depth, colourType);
        return [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, .. Chunk("IHDR", header)];
    }

    public static byte[] Chunk(string type, byte[] data)
    {
        var chunk = new byte[data.Length + 12];
        BinaryPrimitives.WriteInt32BigEndian(chunk, data.Length);
        System.Text.Encoding.ASCII.GetBytes(type).CopyTo(chunk, 4);
        data.CopyTo(chunk, 8);
        BinaryPrimitives.WriteUInt32BigEndian(chunk.AsSpan(data.Length + 8), Crc(chunk.AsSpan(4, data.Length + 4)));
        return chunk;
    }

    /// <summary>Decodes without normalisation: values 0–255, [3, side, side].</summary>
    public static float[] Tensor(byte[] file, int side = 16)
    {
        var chw = new float[3 * side * side];
        Assert.True(Decoder.TryDecodeToTensor(file, chw, side, Normalisation.Bytes, out var reason), reason);
        return chw;
    }

    public static string Refusal(byte[] file, ImageDecoder? decoder = null)
    {
        Assert.False((decoder ?? Decoder).TryDecodeToTensor(file, new float[3 * 16 * 16], 16, Normalisation.Bytes, out var reason));
        return reason!;
    }

    /// <summary>The corner in which most of a plane's light is: TL, TR, BL or BR.</summary>
    public static string Brightest(ReadOnlySpan<float> plane, int width, int height)
    {
        var sums = new float[4];
        for (var i = 0; i < plane.Length; i++)
            sums[((i / width) < height / 2 ? 0 : 2) + ((i % width) < width / 2 ? 0 : 1)] += plane[i];
        return new[] { "TL", "TR", "BL", "BR" }[Array.IndexOf(sums, sums.Max())];
    }

    private static (byte, byte, byte, byte) WithAlpha((byte R, byte G, byte B) colour) => (colour.R, colour.G, colour.B, 255);

    private static uint Crc(ReadOnlySpan<byte> bytes)
    {
        var crc = uint.MaxValue;
        foreach (var b in bytes)
        {
            crc ^= b;
            for (var i = 0; i < 8; i++)
                crc = (crc >> 1) ^ ((crc & 1) * 0xedb88320u);
        }
        return ~crc;
    }
}

/// <summary>A clock that moves one second at every look.</summary>
internal sealed class RushingClock : TimeProvider
{
    private long _now;

    public override long TimestampFrequency => 1;

    public override long GetTimestamp() => Interlocked.Increment(ref _now);
}
