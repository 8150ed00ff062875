using Winnow.Grains.Work;
using Winnow.Testing;

namespace Winnow.Cluster.Tests;

/// <summary>Work that time mends is tried again, later and later.</summary>
public class RetryLoopTests
{
    private static readonly (TimeSpan, TimeSpan) Pauses = (TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(5));
    private readonly InstantClock _clock = new();

    [Fact]
    public async Task The_pause_doubles_up_to_the_longest_and_starts_anew_after_a_success()
    {
        var steps = 0;
        List<double> told = [];
        await RetryLoop.RunAsync(_ => ++steps switch
        {
            5 or 7 => Task.FromResult(true),
            9 => Task.FromResult(false),
            _ => throw new IOException("away"),
        }, (_, pause) => told.Add(pause.TotalSeconds), Pauses, _clock, CancellationToken.None);
        Assert.Equal(9, steps);
        Assert.Equal([1, 2, 4, 5, 1, 1], told);
        Assert.Equal(told, _clock.Waited);
    }

    [Fact]
    public async Task A_step_that_gives_up_by_itself_is_taken_again()
    {
        var steps = 0;
        Exception? told = null;
        await RetryLoop.RunAsync(_ => ++steps == 2 ? Task.FromResult(false) : Task.FromCanceled<bool>(new CancellationToken(true)),
            (e, _) => told = e, Pauses, _clock, CancellationToken.None);
        Assert.IsType<TaskCanceledException>(told);
        Assert.Equal(2, steps);
    }

    [Fact]
    public async Task Told_to_end_it_ends_in_a_step_and_in_a_pause()
    {
        using var inStep = new CancellationTokenSource();
        var begun = new TaskCompletionSource();
        var work = RetryLoop.RunAsync(ct =>
        {
            begun.SetResult();
            return Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, ct)
                .ContinueWith(_ => true, ct, TaskContinuationOptions.None, TaskScheduler.Default);
        }, (_, _) => Assert.Fail("nothing failed"), Pauses, _clock, inStep.Token);
        await begun.Task;
        await inStep.CancelAsync();
        await work;

        using var inPause = new CancellationTokenSource();
        var steps = 0;
        await RetryLoop.RunAsync(_ =>
        {
            steps++;
            throw new IOException("away");
        }, (_, _) => inPause.Cancel(), (TimeSpan.FromHours(1), TimeSpan.FromHours(1)), TimeProvider.System, inPause.Token);
        Assert.Equal(1, steps);
    }

    [Fact]
    public async Task A_pause_is_cut_short_where_somebody_hurries_and_only_then()
    {
        var hurry = new TaskCompletionSource();
        var steps = 0;
        var day = (TimeSpan.FromDays(1), TimeSpan.FromDays(1));
        var work = RetryLoop.RunAsync(_ => ++steps < 3 ? throw new IOException("away") : Task.FromResult(false), (_, _) => { }, day,
            TimeProvider.System, CancellationToken.None, () => hurry.Task);
        await Until.TrueAsync(() => Task.FromResult(steps == 1), TimeSpan.FromSeconds(30), () => "the first step was taken");
        Assert.False(work.IsCompleted);
        hurry.SetResult();
        await work;
        Assert.Equal(3, steps);
    }

    [Fact]
    public async Task Steps_run_where_the_loop_was_started()
    {
        // As an activation's do: one at a time, on its own scheduler.
        var scheduler = new ConcurrentExclusiveSchedulerPair().ExclusiveScheduler;
        List<TaskScheduler> seen = [];
        await Task.Factory.StartNew(() => RetryLoop.RunAsync(_ =>
        {
            seen.Add(TaskScheduler.Current);
            return seen.Count == 3 ? Task.FromResult(false) : throw new IOException("away");
        }, (_, _) => seen[^1] = TaskScheduler.Current, Pauses, _clock, CancellationToken.None), CancellationToken.None,
            TaskCreationOptions.None, scheduler).Unwrap();
        Assert.Equal([scheduler, scheduler, scheduler], seen);
    }

    /// <summary>Every wait is over at once, and noted.</summary>
    private sealed class InstantClock : TimeProvider
    {
        public List<double> Waited { get; } = [];

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            if (dueTime > TimeSpan.Zero) Waited.Add(dueTime.TotalSeconds);
            return base.CreateTimer(callback, state, dueTime > TimeSpan.Zero ? TimeSpan.FromTicks(1) : dueTime, period);
        }
    }
}
