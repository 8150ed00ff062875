using CsCheck;
using Winnow.Abstractions.Review;
using Winnow.Cluster.Tests.Images;
using Winnow.Grains.Review;

namespace Winnow.Cluster.Tests.Review;

/// <summary>What a person is given is what a look at every task would find, whatever they have passed over before.</summary>
public sealed class FreeTasksTests
{
    private static readonly DateTimeOffset Now = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private static readonly string[] People = ["ann", "bob", "cem", "dan"];

    private static HeldTask Task(int i, double priority, string[] answeredBy) => new(
        0, new ReservedTask(ShardIndexTests.IdOf(i), $"{i}", priority, 0, -1, 0, null, AnsweredBy: answeredBy), Now.AddDays(1), 1);

    private static HeldTask? Naive(IEnumerable<HeldTask> free, string actor) =>
        free.Where(t => t.MayTake(actor, again: false)).Order(Comparer<HeldTask>.Create(FreeTasks.Compare)).FirstOrDefault();

    [Fact]
    public void The_first_is_what_a_look_at_all_of_them_would_find() =>
        Gen.Select(Gen.Int[0, 9], Gen.Int[0, 3], Gen.Int[0, 40], Gen.Int[0, 15]).Array[10, 120].Sample(steps =>
        {
            var (tasks, free) = (new FreeTasks(), new HashSet<HeldTask>());
            var all = new List<HeldTask>();
            foreach (var (act, person, which, answered) in steps)
            {
                var actor = People[person];
                if (act < 4)
                {
                    string[] by = [.. People.Where((_, i) => (answered >> i & 1) == 1)];
                    var task = Task(all.Count, which % 7, by);
                    all.Add(task);
                    free.Add(task);
                    tasks.Offer(task);
                }
                else if (act < 7)
                {
                    var found = tasks.First(actor, Now.AddHours(1), again: false);
                    Assert.Same(Naive(free, actor), found);
                    if (act == 4 || found is null) continue;
                    // Somebody takes it.
                    free.Remove(found);
                    tasks.Remove(found);
                }
                else if (act == 7) Assert.Equal(
                    Math.Min(3, free.Count(t => t.MayTake(actor, again: false))), tasks.NewTo(actor, 3));
                else if (all.Count > 0)
                {
                    // It comes back, or may be asked of somebody of whom it could not be.
                    var task = all[which % all.Count];
                    if (act == 8) task.AskAgain(actor, labels: 1);
                    free.Add(task);
                    tasks.Offer(task);
                }
            }
        }, iter: 2_000);

    [Fact]
    public void Who_has_not_asked_for_long_looks_at_all_anew()
    {
        var tasks = new FreeTasks();
        tasks.Offer(Task(0, 5, ["ann"]));
        Assert.Null(tasks.First("ann", Now, again: false));
        var first = Task(1, 9, []);
        tasks.Offer(first);
        // So many come and go that nobody knows of all of them.
        for (var i = 2; i < 40_000; i++)
        {
            var task = Task(i, 1, ["ann"]);
            tasks.Offer(task);
            tasks.Remove(task);
        }
        Assert.Same(first, tasks.First("ann", Now, again: false));
    }
}
