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
        var uniform = Merge(gathered, g => g.Uniform, plan.Uniform, c => LocalSelection.HashOf(c.Image, LocalSelection.CandidateSeed(seed)));
        var evaluation = Merge(gathered, g => g.Evaluation, plan.UniformEvaluation, c => LocalSelection.HashOf(c.Image, LocalSelection.EvaluationSeed(seed)));
        var top = plan.TopAmong > 0
            ? InOrder(uniform.Take(plan.TopAmong), c => (-c.Key, c.Noise)).Take(plan.Top)
            : Merge(gathered, g => g.Top, plan.Top, c => (-c.Key, c.Noise));
        return new MergedPool([.. top.Concat(uniform.Take(plan.UniformCandidates)).DistinctBy(l => l.Candidate.Image)], evaluation);
    }

    private static Located[] Merge<TOrder>(IReadOnlyList<GatheredCandidates> gathered, Func<GatheredCandidates, Candidate[]> part, int count, Func<Candidate, TOrder> order) =>
        [.. InOrder(gathered.SelectMany((g, shard) => part(g).Select(c => new Located(shard, c))), order).Take(count)];

    private static IEnumerable<Located> InOrder<TOrder>(IEnumerable<Located> located, Func<Candidate, TOrder> order) =>
        located.OrderBy(l => order(l.Candidate)).ThenBy(l => l.Candidate.Image);
}
