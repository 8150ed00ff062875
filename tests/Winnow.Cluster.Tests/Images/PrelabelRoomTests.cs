using Winnow.Abstractions.Prelabels;
using Winnow.Grains.Ports;
using Winnow.Grains.Shards;
using Winnow.Model.Prelabels;

namespace Winnow.Cluster.Tests.Images;

/// <summary>How much may be proposed for one image.</summary>
[Trait("kind", "security")]
public sealed class PrelabelRoomTests
{
    private static FactRow Of(int size, string source, long version = 1, int ordinal = 1) => new(
        new FactKey("prelabel", ordinal, source), ShardIndexTests.IdOf(ordinal), version, false, Guid.NewGuid(), "ada", [], size, null);

    [Fact]
    public void All_sources_together_have_so_many_bytes()
    {
        var room = new PrelabelRoom([Of(ImagePrelabel.MostBytesOfImage - 100, "one")]);
        Assert.Equal(PrelabelOutcome.Taken, room.Take(Of(60, "two")));
        Assert.Equal(PrelabelOutcome.TooManyBytes, room.Take(Of(41, "three")));
        // What takes the place of another takes its room, and what is late takes none.
        Assert.Equal(PrelabelOutcome.Taken, room.Take(Of(100, "two", 2)));
        Assert.Equal(PrelabelOutcome.TooManyBytes, room.Take(Of(101, "two", 3)));
        Assert.Equal(PrelabelOutcome.Taken, room.Take(Of(500, "two", 1)));
        Assert.Equal(PrelabelOutcome.TooManyBytes, room.Take(Of(1, "three")));
        Assert.Equal(PrelabelOutcome.Taken, room.Take(Of(1, "three", ordinal: 2)));
    }

    [Fact]
    public void What_an_earlier_release_took_beyond_that_may_become_smaller()
    {
        var room = new PrelabelRoom(Enumerable.Range(0, 40).Select(i => Of(100_000, $"s{i}")));
        Assert.Equal(PrelabelOutcome.TooManySources, room.Take(Of(1, "new")));
        Assert.Equal(PrelabelOutcome.Taken, room.Take(Of(99_999, "s1", 2)));
        Assert.Equal(PrelabelOutcome.TooManyBytes, room.Take(Of(100_001, "s2", 2)));
    }
}
