using System.Collections.Concurrent;
using System.Diagnostics;
using Winnow.Benchmarks.Measuring;
using Winnow.Benchmarks.Seeding;
using Winnow.Client;
using Winnow.Model.Images;
using Winnow.Model.Labels;
using Winnow.Model.Review;

namespace Winnow.Benchmarks.Review;

/// <summary>
/// People who ask for their next task and answer it, over HTTP, while a million tasks are open: how long they wait, beside an echo of the
/// same size.
/// </summary>
internal sealed class NextTaskBenchmark : IBenchmark
{
    private const int Reviewers = 64;
    // Of a lease and of a submission of one task, as they go over the wire.
    private const int Asked = 40, Task = 620, Answer = 330, Result = 150;

    public string Name => "next-task";

    public string Describes => "1,000,000 open tasks, 64 reviewers at once: take and submit; floor: an HTTP echo of the same size";

    public async Task RunAsync(BenchmarkRun run)
    {
        var plan = new SeedPlan { Images = run.Size(1_000_000), Tasks = run.Size(1_000_000), Dimensions = 0 };
        await SeededDataset.WriteAsync(run.Folder, plan, run.Stop);
        run.Say($"{plan.Tasks:N0} open tasks seeded");
        await using var silo = await BenchmarkSilo.StartIdleAsync(run.Folder, run.Stop);
        await using var echo = await EchoServer.StartAsync(run.Stop);
        var crew = new Crew(silo.Url, plan.Name, run.Stop);
        // Opens the shards and fills the queue, which a reviewer meets once in the life of a silo.
        await crew.WorkAsync(Reviewers, TimeSpan.Zero, new Latencies(), new Latencies());

        // People who look at an image for a second or two are not there 64 times at once; these take a fifth of a second, and the others
        // none at all.
        await MeasureAsync(run, crew, echo, "steady", run.Size(12_000, 640), TimeSpan.FromMilliseconds(200));
        await MeasureAsync(run, crew, echo, "flat-out", run.Size(24_000, 640), TimeSpan.Zero);
        if (crew.Problem is { } problem) throw new InvalidOperationException(problem);
        run.Say($"{crew.Answered:N0} tasks answered, none handed out twice; the reviewer who got fewest in a run got {crew.LeastShare:P0} "
            + $"of an even share");
    }

    private static async Task MeasureAsync(BenchmarkRun run, Crew crew, EchoServer echo, string name, int tasks, TimeSpan pause)
    {
        var (takes, submits, asks, answers) = (new PairedSamples(), new PairedSamples(), new PairedSamples(), new PairedSamples());
        for (var repeat = 0; repeat < run.Repeats(3); repeat++)
        {
            var (take, submit, ask, answer) = (new Latencies(), new Latencies(), new Latencies(), new Latencies());
            await System.Threading.Tasks.Task.WhenAll(Enumerable.Range(0, Reviewers).Select(async i =>
            {
                var random = new Random(i);
                for (var n = 0; n < tasks / Reviewers; n++)
                {
                    await ask.TimeAsync(() => echo.CallAsync(Asked, Task, run.Stop));
                    await Pause(pause, random, run.Stop);
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
        run.Report($"next-task/{name}/take-p99", "ms", takes, pause > TimeSpan.Zero ? "20 ms" : null);
        run.Report($"next-task/{name}/submit-p99", "ms", submits, pause > TimeSpan.Zero ? "50 ms" : null);
    }

    /// <summary>
    /// Half to one and a half times as long: who pauses for exactly as long as all others comes back with all others, and then the last of
    /// them is measured.
    /// </summary>
    private static Task Pause(TimeSpan pause, Random random, CancellationToken stop) => pause > TimeSpan.Zero
        ? System.Threading.Tasks.Task.Delay(pause * (0.5 + random.NextDouble()), TimeProvider.System, stop)
        : System.Threading.Tasks.Task.CompletedTask;

    /// <summary>The reviewers, each a person of their own.</summary>
    private sealed class Crew(Uri url, string dataset, CancellationToken stop)
    {
        private readonly WinnowClient[] _people =
            [.. Enumerable.Range(0, Reviewers)
                .Select(i => new WinnowClient(new WinnowClientOptions { Address = url, Actor = $"reviewer-{i}", RetryAttempts = 0 }))];
        private readonly ConcurrentDictionary<ImageId, string> _handed = new();

        public int Answered { get; private set; }

        public double LeastShare { get; private set; } = 1;

        public string? Problem { get; private set; }

        /// <summary>Takes and answers tasks until so many are answered, whoever answers them.</summary>
        public async Task WorkAsync(int tasks, TimeSpan pause, Latencies take, Latencies submit)
        {
            var left = tasks;
            var got = new int[Reviewers];
            await System.Threading.Tasks.Task.WhenAll(_people.Select(async (person, i) =>
            {
                var random = new Random(i);
                while (Interlocked.Decrement(ref left) >= 0)
                {
                    var task = (await take.TimeAsync(() => person.LeaseAsync(dataset, new LeaseRequest(1, 0), stop))).SingleOrDefault();
                    if (task is null)
                    {
                        Problem = $"reviewer-{i} got no task while hundreds of thousands were open";
                        return;
                    }
                    if (!_handed.TryAdd(task.Image, $"reviewer-{i}"))
                        Problem = $"{task.Image} was handed to {_handed[task.Image]} and to reviewer-{i}";
                    await Pause(pause, random, stop);
                    var decision = new SubmitDecision(task.Image, Guid.NewGuid(),
                        new Decision { Kind = DecisionKind.Label, Annotations = [new ClassTag("class-1")] }, task.Lease);
                    var result = (await submit.TimeAsync(() => person.SubmitAsync(dataset, [decision], stop))).Single();
                    if (result.Status != SubmitStatus.Recorded) Problem = $"{task.Image}: {result.Status} {result.Reason}";
                    got[i]++;
                }
            }));
            Answered += got.Sum();
            if (tasks > Reviewers) LeastShare = Math.Min(LeastShare, got.Min() / ((double)tasks / Reviewers));
        }
    }
}
