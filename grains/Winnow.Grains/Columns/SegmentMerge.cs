namespace Winnow.Grains.Columns;

/// <summary>
/// Keeps the segments of a column few. Images that trickle in make a segment of a few rows each time somebody looks for them; a new one
/// swallows those before it that are no larger than what it has by then, as in a binary counter. So n rows lie in about log₂ n segments and
/// every row is written about log₂ n times, however they came, and a shard opens with a few reads.
/// </summary>
internal static class SegmentMerge
{
    /// <summary>How many of the segments stand; those after them are written anew, together with the new rows.</summary>
    /// <param name="segments">The column's segments.</param>
    /// <param name="fresh">New rows.</param>
    /// <param name="most">Rows that a merged segment may have.</param>
    public static int Keep(ReadOnlySpan<MappedSegment> segments, int fresh, int most)
    {
        var keep = segments.Length;
        long rows = fresh;
        while (keep > 0 && segments[keep - 1].Count <= rows && rows + segments[keep - 1].Count <= most) rows += segments[--keep].Count;
        return keep;
    }
}
