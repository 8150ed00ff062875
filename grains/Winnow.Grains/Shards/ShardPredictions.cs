using Winnow.Abstractions.Scoring;
using Winnow.Grains.Columns;

namespace Winnow.Grains.Shards;

/// <summary>
/// What the model predicts of images whose labels are sets of classes. Scores keep one class of an image, so whoever looks at some has the
/// head look at their vectors again; nothing is kept.
/// </summary>
internal sealed class ShardPredictions(ShardWriter writer, ShardColumns columns, LearnedParts parts)
{
    /// <summary>The sets of some rows; null for those that have no score, or whose vectors are still on their way.</summary>
    public async Task<PredictedSet?[]> ReadAsync(IReadOnlyList<int> ordinals, CancellationToken cancellationToken)
    {
        var sets = new PredictedSet?[ordinals.Count];
        var space = columns.Serving;
        if (!writer.Dataset.Schema.IsTags || space.Learned.HeadKey is not { } key || space.Scores is null) return sets;
        var head = space.Head ??= await parts.HeadAsync(key, cancellationToken);
        if (columns.Serving != space || space.Projected is not { } projected) return sets;
        float[] logits = new float[head.Classes], cutoffs = [.. head.Cutoffs.Select(c => c / head.Temperature)];
        for (var i = 0; i < sets.Length; i++)
        {
            if (ordinals[i] >= projected.Count || columns.ScoreOf(ordinals[i]) is not { } score) continue;
            head.Logits(projected.Row<Half>(ordinals[i]), logits);
            sets[i] = SetOf(logits, cutoffs, 1 - score.LeastConfidence);
        }
        return sets;
    }

    private static PredictedSet SetOf(float[] logits, float[] cutoffs, float sure)
    {
        int[] there = [.. Enumerable.Range(0, cutoffs.Length).Where(c => logits[c] >= cutoffs[c]).OrderByDescending(c => logits[c])];
        return new PredictedSet(there, [.. there.Select(c => 1 / (1 + MathF.Exp(-logits[c])))], sure);
    }
}
