using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Winnow.Algorithms.Scoring;

/// <summary>
/// What one row of calibrated logits says. With many classes this costs as much as the product that made the logits, so it passes over them
/// twice and no more, eight at a time: once for the two greatest, once for the sums of the softmax.
/// </summary>
public static class LogitScore
{
    /// <summary>The score of a row; <see cref="ImageScore.None"/> where it begins with NaN.</summary>
    /// <param name="logits">Two or more; z / T.</param>
    public static ImageScore Of(ReadOnlySpan<float> logits)
    {
        if (float.IsNaN(logits[0])) return ImageScore.None;
        var (first, second) = logits.Length >= 2 * Vector256<float>.Count ? GreatestTwo(logits) : GreatestTwoOfFew(logits);
        var top = logits[first];
        // H = ln Σ e^z' − Σ e^z' z' / Σ e^z' with z' = z − max: no logarithm per class.
        var (sum, weighted) = Sums(logits, top);
        var p1 = 1 / sum;
        var p2 = MathF.Exp(logits[second] - top) / sum;
        var entropy = MathF.Max(0, MathF.Log(sum) - weighted / sum);
        return new ImageScore(1 - p1, 1 - (p1 - p2), entropy, -(top + MathF.Log(sum)), (ushort)first, (ushort)second);
    }

    /// <summary>Σ e^(z − top) and Σ e^(z − top) (z − top).</summary>
    private static (float Sum, float Weighted) Sums(ReadOnlySpan<float> logits, float top)
    {
        float sum = 0, weighted = 0;
        var c = 0;
        if (logits.Length >= Vector256<float>.Count)
        {
            ref var z = ref MemoryMarshal.GetReference(logits);
            Vector256<float> sums = default, weights = default;
            var tops = Vector256.Create(top);
            for (; c <= logits.Length - Vector256<float>.Count; c += Vector256<float>.Count)
            {
                var shifted = Vector256.LoadUnsafe(ref z, (nuint)c) - tops;
                var e = Vector256.Exp(shifted);
                sums += e;
                weights = Vector256.FusedMultiplyAdd(e, shifted, weights);
            }
            (sum, weighted) = (Vector256.Sum(sums), Vector256.Sum(weights));
        }
        for (; c < logits.Length; c++)
        {
            var shifted = logits[c] - top;
            var e = MathF.Exp(shifted);
            sum += e;
            weighted += e * shifted;
        }
        return (sum, weighted);
    }

    /// <summary>
    /// Where the two greatest stand, the lower index first among equals. Plain: see <see cref="Numerics.Extremes"/> for why no library does
    /// this.
    /// </summary>
    public static (int First, int Second) GreatestTwoOfFew(ReadOnlySpan<float> logits)
    {
        int first = -1, second = -1;
        for (var c = 0; c < logits.Length; c++)
        {
            if (first < 0 || logits[c] > logits[first]) (second, first) = (first, c);
            else if (second < 0 || logits[c] > logits[second]) second = c;
        }
        return (first, Math.Max(second, 0));
    }

    /// <summary>The same by lanes: each keeps its own two, and those of all lanes are gone through at the end.</summary>
    /// <param name="logits">Sixteen or more, none of them NaN.</param>
    public static (int First, int Second) GreatestTwo(ReadOnlySpan<float> logits)
    {
        var lanes = Vector256<float>.Count;
        ref var z = ref MemoryMarshal.GetReference(logits);
        var step = Vector256.Create(lanes);
        var at = Vector256.Create(0, 1, 2, 3, 4, 5, 6, 7);
        var greatest = Vector256.LoadUnsafe(ref z);
        var next = Vector256.Create(float.NegativeInfinity);
        var (greatestAt, nextAt) = (at, Vector256.Create(int.MaxValue));
        var c = lanes;
        for (; c <= logits.Length - lanes; c += lanes)
        {
            at += step;
            var values = Vector256.LoadUnsafe(ref z, (nuint)c);
            var above = Vector256.GreaterThan(values, greatest);
            var between = Vector256.GreaterThan(values, next);
            next = Vector256.ConditionalSelect(above, greatest, Vector256.ConditionalSelect(between, values, next));
            nextAt = Vector256.ConditionalSelect(above.AsInt32(), greatestAt, Vector256.ConditionalSelect(between.AsInt32(), at, nextAt));
            greatest = Vector256.ConditionalSelect(above, values, greatest);
            greatestAt = Vector256.ConditionalSelect(above.AsInt32(), at, greatestAt);
        }
        var best = new Two();
        for (var lane = 0; lane < lanes; lane++)
        {
            best.Offer(greatest[lane], greatestAt[lane]);
            best.Offer(next[lane], nextAt[lane]);
        }
        for (; c < logits.Length; c++) best.Offer(logits[c], c);
        // Lanes take no note of −∞: where all others are that, the plain loop says which is second.
        return best.Second == int.MaxValue ? GreatestTwoOfFew(logits) : (best.First, best.Second);
    }

    /// <summary>The two greatest of what is offered in any order.</summary>
    private struct Two()
    {
        private float _first = float.NegativeInfinity, _second = float.NegativeInfinity;

        public int First { get; private set; } = int.MaxValue;

        public int Second { get; private set; } = int.MaxValue;

        public void Offer(float value, int at)
        {
            if (value > _first || (value == _first && at < First)) (_second, Second, _first, First) = (_first, First, value, at);
            else if (value > _second || (value == _second && at < Second)) (_second, Second) = (value, at);
        }
    }
}
