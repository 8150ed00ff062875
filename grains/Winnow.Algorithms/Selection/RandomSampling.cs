using Winnow.Algorithms.Numerics;
using Winnow.Algorithms.Scoring;

namespace Winnow.Algorithms.Selection;

/// <summary>Uniformly at random: the control arm, and the yardstick of every other strategy.</summary>
public sealed class RandomSampling : IQueryStrategy
{
    /// <inheritdoc/>
    public string Name => "random";

    /// <inheritdoc/>
    public bool NeedsModel => false;

    /// <inheritdoc/>
    public SelectionPlan Plan(SelectionRequest request) => new(request.BatchSize);

    /// <inheritdoc/>
    public void Keys(ReadOnlySpan<ImageScore> scores, ReadOnlySpan<ulong> noise, SelectionRequest request, Span<float> keys)
    {
        for (var i = 0; i < keys.Length; i++) keys[i] = (float)StableHash.ToUnit(noise[i]);
    }

    /// <inheritdoc/>
    public Task<IReadOnlyList<int>> SelectAsync(ISelectionPool pool, SelectionRequest request, CancellationToken cancellationToken) =>
        CandidateOrder.LargestAsync(pool, request, cancellationToken);
}
