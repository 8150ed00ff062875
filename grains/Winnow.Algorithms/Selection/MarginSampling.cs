using Winnow.Algorithms.Scoring;

namespace Winnow.Algorithms.Selection;

/// <summary>
/// The images between whose two most probable classes the model can least decide (Scheffer, Decomain, Wrobel 2001). It looks at one image
/// at a time, so a batch may hold near-duplicates.
/// </summary>
public sealed class MarginSampling : IQueryStrategy
{
    /// <inheritdoc/>
    public string Name => "margin";

    /// <inheritdoc/>
    public bool NeedsModel => true;

    /// <inheritdoc/>
    public SelectionPlan Plan(SelectionRequest request) => new(request.BatchSize);

    /// <inheritdoc/>
    public void Keys(ReadOnlySpan<ImageScore> scores, ReadOnlySpan<ulong> noise, SelectionRequest request, Span<float> keys)
    {
        for (var i = 0; i < keys.Length; i++) keys[i] = float.IsNaN(scores[i].Margin) ? 0 : scores[i].Margin;
    }

    /// <inheritdoc/>
    public Task<IReadOnlyList<int>> SelectAsync(ISelectionPool pool, SelectionRequest request, CancellationToken cancellationToken) =>
        CandidateOrder.LargestAsync(pool, request, cancellationToken);
}
