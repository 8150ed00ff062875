using System.Numerics.Tensors;
using Winnow.Algorithms.Numerics;

namespace Winnow.Algorithms.Heads;

/// <summary>Heads on rows of single precision: they are rounded to half precision first, in which columns keep them.</summary>
public static class HeadRows
{
    /// <summary>Calibrated probabilities of rows, [n × K].</summary>
    /// <exception cref="InvalidOperationException">There is no head.</exception>
    public static RowMatrix Probabilities(IHead? head, RowMatrix rows)
    {
        if (head is null) throw new InvalidOperationException("There are no probabilities before there is a model.");
        var probabilities = new float[rows.Count * head.Classes];
        head.Probabilities(Halves(rows.Values), probabilities);
        return new RowMatrix(head.Classes, probabilities);
    }

    /// <summary>Calibrated logits of rows, [n × K].</summary>
    /// <param name="head">The head.</param>
    /// <param name="rows">[n × dimensions].</param>
    public static float[] Logits(IHead head, float[] rows)
    {
        if (rows.Length == 0) return [];
        var logits = new float[rows.Length / head.Dimensions * head.Classes];
        head.Logits(Halves(rows), logits);
        return logits;
    }

    private static Half[] Halves(float[] rows)
    {
        var halves = new Half[rows.Length];
        TensorPrimitives.ConvertToHalf(rows, halves);
        return halves;
    }
}
