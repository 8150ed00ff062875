using System.Buffers.Binary;

namespace Winnow.Inference.Images;

/// <summary>
/// The first directory of a TIFF structure (TIFF 6.0, section 2), as files, EXIF data and camera raws begin with. It never reads outside
/// its bytes: what lies there is absent.
/// </summary>
internal readonly ref struct TiffDirectory
{
    private const int EntryBytes = 12;

    private readonly ReadOnlySpan<byte> _tiff;
    private readonly ReadOnlySpan<byte> _entries;
    private readonly bool _bigEndian;

    private TiffDirectory(ReadOnlySpan<byte> tiff, ReadOnlySpan<byte> entries, bool bigEndian)
    {
        _tiff = tiff;
        _entries = entries;
        _bigEndian = bigEndian;
    }

    /// <summary>Opens the directory; an empty one where the bytes hold none.</summary>
    public static TiffDirectory Open(ReadOnlySpan<byte> tiff)
    {
        if (tiff.Length < 10 || !(tiff.StartsWith("II"u8) || tiff.StartsWith("MM"u8)))
            return default;
        var bigEndian = tiff[0] == 'M';
        var at = Read32(tiff[4..], bigEndian);
        if (at > tiff.Length - 2)
            return default;
        var entries = tiff[((int)at + 2)..];
        var count = Math.Min(Read16(tiff[(int)at..], bigEndian), entries.Length / EntryBytes);
        return new TiffDirectory(tiff, entries[..(count * EntryBytes)], bigEndian);
    }

    /// <summary>The first number of an entry, whichever type of whole numbers it was written with; null where there is none.</summary>
    public long? Number(ushort tag)
    {
        if (Find(tag) is not { IsEmpty: false } entry)
            return null;
        var size = Read16(entry[2..], _bigEndian) switch
        {
            1 or 6 => 1,
            3 or 8 => 2,
            4 or 9 or 13 => 4,
            _ => 0,
        };
        var value = Value(entry, size);
        return value.Length < size || size == 0 ? null
            : size == 1 ? value[0]
            : size == 2 ? Read16(value, _bigEndian)
            : Read32(value, _bigEndian);
    }

    /// <summary>The bytes of a text entry; empty where there is none.</summary>
    public ReadOnlySpan<byte> Text(ushort tag)
    {
        var entry = Find(tag);
        return entry.IsEmpty || Read16(entry[2..], _bigEndian) != 2 ? default : Value(entry, 1);
    }

    /// <summary>Whether there is such an entry.</summary>
    public bool Has(ushort tag) => !Find(tag).IsEmpty;

    private ReadOnlySpan<byte> Find(ushort tag)
    {
        for (var at = 0; at < _entries.Length; at += EntryBytes)
        {
            if (Read16(_entries[at..], _bigEndian) == tag)
                return _entries.Slice(at, EntryBytes);
        }
        return default;
    }

    /// <summary>Values of up to four bytes stand in the entry itself, longer ones where it points.</summary>
    private ReadOnlySpan<byte> Value(ReadOnlySpan<byte> entry, int size)
    {
        var bytes = (long)Read32(entry[4..], _bigEndian) * size;
        if (bytes <= 4)
            return entry[8..];
        var at = Read32(entry[8..], _bigEndian);
        return at >= _tiff.Length ? default : _tiff.Slice((int)at, (int)Math.Min(bytes, _tiff.Length - at));
    }

    private static ushort Read16(ReadOnlySpan<byte> bytes, bool bigEndian) =>
        bigEndian ? BinaryPrimitives.ReadUInt16BigEndian(bytes) : BinaryPrimitives.ReadUInt16LittleEndian(bytes);

    private static uint Read32(ReadOnlySpan<byte> bytes, bool bigEndian) =>
        bigEndian ? BinaryPrimitives.ReadUInt32BigEndian(bytes) : BinaryPrimitives.ReadUInt32LittleEndian(bytes);
}
