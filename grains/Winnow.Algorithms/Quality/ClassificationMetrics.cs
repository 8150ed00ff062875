using Winnow.Algorithms.Training;

namespace Winnow.Algorithms.Quality;

/// <summary>One bin of a reliability diagram.</summary>
/// <param name="Count">Predictions in the bin.</param>
/// <param name="MeanConfidence">Their mean confidence.</param>
/// <param name="Accuracy">The share of them that is right.</param>
public readonly record struct ReliabilityBin(int Count, double MeanConfidence, double Accuracy);

/// <summary>Measures of a classifier's probabilities, [n × K] row-major, against labels, [n].</summary>
public static class ClassificationMetrics
{
    private const double Smallest = 1e-12;

    /// <summary>Share of rows whose most probable class is the label; NaN for no rows.</summary>
    public static double Accuracy(ReadOnlySpan<float> probabilities, ReadOnlySpan<int> labels, int classes)
    {
        var right = 0;
        for (var i = 0; i < labels.Length; i++)
            if (Numerics.Extremes.IndexOfMax(probabilities.Slice(i * classes, classes)) == labels[i]) right++;
        return (double)right / labels.Length;
    }

    /// <summary>Mean −ln p[label], in nats, p clipped at 1e-12; NaN for no rows.</summary>
    public static double LogLoss(ReadOnlySpan<float> probabilities, ReadOnlySpan<int> labels, int classes)
    {
        double sum = 0;
        for (var i = 0; i < labels.Length; i++) sum -= Math.Log(Math.Max(probabilities[i * classes + labels[i]], Smallest));
        return sum / labels.Length;
    }

    /// <summary>The bins of a reliability diagram: confidence of the predicted class, equal widths over [0, 1] (Guo et al. 2017).</summary>
    public static ReliabilityBin[] Reliability(ReadOnlySpan<float> probabilities, ReadOnlySpan<int> labels, int classes, int bins = 15)
    {
        var count = new int[bins];
        var confidence = new double[bins];
        var right = new int[bins];
        for (var i = 0; i < labels.Length; i++)
        {
            var row = probabilities.Slice(i * classes, classes);
            var predicted = Numerics.Extremes.IndexOfMax(row);
            var bin = Math.Min(bins - 1, (int)(row[predicted] * bins));
            count[bin]++;
            confidence[bin] += row[predicted];
            if (predicted == labels[i]) right[bin]++;
        }
        return [.. Enumerable.Range(0, bins)
            .Select(b => count[b] == 0 ? default : new ReliabilityBin(count[b], confidence[b] / count[b], (double)right[b] / count[b]))];
    }

    /// <summary>Expected calibration error: the mean gap between confidence and accuracy over the bins; 0 for no rows.</summary>
    public static double ExpectedCalibrationError(ReadOnlySpan<float> probabilities, ReadOnlySpan<int> labels, int classes, int bins = 15)
    {
        double error = 0;
        foreach (var bin in Reliability(probabilities, labels, classes, bins))
            error += bin.Count * Math.Abs(bin.Accuracy - bin.MeanConfidence);
        return labels.Length == 0 ? 0 : error / labels.Length;
    }
    /// <summary>
    /// The mean over the classes of −ln of the probability of what is so, in nats, each clipped at 1e-12.
    /// </summary>
    /// <param name="probabilities">[K].</param>
    /// <param name="set">The classes that are there, ascending.</param>
    public static double SetLogLoss(ReadOnlySpan<float> probabilities, ReadOnlySpan<int> set)
    {
        double sum = 0;
        var next = 0;
        for (var c = 0; c < probabilities.Length; c++)
        {
            var isThere = next < set.Length && set[next] == c;
            if (isThere) next++;
            sum -= Math.Log(Math.Max(isThere ? probabilities[c] : 1.0 - probabilities[c], Smallest));
        }
        return sum / probabilities.Length;
    }

    /// <summary>
    /// The mean gap, over equal bins of the probability that a class is there, between that and how often it is; 0 for no rows. Every class
    /// of every row counts once.
    /// </summary>
    /// <param name="probabilities">[n × K].</param>
    /// <param name="targets">[n].</param>
    /// <param name="bins">Bins.</param>
    public static double SetCalibrationError(ReadOnlySpan<float> probabilities, Targets targets, int bins = 15)
    {
        var (count, said, there) = (new long[bins], new double[bins], new long[bins]);
        for (var i = 0; i < targets.Count; i++)
        {
            var set = targets.SetOf(i);
            var next = 0;
            for (var c = 0; c < targets.Classes; c++)
            {
                var p = probabilities[i * targets.Classes + c];
                var bin = Math.Min(bins - 1, (int)(p * bins));
                (count[bin], said[bin]) = (count[bin] + 1, said[bin] + p);
                if (next >= set.Length || set[next] != c) continue;
                next++;
                there[bin]++;
            }
        }
        var all = (double)targets.Count * targets.Classes;
        return all == 0 ? 0 : Enumerable.Range(0, bins).Sum(b => Math.Abs(there[b] - said[b])) / all;
    }
}
