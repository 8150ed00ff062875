namespace Winnow.Algorithms.Training;

/// <summary>The log-loss of sets: of each class whether it is there, each for itself.</summary>
public static class SetLogLoss
{
    /// <summary>
    /// The mean over the classes of −ln sigmoid(z / T) where a class is there and −ln(1 − sigmoid(z / T)) where it is not, in nats; 0 where
    /// nothing is measured.
    /// </summary>
    /// <param name="logits">[K], z; NaN for classes that are not measured.</param>
    /// <param name="set">The classes that are there, ascending.</param>
    /// <param name="there">[K], how sure each class is, 0 to 1; empty where the set is certain.</param>
    /// <param name="temperature">T.</param>
    public static double Of(ReadOnlySpan<float> logits, ReadOnlySpan<int> set, ReadOnlySpan<float> there, double temperature)
    {
        double sum = 0;
        int measured = 0, next = 0;
        for (var c = 0; c < logits.Length; c++)
        {
            var isThere = next < set.Length && set[next] == c;
            if (isThere) next++;
            if (float.IsNaN(logits[c])) continue;
            var z = logits[c] / temperature;
            var sure = there.IsEmpty ? (isThere ? 1 : 0) : (double)there[c];
            // ln(1 + e^z) − y z, without an exponential that could be too large.
            sum += Math.Max(z, 0) + Math.Log(1 + Math.Exp(-Math.Abs(z))) - sure * z;
            measured++;
        }
        return measured == 0 ? 0 : sum / measured;
    }
}
