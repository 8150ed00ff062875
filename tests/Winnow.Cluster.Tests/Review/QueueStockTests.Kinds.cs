using System.Diagnostics;
using Winnow.Cluster.Tests.Images;
using Winnow.Grains.Review;
using Winnow.Model.Review;

namespace Winnow.Cluster.Tests.Review;

/// <summary>Tasks of several kinds, for several people at the same time, and who is passed over.</summary>
public sealed partial class QueueStockTests
{
    private static readonly TaskKind[] All = [TaskKind.Label, TaskKind.Verify, TaskKind.Arbitrate];

    [Fact]
    public void Everybody_is_given_the_kinds_that_they_may_do_best_first()
    {
        var stock = new QueueStock();
        stock.Add(0, Task(1, 1), Far, Now);
        stock.Add(0, Task(2, 2) with { Kind = TaskKind.Verify, AnsweredBy = ["ann"] }, Far, Now);
        stock.Add(0, Task(3, 3) with { Kind = TaskKind.Arbitrate, AnsweredBy = ["ann", "bob"] }, Far, Now);
        Assert.Equal((3, 1, 1), (stock.Free, stock.FreeOf(TaskKind.Verify), stock.FreeOf(TaskKind.Arbitrate)));
        Assert.Equal("1", stock.Take("ann", All, Now, Now.AddMinutes(1))?.Name);
        Assert.Null(stock.Take("ann", All, Now, Now.AddMinutes(1)));
        Assert.Null(stock.Take("bob", [TaskKind.Arbitrate], Now, Now.AddMinutes(1)));
        Assert.Equal("2", stock.Take("bob", All, Now, Now.AddMinutes(1))?.Name);
        Assert.Equal("3", stock.Take("eve", All, Now, Now.AddMinutes(1))?.Name);
    }

    [Fact]
    public void As_many_people_are_at_a_task_as_are_to_answer_it_and_nobody_twice()
    {
        var (stock, image) = (new QueueStock(), ShardIndexTests.IdOf(1));
        stock.Add(0, Task(1, 1), Far, Now, slots: 2);
        Assert.NotNull(stock.Take("ann", Labels, Now, Now.AddMinutes(1)));
        Assert.Null(stock.Take("ann", Labels, Now, Now.AddMinutes(1)));
        Assert.NotNull(stock.Take("bob", Labels, Now, Now.AddMinutes(2)));
        Assert.Null(stock.Take("eve", Labels, Now, Now.AddMinutes(1)));
        Assert.Equal((0, 1, 1), (stock.Free, stock.HeldBy("ann", Now), stock.HeldBy("bob", Now)));
        // Ann answers, which leaves one place, and bob is at it.
        stock.Answered(image, "ann", labels: 2, Now);
        Assert.Null(stock.Take("eve", Labels, Now, Now.AddMinutes(1)));
        Assert.Equal(0, stock.HeldBy("ann", Now));
        stock.PutBack(image, "bob", skipped: true, Now);
        Assert.Null(stock.Take("ann", Labels, Now, Now.AddMinutes(1)));
        Assert.Null(stock.Take("bob", Labels, Now, Now.AddMinutes(1)));
        Assert.NotNull(stock.Take("eve", Labels, Now, Now.AddMinutes(1)));
        stock.Remove(image);
        Assert.Equal((0, 0, 0), (stock.Count, stock.Free, stock.HeldBy("eve", Now)));
    }

    [Fact]
    public void A_lease_of_one_of_several_is_kept_whatever_the_others_have_said()
    {
        var lease = Given("bob", Now) with { Terms = new TaskTerms(TaskKind.Label, 2) };
        var stock = new QueueStock();
        stock.Add(0, Task(1, 1) with { HistoryVersion = 1, AnsweredBy = ["ann"] }, Far, Now);
        Assert.Equal(Now + Period, Present(stock, lease, Now));
        // One on plain terms is of a question that is another by now, and so is one of another kind.
        stock = new QueueStock();
        stock.Add(0, Task(1, 1) with { HistoryVersion = 1 }, Far, Now);
        Assert.Null(Present(stock, lease with { Terms = null }, Now));
        Assert.Null(Present(stock, lease with { Terms = new TaskTerms(TaskKind.Verify), Version = 1 }, Now));
    }

    [Fact]
    public void What_is_asked_now_takes_the_place_of_what_was_asked_before()
    {
        var stock = new QueueStock();
        stock.Add(0, Task(1, 1), Far, Now);
        stock.Take("ann", Labels, Now, Now.AddMinutes(1));
        stock.Add(0, Task(1, 1) with { Kind = TaskKind.Verify, HistoryVersion = 1, AnsweredBy = ["ann"] }, Far, Now);
        Assert.Equal((1, 0), (stock.Count, stock.HeldBy("ann", Now)));
        // Word that the first was answered comes late.
        Assert.False(stock.IsOfBefore(ShardIndexTests.IdOf(1), 1));
        Assert.Equal(TaskKind.Verify, stock.Take("bob", All, Now, Now.AddMinutes(1))?.Kind);
    }

    /// <summary>A person who may do nothing of what is there looks through it once, and what comes then is found.</summary>
    [Fact]
    public void Nothing_is_passed_over_twice()
    {
        const int Own = 20_000;
        var stock = new QueueStock();
        for (var i = 0; i < Own; i++) stock.Add(0, Task(i, 2) with { Kind = TaskKind.Verify, AnsweredBy = ["ann"] }, Far, Now);
        Assert.Null(stock.Take("ann", All, Now, Now.AddMinutes(1), again: false));
        var started = Stopwatch.GetTimestamp();
        for (var i = 0; i < 1_000; i++) Assert.Null(stock.Take("ann", All, Now, Now.AddMinutes(1), again: false));
        // Each would take a millisecond and more; all of them do now.
        Assert.True(Stopwatch.GetElapsedTime(started) < TimeSpan.FromSeconds(1));
        // Behind all that, before all that, and one among them that she may do after all.
        stock.Add(0, Task(Own, 1) with { Kind = TaskKind.Verify, AnsweredBy = ["bob"] }, Far, Now);
        stock.Add(0, Task(Own + 1, 3) with { Kind = TaskKind.Verify, AnsweredBy = ["bob"] }, Far, Now);
        Assert.Equal([$"{Own + 1}", $"{Own}", null],
            Enumerable.Range(0, 3).Select(_ => stock.Take("ann", All, Now, Now.AddMinutes(1), again: false)?.Name));
        Assert.Equal(Own, stock.FreeOf(TaskKind.Verify));
    }

    [Fact]
    public void What_is_worth_more_by_now_comes_first_and_whoever_is_at_it_goes_on()
    {
        var stock = new QueueStock();
        for (var i = 1; i <= 3; i++) stock.Add(0, Task(i, i), Far, Now);
        Assert.Equal("3", stock.Take("ann", Labels, Now, Now.AddMinutes(1))?.Name);
        stock.Prioritize(ShardIndexTests.IdOf(3), 0);
        stock.Prioritize(ShardIndexTests.IdOf(1), 9);
        stock.Prioritize(ShardIndexTests.IdOf(4), 9);
        Assert.Equal(("1", 9.0), stock.Take("bob", Labels, Now, Now.AddMinutes(2)) is { } first ? (first.Name, first.Priority) : default);
        Assert.Equal((1, 1, 3), (stock.HeldBy("ann", Now), stock.Free, stock.Count));
        // Her lease ends as it would have.
        Assert.Equal((0, 2), (stock.HeldBy("ann", Now.AddMinutes(1)), stock.Free));
        Assert.Equal(["2", "3"], Enumerable.Range(0, 2).Select(_ => stock.Take("eve", Labels, Now.AddMinutes(1), Now.AddMinutes(2))?.Name));
        stock.Remove(ShardIndexTests.IdOf(3));
        Assert.Equal((1, 0, 2), (stock.HeldBy("eve", Now.AddMinutes(1)), stock.Free, stock.Count));
    }

    [Fact]
    public void Who_may_be_asked_after_all_finds_what_they_have_passed_over()
    {
        var stock = new QueueStock();
        for (var i = 1; i <= 3; i++) stock.Add(0, Task(i, i) with { SkippedBy = ["ann"] }, Far, Now);
        Assert.Null(stock.Take("ann", Labels, Now, Now.AddMinutes(1), again: false));
        stock.MayAsk(ShardIndexTests.IdOf(2), "ann");
        Assert.Equal("2", stock.Take("ann", Labels, Now, Now.AddMinutes(1), again: false)?.Name);
        Assert.Null(stock.Take("ann", Labels, Now, Now.AddMinutes(1), again: false));
        // Given back it is passed over, and comes where that is asked for.
        stock.PutBack(ShardIndexTests.IdOf(2), "ann", skipped: false, Now);
        Assert.Null(stock.Take("ann", Labels, Now, Now.AddMinutes(1), again: false));
        Assert.Equal("2", stock.Take("ann", Labels, Now, Now.AddMinutes(1), again: true)?.Name);
    }
}
