using Winnow.Grains.Columns;

namespace Winnow.Cluster.Tests.Training;

public sealed class SegmentFormatTests
{
    [Fact]
    public void A_segment_says_what_it_holds_and_notices_damage()
    {
        var segment = SegmentFormat.Allocate(8, 3);
        SegmentFormat.Rows(segment).Fill(7);
        SegmentFormat.Seal(segment, new SegmentHeader(8, 40, 3));
        Assert.Equal(new SegmentHeader(8, 40, 3), SegmentFormat.Read(segment));
        Assert.True(SegmentFormat.IsIntact(segment));
        segment[^1] ^= 1;
        Assert.False(SegmentFormat.IsIntact(segment));
        for (var length = 0; length < segment.Length; length++)
            Assert.Throws<InvalidDataException>(() => SegmentFormat.Read(segment.AsSpan(0, length)));
    }

    [Fact]
    public void Rows_are_found_over_several_segments()
    {
        var column = new SegmentColumn(4);
        foreach (var (first, count) in new[] { (0, 3), (3, 1), (4, 5) })
        {
            var segment = SegmentFormat.Allocate(4, count);
            for (var i = 0; i < count; i++) BitConverter.TryWriteBytes(SegmentFormat.Rows(segment)[(4 * i)..], first + i);
            SegmentFormat.Seal(segment, new SegmentHeader(4, first, count));
            column = column.With("key", new Owner(segment));
        }
        for (var o = 0; o < 9; o++) Assert.Equal(o, column.Row<int>(o)[0]);
        Assert.Equal([4, 5, 6], column.Rows<int>(4, 3, out _).ToArray());
        Assert.Throws<InvalidDataException>(() =>
        {
            var gap = SegmentFormat.Allocate(4, 1);
            SegmentFormat.Seal(gap, new SegmentHeader(4, 10, 1));
            column.With("key", new Owner(gap));
        });
    }

    private sealed class Owner(byte[] bytes) : System.Buffers.IMemoryOwner<byte>
    {
        public Memory<byte> Memory => bytes;

        public void Dispose()
        {
        }
    }
}
