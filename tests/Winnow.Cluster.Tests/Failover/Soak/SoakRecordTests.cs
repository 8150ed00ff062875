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

    [Fact]
    public void One_person_who_takes_a_task_again_is_one_person()
    {
        var record = new SoakRecord(Period);
        foreach (var seconds in new[] { 0, 2 }) record.Leased(Image, "ann", Start + TimeSpan.FromSeconds(seconds) + Period);
        Assert.Empty(record.HandedTwice);
    }
}
