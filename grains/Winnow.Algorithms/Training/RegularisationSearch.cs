using Winnow.Algorithms.Numerics;

namespace Winnow.Algorithms.Training;

/// <summary>Which strengths are tried.</summary>
public sealed record RegularisationOptions
{
    /// <summary>Values of C, ascending. Default 0.001 to 3 in half decades.</summary>
    public IReadOnlyList<double> Grid { get; init; } = [0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3];

    /// <summary>Folds, 2 to 20. Default 5; fewer where there are fewer examples.</summary>
    public int Folds { get; init; } = 5;

    /// <summary>What is used where cross-validation says nothing. Default 0.03.</summary>
    public double DefaultC { get; init; } = 0.03;
}

/// <summary>What cross-validation found.</summary>
/// <param name="C">The chosen strength.</param>
/// <param name="LogLoss">Mean held-out log-loss at that strength and its best temperature; null where it could not be measured.</param>
/// <param name="Losses">Mean held-out log-loss per value of the grid; empty where it could not be measured.</param>
/// <param name="OutOfFoldLogits">[n × K] at the chosen strength; empty where it could not be measured.</param>
/// <param name="OutOfFoldTemperature">The temperature that fits them; 1 where it could not be measured.</param>
public sealed record RegularisationResult(double C, double? LogLoss, IReadOnlyList<double> Losses, float[] OutOfFoldLogits, float OutOfFoldTemperature);

/// <summary>Chooses C by stratified k-fold cross-validation on the mean held-out log-loss, each strength at the temperature that suits it best.</summary>
public static class RegularisationSearch
{
    /// <summary>Fewer held-out examples than this say nothing.</summary>
    private const int SmallestHeldOut = 10;

    /// <summary>Chooses a strength. The result does not depend on how many threads worked on it.</summary>
    /// <param name="features">[n × <paramref name="dimensions"/>].</param>
    /// <param name="labels">[n].</param>
    /// <param name="classes">K.</param>
    /// <param name="dimensions">Length of a row.</param>
    /// <param name="options">What to try.</param>
    /// <param name="seed">Draws the folds.</param>
    /// <param name="ct">Gives up between iterations.</param>
    public static RegularisationResult Choose(ReadOnlySpan<float> features, ReadOnlySpan<int> labels, int classes, int dimensions, RegularisationOptions options, ulong seed, CancellationToken ct = default)
    {
        var n = labels.Length;
        var folds = Math.Min(options.Folds, n / 2);
        if (folds < 2) return Nothing(options);
        var x = features.ToArray();
        var y = labels.ToArray();
        var foldOf = Stratify(y, classes, folds, seed);
        var usable = Usable(y, foldOf, folds, classes);
        if (usable.Count(u => u) < SmallestHeldOut) return Nothing(options);

        var grid = options.Grid;
        var logits = new float[grid.Count][];
        for (var g = 0; g < grid.Count; g++) logits[g] = new float[n * classes];
        Parallel.For(0, folds, new ParallelOptions { CancellationToken = ct, MaxDegreeOfParallelism = Environment.ProcessorCount }, fold =>
        {
            var (trainX, trainY) = Rows(x, y, dimensions, i => foldOf[i] != fold);
            SoftmaxHead? head = null;
            for (var g = 0; g < grid.Count; g++)
            {
                // The strengths follow each other closely: each starts where the one before ended.
                head = LogisticRegression.Fit(trainX, trainY, classes, dimensions, new LogisticRegressionOptions { C = grid[g], Tolerance = 1e-3 }, head, ct);
                for (var i = 0; i < n; i++)
                    if (foldOf[i] == fold) Gemm.MultiplyTransposed(x.AsSpan(i * dimensions, dimensions), 1, head.Weights, classes, dimensions, head.Bias, logits[g].AsSpan(i * classes, classes));
            }
        });
        var losses = new double[grid.Count];
        var temperatures = new float[grid.Count];
        for (var g = 0; g < grid.Count; g++)
        {
            // A head is calibrated after it is fitted, so strengths are compared at the temperature that suits each: else the choice would
            // mostly be one of confidence, and on labels that were chosen because they are hard, of too little of it.
            temperatures[g] = FitTemperature(logits[g], y, classes, usable);
            losses[g] = MeanLoss(logits[g], y, classes, usable, temperatures[g]);
        }
        var best = Array.IndexOf(losses, losses.Min());
        return new RegularisationResult(grid[best], losses[best], losses, logits[best], temperatures[best]);
    }

    private static RegularisationResult Nothing(RegularisationOptions options) => new(options.DefaultC, null, [], [], 1);

    /// <summary>Deals the examples of each class to the folds in turn, in a random order.</summary>
    private static int[] Stratify(int[] labels, int classes, int folds, ulong seed)
    {
        var random = new SeededRandom(seed);
        var foldOf = new int[labels.Length];
        var next = 0;
        for (var c = 0; c < classes; c++)
        {
            var members = Enumerable.Range(0, labels.Length).Where(i => labels[i] == c).ToArray();
            random.Shuffle<int>(members);
            foreach (var i in members) foldOf[i] = next++ % folds;
        }
        return foldOf;
    }

    /// <summary>An example whose class no other fold holds is foreseeably missed at every strength: it would only blur the choice.</summary>
    private static bool[] Usable(int[] labels, int[] foldOf, int folds, int classes)
    {
        var total = new int[classes];
        var inFold = new int[folds * classes];
        for (var i = 0; i < labels.Length; i++)
        {
            total[labels[i]]++;
            inFold[foldOf[i] * classes + labels[i]]++;
        }
        return [.. labels.Select((label, i) => total[label] > inFold[foldOf[i] * classes + label])];
    }

    private static (float[] X, int[] Y) Rows(float[] x, int[] y, int d, Func<int, bool> wanted)
    {
        var rows = Enumerable.Range(0, y.Length).Where(wanted).ToArray();
        var part = new float[rows.Length * d];
        for (var r = 0; r < rows.Length; r++) x.AsSpan(rows[r] * d, d).CopyTo(part.AsSpan(r * d));
        return (part, [.. rows.Select(r => y[r])]);
    }

    private static double MeanLoss(float[] logits, int[] labels, int classes, bool[] usable, double temperature)
    {
        double sum = 0;
        var count = 0;
        for (var i = 0; i < labels.Length; i++)
        {
            if (!usable[i]) continue;
            sum += TemperatureScaling.LogLoss(logits.AsSpan(i * classes, classes), labels[i], temperature);
            count++;
        }
        return sum / count;
    }

    private static float FitTemperature(float[] logits, int[] labels, int classes, bool[] usable)
    {
        var rows = Enumerable.Range(0, labels.Length).Where(i => usable[i]).ToArray();
        var part = new float[rows.Length * classes];
        for (var r = 0; r < rows.Length; r++) logits.AsSpan(rows[r] * classes, classes).CopyTo(part.AsSpan(r * classes));
        return TemperatureScaling.Fit(part, rows.Select(r => labels[r]).ToArray(), classes);
    }
}
