using System.Globalization;
using Xunit.Abstractions;

namespace Winnow.Cluster.Tests.Schedules;

/// <summary>
/// What must hold whatever comes first: thousands of orders of the turns of real grains, each drawn from a seed. A run that fails names
/// its seed, and <c>WINNOW_SCHEDULE=seed</c> runs that one again; where other work of the process came between, it may go well then, and
/// <c>WINNOW_SCHEDULE_LOG=folder</c> keeps what was said in a run that fails.
/// </summary>
[Trait("kind", "schedules")]
public sealed class ScheduleTests(ITestOutputHelper output)
{
    [Fact]
    public void Nobody_holds_what_another_holds_and_no_answer_is_lost()
    {
        var (given, acknowledged) = (0, 0);
        Schedules.Explore(output, 120, seed =>
        {
            var world = new ReviewWorld(seed, new VirtualClock());
            if (Schedules.IsOne) world.Tell(output.WriteLine);
            var scheduler = new SeededScheduler(seed, world.Clock);
            Schedules.Keeping(seed, world.Tell, () => scheduler.Run(world.RunAsync, world.Check));
            Interlocked.Add(ref given, world.Book.Given);
            Interlocked.Add(ref acknowledged, world.Book.Acknowledged);
            return scheduler;
        });
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{given} tasks given, {acknowledged} answers acknowledged"));
        Assert.True(acknowledged > 0);
    }

    [Fact]
    public void A_column_is_whole_or_absent_and_never_older_than_it_was()
    {
        var published = 0;
        Schedules.Explore(output, 200, seed =>
        {
            var world = new PublishingWorld(seed, new VirtualClock());
            var scheduler = new SeededScheduler(seed, world.Clock);
            scheduler.Run(world.RunAsync, world.Check);
            Interlocked.Add(ref published, world.Published);
            return scheduler;
        });
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{published} publications"));
        Assert.True(published > 0);
    }

    /// <summary>
    /// Without this no seed could be run again. Other work of this process may come between a run and the thread pool, so of several runs
    /// some are alike.
    /// </summary>
    [Fact]
    public void A_seed_is_one_order()
    {
        Assert.InRange(Enumerable.Range(0, 5).Select(_ => OrderOf(7)).Distinct().Count(), 1, 4);
        Assert.NotEqual(OrderOf(7), OrderOf(8));
    }

    private static ulong OrderOf(ulong seed)
    {
        var world = new ReviewWorld(seed, new VirtualClock());
        var scheduler = new SeededScheduler(seed, world.Clock);
        scheduler.Run(world.RunAsync, world.Check);
        return scheduler.Order;
    }
}
