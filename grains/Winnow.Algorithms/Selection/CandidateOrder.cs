namespace Winnow.Algorithms.Selection;

/// <summary>Orders of candidates that do not depend on where they stand.</summary>
internal static class CandidateOrder
{
    /// <summary>All indices, the largest key first; the smaller hash first among equals.</summary>
    public static int[] ByKey(SelectionPool pool)
    {
        var order = Enumerable.Range(0, pool.CandidateCount).ToArray();
        var keys = pool.CandidateKeys;
        var noise = pool.CandidateNoise;
        Array.Sort(order, (a, b) =>
        {
            var byKey = keys.Span[b].CompareTo(keys.Span[a]);
            return byKey != 0 ? byKey : noise.Span[a].CompareTo(noise.Span[b]);
        });
        return order;
    }

    /// <summary>Fills a short batch with the candidates that were not chosen, in the order of their hashes: at random, but the same at each try.</summary>
    public static void Fill(List<int> chosen, SelectionPool pool, int count)
    {
        if (chosen.Count >= count) return;
        var taken = chosen.ToHashSet();
        var rest = Enumerable.Range(0, pool.CandidateCount).Where(i => !taken.Contains(i)).ToArray();
        Array.Sort(rest, (a, b) => pool.CandidateNoise.Span[a].CompareTo(pool.CandidateNoise.Span[b]));
        chosen.AddRange(rest.Take(count - chosen.Count));
    }
}
