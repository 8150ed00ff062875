using Winnow.Algorithms.Numerics;
using Winnow.Algorithms.Scoring;

namespace Winnow.Algorithms.Selection;

/// <summary>
/// Draws without replacement, each image with a weight of u^β by its margin u: the largest of β ln u + Gumbel noise (Kirsch et al.,
/// 'Stochastic Batch Acquisition', arXiv 2106.12059). An image's noise is a hash of its own, so the best of each shard merge into the best
/// of all, and nothing but keys travels: for batches that are too large to look at every pair.
/// </summary>
public sealed class PowerMarginSampling : IQueryStrategy
{
    private const double Beta = 4;

    /// <summary>Below this the model is sure. The logarithm has to stay a number.</summary>
    private const double SmallestMargin = 1e-6;

    /// <inheritdoc/>
    public string Name => "power-margin";

    /// <inheritdoc/>
    public bool NeedsModel => true;

    /// <inheritdoc/>
    public SelectionPlan Plan(SelectionRequest request) => new(request.BatchSize);

    /// <inheritdoc/>
    public void Keys(ReadOnlySpan<ImageScore> scores, ReadOnlySpan<ulong> noise, SelectionRequest request, Span<float> keys)
    {
        for (var i = 0; i < keys.Length; i++)
        {
            var margin = float.IsNaN(scores[i].Margin) ? 0 : scores[i].Margin;
            keys[i] = (float)(Beta * Math.Log(Math.Max(margin, SmallestMargin)) + StableHash.Gumbel(noise[i]));
        }
    }

    /// <inheritdoc/>
    public Task<IReadOnlyList<int>> SelectAsync(ISelectionPool pool, SelectionRequest request, CancellationToken cancellationToken) =>
        CandidateOrder.LargestAsync(pool, request, cancellationToken);
}
