using Winnow.Algorithms.Numerics;

namespace Winnow.Algorithms.Training;

/// <summary>
/// Chooses the strength of one-vs-rest by k-fold cross-validation on the mean held-out log-loss of sets, each strength at the temperature
/// that suits it best: see <see cref="RegularisationSearch"/> for why. All classes share one strength, since that of a class with five
/// examples would be chosen by chance. What is held out of a class that the other folds hold on one side alone is not measured: any
/// strength misses it alike.
/// </summary>
public static class OneVsRestSearch
{
    private const int SmallestHeldOut = 10;

    private sealed record Fold(int[] Out, DesignMatrix In, Targets Targets, float[] Weights);

    /// <summary>Chooses a strength. The result does not depend on how many threads worked on it.</summary>
    /// <param name="examples">What is learnt from.</param>
    /// <param name="options">What to try.</param>
    /// <param name="seed">Draws the folds.</param>
    /// <param name="progress">Hears what share of the fits is done, from the threads that fit.</param>
    /// <param name="ct">Gives up between iterations.</param>
    /// <returns>Logits of what is not measured are NaN.</returns>
    public static RegularisationResult Choose(
        Examples examples, RegularisationOptions options, ulong seed, IProgress<double>? progress = null, CancellationToken ct = default)
    {
        var (n, classes, targets, grid) = (examples.Count, examples.Classes, examples.Targets, options.Grid);
        var count = Math.Min(options.Folds, n / 2);
        if (count < 2 || n < SmallestHeldOut) return Nothing(options);
        var folds = FoldsOf(examples, Deal(targets, count, seed), count);
        var logits = new float[grid.Count][];
        for (var g = 0; g < grid.Count; g++)
        {
            logits[g] = new float[n * classes];
            Array.Fill(logits[g], float.NaN);
        }
        var parallel = new ParallelOptions { CancellationToken = ct, MaxDegreeOfParallelism = Environment.ProcessorCount };
        var fitted = 0;
        Parallel.For(0, count * classes, parallel, at =>
        {
            HoldOut(examples, folds[at % count], at / count, grid, logits, ct);
            progress?.Report(Interlocked.Increment(ref fitted) / (double)(count * classes));
        });
        int[] usable =
        [
            .. Enumerable.Range(0, n).Where(i => targets.WeightOf(i) > 0
                && logits[0].AsSpan(i * classes, classes).ContainsAnyExcept(float.NaN)),
        ];
        if (usable.Length < SmallestHeldOut) return Nothing(options);
        var measured = targets.Only(usable);
        var (losses, temperatures) = (new double[grid.Count], new float[grid.Count]);
        Parallel.For(0, grid.Count, parallel, g =>
        {
            var heldOut = new RowMatrix(classes, logits[g]).Only(usable).Values;
            temperatures[g] = TemperatureScaling.Fit(heldOut, measured);
            losses[g] = TemperatureScaling.Mean(heldOut, measured, temperatures[g]);
        });
        var best = Array.IndexOf(losses, losses.Min());
        return new RegularisationResult(grid[best], losses[best], losses, logits[best], temperatures[best]);
    }

    private static RegularisationResult Nothing(RegularisationOptions options) => new(options.DefaultC, null, [], [], 1);

    private static void HoldOut(
        Examples examples, Fold fold, int of, IReadOnlyList<double> grid, float[][] logits, CancellationToken ct)
    {
        var there = new float[fold.In.Count];
        fold.Targets.There(of, there);
        double all = 0, first = 0;
        for (var i = 0; i < there.Length; i++) (all, first) = (all + fold.Weights[i], first + fold.Weights[i] * there[i]);
        if (first <= 0 || first >= all) return;
        var (d, regression) = (examples.Dimensions, new BinaryRegression(fold.In, fold.Weights));
        // The strengths follow each other closely: each starts where the one before ended.
        var x = new double[d + 1];
        var w = new float[d];
        for (var g = 0; g < grid.Count; g++)
        {
            regression.Fit(there, new LogisticRegressionOptions { C = grid[g], Tolerance = 1e-3 }, x, ct);
            for (var j = 0; j < d; j++) w[j] = (float)x[j];
            foreach (var i in fold.Out)
                logits[g][i * examples.Classes + of] =
                    System.Numerics.Tensors.TensorPrimitives.Dot<float>(examples.Vectors.AsSpan(i * d, d), w) + (float)x[d];
        }
    }

    private static Fold[] FoldsOf(Examples examples, int[] foldOf, int count)
    {
        var folds = new Fold[count];
        for (var f = 0; f < count; f++)
        {
            int[] Rows(Func<int, bool> isOf) => [.. Enumerable.Range(0, foldOf.Length).Where(i => isOf(foldOf[i]))];
            var others = examples.Only(Rows(of => of != f));
            folds[f] = new Fold(
                Rows(of => of == f), new DesignMatrix(others.Vectors, others.Dimensions), others.Targets,
                OneVsRest.WeightsOf(others.Targets));
        }
        return folds;
    }

    /// <summary>
    /// Deals examples to the folds in turn, those of the rarest class first, in a random order: each stands with its rarest class, of which
    /// every fold wants a share, and those without a class with each other.
    /// </summary>
    private static int[] Deal(Targets targets, int folds, ulong seed)
    {
        var often = new int[targets.Classes];
        for (var i = 0; i < targets.Count; i++)
            foreach (var c in targets.SetOf(i)) often[c]++;
        var rarest = new int[targets.Count];
        for (var i = 0; i < targets.Count; i++)
        {
            rarest[i] = -1;
            foreach (var c in targets.SetOf(i))
                if (rarest[i] < 0 || often[c] < often[rarest[i]]) rarest[i] = c;
        }
        var (random, foldOf, next) = (new SeededRandom(seed), new int[targets.Count], 0);
        foreach (var c in Enumerable.Range(0, targets.Classes).OrderBy(c => often[c]).ThenBy(c => c).Append(-1))
        {
            var members = Enumerable.Range(0, targets.Count).Where(i => rarest[i] == c).ToArray();
            random.Shuffle<int>(members);
            foreach (var i in members) foldOf[i] = next++ % folds;
        }
        return foldOf;
    }
}
