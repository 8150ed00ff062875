using Winnow.Abstractions.Training;
using Winnow.Algorithms.Selection;

namespace Winnow.Grains.Selection;

/// <summary>An image and the shard that brought it.</summary>
internal readonly record struct Located(int Shard, Candidate Candidate);

/// <summary>What all shards brought, as if one shard had held the whole pool. Pure.</summary>
internal sealed record MergedPool(Located[] Candidates, Located[] Evaluation)
{
    /// <param name="gathered">What each shard brought.</param>
    /// <param name="plan">What they were asked for.</param>
    /// <param name="seed">The round's seed, under which the uniform draws were made.</param>
    public static MergedPool Of(IReadOnlyList<GatheredCandidates> gathered, SelectionPlan plan, ulong seed)
    {
        var uniform = Uniform(gathered, g => g.Uniform, plan.Uniform, LocalSelection.CandidateSeed(seed));
        var evaluation = Uniform(gathered, g => g.Evaluation, plan.UniformEvaluation, LocalSelection.EvaluationSeed(seed));
        var top = plan.TopAmong > 0
            ? InOrder(uniform.Take(plan.TopAmong), c => (-c.Key, c.Noise)).Take(plan.Top)
            : Merge(gathered, g => g.Top, plan.Top, c => (-c.Key, c.Noise));
        return new MergedPool([.. top.Concat(uniform.Take(plan.UniformCandidates)).DistinctBy(l => l.Candidate.Image)], evaluation);
    }

    /// <summary>
    /// The smallest hashes of all. A shard that holds more than it brought is known up to the last that it brought, and beyond the least of
    /// these nothing is drawn: the draw is then a smaller one, and no less uniform.
    /// </summary>
    private static Located[] Uniform(IReadOnlyList<GatheredCandidates> gathered, Func<GatheredCandidates, Candidate[]> part, int count,
        ulong seed)
    {
        if (count == 0) return [];
        var known = gathered.Where(g => part(g) is { Length: > 0 } brought && brought.Length < g.Eligible)
            .Select(g => LocalSelection.HashOf(part(g)[^1].Image, seed)).DefaultIfEmpty(ulong.MaxValue).Min();
        return Merge(gathered, g => [.. part(g).TakeWhile(c => LocalSelection.HashOf(c.Image, seed) <= known)], count,
            c => LocalSelection.HashOf(c.Image, seed));
    }

    private static Located[] Merge<TOrder>(IReadOnlyList<GatheredCandidates> gathered, Func<GatheredCandidates, Candidate[]> part,
        int count, Func<Candidate, TOrder> order) =>
        [.. InOrder(gathered.SelectMany((g, shard) => part(g).Select(c => new Located(shard, c))), order).Take(count)];

    private static IEnumerable<Located> InOrder<TOrder>(IEnumerable<Located> located, Func<Candidate, TOrder> order) =>
        located.OrderBy(l => order(l.Candidate)).ThenBy(l => l.Candidate.Image);
}
