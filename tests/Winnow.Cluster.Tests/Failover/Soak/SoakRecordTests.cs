using System.Text;
using Winnow.Model.Images;

namespace Winnow.Cluster.Tests.Failover.Soak;

/// <summary>A task counts as handed out twice when two people's leases run at once, in whichever order word of them comes.</summary>
public sealed class SoakRecordTests
{
    private static readonly TimeSpan Period = TimeSpan.FromSeconds(5);
    private static readonly DateTimeOffset Start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private static readonly ImageId Image = ImageId.Of(Encoding.UTF8.GetBytes("one"));

    [Theory]
    [InlineData(0, 5, false)]
    [InlineData(5, 0, false)]
    [InlineData(0, 4, true)]
    [InlineData(4, 0, true)]
    [InlineData(3, 3, true)]
    [InlineData(12, 0, false)]
    public void Leases_that_overlap_are_told(int ann, int bea, bool twice)
    {
        var record = new SoakRecord(Period);
        record.Leased(Image, "ann", Start + TimeSpan.FromSeconds(ann) + Period);
        record.Leased(Image, "bea", Start + TimeSpan.FromSeconds(bea) + Period);
        Assert.Equal(twice ? 1 : 0, record.HandedTwice.Count);
        if (!twice) return;
        var (_, first, since, second, given) = Assert.Single(record.HandedTwice);
        Assert.Equal(ann <= bea ? ("ann", "bea") : ("bea", "ann"), (first, second));
        Assert.Equal(Start + TimeSpan.FromSeconds(Math.Min(ann, bea)), since);
        Assert.Equal(Start + TimeSpan.FromSeconds(Math.Max(ann, bea)), given);
    }

    [Theory]
    [InlineData(false, 20, 12, false)]
    [InlineData(false, 20, 5, true)]
    [InlineData(true, 20, 12, true)]
    [InlineData(true, 10, 12, false)]
    public void Who_presents_a_lease_keeps_the_task_where_others_lose_it(bool isKept, int letsGo, int given, bool twice)
    {
        var (record, period) = (new SoakRecord(TimeSpan.FromSeconds(30)), TimeSpan.FromSeconds(30));
        record.Leased(Image, "ann", Start + period, isKept);
        record.Hit(Start + TimeSpan.FromSeconds(2));
        record.GaveBack(Image, "ann", Start + TimeSpan.FromSeconds(letsGo));
        record.Leased(Image, "bea", Start + TimeSpan.FromSeconds(given) + period);
        Assert.Equal(twice ? 1 : 0, record.HandedTwice.Count);
    }

    [Fact]
    public void One_person_who_takes_a_task_again_is_one_person()
    {
        var record = new SoakRecord(Period);
        foreach (var seconds in new[] { 0, 2 }) record.Leased(Image, "ann", Start + TimeSpan.FromSeconds(seconds) + Period);
        Assert.Empty(record.HandedTwice);
    }
}
