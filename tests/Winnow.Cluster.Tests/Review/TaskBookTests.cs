using CsCheck;
using Winnow.Cluster.Tests.Images;
using Winnow.Grains.Images;
using Winnow.Grains.Ports;
using Winnow.Grains.Shards;
using Winnow.Model.Images;
using Winnow.Model.Review;
using Winnow.Model.Training;

namespace Winnow.Cluster.Tests.Review;

public sealed class TaskBookTests
{
    private static readonly DateTimeOffset Now = DateTimeOffset.UnixEpoch.AddYears(50);

    private static (ShardIndex Index, TaskBook Book) Make(int images)
    {
        var index = new ShardIndex();
        for (var i = 0; i < images; i++) index.Add(ShardIndexTests.IdOf(i), Partition.Pool, -1, false);
        return (index, new TaskBook(index));
    }

    private static TaskRow Task(int ordinal, float priority, string arm = "main", int round = 1) =>
        new(ordinal, arm, round, priority, DateTimeOffset.UnixEpoch);

    [Fact]
    public void What_another_queue_had_set_aside_is_free_a_moment_later_unless_it_is_taken_over()
    {
        var (_, book) = Make(3);
        for (var i = 0; i < 3; i++) book.Add(Task(i, i));
        Assert.Equal([2, 1], book.Reserve(TaskKind.Label, 2, Now, Now.AddMinutes(10)));
        book.TakeOver(7, Now.AddSeconds(8));
        Assert.Equal((7L, 1, true, false), (book.Turn, book.Free, book.IsNewTo(7), book.IsNewTo(6)));
        book.SetAside(2, Now.AddMinutes(9));
        Assert.Equal([0], book.Reserve(TaskKind.Label, 9, Now.AddSeconds(7), Now.AddMinutes(9)));
        // It may be the queue's own, until that has said what it has.
        Assert.Equal(Now.AddSeconds(8), book.ReservedUntil(1));
        Assert.Empty(book.Reserve(TaskKind.Label, 9, Now.AddSeconds(9), Now.AddMinutes(9)));
        book.Kept(6);
        Assert.True(book.IsNewTo(7));
        book.Kept(7);
        Assert.False(book.IsNewTo(7));
        Assert.Equal([1], book.Reserve(TaskKind.Label, 9, Now.AddSeconds(8), Now.AddMinutes(9)));
        // What could not be written is as it was, unless that has changed meanwhile.
        book.SetBack(2, Now.AddMinutes(5), (Now.AddSeconds(8), false));
        Assert.Empty(book.Reserve(TaskKind.Label, 9, Now.AddSeconds(9), Now.AddMinutes(9)));
        book.SetBack(2, Now.AddMinutes(9), (Now.AddSeconds(8), false));
        Assert.Equal([2], book.Reserve(TaskKind.Label, 9, Now.AddSeconds(9), Now.AddMinutes(9)));
        book.SetBack(2, Now.AddMinutes(9), (DateTimeOffset.UnixEpoch, false));
        Assert.Equal([2], book.Reserve(TaskKind.Label, 9, Now.AddSeconds(9), Now.AddMinutes(9)));
    }

    [Fact]
    public void A_queue_that_is_followed_before_it_has_said_what_it_has_takes_no_time_from_people()
    {
        var (_, book) = Make(1);
        book.Add(Task(0, 1));
        // From disk: the shard has just opened.
        book.SetAside(0, Now.AddMinutes(10));
        book.TakeOver(1, Now.AddSeconds(8));
        book.TakeOver(2, Now.AddSeconds(14));
        book.Kept(2);
        Assert.Empty(book.Reserve(TaskKind.Label, 9, Now.AddSeconds(13), Now.AddMinutes(9)));
        Assert.Equal([0], book.Reserve(TaskKind.Label, 9, Now.AddSeconds(14), Now.AddMinutes(9)));
    }

    [Fact]
    public void Tasks_come_by_priority_and_only_once()
    {
        var (_, book) = Make(3);
        book.Add(Task(0, 0.1f));
        book.Add(Task(1, 0.9f));
        book.Add(Task(2, 0.5f));
        Assert.Equal([1, 2], book.Reserve(TaskKind.Label, 2, Now, Now.AddMinutes(1)));
        Assert.Equal([0], book.Reserve(TaskKind.Label, 9, Now, Now.AddMinutes(1)));
        Assert.Equal((3, 0), (book.Open, book.Free));
    }

    [Fact]
    public void A_reservation_that_ran_out_is_offered_again()
    {
        var (_, book) = Make(1);
        book.Add(Task(0, 1));
        book.Reserve(TaskKind.Label, 1, Now, Now.AddMinutes(1));
        Assert.Empty(book.Reserve(TaskKind.Label, 1, Now.AddSeconds(59), Now.AddMinutes(5)));
        Assert.Equal([0], book.Reserve(TaskKind.Label, 1, Now.AddSeconds(60), Now.AddMinutes(5)));
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
        book.Follow(0, TaskKind.Label);
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
        Assert.Equal([0, 1], book.Reserve(TaskKind.Label, 9, Now, Now.AddMinutes(1)));
        Assert.False(book.Withdraw("main", 0));
        Assert.True(book.Withdraw("main", 1));
        Assert.False(book.Withdraw("main", 1));
        Assert.False(book.Withdraw("other", 2));
        Assert.Equal((1, 0, Stage.Received), (book.Open, book.Free, index.StageOf(1, 0)));
        Assert.False(book.Contains("main", 0));
        Assert.False(index.Has(1, ShardIndex.Flags.Reserved));
        // Its reservation is gone with it: asked again, it is free at once.
        book.Add(Task(1, 0.1f, round: 2));
        Assert.Equal([1], book.Reserve(TaskKind.Label, 9, Now, Now.AddMinutes(1)));
        Assert.Equal(2, book.ArmRounds("main")[1]);
    }

    [Fact]
    public void What_is_drawn_for_verification_or_disputed_is_no_rounds_to_withdraw()
    {
        var (index, book) = Make(2);
        foreach (var ordinal in new[] { 0, 1 })
        {
            book.Add(Task(ordinal, 0.5f));
            index.Decide(ordinal, 1, 0, true, Stage.Labeled);
            book.Follow(ordinal, TaskKind.Label);
            book.Add(Task(ordinal, 0.5f, Arms.Verification));
        }
        index.Decide(1, 2, -1, false, Stage.Disputed);
        book.Follow(1, TaskKind.Verify);
        foreach (var ordinal in new[] { 0, 1 }) Assert.False(book.Withdraw("main", ordinal));
        Assert.Equal((TaskKind.Verify, TaskKind.Arbitrate, 2), (index.QuestionOf(0), index.QuestionOf(1), book.Open));
    }

    [Fact]
    public void What_is_worth_something_else_by_now_comes_where_it_belongs_and_once()
    {
        var (_, book) = Make(4);
        for (var i = 0; i < 4; i++) book.Add(Task(i, i));
        Assert.Equal([3], book.Reserve(TaskKind.Label, 1, Now, Now.AddMinutes(1)));
        book.Prioritize(0, 9);
        book.Prioritize(2, -1);
        book.Prioritize(3, 5);
        Assert.Equal((9f, -1f), (book.PriorityOf(0), book.PriorityOf(2)));
        Assert.Equal([0, 1, 2], book.Reserve(TaskKind.Label, 9, Now, Now.AddMinutes(9)));
        Assert.Equal([3], book.Reserve(TaskKind.Label, 9, Now.AddMinutes(1), Now.AddMinutes(9)));
    }

    [Fact]
    public void A_label_that_somebody_verifies_is_a_task_of_its_own_and_a_dispute_another()
    {
        var (index, book) = Make(2);
        book.Add(Task(0, 0.9f));
        book.Add(Task(1, 0.5f));
        Assert.Equal([0], book.Reserve(TaskKind.Label, 1, Now, Now.AddMinutes(9)));
        index.Decide(0, 1, 0, true, Stage.Labeled);
        book.Follow(0, TaskKind.Label);
        Assert.Equal((1, 1, 0), (book.Open, book.FreeOf(TaskKind.Label), book.FreeOf(TaskKind.Verify)));
        book.Add(Task(0, 0.25f, Arms.Verification));
        book.Add(Task(0, 0.75f, Arms.Verification));
        // It was set aside to be labelled, which says nothing of this.
        Assert.Equal((2, 1, 1, 0.25f), (book.Open, book.FreeOf(TaskKind.Label), book.FreeOf(TaskKind.Verify), book.PriorityOf(0)));
        Assert.Equal([0], book.Reserve(TaskKind.Verify, 9, Now, Now.AddMinutes(9)));
        Assert.Equal((2, 1, 0), (book.Open, book.Free, book.FreeOf(TaskKind.Verify)));
        Assert.Equal([1, 1, 0, 0], book.OpenOfEach());
        index.Decide(0, 2, -1, false, Stage.Disputed);
        book.Follow(0, TaskKind.Verify);
        Assert.Equal((TaskKind.Arbitrate, Stage.Disputed), (index.QuestionOf(0), index.StageOf(0, 0)));
        Assert.Empty(book.Reserve(TaskKind.Verify, 9, Now, Now.AddMinutes(9)));
        Assert.Equal([0], book.Reserve(TaskKind.Arbitrate, 9, Now, Now.AddMinutes(9)));
        index.Decide(0, 3, 1, true, Stage.Verified);
        book.Follow(0, TaskKind.Arbitrate);
        Assert.Equal((null, 1, 1), (index.QuestionOf(0), book.Open, book.Free));
    }

    [Fact]
    public void No_task_is_lost_or_handed_out_twice_whatever_happens() =>
        Gen.Select(Gen.Int[1, 30], Gen.Select(Gen.Int[0, 4], Gen.Int[0, 29]).Array[0, 200]).Sample((images, steps) =>
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
                    foreach (var taken in book.Reserve(TaskKind.Label, 3, Now, Now.AddHours(1))) Assert.True(held.Add(taken));
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
                    var before = index.QuestionOf(ordinal);
                    index.Decide(ordinal, index.VersionOf(ordinal) + 1, 0, true, Stage.Labeled);
                    book.Follow(ordinal, before);
                    held.Remove(ordinal);
                    closed.Add(ordinal);
                    break;
            }
            Assert.Equal(asked.Except(closed).Count(), book.Open);
        }
        foreach (var taken in book.Reserve(TaskKind.Label, int.MaxValue, Now, Now.AddHours(1))) Assert.True(held.Add(taken));
        Assert.Equal(asked.Except(closed).Order(), held.Order());
    }, iter: 300);
}
