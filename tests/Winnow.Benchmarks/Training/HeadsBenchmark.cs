using System.Diagnostics;
using System.Numerics.Tensors;
using Winnow.Algorithms.Heads;
using Winnow.Algorithms.Numerics;
using Winnow.Algorithms.Scoring;
using Winnow.Algorithms.Training;
using Winnow.Benchmarks.Measuring;

namespace Winnow.Benchmarks.Training;

/// <summary>
/// What a head costs that tells of each class for itself whether it is there, beside one whose classes exclude each other: learnt from the
/// same examples, and asked about the same rows. Both have as many classes, so the ratio is that of the cost of one class.
/// </summary>
internal sealed class HeadsBenchmark : IBenchmark
{
    private const int Dimensions = 256, MostExamples = 1_000, MostRows = 100_000;

    public string Name => "heads";

    public string Describes => "a sigmoid head trained and asked, per class; floor: the softmax head of the same classes";

    public async Task RunAsync(BenchmarkRun run)
    {
        foreach (var classes in (int[])[10, 100])
        {
            var (examples, rows) = Make(run.Size(MostExamples, 200), run.Size(MostRows, 1_000), classes);
            var repeats = run.Repeats(9);
            IHead sets = null!, one = null!;
            var trained = await PairedSamples.TakeAsync(repeats,
                () => TakenAsync(() => sets = new OneVsRestTrainer().Train(examples, 7, null, run.Stop).Head, classes),
                () => TakenAsync(() => one = new LogisticRegressionTrainer().Train(examples, 7, null, run.Stop).Head, classes), run.Stop);
            Report(run, $"heads/trained-{classes}", "ms/class", trained);
            var scores = new ImageScore[rows.Length / Dimensions];
            var scored = await PairedSamples.TakeAsync(repeats, () => TakenAsync(() => sets.Score(rows, scores), classes),
                () => TakenAsync(() => one.Score(rows, scores), classes), run.Stop);
            Report(run, $"heads/scored-{classes}", "ms/class", scored);
        }
    }

    private static void Report(BenchmarkRun run, string name, string unit, PairedSamples samples)
    {
        run.Report(name, unit, samples);
        var (least, greatest) = samples.MedianInterval();
        run.Say($"{name}: the median ratio lies between {least:F2} and {greatest:F2}, with 95 %");
    }

    private static Task<double> TakenAsync(Action work, int classes) => Task.Run(() =>
    {
        var started = Stopwatch.GetTimestamp();
        work();
        return Stopwatch.GetElapsedTime(started).TotalMilliseconds / classes;
    });

    /// <summary>Classes that overlap: each example lies about the middle of its class.</summary>
    private static (Examples Examples, Half[] Rows) Make(int count, int rows, int classes)
    {
        var random = new SeededRandom(11);
        float Noise() => (float)random.NextGaussian();
        var middles = new float[classes * Dimensions];
        for (var i = 0; i < middles.Length; i++) middles[i] = Noise() / 4;
        var (vectors, labels) = (new float[count * Dimensions], new int[count]);
        for (var i = 0; i < count; i++)
        {
            labels[i] = i % classes;
            for (var j = 0; j < Dimensions; j++) vectors[(i * Dimensions) + j] = middles[(labels[i] * Dimensions) + j] + Noise();
        }
        var (singles, halves) = (new float[rows * Dimensions], new Half[rows * Dimensions]);
        for (var i = 0; i < singles.Length; i++) singles[i] = Noise();
        TensorPrimitives.ConvertToHalf(singles, halves);
        return (new Examples(vectors, Dimensions, Targets.Of(labels, classes)), halves);
    }
}
