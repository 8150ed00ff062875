using Winnow.Algorithms.Heads;
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
public sealed record RegularisationResult(double C, double? LogLoss, IReadOnlyList<double> Losses, float[] OutOfFoldLogits,
    float OutOfFoldTemperature);

/// <summary>
/// Chooses C by stratified k-fold cross-validation on the mean held-out log-loss, each strength at the temperature that suits it best.
/// </summary>
public static class RegularisationSearch
{
    /// <summary>Fewer held-out examples than this say nothing.</summary>
    private const int SmallestHeldOut = 10;

    /// <summary>Chooses a strength. The result does not depend on how many threads worked on it.</summary>
    /// <param name="examples">What is learnt from.</param>
    /// <param name="options">What to try.</param>
    /// <param name="seed">Draws the folds.</param>
    /// <param name="progress">Hears what share of the fits is done, from the threads that fit.</param>
    /// <param name="ct">Gives up between iterations.</param>
    public static RegularisationResult Choose(
        Examples examples, RegularisationOptions options, ulong seed, IProgress<double>? progress = null, CancellationToken ct = default)
    {
        var (n, classes, dimensions, targets) = (examples.Count, examples.Classes, examples.Dimensions, examples.Targets);
        var folds = Math.Min(options.Folds, n / 2);
        if (folds < 2) return Nothing(options);
        var x = examples.Vectors;
        var foldOf = Stratify(targets, folds, seed);
        var usable = Usable(targets, foldOf, folds);
        if (usable.Length < SmallestHeldOut) return Nothing(options);

        var grid = options.Grid;
        var logits = new float[grid.Count][];
        for (var g = 0; g < grid.Count; g++) logits[g] = new float[n * classes];
        var fitted = 0;
        Parallel.For(0, folds, new ParallelOptions { CancellationToken = ct, MaxDegreeOfParallelism = Environment.ProcessorCount }, fold =>
        {
            var others = examples.Only([.. Enumerable.Range(0, n).Where(i => foldOf[i] != fold)]);
            SoftmaxHead? head = null;
            for (var g = 0; g < grid.Count; g++)
            {
                // The strengths follow each other closely: each starts where the one before ended.
                head = LogisticRegression.Fit(others, new LogisticRegressionOptions { C = grid[g], Tolerance = 1e-3 }, head, ct);
                for (var i = 0; i < n; i++)
                    if (foldOf[i] == fold)
                        Gemm.MultiplyTransposed(x.AsSpan(i * dimensions, dimensions), 1, head.Weights, classes, dimensions, head.Bias,
                            logits[g].AsSpan(i * classes, classes));
                progress?.Report(Interlocked.Increment(ref fitted) / (double)(folds * grid.Count));
            }
        });
        var losses = new double[grid.Count];
        var temperatures = new float[grid.Count];
        var measured = targets.Only(usable);
        for (var g = 0; g < grid.Count; g++)
        {
            // A head is calibrated after it is fitted, so strengths are compared at the temperature that suits each: else the choice would
            // mostly be one of confidence, and on labels that were chosen because they are hard, of too little of it.
            var heldOut = Rows(logits[g], classes, usable);
            temperatures[g] = TemperatureScaling.Fit(heldOut, measured);
            losses[g] = TemperatureScaling.Mean(heldOut, measured, temperatures[g]);
        }
        var best = Array.IndexOf(losses, losses.Min());
        return new RegularisationResult(grid[best], losses[best], losses, logits[best], temperatures[best]);
    }

    private static RegularisationResult Nothing(RegularisationOptions options) => new(options.DefaultC, null, [], [], 1);

    /// <summary>Deals the examples of each class to the folds in turn, in a random order.</summary>
    private static int[] Stratify(Targets targets, int folds, ulong seed)
    {
        var random = new SeededRandom(seed);
        var foldOf = new int[targets.Count];
        var next = 0;
        for (var c = 0; c < targets.Classes; c++)
        {
            var members = Enumerable.Range(0, targets.Count).Where(i => targets.LabelOf(i) == c).ToArray();
            random.Shuffle<int>(members);
            foreach (var i in members) foldOf[i] = next++ % folds;
        }
        return foldOf;
    }

    /// <summary>
    /// Examples that say something when they are held out. One that weighs nothing does not, and one whose class no other fold holds is
    /// foreseeably missed at every strength: it would only blur the choice.
    /// </summary>
    private static int[] Usable(Targets targets, int[] foldOf, int folds)
    {
        var classes = targets.Classes;
        var total = new int[classes];
        var inFold = new int[folds * classes];
        for (var i = 0; i < targets.Count; i++)
        {
            if (targets.WeightOf(i) == 0) continue;
            total[targets.LabelOf(i)]++;
            inFold[foldOf[i] * classes + targets.LabelOf(i)]++;
        }
        bool IsUsable(int i) => targets.WeightOf(i) > 0 && total[targets.LabelOf(i)] > inFold[foldOf[i] * classes + targets.LabelOf(i)];
        return [.. Enumerable.Range(0, targets.Count).Where(IsUsable)];
    }

    private static float[] Rows(float[] logits, int classes, int[] wanted)
    {
        var part = new float[wanted.Length * classes];
        for (var r = 0; r < wanted.Length; r++) logits.AsSpan(wanted[r] * classes, classes).CopyTo(part.AsSpan(r * classes));
        return part;
    }
}
