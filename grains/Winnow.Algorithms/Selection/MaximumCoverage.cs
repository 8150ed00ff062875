using Winnow.Algorithms.Scoring;

namespace Winnow.Algorithms.Selection;

/// <summary>
/// Diversity alone: chooses greedily the images that bring most of the pool near to a labelled one, each point of the pool weighing the
/// same. 'MaxHerding' of 'Generalized Coverage for More Robust Low-Budget Active Learning' (arXiv 2407.12212). It needs no model, and
/// unlike clustering it knows what is labelled already: where nothing is learned yet, as of shapes, each round goes where none has been.
/// </summary>
public sealed class MaximumCoverage : IQueryStrategy
{
    private const int Candidates = 12_000;

    /// <inheritdoc/>
    public string Name => "coverage";

    /// <inheritdoc/>
    /// <remarks>A kernel of 800 MB.</remarks>
    public int LargestBatch => 10_000;

    /// <inheritdoc/>
    public bool NeedsModel => false;

    /// <inheritdoc/>
    public SelectionPlan Plan(SelectionRequest request) =>
        new(0, UniformCandidates: Math.Max(Candidates, 4 * request.BatchSize), Herding.EvaluationPoints);

    /// <inheritdoc/>
    public void Keys(ReadOnlySpan<ImageScore> scores, ReadOnlySpan<ulong> noise, SelectionRequest request, Span<float> keys) =>
        keys.Fill(1);

    /// <inheritdoc/>
    public Task<IReadOnlyList<int>> SelectAsync(ISelectionPool pool, SelectionRequest request, CancellationToken cancellationToken) =>
        Herding.SelectAsync(pool, request, cancellationToken);
}
