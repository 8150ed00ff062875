using System.Buffers.Binary;
using System.IO.Compression;
using System.Text;

namespace Winnow.Inference.Tests.Images;

/// <summary>Puts EXIF data into image files, in the ways that cameras and programs do.</summary>
internal static class ExifFiles
{
    public const ushort Byte = 1, Short = 3, Long = 4;

    /// <summary>A TIFF header and a directory with entries around the orientation.</summary>
    public static byte[] Tiff(uint orientation, ushort type = Short, bool bigEndian = true, uint directoryAt = 8, int before = 0)
    {
        var tiff = new byte[directoryAt + 2 + ((before + 1) * 12) + 4];
        (bigEndian ? "MM\0*"u8 : "II*\0"u8).CopyTo(tiff);
        Write(4, directoryAt, 4);
        Write((int)directoryAt, (uint)before + 1, 2);
        var at = (int)directoryAt + 2;
        for (var i = 0; i < before; i++, at += 12)
            Entry(at, (ushort)(0x0100 + i), Short, 1, 2);
        Entry(at, 0x0112, type, orientation, type switch { Byte => 1, Short => 2, _ => 4 });
        return tiff;

        void Entry(int place, ushort tag, ushort kind, uint value, int bytes)
        {
            Write(place, tag, 2);
            Write(place + 2, kind, 2);
            Write(place + 4, 1, 4);
            Write(place + 8, value, bytes);
        }

        void Write(int place, uint value, int bytes)
        {
            for (var i = 0; i < bytes; i++)
                tiff[place + i] = (byte)(value >> (8 * (bigEndian ? bytes - 1 - i : i)));
        }
    }

    public static byte[] Segment(byte marker, params byte[] content) =>
        [0xff, marker, (byte)((content.Length + 2) >> 8), (byte)(content.Length + 2), .. content];

    /// <summary>Segments behind the start of a JPEG.</summary>
    public static byte[] Jpeg(byte[] file, params byte[][] segments) => [.. file[..2], .. segments.SelectMany(s => s), .. file[2..]];

    public static byte[] App1(byte[] tiff) => Segment(0xe1, [.. "Exif\0\0"u8, .. tiff]);

    /// <summary>Puts bytes before the first segment of a kind.</summary>
    public static byte[] Before(byte[] jpeg, byte marker, byte[] inserted)
    {
        var at = 2;
        while (jpeg[at + 1] != marker)
            at += 2 + BinaryPrimitives.ReadUInt16BigEndian(jpeg.AsSpan(at + 2));
        return [.. jpeg[..at], .. inserted, .. jpeg[at..]];
    }

    /// <summary>A chunk eXIf before the pixels of a PNG, or behind them.</summary>
    public static byte[] Png(byte[] file, byte[] exif, bool behind = false)
    {
        // What is encoded by the tests has IHDR first, 33 bytes in all, and IEND last, 12 bytes.
        var at = behind ? file.Length - 12 : 33;
        return [.. file[..at], .. TestImages.Chunk("eXIf", exif), .. file[at..]];
    }

    /// <summary>EXIF data as ImageMagick put them into a PNG: digits in a text chunk of this kind, packed where the kind is.</summary>
    public static byte[] PngProfile(byte[] file, byte[] exif, string chunk, string kind = "exif")
    {
        var digits = string.Join('\n', Convert.ToHexStringLower(exif).Chunk(72).Select(line => new string(line)));
        var text = Encoding.ASCII.GetBytes(FormattableString.Invariant($"\n{kind}\n{exif.Length,8}\n{digits}\n"));
        using var packed = new MemoryStream();
        using (var zlib = new ZLibStream(packed, CompressionLevel.Optimal, leaveOpen: true))
            zlib.Write(text);
        byte[] body = chunk switch
        {
            "zTXt" => [0, .. packed.ToArray()],
            "iTXt" => [1, 0, .. "en\0Profil\0"u8, .. packed.ToArray()],
            _ => text,
        };
        byte[] content = [.. Encoding.ASCII.GetBytes($"Raw profile type {kind}"), 0, .. body];
        return [.. file[..33], .. TestImages.Chunk(chunk, content), .. file[33..]];
    }

    /// <summary>A still WebP in its extended form, with a chunk EXIF behind the pixels.</summary>
    public static byte[] Webp(byte[] file, int width, int height, byte[] exif)
    {
        byte[] extended = [0x08, 0, 0, 0, (byte)(width - 1), (byte)((width - 1) >> 8), 0, (byte)(height - 1), (byte)((height - 1) >> 8), 0];
        byte[] chunks = [.. "WEBP"u8, .. Chunk("VP8X"u8, extended), .. file[12..], .. Chunk("EXIF"u8, exif)];
        return [.. "RIFF"u8, .. Size(chunks.Length), .. chunks];

        static byte[] Chunk(ReadOnlySpan<byte> name, byte[] content) =>
            [.. name, .. Size(content.Length), .. content, .. content.Length % 2 == 0 ? Array.Empty<byte>() : [0]];

        static byte[] Size(int length) => [(byte)length, (byte)(length >> 8), (byte)(length >> 16), (byte)(length >> 24)];
    }
}
