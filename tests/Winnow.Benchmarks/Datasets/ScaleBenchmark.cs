using System.Diagnostics;
using System.Globalization;
using Winnow.Abstractions.Images;
using Winnow.Abstractions.Review;
using Winnow.Benchmarks.Images;
using Winnow.Benchmarks.Measuring;
using Winnow.Benchmarks.Seeding;
using Winnow.Model.Datasets;
using Winnow.Model.Labels;
using Winnow.Model.Review;
using Winnow.Testing;

namespace Winnow.Benchmarks.Datasets;

/// <summary>
/// What one more image costs when there are ten thousand, a hundred thousand and a million; and what it costs two processes on the
/// processors of one.
/// </summary>
internal sealed class ScaleBenchmark : IBenchmark
{
    // Few at a time and many times: a write to the disk that takes long falls on one pair, and the small dataset stays one.
    private const int Added = 2_000;
    private const int Decided = 300;
    private const int Pairs = 31;
    // Each with datasets of its own: so many pairs use the small one up, and both must bear as many decisions. One round alone tells a
    // ratio to about a tenth.
    private const int Rounds = 4;

    public string Name => "scale";

    public string Describes =>
        "cost per image at 10 k, 100 k and 1 M images, beside that at 10 k; and one silo beside two processes on the same processors";

    public async Task RunAsync(BenchmarkRun run)
    {
        await SizesAsync(run);
        await ProcessesAsync(run);
    }

    private static async Task SizesAsync(BenchmarkRun run)
    {
        foreach (var size in new[] { 100_000, 1_000_000 })
        {
            var (smallSeed, largeSeed) = (await Seed.WriteAsync(run, 10_000), await Seed.WriteAsync(run, size));
            var (registered, decided) = (new PairedSamples(), new PairedSamples());
            for (var round = 0; round < run.Repeats(Rounds); round++)
            {
                await using var small = await Scaled.StartAsync(run, smallSeed);
                await using var large = await Scaled.StartAsync(run, largeSeed);
                foreach (var dataset in new[] { small, large })
                {
                    // Once for the JIT.
                    await dataset.RegisterAsync();
                    await dataset.DecideAsync();
                }
                registered.Add(await PairedSamples.TakeAsync(run.Repeats(Pairs), large.RegisterAsync, small.RegisterAsync, run.Stop));
                decided.Add(await PairedSamples.TakeAsync(run.Repeats(Pairs), large.DecideAsync, small.DecideAsync, run.Stop));
            }
            run.Report(Of("register", size), "µs/image", registered, "1.15");
            run.Report(Of("decide", size), "µs/image", decided, "1.15");
        }

        static string Of(string what, int size) => string.Create(CultureInfo.InvariantCulture, $"scale/{what}-at-{size}");
    }

    private static async Task ProcessesAsync(BenchmarkRun run)
    {
        await using var postgres = await PostgresServer.StartPrivateAsync();
        await using var s3 = await S3Server.StartOwnAsync();
        await SiloCluster.PrepareAsync();
        var images = run.Size(3_000, 300);
        run.Report("scale/two-processes", "µs/image",
            await PairedSamples.TakeAsync(run.Repeats(3), () => ScoreAsync(2), () => ScoreAsync(1), run.Stop), "1.15");

        async Task<double> ScoreAsync(int silos)
        {
            await using var cluster = new SiloCluster(await postgres.CreateDatabaseAsync(), s3, S3Server.NewBucket());
            // As many workers in all, whoever they belong to.
            await cluster.StartAsync(silos, "--Scoring:Workers", silos == 1 ? "2" : "1");
            using var client = cluster.NewClient("measure");
            await client.CreateDatasetAsync(
                new CreateDataset("scaled", new LabelSchema { Classes = [.. DrawnImages.Classes.Select(c => new LabelClass(c))] },
                    new DatasetSettings { Shards = 8 }));
            // What is opened once is opened before the clock runs.
            await foreach (var _ in client.ImportAsync("scaled", DrawnImages.EnumerateAsync(200, 1_000_000),
                cancellationToken: run.Stop)) { }
            await client.WaitForScoringAsync("scaled");
            var started = Stopwatch.GetTimestamp();
            await foreach (var _ in client.ImportAsync("scaled", DrawnImages.EnumerateAsync(images), cancellationToken: run.Stop)) { }
            await client.WaitForScoringAsync("scaled");
            return Stopwatch.GetElapsedTime(started).TotalMicroseconds / images;
        }
    }

    /// <summary>A dataset as it stands before anybody has worked with it: every round begins with a copy.</summary>
    private sealed record Seed(string Folder, SeedPlan Plan)
    {
        public static async Task<Seed> WriteAsync(BenchmarkRun run, int images)
        {
            var plan = new SeedPlan { Name = "scaled", Images = run.Size(images, 800), Tasks = run.Size(images, 800), Dimensions = 0 };
            var folder = Directory.CreateDirectory(Path.Combine(run.Folder, Path.GetRandomFileName())).FullName;
            await SeededDataset.WriteAsync(folder, plan, run.Stop);
            run.Say($"{plan.Images:N0} images seeded");
            return new Seed(folder, plan);
        }
    }

    /// <summary>
    /// A silo with a dataset of some size, to which images are added and of which images are decided about, through its grains.
    /// </summary>
    private sealed class Scaled(BenchmarkRun run, BenchmarkSilo silo, SeedPlan plan) : IAsyncDisposable
    {
        private readonly IngestRows _rows = new(plan.Shards, plan.Seed + 77);

        public static async Task<Scaled> StartAsync(BenchmarkRun run, Seed seed)
        {
            var folder = Directory.CreateDirectory(Path.Combine(run.Folder, Path.GetRandomFileName())).FullName;
            foreach (var file in Directory.EnumerateFiles(seed.Folder)) File.Copy(file, Path.Combine(folder, Path.GetFileName(file)));
            var dataset = new Scaled(run, await BenchmarkSilo.StartIdleAsync(folder, run.Stop), seed.Plan);
            await Task.WhenAll(Enumerable.Range(0, seed.Plan.Shards).Select(s => dataset.Shard(s).GetSummaryAsync(run.Stop)));
            return dataset;
        }

        public async Task<double> RegisterAsync()
        {
            var count = run.Size(Added, 800);
            var lots = _rows.Next(count);
            var started = Stopwatch.GetTimestamp();
            await IngestRows.ForEachAsync(lots, (shard, lot) => Shard(shard).ApplyAsync(lot, run.Stop));
            return Stopwatch.GetElapsedTime(started).TotalMicroseconds / count;
        }

        public async Task<double> DecideAsync()
        {
            var count = run.Size(Decided, 40);
            var queue = silo.Grains.GetGrain<IQueueGrain>(plan.Name);
            var started = Stopwatch.GetTimestamp();
            await Task.WhenAll(Enumerable.Range(0, 20).Select(async person =>
            {
                var actor = string.Create(CultureInfo.InvariantCulture, $"person:{person}");
                for (var i = 0; i < count / 20; i++)
                {
                    var task = (await queue.TakeAsync(new LeaseRequest(1, 1_000), actor, run.Stop)).Single();
                    var decision = new SubmitDecision(task.Image, Guid.NewGuid(),
                        new Decision { Kind = DecisionKind.Label, Annotations = [new ClassTag("class-1")] }, task.Lease);
                    var result = await silo.Grains.GetGrain<IImageGrain>(GrainKeys.Image(plan.Name, task.Image))
                        .SubmitAsync(decision, actor, run.Stop);
                    if (result.Status != SubmitStatus.Recorded)
                        throw new InvalidOperationException($"{task.Image}: {result.Status} {result.Reason}");
                }
            }));
            return Stopwatch.GetElapsedTime(started).TotalMicroseconds / count;
        }

        private IShardIngest Shard(int shard) => silo.Grains.GetGrain<IShardIngest>(GrainKeys.Shard(plan.Name, shard));

        public ValueTask DisposeAsync() => silo.DisposeAsync();
    }
}
