using CsCheck;
using Winnow.Cluster.Tests.Images;
using Winnow.Grains.Ports;
using Winnow.Grains.Splitting;
using Winnow.Model.Datasets;

namespace Winnow.Cluster.Tests.Splitting;

public sealed class HalfRanksTests
{
    [Fact]
    public void Halves_keep_the_order_of_the_shard() => Gen.Int[0, 60].Select(Gen.Int[0, 9]).Sample((rows, log) =>
    {
        var shards = 2 << log;
        var ids = Enumerable.Range(0, rows).Select(ShardIndexTests.IdOf).ToArray();
        var ranks = new HalfRanks(shards);
        foreach (var id in ids) ranks.Add(id);
        Assert.Equal(rows, ranks.Count);
        for (var half = 0; half < 2; half++)
        {
            // The plain twin: the shard filtered.
            int[] members = [.. Enumerable.Range(0, rows).Where(o => ShardLayout.IndexOf(ids[o], shards) % 2 == half)];
            Assert.Equal(members, ranks.Members(half).ToArray());
            for (var place = 0; place < members.Length; place++) Assert.Equal((half, place), ranks.PlaceOf(members[place]));
            for (var below = 0; below <= rows; below++) Assert.Equal(members.Count(o => o < below), ranks.Below(half, below));
            for (var first = 0; first <= rows; first += 7)
                for (var count = 0; first + count <= rows; count += 3)
                    Assert.Equal(new OrdinalRange(members.Count(o => o < first), members.Count(o => o >= first && o < first + count)),
                        ranks.RangeOf(half, new OrdinalRange(first, count)));
        }
    });

    [Fact]
    public void A_doubled_layout_splits_each_shard_in_two_and_gives_no_number_twice()
    {
        var numbers = new HashSet<int>();
        var layout = new ShardLayout(0, 2);
        for (; layout.Count < ShardLayout.MaxCount; layout = layout.Doubled())
        {
            Assert.All(layout.Numbers(), n => Assert.True(numbers.Add(n)));
            var next = layout.Doubled();
            foreach (var id in Enumerable.Range(0, 200).Select(ShardIndexTests.IdOf))
            {
                Assert.True(layout.Contains(layout.ShardOf(id)));
                Assert.Equal(layout.ShardOf(id) - layout.First, (next.ShardOf(id) - next.First) / 2);
                // Where the images of an older shard begin now, none of its images stands before.
                Assert.InRange(next.ShardOf(id), next.Place(layout.ShardOf(id), 2)!.Value, next.First + next.Count);
            }
        }
        Assert.Null(new ShardLayout(2, 4).Place(6, 2));
        Assert.Null(new ShardLayout(2, 4).Place(-1, 2));
        Assert.Equal(4, new ShardLayout(2, 4).Place(1, 2));
        Assert.Equal(5, new ShardLayout(2, 4).Place(5, 2));
    }
}
