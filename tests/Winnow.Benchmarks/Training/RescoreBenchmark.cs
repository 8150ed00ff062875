using System.Diagnostics;
using Winnow.Abstractions.Training;
using Winnow.Benchmarks.Measuring;
using Winnow.Benchmarks.Seeding;
using Winnow.Grains.Ports;

namespace Winnow.Benchmarks.Training;

/// <summary>All scores of a pool renewed under a new head: by the shards, into published segments; beside it the product alone.</summary>
internal sealed class RescoreBenchmark : IBenchmark
{
    public string Name => "rescore";

    public string Describes =>
        "1,000,000 images on 256 dimensions, a new head of 10 and of 1,000 classes; floor: float16, one ONNX Runtime Gemm, 20 bytes "
        + "a row, fsync";

    public async Task RunAsync(BenchmarkRun run)
    {
        foreach (var classes in (int[])[10, 1_000])
        {
            var plan = new SeedPlan { Name = $"classes-{classes}", Images = run.Size(1_000_000), Classes = classes };
            var folder = Directory.CreateDirectory(Path.Combine(run.Folder, plan.Name)).FullName;
            await RunAsync(run, plan, folder);
            Directory.Delete(folder, recursive: true);
        }
    }

    private static async Task RunAsync(BenchmarkRun run, SeedPlan plan, string folder)
    {
        var dataset = await SeededDataset.WriteAsync(folder, plan, run.Stop);
        run.Say($"{plan.Name}: {plan.Images:N0} images seeded");
        await using var silo = await BenchmarkSilo.StartAsync(folder, run.Stop);
        var objects = silo.Service<IObjectStore>();
        IShardLearning[] shards = [.. dataset.ShardKeys().Select(k => silo.Grains.GetGrain<IShardLearning>(k))];
        // The shards open, and stand at the seeded head.
        await Task.WhenAll(shards.Select(s => s.ApplyLearningAsync(dataset.Learning, run.Stop)));

        string[] segments = [.. Directory.EnumerateFiles(Path.Combine(folder, "objects"), "*", SearchOption.AllDirectories)
            .Where(f => f.Contains($"/{SegmentKinds.Projection}/", StringComparison.Ordinal)).Order()];
        using var floor = new RescoreFloor(SeededColumns.Head(plan.Classes, plan.Dimensions, plan.Seed));
        var round = 1;
        var samples = await PairedSamples.TakeAsync(run.Repeats(5), ProductAsync, FloorAsync, run.Stop);
        run.Report($"rescore/{plan.Name}", "s", samples, "1.5");

        async Task<double> ProductAsync()
        {
            round++;
            var head = SeededColumns.Head(plan.Classes, plan.Dimensions, plan.Seed + (ulong)(10 * round)).ToBytes();
            var key = SeededDataset.KeyOf(plan, head, round);
            await objects.PutAsync(key, head, run.Stop);
            var state = dataset.Learning with { Sequence = round, HeadKey = key, ModelName = $"main/{round}" };
            var started = Stopwatch.GetTimestamp();
            await Task.WhenAll(shards.Select(s => s.RescoreAsync(state, run.Stop)));
            return Stopwatch.GetElapsedTime(started).TotalSeconds;
        }

        Task<double> FloorAsync() => Task.Run(() =>
        {
            var started = Stopwatch.GetTimestamp();
            floor.Run(segments, run.Folder);
            return Stopwatch.GetElapsedTime(started).TotalSeconds;
        });
    }
}
