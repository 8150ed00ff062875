using System.Runtime.InteropServices;
using Winnow.Abstractions.Training;
using Winnow.Algorithms.Scoring;
using Winnow.Algorithms.Training;
using Winnow.Grains.Columns;

namespace Winnow.Grains.Evaluation;

/// <summary>Measures a head on labelled rows of a column, block by block, so that memory does not grow with the holdout.</summary>
internal static class HeadEvaluation
{
    private const int Block = 1024;

    public static HoldoutResult OnRows(SoftmaxHead head, SegmentColumn rows, IReadOnlyList<int> ordinals, IReadOnlyList<int> labels)
    {
        var block = new Half[Block * head.Dimensions];
        var probabilities = new float[Block * head.Classes];
        int correct = 0;
        double loss = 0;
        for (var from = 0; from < ordinals.Count; from += Block)
        {
            var count = Math.Min(Block, ordinals.Count - from);
            for (var i = 0; i < count; i++) rows.Row<Half>(ordinals[from + i]).CopyTo(block.AsSpan(i * head.Dimensions));
            HeadScorer.Probabilities(head, block.AsSpan(0, count * head.Dimensions), probabilities);
            for (var i = 0; i < count; i++)
            {
                var p = probabilities.AsSpan(i * head.Classes, head.Classes);
                var label = labels[from + i];
                if (Algorithms.Numerics.Extremes.IndexOfMax(p) == label) correct++;
                loss -= Math.Log(Math.Max(p[label], 1e-12));
            }
        }
        return new HoldoutResult(ordinals.Count, correct, loss);
    }

    /// <summary>Logits of rows, divided by the head's temperature, [rows × classes].</summary>
    public static float[] Logits(SoftmaxHead head, float[] rows)
    {
        if (rows.Length == 0) return [];
        var halves = new Half[rows.Length];
        System.Numerics.Tensors.TensorPrimitives.ConvertToHalf(rows, halves);
        var logits = new float[rows.Length / head.Dimensions * head.Classes];
        HeadScorer.Logits(head, halves, logits);
        return logits;
    }

    /// <summary>Numbers of a matrix that came over the wire.</summary>
    public static float[] ToSingles(MatrixRows rows)
    {
        var halves = MemoryMarshal.Cast<byte, Half>(rows.Values);
        var singles = new float[halves.Length];
        System.Numerics.Tensors.TensorPrimitives.ConvertToSingle(halves, singles);
        return singles;
    }
}
