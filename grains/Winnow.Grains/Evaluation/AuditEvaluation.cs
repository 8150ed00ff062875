using System.Numerics.Tensors;
using Winnow.Algorithms.Quality;
using Winnow.Algorithms.Training;
using Winnow.Model.Training;

namespace Winnow.Grains.Evaluation;

/// <summary>
/// A head on the audit sample: log-loss and hit per image, temperature cross-fitted. Images that people gave no label stand at the end:
/// wrong under any model, with the loss of one that knows nothing. <paramref name="Probabilities"/> has the labelled ones alone.
/// </summary>
internal sealed record AuditResult(double[] Losses, bool[] Right, float[] Probabilities);

/// <summary>
/// Measures on the audit sample without flattering the temperature that was fitted on it: each half is judged under the temperature of the
/// other half. Pure.
/// </summary>
internal static class AuditEvaluation
{
    /// <summary>Below this many audit labels the temperature comes from out-of-fold predictions instead.</summary>
    public const int SmallestForTemperature = 50;

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
        var temperatures = labels.Length < SmallestForTemperature ? [fallback, fallback] : new[] { FitHalf(logits, labels, classes, 1), FitHalf(logits, labels, classes, 0) };
        for (var i = 0; i < labels.Length; i++)
        {
            var p = probabilities.AsSpan(i * classes, classes);
            TensorPrimitives.Divide(logits.AsSpan(i * classes, classes), temperatures[i % 2], p);
            // Sharp temperatures make logits that the exponential cannot hold.
            TensorPrimitives.Subtract(p, TensorPrimitives.Max<float>(p), p);
            TensorPrimitives.SoftMax(p, p);
            losses[i] = -Math.Log(Math.Max(p[labels[i]], 1e-12));
            right[i] = Algorithms.Numerics.Extremes.IndexOfMax(p) == labels[i];
        }
        return new AuditResult(losses, right, probabilities);
    }

    private static float FitHalf(float[] logits, int[] labels, int classes, int half)
    {
        var rows = Enumerable.Range(0, labels.Length).Where(i => i % 2 == half).ToArray();
        var part = new float[rows.Length * classes];
        for (var i = 0; i < rows.Length; i++) logits.AsSpan(rows[i] * classes, classes).CopyTo(part.AsSpan(i * classes));
        return TemperatureScaling.Fit(part, rows.Select(r => labels[r]).ToArray(), classes);
    }

    public static ModelMetrics ToMetrics(AuditResult audit, int[] labels, int classes, (int Count, int Correct, double LogLossSum) holdout, double? crossValidated)
    {
        var n = audit.Right.Length;
        var hits = audit.Right.Count(r => r);
        var (lower, upper) = n == 0 ? (0, 1) : BinomialBounds.ClopperPearson(hits, n, 0.95);
        return new ModelMetrics
        {
            AuditCount = n,
            AuditUnlabelled = n - labels.Length,
            AuditAccuracy = n == 0 ? null : (double)hits / n,
            AuditAccuracyLower = n == 0 ? null : lower,
            AuditAccuracyUpper = n == 0 ? null : upper,
            AuditLogLoss = n == 0 ? null : audit.Losses.Average(),
            AuditCalibrationError = labels.Length == 0
                ? null
                : ClassificationMetrics.ExpectedCalibrationError(audit.Probabilities, labels, classes),
            HoldoutCount = holdout.Count,
            HoldoutAccuracy = holdout.Count == 0 ? null : (double)holdout.Correct / holdout.Count,
            HoldoutLogLoss = holdout.Count == 0 ? null : holdout.LogLossSum / holdout.Count,
            CrossValidatedLogLoss = crossValidated,
        };
    }
}
