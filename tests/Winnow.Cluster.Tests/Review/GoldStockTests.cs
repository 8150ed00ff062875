using Winnow.Abstractions.Review;
using Winnow.Cluster.Tests.Images;
using Winnow.Grains.Review;
using Winnow.Model.Review;

namespace Winnow.Cluster.Tests.Review;

public sealed class GoldStockTests
{
    private static ReservedTask Gold(int i, params string[] known) =>
        new(ShardIndexTests.IdOf(i), $"{i}", 0, 2, -1, 0, null, AnsweredBy: known, Kind: TaskKind.Qualify);

    [Fact]
    public void Everybody_is_shown_each_once_and_none_that_they_know()
    {
        var stock = new GoldStock();
        Assert.Null(stock.Take("ann", 0.5));
        stock.Renew([Gold(1, "ann"), Gold(2), Gold(3)]);
        Assert.Equal(["3", "2", null], new[] { 0.9, 0.9, 0.1 }.Select(d => stock.Take("ann", d)?.Name));
        Assert.Equal(["1", "2", "3", null], new[] { 0.0, 0.0, 0.5, 0.9 }.Select(d => stock.Take("bob", d)?.Name));
        // What was fetched anew does not know of those who were just shown it.
        stock.Renew([Gold(2), Gold(4)]);
        Assert.Equal(["4", null], new[] { 0.0, 0.0 }.Select(d => stock.Take("ann", d)?.Name));
        Assert.Equal(2, stock.Count);
    }
}
