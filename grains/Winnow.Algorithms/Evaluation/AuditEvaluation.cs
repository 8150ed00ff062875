using System.Numerics.Tensors;
using Winnow.Algorithms.Numerics;
using Winnow.Algorithms.Quality;
using Winnow.Algorithms.Training;

namespace Winnow.Algorithms.Evaluation;

/// <summary>
/// A head on the audit sample: log-loss and hit per image, temperature cross-fitted. Images that people gave no label stand at the end:
/// wrong under any model, with the loss of one that knows nothing.
/// </summary>
/// <param name="Losses">[n], in nats.</param>
/// <param name="Right">[n].</param>
/// <param name="Probabilities">[labelled × K]: the labelled ones alone.</param>
/// <param name="Labels">[labelled].</param>
public sealed record AuditResult(double[] Losses, bool[] Right, float[] Probabilities, int[] Labels)
{
    /// <summary>Images that people gave no label.</summary>
    public int Unlabelled => Right.Length - Labels.Length;
}

/// <summary>What an audit sample says of a head. Null: there is nothing to say it of.</summary>
/// <param name="Count">Size of the sample.</param>
/// <param name="Unlabelled">Those of it that people gave no label; any prediction counts as wrong.</param>
/// <param name="Accuracy">Share predicted right.</param>
/// <param name="Lower">Clopper–Pearson lower bound of the accuracy at 95 %.</param>
/// <param name="Upper">Its upper bound.</param>
/// <param name="LogLoss">Mean log-loss, in nats.</param>
/// <param name="CalibrationError">Expected calibration error of the labelled part.</param>
public sealed record AuditFigures(
    int Count, int Unlabelled, double? Accuracy, double? Lower, double? Upper, double? LogLoss, double? CalibrationError);

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
    /// <param name="logits">Uncalibrated logits, [labels × classes].</param>
    /// <param name="labels">Class indices.</param>
    /// <param name="classes">Number of classes.</param>
    /// <param name="fallback">The temperature where the sample is too small for one.</param>
    public static float Temperature(float[] logits, int[] labels, int classes, float fallback) =>
        labels.Length < SmallestForTemperature ? fallback : TemperatureScaling.Fit(logits, Targets.Of(labels, classes));

    /// <summary>Judges a head image by image.</summary>
    /// <param name="logits">Uncalibrated logits, [labels × classes].</param>
    /// <param name="labels">Class indices, in the order of image ids, so that halves are random ones.</param>
    /// <param name="classes">Number of classes.</param>
    /// <param name="fallback">The temperature where the sample is too small for one.</param>
    /// <param name="unlabelled">Images of the sample that people gave no label: rejected, skipped by all, or never answered.</param>
    public static AuditResult Measure(float[] logits, int[] labels, int classes, float fallback, int unlabelled = 0)
    {
        var losses = new double[labels.Length + unlabelled];
        var right = new bool[labels.Length + unlabelled];
        Array.Fill(losses, Math.Log(classes), labels.Length, unlabelled);
        var probabilities = new float[logits.Length];
        var temperatures = labels.Length < SmallestForTemperature
            ? [fallback, fallback]
            : new[] { FitHalf(logits, labels, classes, 1), FitHalf(logits, labels, classes, 0) };
        for (var i = 0; i < labels.Length; i++)
        {
            var p = probabilities.AsSpan(i * classes, classes);
            TensorPrimitives.Divide(logits.AsSpan(i * classes, classes), temperatures[i % 2], p);
            // Sharp temperatures make logits that the exponential cannot hold.
            TensorPrimitives.Subtract(p, TensorPrimitives.Max<float>(p), p);
            TensorPrimitives.SoftMax(p, p);
            losses[i] = -Math.Log(Math.Max(p[labels[i]], 1e-12));
            right[i] = Extremes.IndexOfMax(p) == labels[i];
        }
        return new AuditResult(losses, right, probabilities, labels);
    }

    private static float FitHalf(float[] logits, int[] labels, int classes, int half)
    {
        var rows = Enumerable.Range(0, labels.Length).Where(i => i % 2 == half).ToArray();
        return TemperatureScaling.Fit(new RowMatrix(classes, logits).Only(rows).Values,
            Targets.Of([.. rows.Select(r => labels[r])], classes));
    }

    /// <summary>What is told of it.</summary>
    /// <param name="audit">The sample under a head.</param>
    /// <param name="classes">Number of classes.</param>
    public static AuditFigures Figures(AuditResult audit, int classes)
    {
        var n = audit.Right.Length;
        if (n == 0) return new AuditFigures(0, 0, null, null, null, null, null);
        var hits = audit.Right.Count(r => r);
        var (lower, upper) = BinomialBounds.ClopperPearson(hits, n, 0.95);
        double? calibration = audit.Labels.Length == 0
            ? null : ClassificationMetrics.ExpectedCalibrationError(audit.Probabilities, audit.Labels, classes);
        return new AuditFigures(n, audit.Unlabelled, (double)hits / n, lower, upper, audit.Losses.Average(), calibration);
    }
}
