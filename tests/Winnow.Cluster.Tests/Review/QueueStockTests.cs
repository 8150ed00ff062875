using CsCheck;
using Winnow.Abstractions.Review;
using Winnow.Cluster.Tests.Images;
using Winnow.Grains.Review;

namespace Winnow.Cluster.Tests.Review;

public sealed class QueueStockTests
{
    private static readonly DateTimeOffset Now = DateTimeOffset.UnixEpoch.AddYears(50);
    private static readonly DateTimeOffset Far = Now.AddDays(1);

    private static ReservedTask Task(int i, double priority) => new(ShardIndexTests.IdOf(i), $"{i}", priority, 0, -1, 0, null);

    [Fact]
    public void The_best_task_comes_first_and_no_task_twice()
    {
        var stock = new QueueStock();
        for (var i = 0; i < 5; i++) stock.Add(0, Task(i, i), Far, Now);
        Assert.Equal(["4", "3", "2", "1", "0"], Enumerable.Range(0, 5).Select(_ => stock.Take("ann", Now, Now.AddMinutes(1))!.Value.Name));
        Assert.Null(stock.Take("bob", Now, Now.AddMinutes(1)));
    }

    [Fact]
    public void A_lease_that_ran_out_is_handed_to_the_next()
    {
        var stock = new QueueStock();
        stock.Add(0, Task(1, 1), Far, Now);
        Assert.NotNull(stock.Take("ann", Now, Now.AddMinutes(1)));
        Assert.Null(stock.Take("bob", Now.AddSeconds(59), Now.AddMinutes(2)));
        Assert.NotNull(stock.Take("bob", Now.AddSeconds(60), Now.AddMinutes(2)));
        // Ann's lease has ended: what it would end is Bob's now.
        Assert.Null(stock.Take("ann", Now.AddSeconds(61), Now.AddMinutes(2)));
    }

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
        stock.Take("ann", Now, Now + Period);
        Assert.Equal(Now + Period, Present(stock, anns, Now.AddSeconds(59)));
        Assert.Equal(Now.AddSeconds(61) + Period, Present(stock, anns, Now.AddSeconds(61)));
        // The first lease would have ended by now.
        Assert.Null(stock.Take("bob", Now.AddSeconds(241), Far));
        Assert.Null(Present(stock, Given("bob", Now.AddSeconds(-1)), Now));
        Assert.Equal((1, 0), (stock.HeldBy("ann", Now.AddSeconds(300)), stock.HeldBy("ann", Now.AddSeconds(301))));
        Assert.Equal(1, stock.Free);
    }

    [Fact]
    public void Nothing_is_kept_for_ever()
    {
        var (stock, anns) = (new QueueStock(), Given("ann", Now));
        stock.Add(0, Task(1, 1), Far, Now);
        stock.Take("ann", Now, Now + Period);
        Assert.Equal(Now + 1.5 * Period, stock.Present(anns, Now + 0.9 * Period, Period, latest: Now + 1.5 * Period)?.Ends);
        Assert.NotNull(stock.Take("bob", Now + 1.5 * Period, Far));
    }

    [Fact]
    public void Whose_lease_has_ended_has_the_task_again_unless_somebody_else_was_given_it()
    {
        var (stock, anns) = (new QueueStock(), Given("ann", Now));
        stock.Add(0, Task(1, 1), Far, Now);
        stock.Take("ann", Now, Now + Period);
        var later = Now + 2 * Period;
        Assert.Equal((later + Period, later), stock.Present(anns, later, Period, Far));
        Assert.Equal((0, 1), (stock.Free, stock.HeldBy("ann", later)));
        Assert.Null(stock.Take("bob", later, Far));
        later += 2 * Period;
        Assert.NotNull(stock.Take("bob", later, later + Period));
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
            stock.AddHeld(0, Task(1, 1), Far, first, now);
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
        stock.AddHeld(0, Task(1, 1), Now.AddMinutes(3), anns, Now);
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
            stock.AddHeld(0, task, Far, lease, soon);
            Assert.Null(stock.Take("cem", now, Far));
            // Bob was given it later than she was.
            Assert.NotNull(Present(stock, Given("bob", Now.AddSeconds(1), ends: Far), now));
            stock = new QueueStock();
            stock.AddHeld(0, task, Far, lease, soon);
            Assert.NotNull(stock.Take("cem", soon, Far));
            // What she gave back while her shard was asked is hers no more.
            stock = new QueueStock();
            stock.AddHeld(0, task, Far, skipped, soon, letGo: true);
            Assert.Null(Present(stock, skipped, now));
            Assert.NotNull(stock.Take("cem", soon, Far));
        }
    }

    [Fact]
    public void A_lease_that_ended_while_its_task_was_fetched_is_of_when_it_was_given()
    {
        var (stock, anns) = (new QueueStock(), Given("ann", Now));
        stock.AddHeld(0, Task(1, 1), Far, anns, anns.Expires.AddSeconds(8));
        Assert.Equal(Now, stock.Present(anns, anns.Expires.AddSeconds(1), Period, Far)?.Given);
        // One that was kept for as long as anybody keeps one is not given anew.
        Assert.Null(stock.Present(anns, anns.Expires.AddSeconds(1), Period, latest: anns.Expires));
        // Nor is one of a question that is another by now.
        stock = new QueueStock();
        stock.Add(0, Task(1, 1) with { HistoryVersion = 2 }, Far, Now);
        Assert.Null(Present(stock, anns, Now));
    }

    [Fact]
    public void Whoever_could_not_tell_is_not_asked_again()
    {
        var stock = new QueueStock();
        stock.Add(0, Task(1, 1), Far, Now);
        stock.Take("ann", Now, Now.AddMinutes(1));
        stock.PutBack(ShardIndexTests.IdOf(1), "ann", skipped: true, Now);
        Assert.Null(stock.Take("ann", Now, Now.AddMinutes(1)));
        Assert.NotNull(stock.Take("bob", Now, Now.AddMinutes(1)));
    }

    [Fact]
    public void What_somebody_gave_back_comes_to_them_again_only_where_it_is_asked_for()
    {
        var stock = new QueueStock();
        for (var i = 1; i <= 2; i++) stock.Add(0, Task(i, i), Far, Now);
        Assert.Equal("2", stock.Take("ann", Now, Now.AddMinutes(1), again: false)?.Name);
        stock.PutBack(ShardIndexTests.IdOf(2), "ann", skipped: false, Now);
        Assert.Equal((2, 1, 2), (stock.Free, stock.NewTo("ann"), stock.NewTo("bob")));
        Assert.Equal("1", stock.Take("ann", Now, Now.AddMinutes(1), again: false)?.Name);
        Assert.Null(stock.Take("ann", Now, Now.AddMinutes(1), again: false));
        Assert.Equal("2", stock.Take("ann", Now, Now.AddMinutes(1), again: true)?.Name);
        stock.PutBack(ShardIndexTests.IdOf(2), "ann", skipped: false, Now);
        Assert.Equal("2", stock.Take("bob", Now, Now.AddMinutes(1), again: false)?.Name);
    }

    [Fact]
    public void Whoever_could_not_tell_before_the_queue_woke_is_not_asked_again()
    {
        var stock = new QueueStock();
        stock.Add(0, Task(1, 1) with { SkippedBy = ["ann"] }, Far, Now);
        Assert.Null(stock.Take("ann", Now, Now.AddMinutes(1)));
        Assert.Empty(stock.Holders(Now));
        Assert.NotNull(stock.Take("bob", Now, Now.AddMinutes(1)));
        Assert.Equal(["bob"], stock.Holders(Now));
        Assert.Empty(stock.Holders(Now.AddMinutes(1)));
    }

    [Fact]
    public void No_lease_outlives_its_reservation_on_disk()
    {
        var stock = new QueueStock();
        stock.Add(3, Task(1, 1), Now.AddMinutes(1), Now);
        Assert.Null(stock.Take("ann", Now, Now.AddMinutes(2)));
        var (shard, images) = Assert.Single(stock.RunningOut(Now.AddMinutes(2)));
        Assert.Equal(3, shard);
        stock.Extended(images, Far);
        Assert.NotNull(stock.Take("ann", Now, Now.AddMinutes(2)));
    }

    [Fact]
    public void What_is_set_aside_no_longer_is_forgotten_and_its_shards_are_named()
    {
        var stock = new QueueStock();
        stock.Add(3, Task(1, 1), Now.AddMinutes(1), Now);
        stock.Add(4, Task(2, 2), Now.AddMinutes(2), Now);
        Assert.NotNull(stock.Take("ann", Now, Now.AddSeconds(30)));
        Assert.Empty(stock.ForgetRunOut(Now.AddSeconds(59)));
        Assert.Equal([3], stock.ForgetRunOut(Now.AddMinutes(1)));
        Assert.Equal((0, 1), (stock.Free, stock.Count));
        Assert.Equal([4], stock.ForgetRunOut(Now.AddMinutes(2)));
        Assert.Equal((0, 0, 0), (stock.Free, stock.Count, stock.HeldBy("ann", Now)));
    }

    [Fact]
    public void Given_back_is_what_stays_set_aside_for_a_while()
    {
        var stock = new QueueStock();
        stock.Add(3, Task(1, 1), Now.AddMinutes(1), Now);
        stock.Add(4, Task(2, 2), Now.AddMinutes(2), Now);
        var (shard, images) = Assert.Single(stock.TakeAllFree(Now.AddMinutes(2)));
        Assert.Equal(4, shard);
        Assert.Equal([ShardIndexTests.IdOf(2)], images);
        Assert.Equal(0, stock.Count);
    }

    [Fact]
    public void The_oldest_offer_is_that_of_the_free_task_that_waited_longest()
    {
        var stock = new QueueStock();
        Assert.Null(stock.OldestOffer);
        stock.Add(0, Task(1, 5), Far, Now);
        stock.Add(0, Task(2, 9), Far, Now.AddSeconds(1));
        stock.Take("ann", Now.AddSeconds(2), Now.AddMinutes(1));
        Assert.Equal(Now, stock.OldestOffer);
        stock.Remove(ShardIndexTests.IdOf(1));
        Assert.Null(stock.OldestOffer);
        // Given back, it begins to wait anew.
        stock.PutBack(ShardIndexTests.IdOf(2), "ann", skipped: false, Now.AddSeconds(9));
        Assert.Equal(Now.AddSeconds(9), stock.OldestOffer);
    }

    [Fact]
    public void An_answered_task_is_gone_and_a_stranger_cannot_give_it_back()
    {
        var stock = new QueueStock();
        stock.Add(0, Task(1, 1), Far, Now);
        stock.Add(0, Task(2, 2), Far, Now);
        stock.Take("ann", Now, Now.AddMinutes(1));
        stock.PutBack(ShardIndexTests.IdOf(2), "bob", skipped: false, Now);
        stock.Remove(ShardIndexTests.IdOf(1));
        Assert.Equal((0, 1), (stock.Free, stock.Count));
    }

    [Fact]
    public void What_somebody_holds_is_counted_until_it_is_answered_given_back_or_its_lease_ends()
    {
        var stock = new QueueStock();
        for (var i = 0; i < 6; i++) stock.Add(0, Task(i, i), Far, Now);
        for (var i = 0; i < 4; i++) stock.Take("ann", Now, Now.AddMinutes(1));
        stock.Take("bob", Now, Now.AddMinutes(2));
        Assert.Equal((4, 1, 0), (stock.HeldBy("ann", Now), stock.HeldBy("bob", Now), stock.HeldBy("eve", Now)));
        stock.Remove(ShardIndexTests.IdOf(5));
        stock.PutBack(ShardIndexTests.IdOf(4), "ann", skipped: false, Now);
        // It is not his to give back.
        stock.PutBack(ShardIndexTests.IdOf(3), "bob", skipped: false, Now);
        Assert.Equal((2, 1), (stock.HeldBy("ann", Now), stock.HeldBy("bob", Now)));
        Assert.Equal((0, 1), (stock.HeldBy("ann", Now.AddMinutes(1)), stock.HeldBy("bob", Now.AddMinutes(1))));
        Assert.Equal(["bob"], stock.Holders(Now.AddMinutes(1)));
    }

    /// <summary>The count beside the tasks against the tasks themselves, whatever happens in whatever order.</summary>
    [Fact]
    public void What_everybody_holds_is_what_a_count_of_all_tasks_gives() =>
        Gen.Select(Gen.Int[0, 5], Gen.Int[0, 9], Gen.Int[0, 2], Gen.Int[1, 40]).Array[0, 150].Sample(steps =>
        {
            var stock = new QueueStock();
            var held = new Dictionary<int, (string Actor, DateTimeOffset Ends)>();
            var now = Now;
            foreach (var (what, at, person, seconds) in steps)
            {
                var actor = $"person {person}";
                switch (what)
                {
                    case 0:
                        stock.Add(0, Task(at, at), Far, now);
                        break;
                    case 1 or 2:
                        var ends = now.AddSeconds(seconds);
                        if (stock.Take(actor, now, ends) is { } task) held[int.Parse(task.Name)] = (actor, ends);
                        break;
                    case 3:
                        stock.Remove(ShardIndexTests.IdOf(at));
                        held.Remove(at);
                        break;
                    case 4:
                        stock.PutBack(ShardIndexTests.IdOf(at), actor, skipped: seconds % 2 == 0, now);
                        if (held.TryGetValue(at, out var whose) && whose.Actor == actor) held.Remove(at);
                        break;
                    default:
                        now = now.AddSeconds(seconds);
                        break;
                }
                foreach (var (image, (_, ends)) in held)
                    if (ends <= now) held.Remove(image);
                for (var p = 0; p < 3; p++)
                {
                    var count = held.Values.Count(h => h.Actor == $"person {p}");
                    Assert.Equal(count, stock.HeldBy($"person {p}", now));
                }
                Assert.Equal(held.Values.Select(h => h.Actor).Distinct().Order(), stock.Holders(now).Order());
            }
        }, iter: 400);
}
