using CsCheck;
using Winnow.Abstractions.Review;
using Winnow.Cluster.Tests.Images;
using Winnow.Grains.Review;
using Winnow.Model.Review;

namespace Winnow.Cluster.Tests.Review;

public sealed partial class QueueStockTests
{
    private static readonly DateTimeOffset Now = DateTimeOffset.UnixEpoch.AddYears(50);
    private static readonly DateTimeOffset Far = Now.AddDays(1);
    private static readonly TaskKind[] Labels = [TaskKind.Label];

    private static ReservedTask Task(int i, double priority) => new(ShardIndexTests.IdOf(i), $"{i}", priority, 0, -1, 0, null);

    [Fact]
    public void The_best_task_comes_first_and_no_task_twice()
    {
        var stock = new QueueStock();
        for (var i = 0; i < 5; i++) stock.Add(0, Task(i, i), Far, Now);
        Assert.Equal(["4", "3", "2", "1", "0"],
            Enumerable.Range(0, 5).Select(_ => stock.Take("ann", Labels, Now, Now.AddMinutes(1))!.Value.Name));
        Assert.Null(stock.Take("bob", Labels, Now, Now.AddMinutes(1)));
    }

    [Fact]
    public void A_lease_that_ran_out_is_handed_to_the_next()
    {
        var stock = new QueueStock();
        stock.Add(0, Task(1, 1), Far, Now);
        Assert.NotNull(stock.Take("ann", Labels, Now, Now.AddMinutes(1)));
        Assert.Null(stock.Take("bob", Labels, Now.AddSeconds(59), Now.AddMinutes(2)));
        Assert.NotNull(stock.Take("bob", Labels, Now.AddSeconds(60), Now.AddMinutes(2)));
        // Ann's lease has ended: what it would end is Bob's now.
        Assert.Null(stock.Take("ann", Labels, Now.AddSeconds(61), Now.AddMinutes(2)));
    }

    [Fact]
    public void Whoever_could_not_tell_is_not_asked_again()
    {
        var stock = new QueueStock();
        stock.Add(0, Task(1, 1), Far, Now);
        stock.Take("ann", Labels, Now, Now.AddMinutes(1));
        stock.PutBack(ShardIndexTests.IdOf(1), "ann", skipped: true, Now);
        Assert.Null(stock.Take("ann", Labels, Now, Now.AddMinutes(1)));
        Assert.NotNull(stock.Take("bob", Labels, Now, Now.AddMinutes(1)));
    }

    [Fact]
    public void What_somebody_gave_back_comes_to_them_again_only_where_it_is_asked_for()
    {
        var stock = new QueueStock();
        for (var i = 1; i <= 2; i++) stock.Add(0, Task(i, i), Far, Now);
        Assert.Equal("2", stock.Take("ann", Labels, Now, Now.AddMinutes(1), again: false)?.Name);
        stock.PutBack(ShardIndexTests.IdOf(2), "ann", skipped: false, Now);
        Assert.Equal((2, 1, 2), (stock.Free, stock.NewTo("ann", TaskKind.Label, 9), stock.NewTo("bob", TaskKind.Label, 9)));
        Assert.Equal("1", stock.Take("ann", Labels, Now, Now.AddMinutes(1), again: false)?.Name);
        Assert.Null(stock.Take("ann", Labels, Now, Now.AddMinutes(1), again: false));
        Assert.Equal("2", stock.Take("ann", Labels, Now, Now.AddMinutes(1), again: true)?.Name);
        stock.PutBack(ShardIndexTests.IdOf(2), "ann", skipped: false, Now);
        Assert.Equal("2", stock.Take("bob", Labels, Now, Now.AddMinutes(1), again: false)?.Name);
    }

    [Fact]
    public void Whoever_could_not_tell_before_the_queue_woke_is_not_asked_again()
    {
        var stock = new QueueStock();
        stock.Add(0, Task(1, 1) with { SkippedBy = ["ann"] }, Far, Now);
        Assert.Null(stock.Take("ann", Labels, Now, Now.AddMinutes(1)));
        Assert.Empty(stock.Holders(Now));
        Assert.NotNull(stock.Take("bob", Labels, Now, Now.AddMinutes(1)));
        Assert.Equal(["bob"], stock.Holders(Now));
        Assert.Empty(stock.Holders(Now.AddMinutes(1)));
    }

    [Fact]
    public void No_lease_outlives_its_reservation_on_disk()
    {
        var stock = new QueueStock();
        stock.Add(3, Task(1, 1), Now.AddMinutes(1), Now);
        Assert.Null(stock.Take("ann", Labels, Now, Now.AddMinutes(2)));
        var (shard, images) = Assert.Single(stock.RunningOut(Now.AddMinutes(2)));
        Assert.Equal(3, shard);
        stock.Extended(images, Far);
        Assert.NotNull(stock.Take("ann", Labels, Now, Now.AddMinutes(2)));
    }

    [Fact]
    public void What_is_set_aside_no_longer_is_forgotten_and_its_shards_are_named()
    {
        var stock = new QueueStock();
        stock.Add(3, Task(1, 1), Now.AddMinutes(1), Now);
        stock.Add(4, Task(2, 2), Now.AddMinutes(2), Now);
        Assert.NotNull(stock.Take("ann", Labels, Now, Now.AddSeconds(30)));
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
        stock.Take("ann", Labels, Now.AddSeconds(2), Now.AddMinutes(1));
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
        stock.Take("ann", Labels, Now, Now.AddMinutes(1));
        stock.PutBack(ShardIndexTests.IdOf(2), "bob", skipped: false, Now);
        stock.Remove(ShardIndexTests.IdOf(1));
        Assert.Equal((0, 1), (stock.Free, stock.Count));
    }

    [Fact]
    public void What_somebody_holds_is_counted_until_it_is_answered_given_back_or_its_lease_ends()
    {
        var stock = new QueueStock();
        for (var i = 0; i < 6; i++) stock.Add(0, Task(i, i), Far, Now);
        for (var i = 0; i < 4; i++) stock.Take("ann", Labels, Now, Now.AddMinutes(1));
        stock.Take("bob", Labels, Now, Now.AddMinutes(2));
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
                        if (stock.Take(actor, Labels, now, ends) is { } task) held[int.Parse(task.Name)] = (actor, ends);
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
