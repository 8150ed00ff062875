using Winnow.Algorithms.Heads;

namespace Winnow.Algorithms.Training;

/// <summary>
/// A logistic classifier of each class against all else, as scikit-learn's <c>OneVsRestClassifier(LogisticRegression)</c>. Classes are
/// fitted each for itself, so the result does not depend on how many threads work on it.
/// </summary>
public static class OneVsRest
{
    /// <summary>Fits a head.</summary>
    /// <param name="examples">Of a class that none of them is of, or each, the bias alone is learnt.</param>
    /// <param name="options">How to fit.</param>
    /// <param name="ct">Gives up between iterations.</param>
    /// <returns>A head with temperature 1, and a half as each class's threshold.</returns>
    /// <exception cref="ArgumentException">No example that weighs anything, or options out of range.</exception>
    public static SigmoidHead Fit(Examples examples, LogisticRegressionOptions options, CancellationToken ct = default)
    {
        var weights = WeightsOf(examples.Targets);
        if (Array.TrueForAll(weights, w => w == 0))
            throw new ArgumentException("A head needs at least one example that weighs anything.", nameof(examples));
        if (!(options.C > 0)) throw new ArgumentException($"C must be above 0, not {options.C}.", nameof(options));
        var (classes, d) = (examples.Classes, examples.Dimensions);
        var design = new DesignMatrix(examples.Vectors, d);
        var (rows, bias) = (new float[classes * d], new float[classes]);
        Parallel.For(0, classes, new ParallelOptions { CancellationToken = ct, MaxDegreeOfParallelism = Environment.ProcessorCount },
            () => new BinaryRegression(design, weights), (c, _, regression) =>
            {
                var there = new float[examples.Count];
                examples.Targets.There(c, there);
                var x = new double[d + 1];
                regression.Fit(there, options, x, ct);
                for (var j = 0; j < d; j++) rows[c * d + j] = (float)x[j];
                bias[c] = (float)x[d];
                return regression;
            }, _ => { });
        return new SigmoidHead(classes, d, rows, bias, new float[classes], 1);
    }

    internal static float[] WeightsOf(Targets targets) => [.. Enumerable.Range(0, targets.Count).Select(targets.WeightOf)];
}
