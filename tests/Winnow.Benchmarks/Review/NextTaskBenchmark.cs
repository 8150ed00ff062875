using System.Diagnostics;
using Winnow.Benchmarks.Measuring;
using Winnow.Benchmarks.Seeding;

namespace Winnow.Benchmarks.Review;

/// <summary>
/// People who ask for their next task and answer it, over HTTP, while a million tasks are open: how long they wait, beside an echo of the
/// same size.
/// </summary>
/// <param name="mixed">
/// Whether tasks of all kinds are open, and 200 people work who have answered 5,000 each: they are not asked about what they have answered.
/// </param>
internal sealed class NextTaskBenchmark(bool mixed = false) : IBenchmark
{
    private int Reviewers => mixed ? 200 : 64;

    // So that as many ask in a second.
    private TimeSpan Steady => TimeSpan.FromMilliseconds(mixed ? 625 : 200);
    // Of a lease and of a submission of one task, as they go over the wire.
    private const int Asked = 40, Task = 620, Answer = 330, Result = 150;

    public string Name => mixed ? "next-task-mixed" : "next-task";

    public string Describes => mixed
        ? "the same with tasks to label, verify and arbitrate, and 200 people who have answered 5,000 each"
        : "1,000,000 open tasks, 64 reviewers at once: take and submit; floor: an HTTP echo of the same size";

    public async Task RunAsync(BenchmarkRun run)
    {
        var plan = mixed
            ? new SeedPlan { Images = run.Size(1_600_000), Tasks = run.Size(600_000), Answered = run.Size(1_000_000), Dimensions = 0 }
            : new SeedPlan { Images = run.Size(1_000_000), Tasks = run.Size(1_000_000), Dimensions = 0 };
        await SeededDataset.WriteAsync(run.Folder, plan, run.Stop);
        run.Say($"{plan.Tasks + (plan.Answered * 8 / 20):N0} open tasks seeded");
        await using var silo = await BenchmarkSilo.StartIdleAsync(run.Folder, run.Stop);
        await using var echo = await EchoServer.StartAsync(run.Stop);
        var crew = new ReviewCrew(silo.Url, plan.Name, Reviewers, run.Stop);
        // Opens the shards and fills the queue, which a reviewer meets once in the life of a silo.
        await crew.WorkAsync(Reviewers, TimeSpan.Zero, new Latencies(), new Latencies());

        // People who look at an image for a second or two are not there 64 times at once; these take a fifth of a second, and the others
        // none at all.
        await MeasureAsync(run, crew, echo, "steady", run.Size(12_000, 640), Steady);
        await MeasureAsync(run, crew, echo, "flat-out", run.Size(24_000, 640), TimeSpan.Zero);
        if (crew.Problem is { } problem) throw new InvalidOperationException(problem);
        run.Say($"{crew.Kinds()}");
        run.Say($"{crew.Answered:N0} tasks answered, none handed out twice; the reviewer who got fewest in a run got {crew.LeastShare:P0} "
            + $"of an even share");
    }

    private async Task MeasureAsync(BenchmarkRun run, ReviewCrew crew, EchoServer echo, string name, int tasks, TimeSpan pause)
    {
        var (takes, submits, asks, answers) = (new PairedSamples(), new PairedSamples(), new PairedSamples(), new PairedSamples());
        for (var repeat = 0; repeat < run.Repeats(3); repeat++)
        {
            var (take, submit, ask, answer) = (new Latencies(), new Latencies(), new Latencies(), new Latencies());
            await System.Threading.Tasks.Task.WhenAll(Enumerable.Range(0, Reviewers).Select(async i =>
            {
                var random = new Random(i);
                await ReviewCrew.ComeAsync(pause, random, run.Stop);
                for (var n = 0; n < tasks / Reviewers; n++)
                {
                    await ask.TimeAsync(() => echo.CallAsync(Asked, Task, run.Stop));
                    await ReviewCrew.Pause(pause, random, run.Stop);
                    await answer.TimeAsync(() => echo.CallAsync(Answer, Result, run.Stop));
                }
            }));
            using var profile = new WaitProfile();
            var started = Stopwatch.GetTimestamp();
            await crew.WorkAsync(tasks, pause, take, submit);
            run.Say($"{name}: {tasks / Stopwatch.GetElapsedTime(started).TotalSeconds:N0} tasks/s; take {take.Percentile(0.5):F1} / "
                + $"{take.Percentile(0.95):F1} / {take.Percentile(0.99):F1} ms, submit {submit.Percentile(0.5):F1} / "
                + $"{submit.Percentile(0.95):F1} / {submit.Percentile(0.99):F1} ms at p50 / p95 / p99");
            run.Say($"{name}: the slowest hundredth of takes waited for {profile.Of(take.Slowest(0.01))}; of submissions for "
                + $"{profile.Of(submit.Slowest(0.01))}");
            takes.Add(take.Percentile(0.99), ask.Percentile(0.99));
            submits.Add(submit.Percentile(0.99), answer.Percentile(0.99));
        }
        run.Report($"{Name}/{name}/take-p99", "ms", takes, pause > TimeSpan.Zero ? "20 ms" : null);
        run.Report($"{Name}/{name}/submit-p99", "ms", submits, pause > TimeSpan.Zero ? "50 ms" : null);
    }
}
