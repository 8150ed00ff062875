namespace Winnow.Algorithms.Training;

/// <summary>One number that makes a classifier's confidence honest: logits are divided by it (Guo et al. 2017).</summary>
public static class TemperatureScaling
{
    /// <summary>Smallest temperature.</summary>
    public const float Smallest = 0.05f;

    /// <summary>Largest temperature.</summary>
    public const float Largest = 20;

    /// <summary>The temperature in [<see cref="Smallest"/>, <see cref="Largest"/>] with the least mean log-loss.</summary>
    /// <param name="logits">[n × K], uncalibrated.</param>
    /// <param name="targets">[n].</param>
    /// <returns>1 where there is no example that weighs anything.</returns>
    public static float Fit(ReadOnlySpan<float> logits, Targets targets)
    {
        if (!Enumerable.Range(0, targets.Count).Any(i => targets.WeightOf(i) > 0)) return 1;
        // The loss is convex in 1 / T and so has one valley in ln T: golden-section search.
        var ratio = (Math.Sqrt(5) - 1) / 2;
        double low = Math.Log(Smallest), high = Math.Log(Largest);
        double a = high - ratio * (high - low), b = low + ratio * (high - low);
        double fa = Mean(logits, targets, Math.Exp(a)), fb = Mean(logits, targets, Math.Exp(b));
        while (high - low > 1e-5)
        {
            if (fa <= fb)
            {
                (high, b, fb) = (b, a, fa);
                a = high - ratio * (high - low);
                fa = Mean(logits, targets, Math.Exp(a));
            }
            else
            {
                (low, a, fa) = (a, b, fb);
                b = low + ratio * (high - low);
                fb = Mean(logits, targets, Math.Exp(b));
            }
        }
        return (float)Math.Exp((low + high) / 2);
    }

    /// <summary>−ln softmax(z / T)[label], in nats.</summary>
    public static double LogLoss(ReadOnlySpan<float> logits, int label, double temperature)
    {
        double top = double.NegativeInfinity, sum = 0;
        foreach (var z in logits) top = Math.Max(top, z / temperature);
        foreach (var z in logits) sum += Math.Exp(z / temperature - top);
        return Math.Log(sum) + top - logits[label] / temperature;
    }

    /// <summary>The weighted mean log-loss, in nats.</summary>
    internal static double Mean(ReadOnlySpan<float> logits, Targets targets, double temperature)
    {
        double sum = 0, weights = 0;
        for (var i = 0; i < targets.Count; i++)
        {
            sum += targets.WeightOf(i) * targets.LogLoss(i, logits.Slice(i * targets.Classes, targets.Classes), temperature);
            weights += targets.WeightOf(i);
        }
        return sum / weights;
    }
}
