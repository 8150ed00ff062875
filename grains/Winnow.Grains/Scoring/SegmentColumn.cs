using System.Buffers;
using System.Runtime.InteropServices;

namespace Winnow.Grains.Scoring;

/// <summary>
/// The rows of one kind and version, over all mapped segments of a shard without a gap from ordinal 0. Rows are handed out as spans of
/// the mapping itself; a column that is replaced is left to the collector, which unmaps it when no reader holds it any more.
/// </summary>
internal sealed class SegmentColumn(int rowBytes)
{
    private readonly List<(int First, int Count, IMemoryOwner<byte> Owner)> _segments = [];

    public int RowBytes => rowBytes;

    /// <summary>Rows without a gap from ordinal 0.</summary>
    public int Count { get; private set; }

    /// <summary>Appends the segment that continues the column.</summary>
    /// <exception cref="InvalidDataException">It does not continue the column, or is damaged.</exception>
    public void Append(IMemoryOwner<byte> owner)
    {
        var header = SegmentFormat.Read(owner.Memory.Span);
        if (header.RowBytes != rowBytes) throw new InvalidDataException($"A segment with rows of {header.RowBytes} bytes in a column of {rowBytes}.");
        if (header.First != Count) throw new InvalidDataException($"A segment that starts at row {header.First} where row {Count} is next.");
        _segments.Add((header.First, header.Count, owner));
        Count += header.Count;
    }

    /// <summary>The bytes of one row.</summary>
    public ReadOnlySpan<byte> Row(int ordinal)
    {
        var segment = Find(ordinal);
        return segment.Owner.Memory.Span.Slice(SegmentFormat.HeaderSize + (ordinal - segment.First) * rowBytes, rowBytes);
    }

    /// <summary>One row as numbers.</summary>
    public ReadOnlySpan<T> Row<T>(int ordinal) where T : unmanaged => MemoryMarshal.Cast<byte, T>(Row(ordinal));

    /// <summary>As many rows from <paramref name="ordinal"/> on as lie together, at most <paramref name="max"/>.</summary>
    public ReadOnlySpan<T> Rows<T>(int ordinal, int max, out int count) where T : unmanaged
    {
        var segment = Find(ordinal);
        count = Math.Min(max, segment.First + segment.Count - ordinal);
        return MemoryMarshal.Cast<byte, T>(segment.Owner.Memory.Span.Slice(SegmentFormat.HeaderSize + (ordinal - segment.First) * rowBytes, count * rowBytes));
    }

    private (int First, int Count, IMemoryOwner<byte> Owner) Find(int ordinal)
    {
        int low = 0, high = _segments.Count - 1;
        while (low < high)
        {
            var middle = (low + high + 1) / 2;
            if (_segments[middle].First <= ordinal) low = middle;
            else high = middle - 1;
        }
        return _segments[low];
    }
}
