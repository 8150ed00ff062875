using CsCheck;
using Winnow.Abstractions.Training;
using Winnow.Grains.Selection;

namespace Winnow.Cluster.Tests.Selection;

public sealed class SmallestFewTests
{
    [Fact]
    public void It_keeps_what_a_sort_would_put_first() => Gen.Select(Gen.Int[0, 20], Gen.Int[0, 50].Array[0, 100]).Sample((count, orders) =>
    {
        var few = new SmallestFew<(int, int)>(count);
        for (var i = 0; i < orders.Length; i++)
            if (few.Takes((orders[i], i))) few.Add(new Candidate(i, default, 0, 0), (orders[i], i));
        Assert.Equal(count > 0, few.Wanted);
        Assert.Equal(Enumerable.Range(0, orders.Length).OrderBy(i => orders[i]).Take(count), few.TakeAll().Select(c => c.Ordinal));
    }, iter: 500);
}
