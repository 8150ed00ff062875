using System.Numerics.Tensors;

namespace Winnow.Algorithms.Numerics;

/// <summary>
/// Squared Euclidean distances to the same rows, many times over: their norms are taken and they are laid out for the product once.
/// </summary>
public sealed class RowDistances
{
    private readonly GemmPanels _products;
    private readonly float[] _norms;

    /// <param name="b">[<paramref name="others"/> × <paramref name="inner"/>].</param>
    /// <param name="others">Rows.</param>
    /// <param name="inner">Length of a row.</param>
    /// <exception cref="ArgumentException">The span is of another length.</exception>
    public RowDistances(ReadOnlySpan<float> b, int others, int inner)
    {
        _products = new GemmPanels(b, others, inner, []);
        _norms = new float[others];
        for (var o = 0; o < others; o++) _norms[o] = TensorPrimitives.SumOfSquares(b.Slice(o * inner, inner));
    }

    /// <summary>Distances of all rows of <paramref name="a"/>, never below zero.</summary>
    /// <param name="a">[<paramref name="rows"/> × inner].</param>
    /// <param name="rows">Rows of <paramref name="a"/>.</param>
    /// <param name="distances">[<paramref name="rows"/> × others].</param>
    /// <exception cref="ArgumentException">A span is too short.</exception>
    public void Squared(ReadOnlySpan<float> a, int rows, Span<float> distances)
    {
        _products.Multiply(a, rows, distances);
        var inner = _products.Inner;
        for (var r = 0; r < rows; r++)
        {
            var own = TensorPrimitives.SumOfSquares(a.Slice(r * inner, inner));
            var line = distances.Slice(r * _norms.Length, _norms.Length);
            TensorPrimitives.MultiplyAdd(line, -2f, _norms, line);
            TensorPrimitives.Add(line, own, line);
            TensorPrimitives.Max(line, 0f, line);
        }
    }
}
