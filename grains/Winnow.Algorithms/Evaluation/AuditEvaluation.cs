using System.Numerics.Tensors;
using Winnow.Algorithms.Heads;
using Winnow.Algorithms.Numerics;
using Winnow.Algorithms.Quality;
using Winnow.Algorithms.Training;

namespace Winnow.Algorithms.Evaluation;

/// <summary>
/// A head on the audit sample: log-loss and hit per image, temperature cross-fitted. Images that people gave no label stand at the end:
/// wrong under any model, with the loss of one that knows nothing. Where labels are sets, a hit is a whole set that is right, and the loss
/// the mean of its classes'.
/// </summary>
/// <param name="Losses">[n], in nats.</param>
/// <param name="Right">[n].</param>
/// <param name="Labelled">How many of them have a label: they come first.</param>
public sealed record AuditResult(double[] Losses, bool[] Right, int Labelled)
{
    /// <summary>Images that people gave no label.</summary>
    public int Unlabelled => Right.Length - Labelled;

    /// <summary>Expected calibration error of the labelled ones; null where there are none.</summary>
    public double? CalibrationError { get; init; }

    /// <summary>How the labelled ones' classes were found; null where a label is one class.</summary>
    public SetCounts? Sets { get; init; }
}

/// <summary>What an audit sample says of a head. Null: there is nothing to say it of.</summary>
/// <param name="Count">Size of the sample.</param>
/// <param name="Unlabelled">Those of it that people gave no label; any prediction counts as wrong.</param>
/// <param name="Accuracy">Share predicted right.</param>
/// <param name="Lower">Clopper–Pearson lower bound of the accuracy at 95 %.</param>
/// <param name="Upper">Its upper bound.</param>
/// <param name="LogLoss">Mean log-loss, in nats.</param>
/// <param name="CalibrationError">Expected calibration error of the labelled part.</param>
/// <param name="MicroF1">Where labels are sets, F1 of all classes together, on the labelled part.</param>
/// <param name="MacroF1">The mean of the classes' own.</param>
public sealed record AuditFigures(
    int Count, int Unlabelled, double? Accuracy, double? Lower, double? Upper, double? LogLoss, double? CalibrationError,
    double? MicroF1 = null, double? MacroF1 = null);

/// <summary>
/// Measures on the audit sample without flattering the temperature that was fitted on it: each half is judged under the temperature of the
/// other half. Pure.
/// </summary>
public static class AuditEvaluation
{
    /// <summary>Below this many audit labels the temperature comes from out-of-fold predictions instead.</summary>
    public const int SmallestForTemperature = 50;

    /// <summary>
    /// The temperature of a head by the audit sample, or where that is too small for one, by what was held out in training.
    /// </summary>
    /// <param name="logits">Uncalibrated logits, [n × K].</param>
    /// <param name="targets">[n].</param>
    /// <param name="fallback">The temperature where the sample is too small for one.</param>
    public static float Temperature(float[] logits, Targets targets, float fallback) =>
        targets.Count < SmallestForTemperature ? fallback : TemperatureScaling.Fit(logits, targets);

    /// <summary>Judges a head image by image.</summary>
    /// <param name="head">The head, at whatever temperature.</param>
    /// <param name="vectors">[n × dimensions], in the order of image ids, so that halves are random ones.</param>
    /// <param name="targets">[n]; sets where the head tells sets.</param>
    /// <param name="fallback">The temperature where the sample is too small for one.</param>
    /// <param name="unlabelled">Images of the sample that people gave no label: rejected, skipped by all, or never answered.</param>
    public static AuditResult Measure(IHead head, float[] vectors, Targets targets, float fallback, int unlabelled = 0)
    {
        var plain = head.At(1);
        return Measure(HeadRows.Logits(plain, vectors), targets, plain, fallback, unlabelled);
    }

    /// <summary>The same of logits.</summary>
    /// <param name="logits">Uncalibrated logits, [n × K].</param>
    /// <param name="targets">[n], one class each.</param>
    /// <param name="fallback">The temperature where the sample is too small for one.</param>
    /// <param name="unlabelled">Images of the sample that people gave no label.</param>
    public static AuditResult Measure(float[] logits, Targets targets, float fallback, int unlabelled = 0) =>
        Measure(logits, targets, null, fallback, unlabelled);

    private static AuditResult Measure(float[] logits, Targets targets, IHead? head, float fallback, int unlabelled)
    {
        var (classes, n) = (targets.Classes, targets.Count);
        var (losses, right) = (new double[n + unlabelled], new bool[n + unlabelled]);
        // Of sets each class is there or not, and of that nothing is known.
        Array.Fill(losses, Math.Log(targets.AreSets ? 2 : classes), n, unlabelled);
        var probabilities = new float[logits.Length];
        float[] temperatures = n < SmallestForTemperature
            ? [fallback, fallback] : [FitHalf(logits, targets, 1), FitHalf(logits, targets, 0)];
        var counts = targets.AreSets ? SetCounts.Of(classes) : null;
        for (var i = 0; i < n; i++)
        {
            var p = probabilities.AsSpan(i * classes, classes);
            TensorPrimitives.Divide(logits.AsSpan(i * classes, classes), temperatures[i % 2], p);
            if (counts is null) (losses[i], right[i]) = JudgeOne(p, targets.LabelOf(i));
            else
            {
                right[i] = counts.Add(logits.AsSpan(i * classes, classes), head!.Cutoffs, targets.SetOf(i));
                TensorPrimitives.Sigmoid<float>(p, p);
                losses[i] = ClassificationMetrics.SetLogLoss(p, targets.SetOf(i));
            }
        }
        return new AuditResult(losses, right, n)
        {
            Sets = counts,
            CalibrationError = n == 0 ? null : counts is null
                ? ClassificationMetrics.ExpectedCalibrationError(
                    probabilities, [.. Enumerable.Range(0, n).Select(targets.LabelOf)], classes)
                : ClassificationMetrics.SetCalibrationError(probabilities, targets),
        };
    }

    private static (double Loss, bool Right) JudgeOne(Span<float> logits, int label)
    {
        // Sharp temperatures make logits that the exponential cannot hold.
        TensorPrimitives.Subtract(logits, TensorPrimitives.Max<float>(logits), logits);
        TensorPrimitives.SoftMax(logits, logits);
        return (-Math.Log(Math.Max(logits[label], 1e-12)), Extremes.IndexOfMax(logits) == label);
    }

    private static float FitHalf(float[] logits, Targets targets, int half)
    {
        var rows = Enumerable.Range(0, targets.Count).Where(i => i % 2 == half).ToArray();
        return TemperatureScaling.Fit(new RowMatrix(targets.Classes, logits).Only(rows).Values, targets.Only(rows));
    }

    /// <summary>What is told of it.</summary>
    /// <param name="audit">The sample under a head.</param>
    public static AuditFigures Figures(AuditResult audit)
    {
        var n = audit.Right.Length;
        if (n == 0) return new AuditFigures(0, 0, null, null, null, null, null);
        var hits = audit.Right.Count(r => r);
        var (lower, upper) = BinomialBounds.ClopperPearson(hits, n, 0.95);
        return new AuditFigures(n, audit.Unlabelled, (double)hits / n, lower, upper, audit.Losses.Average(), audit.CalibrationError,
            audit.Sets?.MicroF1, audit.Sets?.MacroF1);
    }
}
