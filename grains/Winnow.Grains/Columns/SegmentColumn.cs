using System.Buffers;
using System.Runtime.InteropServices;

namespace Winnow.Grains.Columns;

/// <summary>One mapped segment of a column.</summary>
internal readonly record struct MappedSegment(int First, int Count, string Key, IMemoryOwner<byte> Owner);

/// <summary>
/// The rows of one kind and version, over all mapped segments of a shard without a gap from ordinal 0. Rows are handed out as spans of
/// the mapping itself. A column does not change: one with other segments takes its place, and what is replaced is left to the collector,
/// which unmaps it when no reader holds it any more.
/// </summary>
internal sealed class SegmentColumn
{
    private readonly MappedSegment[] _segments;

    /// <summary>A column without rows.</summary>
    public SegmentColumn(int rowBytes) => (RowBytes, _segments) = (rowBytes, []);

    private SegmentColumn(int rowBytes, MappedSegment[] segments) =>
        (RowBytes, _segments, Count) = (rowBytes, segments, segments[^1].First + segments[^1].Count);

    public int RowBytes { get; }

    /// <summary>Rows without a gap from ordinal 0.</summary>
    public int Count { get; }

    public ReadOnlySpan<MappedSegment> Segments => _segments;

    /// <summary>The column of the first <paramref name="keep"/> segments and one that continues them.</summary>
    /// <exception cref="InvalidDataException">It does not continue them, or is damaged.</exception>
    public SegmentColumn With(int keep, string key, IMemoryOwner<byte> owner)
    {
        var header = SegmentFormat.Read(owner.Memory.Span);
        if (header.RowBytes != RowBytes)
            throw new InvalidDataException($"A segment with rows of {header.RowBytes} bytes in a column of {RowBytes}.");
        var next = keep == 0 ? 0 : _segments[keep - 1].First + _segments[keep - 1].Count;
        if (header.First != next) throw new InvalidDataException($"A segment that starts at row {header.First} where row {next} is next.");
        return new SegmentColumn(RowBytes, [.. _segments.AsSpan(0, keep), new MappedSegment(header.First, header.Count, key, owner)]);
    }

    /// <summary>The column continued by a further segment.</summary>
    /// <exception cref="InvalidDataException">It does not continue the column, or is damaged.</exception>
    public SegmentColumn With(string key, IMemoryOwner<byte> owner) => With(_segments.Length, key, owner);

    /// <summary>The bytes of one row.</summary>
    public ReadOnlySpan<byte> Row(int ordinal)
    {
        ref readonly var segment = ref Find(ordinal);
        return segment.Owner.Memory.Span.Slice(SegmentFormat.HeaderSize + (ordinal - segment.First) * RowBytes, RowBytes);
    }

    /// <summary>One row as numbers.</summary>
    public ReadOnlySpan<T> Row<T>(int ordinal) where T : unmanaged => MemoryMarshal.Cast<byte, T>(Row(ordinal));

    /// <summary>As many rows from <paramref name="ordinal"/> on as lie together, at most <paramref name="max"/>.</summary>
    public ReadOnlySpan<T> Rows<T>(int ordinal, int max, out int count) where T : unmanaged
    {
        ref readonly var segment = ref Find(ordinal);
        count = Math.Min(max, segment.First + segment.Count - ordinal);
        return MemoryMarshal.Cast<byte, T>(
            segment.Owner.Memory.Span.Slice(SegmentFormat.HeaderSize + (ordinal - segment.First) * RowBytes, count * RowBytes));
    }

    private ref readonly MappedSegment Find(int ordinal)
    {
        int low = 0, high = _segments.Length - 1;
        while (low < high)
        {
            var middle = (low + high + 1) / 2;
            if (_segments[middle].First <= ordinal) low = middle;
            else high = middle - 1;
        }
        return ref _segments[low];
    }
}
