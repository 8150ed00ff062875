using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Winnow.Algorithms.Scoring;

/// <summary>
/// What one row of calibrated logits of a head of sets says. As <see cref="LogitScore"/> it passes over them twice, eight at a time, with
/// one exponential a class: the logarithms of a few dozen factors are taken as that of their product.
/// </summary>
internal sealed class SetScore
{
    /// <summary>Factors of 1 to 2 each whose product a float holds.</summary>
    private const int Factors = 96;

    /// <summary>Beyond this a class is certain, and its entropy 0.</summary>
    private const float Certain = 100;

    // A threshold of 0 or 1 would divide by nothing.
    private const float Outermost = 1e-6f;

    private readonly float[] _cutoffs, _thresholds, _perBelow, _perAbove;

    /// <param name="cutoffs">[K], calibrated logits from which on classes are there.</param>
    /// <param name="thresholds">[K], the same as probabilities.</param>
    public SetScore(float[] cutoffs, float[] thresholds)
    {
        _cutoffs = cutoffs;
        _thresholds = [.. thresholds.Select(t => Math.Clamp(t, Outermost, 1 - Outermost))];
        _perBelow = [.. _thresholds.Select(t => 1 / t)];
        _perAbove = [.. _thresholds.Select(t => 1 / (1 - t))];
    }

    /// <summary>The score of a row; <see cref="ImageScore.None"/> where it begins with NaN.</summary>
    /// <param name="logits">One or more; z / T.</param>
    public ImageScore Of(ReadOnlySpan<float> logits)
    {
        if (float.IsNaN(logits[0])) return ImageScore.None;
        var (first, second) = logits.Length >= 2 * Vector256<float>.Count
            ? LogitScore.GreatestTwo(logits) : LogitScore.GreatestTwoOfFew(logits);
        var sums = Sums(logits);
        var sure = MathF.Exp(-(sums.Logs + sums.Against));
        var nearest = Math.Clamp(sums.Nearest, 0, 1);
        var entropy = MathF.Max(0, (sums.Logs + sums.Spread) / logits.Length);
        return new ImageScore(1 - sure, 1 - nearest, entropy, -(sums.Logs + sums.Above), (ushort)first, (ushort)second);
    }

    /// <param name="Logs">Σ ln(1 + e^−|z|).</param>
    /// <param name="Spread">Σ |z| q, where q is the less likely side's probability: with the logs it is the entropy.</param>
    /// <param name="Above">Σ max(z, 0).</param>
    /// <param name="Against">Σ of |z| where the less likely side is predicted.</param>
    /// <param name="Nearest">The least distance of a probability from its threshold, as a share of the way to certainty.</param>
    private readonly record struct RowSums(float Logs, float Spread, float Above, float Against, float Nearest);

    private RowSums Sums(ReadOnlySpan<float> logits)
    {
        float logs = 0, spread = 0, above = 0, against = 0, nearest = float.PositiveInfinity;
        var c = 0;
        var lanes = Vector256<float>.Count;
        if (logits.Length >= lanes)
        {
            ref var z = ref MemoryMarshal.GetReference(logits);
            Vector256<float> log = default, spreads = default, aboves = default, againsts = default;
            var (one, product, least) = (Vector256<float>.One, Vector256<float>.One, Vector256.Create(float.PositiveInfinity));
            var certain = Vector256.Create(Certain);
            for (var factors = 0; c <= logits.Length - lanes; c += lanes)
            {
                var v = Vector256.LoadUnsafe(ref z, (nuint)c);
                var size = Vector256.Min(Vector256.Abs(v), certain);
                var e = Vector256.Exp(-size);
                var inverse = one / (one + e);
                var smaller = e * inverse;
                product *= one + e;
                if (++factors == Factors) (log, product, factors) = (log + Vector256.Log(product), one, 0);
                spreads = Vector256.FusedMultiplyAdd(size, smaller, spreads);
                var positive = Vector256.Max(v, default);
                var isThere = Vector256.GreaterThanOrEqual(v, Vector256.LoadUnsafe(ref _cutoffs[0], (nuint)c));
                aboves += positive;
                againsts += Vector256.ConditionalSelect(isThere, positive - v, positive);
                var p = Vector256.ConditionalSelect(Vector256.GreaterThanOrEqual(v, default), inverse, smaller);
                var over = p - Vector256.LoadUnsafe(ref _thresholds[0], (nuint)c);
                var per = Vector256.ConditionalSelect(
                    isThere, Vector256.LoadUnsafe(ref _perAbove[0], (nuint)c), Vector256.LoadUnsafe(ref _perBelow[0], (nuint)c));
                least = Vector256.Min(least, Vector256.Abs(over) * per);
            }
            (logs, spread) = (Vector256.Sum(log + Vector256.Log(product)), Vector256.Sum(spreads));
            (above, against) = (Vector256.Sum(aboves), Vector256.Sum(againsts));
            for (var lane = 0; lane < lanes; lane++) nearest = MathF.Min(nearest, least[lane]);
        }
        for (; c < logits.Length; c++)
        {
            var v = logits[c];
            var size = MathF.Min(MathF.Abs(v), Certain);
            var e = MathF.Exp(-size);
            var inverse = 1 / (1 + e);
            logs += MathF.Log(1 + e);
            spread += size * e * inverse;
            var (positive, isThere) = (MathF.Max(v, 0), v >= _cutoffs[c]);
            above += positive;
            against += isThere ? positive - v : positive;
            var over = (v >= 0 ? inverse : e * inverse) - _thresholds[c];
            nearest = MathF.Min(nearest, MathF.Abs(over) * (isThere ? _perAbove[c] : _perBelow[c]));
        }
        return new RowSums(logs, spread, above, against, nearest);
    }
}
