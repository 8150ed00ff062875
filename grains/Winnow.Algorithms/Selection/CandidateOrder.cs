namespace Winnow.Algorithms.Selection;

/// <summary>Orders of candidates that do not depend on where they stand.</summary>
internal static class CandidateOrder
{
    /// <summary>All indices, the largest key first; the smaller hash first among equals.</summary>
    public static int[] ByKey(IPoolPart candidates)
    {
        var order = Enumerable.Range(0, candidates.Count).ToArray();
        var (keys, noise) = (candidates.Keys, candidates.Noise);
        Array.Sort(order, (a, b) =>
        {
            var byKey = keys.Span[b].CompareTo(keys.Span[a]);
            return byKey != 0 ? byKey : noise.Span[a].CompareTo(noise.Span[b]);
        });
        return order;
    }

    /// <summary>The candidates with the largest keys, as many as the batch asks for.</summary>
    public static Task<IReadOnlyList<int>> LargestAsync(ISelectionPool pool, SelectionRequest request, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        return Task.FromResult<IReadOnlyList<int>>(ByKey(pool.Candidates).AsSpan(0, Math.Min(request.BatchSize, pool.Candidates.Count))
            .ToArray());
    }

    /// <summary>
    /// Fills a short batch with the candidates that were not chosen, in the order of their hashes: at random, but the same at each try.
    /// </summary>
    public static void Fill(List<int> chosen, IPoolPart candidates, int count)
    {
        if (chosen.Count >= count) return;
        var taken = chosen.ToHashSet();
        var rest = Enumerable.Range(0, candidates.Count).Where(i => !taken.Contains(i)).ToArray();
        Array.Sort(rest, (a, b) => candidates.Noise.Span[a].CompareTo(candidates.Noise.Span[b]));
        chosen.AddRange(rest.Take(count - chosen.Count));
    }
}
