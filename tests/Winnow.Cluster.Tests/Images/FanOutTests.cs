using Winnow.Grains.Datasets;

namespace Winnow.Cluster.Tests.Images;

public sealed class FanOutTests
{
    [Fact]
    public async Task Answers_come_in_order_and_few_calls_are_on_their_way_at_once()
    {
        var (under, most) = (0, 0);
        var gate = new Lock();
        var answers = await Enumerable.Range(0, 500).ToArray().AllAsync(async i =>
        {
            lock (gate) most = Math.Max(most, ++under);
            await Task.Yield();
            lock (gate) under--;
            return 2 * i;
        });
        Assert.Equal(Enumerable.Range(0, 500).Select(i => 2 * i), answers);
        Assert.InRange(most, 1, FanOut.AtOnce);
    }

    [Fact]
    public async Task After_a_failure_no_further_calls_are_made_and_those_under_way_are_waited_for()
    {
        var calls = 0;
        var free = new TaskCompletionSource();
        var all = Enumerable.Range(0, 500).ToArray().AllAsync(i =>
        {
            calls++;
            return i == 3 ? Task.FromException(new InvalidDataException()) : free.Task;
        });
        Assert.False(all.IsCompleted);
        free.SetResult();
        await Assert.ThrowsAsync<InvalidDataException>(() => all);
        Assert.Equal(4, calls);
    }
}
