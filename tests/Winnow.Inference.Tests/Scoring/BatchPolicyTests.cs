using Winnow.Inference.Scoring;

namespace Winnow.Inference.Tests.Scoring;

public sealed class BatchPolicyTests
{
    private static readonly BatchPolicy Processors =
        new(Capacity: 16, Workers: 2, WholeRuns: false, MaxDelay: TimeSpan.FromMilliseconds(2));
    private static readonly BatchPolicy Card = Processors with { WholeRuns = true };

    [Theory]
    [InlineData(0, 1)]
    [InlineData(1, 1)]
    [InlineData(7, 1)]
    [InlineData(8, 2)]
    [InlineData(32, 8)]
    [InlineData(64, 16)]
    [InlineData(100_000, 16)]
    public void A_core_takes_half_of_its_even_share(int waiting, int most) => Assert.Equal(most, Processors.Most(0, waiting, idle: true));

    [Fact]
    public void Many_cores_leave_each_other_enough_and_a_single_one_takes_half()
    {
        Assert.Equal(1, (Processors with { Workers = 16 }).Most(0, 63, idle: true));
        Assert.Equal(2, (Processors with { Workers = 16 }).Most(0, 64, idle: true));
        Assert.Equal(5, (Processors with { Workers = 1 }).Most(0, 10, idle: true));
    }

    [Theory]
    [InlineData(0, 0, 1)]
    [InlineData(0, 10, 10)]
    [InlineData(5, 10, 15)]
    [InlineData(5, 1000, 16)]
    public void An_idle_device_takes_all_that_waits_and_not_what_comes_later(int count, int waiting, int most) =>
        Assert.Equal(most, Card.Most(count, waiting, idle: true));

    [Fact]
    public void For_a_busy_device_batches_may_become_full() => Assert.Equal(16, Card.Most(3, 0, idle: false));

    [Fact]
    public void A_core_never_waits_for_more() => Assert.Equal(BatchStep.Run, Processors.Next(turn: true, underWay: 9, TimeSpan.Zero));

    [Theory]
    [InlineData(0, 0)]
    [InlineData(9, 0)]
    [InlineData(9, 1000)]
    public void A_batch_grows_as_long_as_another_run_has_the_device(int underWay, int waited) =>
        Assert.Equal(BatchStep.AwaitTurn, Card.Next(turn: false, underWay, TimeSpan.FromMilliseconds(waited)));

    [Fact]
    public void An_idle_device_is_kept_waiting_only_for_images_under_way_and_not_for_long()
    {
        Assert.Equal(BatchStep.AwaitImages, Card.Next(turn: true, underWay: 1, TimeSpan.FromMilliseconds(1.9)));
        Assert.Equal(BatchStep.Run, Card.Next(turn: true, underWay: 0, TimeSpan.Zero));
        Assert.Equal(BatchStep.Run, Card.Next(turn: true, underWay: 1, TimeSpan.FromMilliseconds(2)));
        Assert.Equal(BatchStep.Run, (Card with { MaxDelay = TimeSpan.Zero }).Next(turn: true, underWay: 1, TimeSpan.Zero));
    }
}
