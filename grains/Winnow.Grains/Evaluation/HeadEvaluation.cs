using Winnow.Abstractions.Training;
using Winnow.Algorithms.Evaluation;
using Winnow.Algorithms.Heads;
using Winnow.Algorithms.Training;
using Winnow.Grains.Columns;

namespace Winnow.Grains.Evaluation;

/// <summary>Measures a head on labelled rows of a column.</summary>
internal static class HeadEvaluation
{
    private const int Block = 1024;

    public static HoldoutResult OnRows(IHead head, SegmentColumn rows, IReadOnlyList<int> ordinals, Targets targets)
    {
        var tally = new HoldoutTally(head);
        var block = new Half[Block * head.Dimensions];
        for (var from = 0; from < ordinals.Count; from += Block)
        {
            var count = Math.Min(Block, ordinals.Count - from);
            for (var i = 0; i < count; i++) rows.Row<Half>(ordinals[from + i]).CopyTo(block.AsSpan(i * head.Dimensions));
            tally.Add(block.AsSpan(0, count * head.Dimensions), targets.Only([.. Enumerable.Range(from, count)]));
        }
        return new HoldoutResult(tally.Count, tally.Correct, tally.LogLossSum,
            tally.Sets is { } s ? new ClassCounts(s.Found, s.Wrong, s.Missed) : null);
    }
}
