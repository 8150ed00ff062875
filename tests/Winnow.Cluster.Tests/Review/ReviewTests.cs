using CsCheck;
using Winnow.Abstractions.Review;
using Winnow.Cluster.Tests.Images;
using Winnow.Grains.Images;
using Winnow.Grains.Ports;
using Winnow.Grains.Review;
using Winnow.Model.Images;

namespace Winnow.Cluster.Tests.Review;

public sealed class LeaseTokenTests
{
    private static readonly Lease Given = new("cats", ShardIndexTests.IdOf(1), 3, "ann", DateTimeOffset.FromUnixTimeMilliseconds(1_800_000_000_123));

    [Fact]
    public void A_lease_is_read_as_it_was_signed()
    {
        var tokens = new LeaseTokens([1, 2, 3]);
        Assert.True(tokens.TryRead(tokens.Sign(Given), out var read));
        Assert.Equal(Given, read);
    }

    [Fact]
    public void No_change_of_a_token_goes_unseen()
    {
        var tokens = new LeaseTokens([1, 2, 3]);
        var token = tokens.Sign(Given);
        Gen.Select(Gen.Int[0, token.Length - 1], Gen.Char["abcdefghijklmnopqrstuvwxyz0123456789-_"]).Sample((at, c) =>
        {
            if (token[at] == c) return;
            var forged = token[..at] + c + token[(at + 1)..];
            // The last character may carry bits that no byte uses.
            Assert.True(!tokens.TryRead(forged, out var read) || read == Given);
        });
        Assert.False(new LeaseTokens([9]).TryRead(token, out _));
        for (var length = 0; length < token.Length; length++) Assert.False(tokens.TryRead(token[..length], out _));
    }
}

public sealed class TaskBookTests
{
    private static readonly DateTimeOffset Now = DateTimeOffset.UnixEpoch.AddYears(50);

    private static (ShardIndex Index, TaskBook Book) Make(int images)
    {
        var index = new ShardIndex();
        for (var i = 0; i < images; i++) index.Add(ShardIndexTests.IdOf(i), Partition.Pool, -1, false);
        return (index, new TaskBook(index));
    }

    private static TaskRow Task(int ordinal, float priority, string arm = "main", int round = 1) => new(ordinal, arm, round, priority, DateTimeOffset.UnixEpoch);

    [Fact]
    public void Tasks_come_by_priority_and_only_once()
    {
        var (_, book) = Make(3);
        book.Add(Task(0, 0.1f));
        book.Add(Task(1, 0.9f));
        book.Add(Task(2, 0.5f));
        Assert.Equal([1, 2], book.Reserve(2, Now, Now.AddMinutes(1)));
        Assert.Equal([0], book.Reserve(9, Now, Now.AddMinutes(1)));
        Assert.Equal((3, 0), (book.Open, book.Free));
    }

    [Fact]
    public void A_reservation_that_ran_out_is_offered_again()
    {
        var (_, book) = Make(1);
        book.Add(Task(0, 1));
        book.Reserve(1, Now, Now.AddMinutes(1));
        Assert.Empty(book.Reserve(1, Now.AddSeconds(59), Now.AddMinutes(5)));
        Assert.Equal([0], book.Reserve(1, Now.AddSeconds(60), Now.AddMinutes(5)));
    }

    [Fact]
    public void An_image_that_two_arms_ask_about_is_one_task()
    {
        var (index, book) = Make(1);
        book.Add(Task(0, 0.2f));
        book.Add(Task(0, 0.8f, "control", 4));
        Assert.Equal(1, book.Open);
        Assert.Equal([("main", 1), ("control", 4)], book.AskedBy(0));
        index.Decide(0, 1, 0, true, Stage.Labeled);
        book.Close(0, wasOpen: true);
        Assert.Equal((0, 0), (book.Open, book.Free));
        Assert.Equal((0, 4), (book.Open, book.ArmRounds("control")[0]));
    }

    [Fact]
    public void A_task_that_another_arm_paid_for_is_answered_at_once()
    {
        var (index, book) = Make(1);
        index.Decide(0, 1, 0, true, Stage.Labeled);
        book.Add(Task(0, 1));
        Assert.Equal((0, 1), (book.Open, book.ArmRounds("main")[0]));
    }

    [Fact]
    public void What_an_arm_withdraws_is_no_task_unless_another_asks_too()
    {
        var (index, book) = Make(3);
        book.Add(Task(0, 0.2f));
        book.Add(Task(0, 0.8f, "control"));
        book.Add(Task(1, 0.5f));
        Assert.Equal([0, 1], book.Reserve(9, Now, Now.AddMinutes(1)));
        Assert.False(book.Withdraw("main", 0));
        Assert.True(book.Withdraw("main", 1));
        Assert.False(book.Withdraw("main", 1));
        Assert.False(book.Withdraw("other", 2));
        Assert.Equal((1, 0, Stage.Received), (book.Open, book.Free, index.StageOf(1, 0)));
        Assert.False(book.Contains("main", 0));
        Assert.False(index.Has(1, ShardIndex.Flags.Reserved));
        // Its reservation is gone with it: asked again, it is free at once.
        book.Add(Task(1, 0.1f, round: 2));
        Assert.Equal([1], book.Reserve(9, Now, Now.AddMinutes(1)));
        Assert.Equal(2, book.ArmRounds("main")[1]);
    }

    [Fact]
    public void No_task_is_lost_or_handed_out_twice_whatever_happens() => Gen.Select(Gen.Int[1, 30], Gen.Select(Gen.Int[0, 4], Gen.Int[0, 29]).Array[0, 200]).Sample((images, steps) =>
    {
        var (index, book) = Make(images);
        var held = new HashSet<int>();
        var asked = new HashSet<int>();
        var closed = new HashSet<int>();
        foreach (var (what, at) in steps)
        {
            var ordinal = at % images;
            switch (what)
            {
                case 0:
                    book.Add(Task(ordinal, at));
                    asked.Add(ordinal);
                    break;
                case 1:
                    foreach (var taken in book.Reserve(3, Now, Now.AddHours(1))) Assert.True(held.Add(taken));
                    break;
                case 2:
                    book.Release(ordinal);
                    held.Remove(ordinal);
                    break;
                case 3 when index.IsOpen(ordinal):
                    Assert.True(book.Withdraw("main", ordinal));
                    asked.Remove(ordinal);
                    held.Remove(ordinal);
                    break;
                default:
                    var wasOpen = index.IsOpen(ordinal);
                    index.Decide(ordinal, index.VersionOf(ordinal) + 1, 0, true, Stage.Labeled);
                    book.Close(ordinal, wasOpen);
                    held.Remove(ordinal);
                    closed.Add(ordinal);
                    break;
            }
            Assert.Equal(asked.Except(closed).Count(), book.Open);
        }
        foreach (var taken in book.Reserve(int.MaxValue, Now, Now.AddHours(1))) Assert.True(held.Add(taken));
        Assert.Equal(asked.Except(closed).Order(), held.Order());
    }, iter: 300);
}

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
}

public sealed class PeopleAtWorkTests
{
    private static readonly DateTimeOffset Now = DateTimeOffset.UnixEpoch.AddYears(50);

    [Fact]
    public void Whoever_asks_is_at_work_until_not_heard_of_for_a_minute()
    {
        var people = new PeopleAtWork();
        people.Heard("ann", Now);
        people.Heard("bob", Now.AddSeconds(50));
        Assert.Equal(["ann", "bob"], people.Lately(Now.AddSeconds(60)));
        Assert.Equal(["bob"], people.Lately(Now.AddSeconds(61)));
        Assert.Empty(people.Lately(Now.AddSeconds(111)));
    }

    [Fact]
    public void Any_number_of_names_is_forgotten_again()
    {
        var people = new PeopleAtWork();
        for (var i = 0; i < 100_000; i++) people.Heard($"name {i}", Now.AddSeconds(i));
        Assert.InRange(people.Remembered, 61, 2_000);
    }
}
