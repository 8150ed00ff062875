using Winnow.Algorithms.Scoring;

namespace Winnow.Algorithms.Selection;

/// <summary>
/// Herding, margin-filtered: chooses greedily the images S that maximise Σₓ u(x) · max over c in L ∪ S of exp(−‖x − c‖² / s²), the coverage
/// of the pool by the labelled and chosen points, weighted by the margin uncertainty u. After 'Uncertainty Herding' (arXiv 2412.20644);
/// here the candidates are the 8·B most uncertain images of a uniform part of the pool and 1,000 uniform ones, and the pool is represented
/// by 5,000 uniform points. The part has a size of its own, so that the filter is as strict in a large pool as in a small one: too strict,
/// and coverage has nothing left to choose between. s² is the median nearest-neighbour squared distance among the labelled points, so it
/// shrinks as they grow dense.
/// </summary>
public sealed class UncertaintyHerding : IQueryStrategy
{
    private const int Oversampling = 8;
    private const int Part = 12_000;
    private const int PartPerPlace = 120;
    private const int UniformCandidates = 1_000;

    /// <inheritdoc/>
    public string Name => "herding";

    /// <inheritdoc/>
    /// <remarks>A kernel of 1.6 GB.</remarks>
    public int LargestBatch => 10_000;

    /// <inheritdoc/>
    public bool NeedsModel => true;

    /// <inheritdoc/>
    public SelectionPlan Plan(SelectionRequest request) => new(
        Oversampling * request.BatchSize, UniformCandidates, Herding.EvaluationPoints,
        TopAmong: Math.Max(Part, PartPerPlace * request.BatchSize));

    /// <inheritdoc/>
    public void Keys(ReadOnlySpan<ImageScore> scores, ReadOnlySpan<ulong> noise, SelectionRequest request, Span<float> keys)
    {
        for (var i = 0; i < keys.Length; i++) keys[i] = float.IsNaN(scores[i].Margin) ? 0 : scores[i].Margin;
    }

    /// <inheritdoc/>
    public Task<IReadOnlyList<int>> SelectAsync(ISelectionPool pool, SelectionRequest request, CancellationToken cancellationToken) =>
        Herding.SelectAsync(pool, request, cancellationToken);
}
