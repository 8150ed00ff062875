using Winnow.Algorithms.Numerics;
using Winnow.Algorithms.Selection;

namespace Winnow.Algorithms.Tests.Selection;

public sealed class ClosestTests
{
    [Fact]
    public void Rows_that_lie_closest_together_come_first()
    {
        // Twenty far apart, then six in one place, around (100, 100).
        var random = new SeededRandom(7);
        var values = new List<float>();
        for (var i = 0; i < 20; i++) values.AddRange([random.Next(1_000), -random.Next(1_000)]);
        for (var i = 0; i < 6; i++) values.AddRange([100 + (random.Next(100) / 100f), 100 + (random.Next(100) / 100f)]);
        var rows = new RowMatrix(2, [.. values]);
        var order = Closest.Order(rows, 6);
        Assert.Equal(Enumerable.Range(20, 6), order.Take(6).Order());
        Assert.Equal(Enumerable.Range(0, 26), order.Order());
        Assert.Equal(order, Closest.Order(rows, 6));
        float Apart(int row, int column) => rows.Row(row)[column] - rows.Row(order[0])[column];
        float DistanceTo(int row) => (Apart(row, 0) * Apart(row, 0)) + (Apart(row, 1) * Apart(row, 1));
        Assert.Equal(order.Select(DistanceTo).Order(), order.Select(DistanceTo));
    }

    [Fact]
    public void Few_rows_are_all_that_there_are()
    {
        Assert.Empty(Closest.Order(RowMatrix.None, 5));
        Assert.Equal([0], Closest.Order(new RowMatrix(3, [1, 2, 3]), 5));
    }
}
