using System.Buffers.Binary;
using System.IO.Hashing;

namespace Winnow.Grains.Columns;

/// <summary>What a segment's header says.</summary>
public readonly record struct SegmentHeader(int RowBytes, int First, int Count);

/// <summary>
/// A columnar segment: fixed-size rows of one shard in the order of ordinals, so a row is found by arithmetic and no ids are stored.
/// 32 bytes of header (magic, layout, row size, first ordinal, row count, CRC-32 of the rows), then the rows, little-endian.
/// </summary>
public static class SegmentFormat
{
    public const int HeaderSize = 32;
    private const uint Magic = 0x47534E57; // "WNSG"
    private const int Layout = 1;

    /// <summary>A buffer for a segment whose rows are to be filled in at <see cref="Rows"/>.</summary>
    public static byte[] Allocate(int rowBytes, int count) => new byte[HeaderSize + (long)rowBytes * count];

    /// <summary>The rows of a segment.</summary>
    public static Span<byte> Rows(byte[] segment) => segment.AsSpan(HeaderSize);

    /// <summary>Writes the header once the rows are there.</summary>
    public static void Seal(byte[] segment, SegmentHeader header)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(segment, Magic);
        BinaryPrimitives.WriteInt32LittleEndian(segment.AsSpan(4), Layout);
        BinaryPrimitives.WriteInt32LittleEndian(segment.AsSpan(8), header.RowBytes);
        BinaryPrimitives.WriteInt32LittleEndian(segment.AsSpan(12), header.First);
        BinaryPrimitives.WriteInt32LittleEndian(segment.AsSpan(16), header.Count);
        BinaryPrimitives.WriteUInt32LittleEndian(segment.AsSpan(20), Crc32.HashToUInt32(segment.AsSpan(HeaderSize)));
    }

    /// <summary>Reads and checks a header against the size of the object that bears it.</summary>
    /// <exception cref="InvalidDataException">The object is not a whole segment.</exception>
    public static SegmentHeader Read(ReadOnlySpan<byte> segment) => Read(segment, segment.Length);

    /// <summary>
    /// Reads and checks a header, of which the first <see cref="HeaderSize"/> bytes are enough, against the size of the object that bears
    /// it.
    /// </summary>
    /// <exception cref="InvalidDataException">The object is not a whole segment.</exception>
    public static SegmentHeader Read(ReadOnlySpan<byte> segment, long size)
    {
        var header = ReadAlone(segment);
        if (size != HeaderSize + (long)header.RowBytes * header.Count)
            throw new InvalidDataException($"A segment of {size} bytes cannot hold {header.Count} rows of {header.RowBytes} bytes.");
        return header;
    }

    /// <summary>Reads a header whose segment is still to come.</summary>
    /// <exception cref="InvalidDataException">It is none.</exception>
    public static SegmentHeader ReadAlone(ReadOnlySpan<byte> segment)
    {
        if (segment.Length < HeaderSize || BinaryPrimitives.ReadUInt32LittleEndian(segment) != Magic)
            throw new InvalidDataException("Not a segment: the header is missing.");
        var layout = BinaryPrimitives.ReadInt32LittleEndian(segment[4..]);
        if (layout != Layout) throw new InvalidDataException($"A segment of layout {layout}; this program reads layout {Layout}.");
        var header = new SegmentHeader(
            BinaryPrimitives.ReadInt32LittleEndian(segment[8..]),
            BinaryPrimitives.ReadInt32LittleEndian(segment[12..]),
            BinaryPrimitives.ReadInt32LittleEndian(segment[16..]));
        return header.RowBytes > 0 && header.First >= 0 && header.Count >= 0 ? header
            : throw new InvalidDataException(
                $"A segment cannot hold {header.Count} rows of {header.RowBytes} bytes from row {header.First} on.");
    }

    /// <summary>The checksum of the rows that a header names.</summary>
    public static uint ChecksumOf(ReadOnlySpan<byte> segment) => BinaryPrimitives.ReadUInt32LittleEndian(segment[20..]);

    /// <summary>Whether the rows are those that were sealed.</summary>
    public static bool IsIntact(ReadOnlySpan<byte> segment) =>
        ChecksumOf(segment) == Crc32.HashToUInt32(segment[HeaderSize..]);
}
