using System.Runtime.InteropServices;

namespace Winnow.Algorithms.Training;

/// <summary>
/// From where on a classifier of each class says that it is there: where F1 of what was held out in training is best. A class with fewer
/// than <see cref="SmallestPositives"/> examples to choose by keeps a probability of a half.
/// </summary>
public static class ClassThresholds
{
    /// <summary>Fewer examples of a class than this choose by chance.</summary>
    public const int SmallestPositives = 10;

    /// <summary>Chooses.</summary>
    /// <param name="logits">[n × K], uncalibrated, of what was held out; NaN for what was not measured; empty for nothing at all.</param>
    /// <param name="targets">[n].</param>
    /// <returns>
    /// [K], uncalibrated logits from which on a class is there, 0 where none was chosen; and of how many classes one was.
    /// </returns>
    public static (float[] Cutoffs, int Chosen) Choose(ReadOnlySpan<float> logits, Targets targets)
    {
        var (cutoffs, chosen) = (new float[targets.Classes], 0);
        if (logits.IsEmpty) return (cutoffs, chosen);
        var there = new float[targets.Count];
        for (var c = 0; c < cutoffs.Length; c++)
        {
            targets.There(c, there);
            var (held, positives, negatives) = (new List<(float Logit, double There, double Weight)>(targets.Count), 0, 0);
            for (var i = 0; i < there.Length; i++)
            {
                var (z, weight) = (logits[i * cutoffs.Length + c], targets.WeightOf(i));
                if (float.IsNaN(z) || weight == 0) continue;
                held.Add((z, weight * there[i], weight));
                if (there[i] >= 0.5f) positives++;
                else negatives++;
            }
            if (positives < SmallestPositives || negatives == 0) continue;
            cutoffs[c] = Best(CollectionsMarshal.AsSpan(held));
            chosen++;
        }
        return (cutoffs, chosen);
    }

    /// <summary>The cut between two neighbours with the greatest F1; among equals the one nearest to a half.</summary>
    private static float Best(Span<(float Logit, double There, double Weight)> held)
    {
        held.Sort((a, b) => b.Logit.CompareTo(a.Logit));
        double all = 0, found = 0, said = 0, best = -1;
        foreach (var (_, there, _) in held) all += there;
        var cutoff = 0f;
        for (var i = 0; i < held.Length; i++)
        {
            (found, said) = (found + held[i].There, said + held[i].Weight);
            if (i + 1 < held.Length && held[i + 1].Logit == held[i].Logit) continue;
            var f1 = 2 * found / (all + said);
            var cut = i + 1 < held.Length ? Between(held[i].Logit, held[i + 1].Logit) : held[i].Logit;
            if (f1 < best || (f1 == best && MathF.Abs(cut) >= MathF.Abs(cutoff))) continue;
            (best, cutoff) = (f1, cut);
        }
        return cutoff;
    }

    private static float Between(float high, float low) => (high + low) / 2 is var middle && middle > low ? middle : high;
}
