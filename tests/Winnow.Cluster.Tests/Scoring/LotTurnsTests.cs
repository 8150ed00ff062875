using Winnow.Grains.Scoring;

namespace Winnow.Cluster.Tests.Scoring;

public sealed class LotTurnsTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task What_nobody_waits_for_goes_when_nothing_that_somebody_waits_for_is_on_its_way()
    {
        var turns = new LotTurns();
        var (one, two) = (turns.Ahead(), turns.Ahead());
        var behind = turns.BehindAsync(CancellationToken.None);
        one.Dispose();
        // Said twice, it counts once.
        one.Dispose();
        Assert.False(behind.IsCompleted);
        two.Dispose();
        (await behind.WaitAsync(Patience)).Dispose();
        // And those ahead never wait.
        using var running = await turns.BehindAsync(CancellationToken.None);
        turns.Ahead().Dispose();
    }

    [Fact]
    public async Task Few_go_behind_at_a_time_and_who_gives_up_leaves_their_place()
    {
        var turns = new LotTurns();
        var first = await turns.BehindAsync(CancellationToken.None);
        using var second = await turns.BehindAsync(CancellationToken.None);
        using var impatient = new CancellationTokenSource();
        var third = turns.BehindAsync(impatient.Token);
        Assert.False(third.IsCompleted);
        await impatient.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => third);
        first.Dispose();

        using var ahead = turns.Ahead();
        using var other = new CancellationTokenSource();
        var fourth = turns.BehindAsync(other.Token);
        Assert.False(fourth.IsCompleted);
        await other.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => fourth);
        ahead.Dispose();
        (await turns.BehindAsync(CancellationToken.None).WaitAsync(Patience)).Dispose();
    }
}
