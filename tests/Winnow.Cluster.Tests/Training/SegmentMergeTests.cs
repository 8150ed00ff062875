using Winnow.Algorithms.Numerics;
using Winnow.Grains.Columns;

namespace Winnow.Cluster.Tests.Training;

public sealed class SegmentMergeTests
{
    [Theory]
    [InlineData(1, 1)]
    [InlineData(2, 30)]
    [InlineData(3, 500)]
    public void However_rows_come_they_lie_in_few_segments_and_are_written_few_times(ulong seed, int largest)
    {
        const int Most = 4_096;
        var random = new SeededRandom(seed);
        var (rows, written) = (0, 0L);
        var segments = Array.Empty<MappedSegment>();
        while (rows < 20_000)
        {
            var fresh = 1 + random.Next(largest);
            var keep = SegmentMerge.Keep(segments, fresh, Most);
            var first = keep == 0 ? 0 : segments[keep - 1].First + segments[keep - 1].Count;
            rows += fresh;
            segments = [.. segments.AsSpan(0, keep), new MappedSegment(first, rows - first, "", null!)];
            written += rows - first;

            Assert.True(rows - first <= Most);
            // Full ones, which hold at least half of what one may; and the small ones, each larger than the next.
            Assert.InRange(segments.Length, 1, (2 * rows / Most) + 2 + Math.ILogB(Most));
        }
        Assert.InRange(written, rows, (long)rows * (2 + Math.ILogB(Most)));
    }

    [Fact]
    public void A_full_segment_stands()
    {
        MappedSegment[] segments = [new(0, 4_096, "", null!), new(4_096, 10, "", null!)];
        Assert.Equal(1, SegmentMerge.Keep(segments, 10, 4_096));
        Assert.Equal(1, SegmentMerge.Keep(segments, 4_086, 4_096));
        Assert.Equal(2, SegmentMerge.Keep(segments, 4_087, 4_096));
        Assert.Equal(2, SegmentMerge.Keep(segments, 9, 4_096));
    }
}
