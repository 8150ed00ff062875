using Winnow.Algorithms.Numerics;
using Winnow.Grains.Images;
using Winnow.Model.Images;

namespace Winnow.Cluster.Tests.Images;

public sealed class IdOrderTests
{
    private static ImageId[] Ids(int count) => [.. Enumerable.Range(0, count).Select(i => ImageId.Of(BitConverter.GetBytes(i)))];

    private static List<int> Walk(ImageId[] ids, int page, Func<int, bool> takes)
    {
        var walked = new List<int>();
        ImageId? after = null;
        while (true)
        {
            var rows = IdOrder.Next(ids, after, page, takes);
            walked.AddRange(rows);
            if (rows.Length < page) return walked;
            after = ids[rows[^1]];
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(7)]
    [InlineData(50)]
    [InlineData(99)]
    [InlineData(100)]
    [InlineData(101)]
    public void Pages_of_any_size_are_all_rows_in_order(int page)
    {
        var ids = Ids(100);
        Assert.Equal(Enumerable.Range(0, 100).OrderBy(i => ids[i]), Walk(ids, page, _ => true));
        Assert.Equal(Enumerable.Range(0, 100).Where(i => i % 3 == 0).OrderBy(i => ids[i]), Walk(ids, page, i => i % 3 == 0));
    }

    [Fact]
    public void Rows_in_another_order_make_the_same_pages()
    {
        var ids = Ids(60);
        var shuffled = ids.ToArray();
        new SeededRandom(3).Shuffle<ImageId>(shuffled);
        Assert.Equal(Walk(ids, 8, _ => true).Select(i => ids[i]), Walk(shuffled, 8, _ => true).Select(i => shuffled[i]));
    }

    [Fact]
    public void Nothing_is_after_the_last_and_nothing_is_no_page()
    {
        var ids = Ids(5);
        Assert.Empty(IdOrder.Next(ids, ids.Max(), 3, _ => true));
        Assert.Empty(IdOrder.Next(ids, null, 0, _ => true));
        Assert.Empty(IdOrder.Next([], null, 3, _ => true));
        // After an image that is not among them.
        var stranger = ImageId.Of([1, 2, 3]);
        Assert.Equal(ids.Order().Where(i => i.CompareTo(stranger) > 0), IdOrder.Next(ids, stranger, 9, _ => true).Select(i => ids[i]));
    }
}
