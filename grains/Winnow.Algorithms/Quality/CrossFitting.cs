using Winnow.Algorithms.Numerics;
using Winnow.Algorithms.Training;

namespace Winnow.Algorithms.Quality;

/// <summary>What a space of vectors is worth for a set of labels.</summary>
/// <param name="Right">[n], whether an example was predicted right by the head of the folds that it is not in.</param>
/// <param name="Accuracy">Share of them.</param>
/// <param name="Lower">Clopper–Pearson lower bound at 95 %.</param>
/// <param name="Upper">Clopper–Pearson upper bound at 95 %.</param>
/// <param name="LogLoss">Mean log-loss of the same predictions at the temperature that fits them best, in nats.</param>
public sealed record CrossFitted(bool[] Right, double Accuracy, double Lower, double Upper, double LogLoss);

/// <summary>Two spaces on the same examples.</summary>
/// <param name="Better">Right in the first alone.</param>
/// <param name="Worse">Right in the second alone.</param>
/// <param name="PValue">How often chance alone makes a difference so large, either way: McNemar's exact test, two-sided.</param>
public readonly record struct PairedDifference(int Better, int Worse, double PValue);

/// <summary>
/// Measures spaces of vectors by cross-fitting: each example is predicted by a logistic head that was trained on the folds without it, so
/// all labels teach and all measure. The strength of regularisation is chosen on the same folds, which flatters each space alike, and by
/// little. Examples that were chosen for a round are harder than the pool: the figures compare spaces, and promise no accuracy.
/// </summary>
public static class CrossFitting
{
    /// <summary>Folds. Each holds its share of every class.</summary>
    public const int Folds = 5;

    /// <summary>Measures one space; null where the labels are too few to say anything.</summary>
    /// <param name="features">[n × <paramref name="dimensions"/>].</param>
    /// <param name="labels">[n].</param>
    /// <param name="classes">K.</param>
    /// <param name="dimensions">Length of a row.</param>
    /// <param name="seed">Draws the folds: the same examples and seed give the same folds in every space.</param>
    /// <param name="ct">Gives up between iterations.</param>
    public static CrossFitted? Measure(
        ReadOnlySpan<float> features, ReadOnlySpan<int> labels, int classes, int dimensions, ulong seed, CancellationToken ct = default)
    {
        var search = RegularisationSearch.Choose(
            new Examples(features.ToArray(), dimensions, Targets.Of(labels.ToArray(), classes)),
            new RegularisationOptions { Folds = Folds }, seed, null, ct);
        if (search.LogLoss is not { } loss) return null;
        var right = new bool[labels.Length];
        for (var i = 0; i < right.Length; i++)
            right[i] = Extremes.IndexOfMax(search.OutOfFoldLogits.AsSpan(i * classes, classes)) == labels[i];
        var hits = right.Count(r => r);
        var (lower, upper) = BinomialBounds.ClopperPearson(hits, right.Length, 0.95);
        return new CrossFitted(right, (double)hits / right.Length, lower, upper, loss);
    }

    /// <summary>Compares two spaces on the same examples in the same order.</summary>
    /// <exception cref="ArgumentException">They were measured on different numbers of examples.</exception>
    public static PairedDifference Compare(CrossFitted first, CrossFitted second)
    {
        if (first.Right.Length != second.Right.Length)
            throw new ArgumentException($"{first.Right.Length} examples cannot be compared with {second.Right.Length}.", nameof(second));
        var (better, worse) = (0, 0);
        for (var i = 0; i < first.Right.Length; i++)
        {
            if (first.Right[i] && !second.Right[i]) better++;
            if (second.Right[i] && !first.Right[i]) worse++;
        }
        var p = Math.Min(1, 2 * McNemar.OneSidedP(Math.Max(better, worse), Math.Min(better, worse)));
        return new PairedDifference(better, worse, p);
    }
}
