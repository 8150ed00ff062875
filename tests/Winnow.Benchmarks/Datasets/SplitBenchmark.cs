using System.Diagnostics;
using Winnow.Abstractions.Datasets;
using Winnow.Abstractions.Images;
using Winnow.Abstractions.Review;
using Winnow.Benchmarks.Measuring;
using Winnow.Benchmarks.Seeding;
using Winnow.Model.Images;
using Winnow.Model.Labels;
using Winnow.Model.Review;
using Winnow.Testing;

namespace Winnow.Benchmarks.Datasets;

/// <summary>
/// A million images whose shards are doubled while people look at images and decide about them: how long they wait, beside the same people
/// on the same silo before.
/// </summary>
internal sealed class SplitBenchmark : IBenchmark
{
    private const int Readers = 4;
    private const int Reviewers = 8;
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(10);

    public string Name => "split";

    public string Describes =>
        "1,000,000 images whose shards are doubled three times under reads and decisions; floor: the same beforehand";

    public async Task RunAsync(BenchmarkRun run)
    {
        var plan = new SeedPlan { Images = run.Size(1_000_000, 8_000), Tasks = run.Size(200_000, 4_000) };
        await SeededDataset.WriteAsync(run.Folder, plan, run.Stop);
        await using var silo = await BenchmarkSilo.StartIdleAsync(run.Folder, run.Stop, "--Shard:KeepSuperseded", "1.00:00:00");
        var people = await People.ComeAsync(silo.Grains, plan, run.Stop);
        var still = TimeSpan.FromSeconds(run.Quick ? 1 : 10);
        await people.WorkAsync(new Latencies(), new Latencies(), () => Task.Delay(still / 4, TimeProvider.System, run.Stop));

        var (usual, longest, decisions) = (new PairedSamples(), new PairedSamples(), new PairedSamples());
        for (var shards = plan.Shards * 2; shards <= plan.Shards << run.Repeats(3); shards *= 2)
        {
            var (read, decided, readBefore, decidedBefore) = (new Latencies(), new Latencies(), new Latencies(), new Latencies());
            await people.WorkAsync(readBefore, decidedBefore, () => Task.Delay(still, TimeProvider.System, run.Stop));
            var started = Stopwatch.GetTimestamp();
            await people.WorkAsync(read, decided, () => SplitAsync(silo.Grains, plan.Name, shards, run.Stop));
            run.Say($"{shards / 2} to {shards} shards in {Stopwatch.GetElapsedTime(started).TotalSeconds:F1} s, {read.Count:N0} reads: "
                + $"p50 {read.Percentile(0.5):F1}, p99 {read.Percentile(0.99):F1}, longest {read.Percentile(1):F0} ms (before: "
                + $"{readBefore.Percentile(0.5):F1}, {readBefore.Percentile(0.99):F1}, {readBefore.Percentile(1):F0} ms); longest "
                + $"decision {decided.Percentile(1):F0} ms");
            usual.Add(read.Percentile(0.99), readBefore.Percentile(0.99));
            longest.Add(read.Percentile(1), readBefore.Percentile(1));
            decisions.Add(decided.Percentile(1), decidedBefore.Percentile(1));
        }
        run.Report("split/read-p99", "ms", usual);
        run.Report("split/longest-read", "ms", longest, "no pause: a fraction of a second");
        run.Report("split/longest-decision", "ms", decisions, "seconds");
    }

    private static async Task SplitAsync(IGrainFactory grains, string dataset, int shards, CancellationToken stop)
    {
        await grains.GetGrain<ISplitGrain>(dataset).StartAsync(shards, "person:ada", stop);
        var last = "";
        await Until.TrueAsync(async () =>
        {
            var progress = await grains.GetGrain<ISplitGrain>(dataset).GetAsync(stop);
            if (progress?.Stalled is { } problem && problem != last) Console.Error.WriteLine(last = problem);
            return progress is null;
        }, Patience, () => $"'{dataset}' has {shards} shards");
    }

    /// <summary>Those who look at images and those who decide about some.</summary>
    private sealed class People(IGrainFactory grains, string dataset, ImageId[] images, CancellationToken stop)
    {
        private int _next;

        public static async Task<People> ComeAsync(IGrainFactory grains, SeedPlan plan, CancellationToken stop)
        {
            // Of all shards, and more than are looked at twice.
            var pages = await Task.WhenAll(Enumerable.Range(0, plan.Shards)
                .Select(s => grains.GetGrain<IShardIngest>(GrainKeys.Shard(plan.Name, s))
                    .ListAsync(new ListImages(plan.PerShard / 2, 1_000, null), stop)));
            return new People(grains, plan.Name, [.. pages.SelectMany(p => p.Images).Select(i => i.Id).Order()], stop);
        }

        public async Task WorkAsync(Latencies reads, Latencies decisions, Func<Task> meanwhile)
        {
            using var done = CancellationTokenSource.CreateLinkedTokenSource(stop);
            var work = Enumerable.Range(0, Readers).Select(_ => ReadAsync(reads, done.Token))
                .Concat(Enumerable.Range(0, Reviewers).Select(p => DecideAsync(p, decisions, done.Token))).ToArray();
            await meanwhile();
            await done.CancelAsync();
            await Task.WhenAll(work);
        }

        private async Task ReadAsync(Latencies reads, CancellationToken done)
        {
            await Task.Yield();
            while (!done.IsCancellationRequested)
            {
                var image = images[(uint)Interlocked.Increment(ref _next) * 7_919L % images.Length];
                if (await reads.TimeAsync(() =>
                    grains.GetGrain<IImageGrain>(GrainKeys.Image(dataset, image)).GetAsync(stop)) is not { } detail
                    || detail.Scores is null) throw new InvalidOperationException($"{image} is not there, or has no scores.");
                await Task.WhenAny(Task.Delay(Pause, TimeProvider.System, done));
            }
        }

        private async Task DecideAsync(int person, Latencies decisions, CancellationToken done)
        {
            await Task.Yield();
            var queue = grains.GetGrain<IQueueGrain>(dataset);
            while (!done.IsCancellationRequested)
            {
                foreach (var task in await queue.TakeAsync(new LeaseRequest(1, 1_000), $"person:{person}", stop))
                {
                    var decision = new SubmitDecision(task.Image, Guid.NewGuid(),
                        new Decision { Kind = DecisionKind.Label, Annotations = [new ClassTag("class-1")] }, task.Lease);
                    var result = await decisions.TimeAsync(() =>
                        grains.GetGrain<IImageGrain>(GrainKeys.Image(dataset, task.Image)).SubmitAsync(decision, $"person:{person}", stop));
                    if (result.Status is not (SubmitStatus.Recorded or SubmitStatus.AlreadyRecorded))
                        throw new InvalidOperationException($"{task.Image}: {result.Status} {result.Reason}");
                }
                await Task.WhenAny(Task.Delay(Pause, TimeProvider.System, done));
            }
        }
    }
}
