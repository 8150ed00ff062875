using Winnow.Cluster.Tests.Images;
using Winnow.Grains.Review;

namespace Winnow.Cluster.Tests.Review;

/// <summary>What becomes of leases that are presented.</summary>
public sealed partial class QueueStockTests
{
    private static readonly TimeSpan Period = TimeSpan.FromMinutes(4);

    /// <summary>A lease on the first image that was given at a moment.</summary>
    private static Lease Given(string actor, DateTimeOffset at, DateTimeOffset? ends = null) =>
        new("cats", ShardIndexTests.IdOf(1), 0, actor, ends ?? (at + Period), Now, at);

    private static DateTimeOffset? Present(QueueStock stock, in Lease lease, DateTimeOffset now) =>
        stock.Present(lease, now, Period, Far)?.Ends;

    [Fact]
    public void Whoever_presents_a_lease_keeps_the_task_for_longer_once_a_quarter_of_it_is_over()
    {
        var (stock, anns) = (new QueueStock(), Given("ann", Now));
        stock.Add(0, Task(1, 1), Far, Now);
        stock.Take("ann", Labels, Now, Now + Period);
        Assert.Equal(Now + Period, Present(stock, anns, Now.AddSeconds(59)));
        Assert.Equal(Now.AddSeconds(61) + Period, Present(stock, anns, Now.AddSeconds(61)));
        // The first lease would have ended by now.
        Assert.Null(stock.Take("bob", Labels, Now.AddSeconds(241), Far));
        Assert.Null(Present(stock, Given("bob", Now.AddSeconds(-1)), Now));
        Assert.Equal((1, 0), (stock.HeldBy("ann", Now.AddSeconds(300)), stock.HeldBy("ann", Now.AddSeconds(301))));
        Assert.Equal(1, stock.Free);
    }

    [Fact]
    public void Who_has_again_what_they_gave_back_keeps_it_like_any_other_task()
    {
        foreach (var byName in new[] { false, true })
        {
            var stock = new QueueStock();
            stock.Add(0, Task(1, 1), Far, Now);
            stock.Take("ann", Labels, Now, Now + Period);
            stock.PutBack(ShardIndexTests.IdOf(1), "ann", skipped: false, Now);
            Assert.Null(Present(stock, Given("ann", Now), Now));
            Assert.NotNull(byName ? stock.TakeThis(ShardIndexTests.IdOf(1), "ann", Now, Now + Period)
                : stock.Take("ann", Labels, Now, Now + Period, again: true));
            Assert.Equal(Now + Period, Present(stock, Given("ann", Now), Now));
            Assert.Equal(1, stock.HeldBy("ann", Now));
        }
    }

    [Fact]
    public void Nothing_is_kept_for_ever()
    {
        var (stock, anns) = (new QueueStock(), Given("ann", Now));
        stock.Add(0, Task(1, 1), Far, Now);
        stock.Take("ann", Labels, Now, Now + Period);
        Assert.Equal(Now + 1.5 * Period, stock.Present(anns, Now + 0.9 * Period, Period, latest: Now + 1.5 * Period)?.Ends);
        Assert.NotNull(stock.Take("bob", Labels, Now + 1.5 * Period, Far));
    }

    [Fact]
    public void Whose_lease_has_ended_has_the_task_again_unless_somebody_else_was_given_it()
    {
        var (stock, anns) = (new QueueStock(), Given("ann", Now));
        stock.Add(0, Task(1, 1), Far, Now);
        stock.Take("ann", Labels, Now, Now + Period);
        var later = Now + 2 * Period;
        Assert.Equal((later + Period, later), stock.Present(anns, later, Period, Far));
        Assert.Equal((0, 1), (stock.Free, stock.HeldBy("ann", later)));
        Assert.Null(stock.Take("bob", Labels, later, Far));
        later += 2 * Period;
        Assert.NotNull(stock.Take("bob", Labels, later, later + Period));
        Assert.Null(Present(stock, anns, later));
        // Nor is it hers who gave it back.
        stock.PutBack(ShardIndexTests.IdOf(1), "bob", skipped: false, later);
        Assert.Null(Present(stock, Given("bob", later), later));
        Assert.NotNull(Present(stock, anns, later));
    }

    [Fact]
    public void Of_two_who_were_given_a_task_by_queues_of_before_it_is_theirs_who_was_given_it_later()
    {
        // Ann gave it back, and then bob was given it; nobody knows that any more.
        var (anns, bobs) = (Given("ann", Now), Given("bob", Now.AddSeconds(10)));
        var now = Now.AddSeconds(20);
        foreach (var first in new[] { anns, bobs })
        {
            var stock = new QueueStock();
            stock.AddHeld(0, Task(1, 1), Far, first, now, Now);
            Assert.NotNull(Present(stock, first, now));
            Assert.NotNull(Present(stock, bobs, now));
            Assert.Null(Present(stock, anns, now));
            Assert.Equal((true, false, 0), (stock.Holds(bobs.Image, "bob", now), stock.Holds(bobs.Image, "ann", now), stock.Free));
            Assert.Equal((0, 1), (stock.HeldBy("ann", now), stock.HeldBy("bob", now)));
        }
    }

    [Fact]
    public void What_was_taken_over_is_held_and_no_lease_that_is_presented_outlives_its_reservation()
    {
        var (stock, anns) = (new QueueStock(), Given("ann", Now, ends: Now.AddMinutes(2)));
        stock.AddHeld(0, Task(1, 1), Now.AddMinutes(3), anns, Now, Now);
        Assert.Equal((0, 1, true), (stock.Free, stock.HeldBy("ann", Now), stock.Holds(anns.Image, "ann", Now)));
        Assert.Equal(Now.AddMinutes(3), Present(stock, anns, Now));
        Assert.False(stock.Holds(anns.Image, "ann", Now.AddMinutes(3)));
        Assert.Null(Present(stock, anns, Now.AddMinutes(3)));
    }

    [Fact]
    public void What_was_taken_over_goes_to_nobody_else_before_all_have_had_time_to_present_their_leases()
    {
        var (ended, skipped) = (Given("ann", Now, ends: Now.AddMinutes(2)), Given("ann", Now));
        var now = Now.AddMinutes(2);
        var soon = now.AddSeconds(8);
        foreach (var (lease, task) in new[] { (ended, Task(1, 1)), (skipped, Task(1, 1) with { SkippedBy = ["ann"] }) })
        {
            var stock = new QueueStock();
            stock.AddHeld(0, task, Far, lease, soon, Now);
            Assert.Null(stock.Take("cem", Labels, now, Far));
            // Bob was given it later than she was.
            Assert.NotNull(Present(stock, Given("bob", Now.AddSeconds(1), ends: Far), now));
            stock = new QueueStock();
            stock.AddHeld(0, task, Far, lease, soon, Now);
            Assert.NotNull(stock.Take("cem", Labels, soon, Far));
            // What she gave back while her shard was asked is hers no more.
            stock = new QueueStock();
            stock.AddHeld(0, task, Far, skipped, soon, Now, letGo: true);
            Assert.Null(Present(stock, skipped, now));
            Assert.NotNull(stock.Take("cem", Labels, soon, Far));
        }
    }

    [Fact]
    public void A_lease_that_ended_while_its_task_was_fetched_is_of_when_it_was_given()
    {
        var (stock, anns) = (new QueueStock(), Given("ann", Now));
        stock.AddHeld(0, Task(1, 1), Far, anns, anns.Expires.AddSeconds(8), Now);
        Assert.Equal(Now, stock.Present(anns, anns.Expires.AddSeconds(1), Period, Far)?.Given);
        // One that was kept for as long as anybody keeps one is not given anew.
        Assert.Null(stock.Present(anns, anns.Expires.AddSeconds(1), Period, latest: anns.Expires));
        // Nor is one of a question that is another by now.
        stock = new QueueStock();
        stock.Add(0, Task(1, 1) with { HistoryVersion = 2 }, Far, Now);
        Assert.Null(Present(stock, anns, Now));
    }
}
