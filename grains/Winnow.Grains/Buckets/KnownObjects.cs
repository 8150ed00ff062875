using System.Buffers.Binary;
using System.IO.Hashing;
using System.Runtime.InteropServices;
using System.Text;

namespace Winnow.Grains.Buckets;

/// <summary>
/// Which versions of objects are settled, as 64-bit hashes of key and etag: eight bytes each, sorted, so that ten million take 80 MB.
/// Kept in segments; a new one swallows those before it that are not twice as large, so there are few of them and each hash is written
/// few times.
/// </summary>
internal sealed class KnownObjects
{
    private const uint Magic = 0x4E4B4E57; // "WNKN"
    private const int HeadBytes = 8;
    private const int TailBytes = 8;

    private readonly List<(KnownSegment Segment, ulong[] Hashes)> _segments = [];

    /// <summary>Hashes in all segments.</summary>
    public long Count => _segments.Sum(s => (long)s.Hashes.Length);

    public IEnumerable<KnownSegment> Segments => _segments.Select(s => s.Segment);

    /// <summary>The hash of one version of an object.</summary>
    public static ulong HashOf(string key, string etag) => XxHash3.HashToUInt64(Encoding.UTF8.GetBytes($"{key}\n{etag}"));

    public bool Contains(ulong hash)
    {
        foreach (var (_, hashes) in _segments)
            if (Array.BinarySearch(hashes, hash) >= 0) return true;
        return false;
    }

    /// <summary>Takes up a stored segment.</summary>
    public void Load(KnownSegment segment, ulong[] hashes) => _segments.Add((segment, hashes));

    /// <summary>
    /// The segment that is to be stored for these hashes, and those that it takes the place of. Nothing changes before <see
    /// cref="Apply"/>.
    /// </summary>
    public (KnownSegment Segment, ulong[] Hashes, IReadOnlyList<KnownSegment> Replaced) Plan(IReadOnlyCollection<ulong> hashes, long number)
    {
        var first = _segments.Count;
        long total = hashes.Count;
        while (first > 0 && _segments[first - 1].Hashes.Length <= 2 * total) total += _segments[--first].Hashes.Length;
        var merged = new ulong[total];
        var at = 0;
        foreach (var hash in hashes) merged[at++] = hash;
        for (var i = first; i < _segments.Count; i++)
        {
            _segments[i].Hashes.CopyTo(merged, at);
            at += _segments[i].Hashes.Length;
        }
        Array.Sort(merged);
        return (new KnownSegment { Number = number, Count = merged.Length }, merged, [.. _segments.Skip(first).Select(s => s.Segment)]);
    }

    /// <summary>A planned segment is stored.</summary>
    public void Apply(KnownSegment segment, ulong[] hashes, IReadOnlyList<KnownSegment> replaced)
    {
        _segments.RemoveRange(_segments.Count - replaced.Count, replaced.Count);
        _segments.Add((segment, hashes));
    }

    /// <summary>The stored form: a head, the hashes, a checksum.</summary>
    public static byte[] ToBytes(ReadOnlySpan<ulong> hashes)
    {
        var bytes = new byte[HeadBytes + (hashes.Length * sizeof(ulong)) + TailBytes];
        BinaryPrimitives.WriteUInt32LittleEndian(bytes, Magic);
        BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(4), hashes.Length);
        MemoryMarshal.AsBytes(hashes).CopyTo(bytes.AsSpan(HeadBytes));
        BinaryPrimitives.WriteUInt64LittleEndian(bytes.AsSpan(bytes.Length - TailBytes),
            XxHash3.HashToUInt64(bytes.AsSpan(0, bytes.Length - TailBytes)));
        return bytes;
    }

    /// <summary>Reads the stored form; null when it is damaged: what it knew is then fetched again, and found to be there.</summary>
    public static ulong[]? FromBytes(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length < HeadBytes + TailBytes || BinaryPrimitives.ReadUInt32LittleEndian(bytes) != Magic) return null;
        var count = BinaryPrimitives.ReadInt32LittleEndian(bytes[4..]);
        if (count < 0 || bytes.Length != HeadBytes + ((long)count * sizeof(ulong)) + TailBytes) return null;
        if (BinaryPrimitives.ReadUInt64LittleEndian(bytes[^TailBytes..]) != XxHash3.HashToUInt64(bytes[..^TailBytes])) return null;
        return MemoryMarshal.Cast<byte, ulong>(bytes[HeadBytes..^TailBytes]).ToArray();
    }
}
