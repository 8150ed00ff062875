using Winnow.Algorithms.Scoring;

namespace Winnow.Algorithms.Selection;

/// <summary>What a round asks of a strategy.</summary>
/// <param name="BatchSize">Images wanted, B.</param>
/// <param name="Round">Number of the round, from 1.</param>
/// <param name="Seed">Everything random of the round follows from it.</param>
/// <param name="Classes">Classes of the label schema.</param>
public sealed record SelectionRequest(int BatchSize, int Round, ulong Seed, int Classes);

/// <summary>What each shard must bring to the coordinator.</summary>
/// <param name="Top">Candidates with the largest keys, over all shards together.</param>
/// <param name="TopAmong">Images, drawn uniformly, among which the top ones are sought; 0 for the whole pool.</param>
/// <param name="UniformCandidates">Further candidates drawn uniformly; the first of the draw that <paramref name="TopAmong"/> asks
/// for.</param>
/// <param name="UniformEvaluation">Points of the pool drawn uniformly that stand for all of it.</param>
public sealed record SelectionPlan(int Top, int UniformCandidates = 0, int UniformEvaluation = 0, int TopAmong = 0)
{
    /// <summary>Images that the uniform draw of candidates must hold.</summary>
    public int Uniform => Math.Max(TopAmong, UniformCandidates);
}

/// <summary>
/// Chooses which images to ask people about. A strategy works in two places: <see cref="Keys"/> on every shard over all its images, and
/// <see cref="SelectAsync"/> once, over the few that the shards brought, whose vectors and probabilities it asks for as it needs them. To
/// add one: a class here, a line in <see cref="QueryStrategies"/>, and a test class that inherits the conformance tests.
/// </summary>
public interface IQueryStrategy : INamed
{
    /// <summary>False where it works before the first head exists; <see cref="Keys"/> then gets no scores.</summary>
    bool NeedsModel { get; }

    /// <summary>The largest batch that it chooses within minutes and within a silo's memory.</summary>
    int LargestBatch => int.MaxValue;

    /// <summary>What the shards must bring.</summary>
    SelectionPlan Plan(SelectionRequest request);

    /// <summary>One key per image; larger is asked first. Never NaN.</summary>
    /// <param name="scores">[n], or empty where <see cref="NeedsModel"/> is false.</param>
    /// <param name="noise">[n], a hash per image under the round's seed.</param>
    /// <param name="request">The round.</param>
    /// <param name="keys">[n].</param>
    void Keys(ReadOnlySpan<ImageScore> scores, ReadOnlySpan<ulong> noise, SelectionRequest request, Span<float> keys);

    /// <summary>Indices of the chosen candidates, distinct, best first: as many as the batch asks for, or all there are.</summary>
    Task<IReadOnlyList<int>> SelectAsync(ISelectionPool pool, SelectionRequest request, CancellationToken cancellationToken);
}

/// <summary>All strategies, by name: the one place where a new one is registered.</summary>
public static class QueryStrategies
{
    /// <summary>Every strategy.</summary>
    public static Registry<IQueryStrategy> All { get; } = new(
        "query strategy",
        new RandomSampling(),
        new MarginSampling(),
        new PowerMarginSampling(),
        new KMeansCentroids(),
        new MaximumCoverage(),
        new UncertaintyHerding());
}
