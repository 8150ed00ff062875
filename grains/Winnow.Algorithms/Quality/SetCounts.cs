namespace Winnow.Algorithms.Quality;

/// <summary>
/// How predicted sets compare with true ones, class by class. Counts of several parts add up, so what is measured apart is measured
/// together.
/// </summary>
/// <param name="Found">[K], images where a class is there and was predicted.</param>
/// <param name="Wrong">[K], where it was predicted and is not there.</param>
/// <param name="Missed">[K], where it is there and was not predicted.</param>
public sealed record SetCounts(int[] Found, int[] Wrong, int[] Missed)
{
    /// <summary>Counts of nothing.</summary>
    /// <param name="classes">K.</param>
    public static SetCounts Of(int classes) => new(new int[classes], new int[classes], new int[classes]);

    /// <summary>Counts an image.</summary>
    /// <param name="logits">[K].</param>
    /// <param name="cutoffs">[K], at the same temperature: a class is predicted from its own on.</param>
    /// <param name="set">The classes that are there, ascending.</param>
    /// <returns>Whether the whole set is right.</returns>
    public bool Add(ReadOnlySpan<float> logits, ReadOnlySpan<float> cutoffs, ReadOnlySpan<int> set)
    {
        var (isRight, next) = (true, 0);
        for (var c = 0; c < logits.Length; c++)
        {
            var isThere = next < set.Length && set[next] == c;
            if (isThere) next++;
            var isSaid = logits[c] >= cutoffs[c];
            if (isThere && isSaid) Found[c]++;
            else if (isSaid) Wrong[c]++;
            else if (isThere) Missed[c]++;
            isRight &= isThere == isSaid;
        }
        return isRight;
    }

    /// <summary>All of them together.</summary>
    /// <param name="parts">Of as many classes each.</param>
    /// <param name="classes">K.</param>
    public static SetCounts Sum(IEnumerable<SetCounts> parts, int classes)
    {
        var sum = Of(classes);
        foreach (var part in parts)
            for (var c = 0; c < classes; c++)
            {
                sum.Found[c] += part.Found[c];
                sum.Wrong[c] += part.Wrong[c];
                sum.Missed[c] += part.Missed[c];
            }
        return sum;
    }

    /// <summary>2 · found / (2 · found + wrong + missed) of all classes; null where nothing is there and nothing was said.</summary>
    public double? MicroF1 => F1(Found.Sum(n => (long)n), Wrong.Sum(n => (long)n), Missed.Sum(n => (long)n));

    /// <summary>The mean of the same of each class that is there or was predicted anywhere; null where none is.</summary>
    public double? MacroF1
    {
        get
        {
            double[] each = [.. Enumerable.Range(0, Found.Length).Select(c => F1(Found[c], Wrong[c], Missed[c])).OfType<double>()];
            return each.Length == 0 ? null : each.Average();
        }
    }

    private static double? F1(long found, long wrong, long missed) =>
        found + wrong + missed == 0 ? null : 2.0 * found / ((2 * found) + wrong + missed);
}
