using System.Buffers.Binary;

namespace Winnow.Inference.Images;

/// <summary>
/// Goes through the marker segments of a JPEG file (ITU-T T.81, annex B) as libjpeg does: bytes that are no marker are passed over, and so
/// are fill bytes and coded data, in which 0xff is always followed by 0 or a restart marker.
/// </summary>
internal ref struct JpegSegments(ReadOnlySpan<byte> bytes)
{
    public const byte StartOfScan = 0xda;
    public const byte EndOfImage = 0xd9;

    private readonly ReadOnlySpan<byte> _bytes = bytes;

    /// <summary>Where the next search begins; behind the header of a scan, where its coded data begin.</summary>
    public int Position { get; set; } = 2;

    /// <summary>Where the marker of the segment stands.</summary>
    public int Start { get; private set; }

    /// <summary>Code of the segment.</summary>
    public byte Marker { get; private set; }

    /// <summary>What stands in it, without its length.</summary>
    public ReadOnlySpan<byte> Content { get; private set; }

    /// <summary>Goes on to the next segment, or to the end marker; false where the file ends before one that is whole.</summary>
    public bool Next()
    {
        while (Seek())
        {
            Start = Position - 1;
            Marker = _bytes[Position++];
            if (Marker is 0x01 or (>= 0xd0 and <= 0xd8))
                continue;
            Content = default;
            if (Marker == EndOfImage)
                return true;
            if (Position + 2 > _bytes.Length)
                return false;
            var length = BinaryPrimitives.ReadUInt16BigEndian(_bytes[Position..]);
            if (length < 2 || Position + length > _bytes.Length)
                return false;
            Content = _bytes.Slice(Position + 2, length - 2);
            Position += length;
            return true;
        }
        return false;
    }

    private bool Seek()
    {
        while (Position < _bytes.Length && _bytes[Position..].IndexOf((byte)0xff) is >= 0 and var found)
        {
            Position += found + 1;
            while (Position < _bytes.Length && _bytes[Position] == 0xff)
                Position++;
            if (Position < _bytes.Length && _bytes[Position] != 0)
                return true;
        }
        return false;
    }
}
