using System.Numerics.Tensors;
using Winnow.Algorithms.Numerics;

namespace Winnow.Algorithms.Training;

/// <summary>Rows that several classifiers are fitted on, as they are and transposed. Read alone, from any thread.</summary>
internal sealed class DesignMatrix
{
    public DesignMatrix(float[] rows, int dimensions)
    {
        (Rows, Dimensions, Count) = (rows, dimensions, dimensions == 0 ? 0 : rows.Length / dimensions);
        Columns = new float[rows.Length];
        for (var i = 0; i < Count; i++)
            for (var j = 0; j < dimensions; j++) Columns[j * Count + i] = rows[i * dimensions + j];
    }

    /// <summary>[n × d].</summary>
    public float[] Rows { get; }

    /// <summary>[d × n]: the gradient is a product over examples, which is quick along rows.</summary>
    public float[] Columns { get; }

    public int Dimensions { get; }

    public int Count { get; }
}

/// <summary>
/// Logistic regression of two sides with scikit-learn's objective, <c>Σ weight · log-loss + ‖w‖² / (2 C)</c>, the bias unpenalised,
/// minimised by L-BFGS. One is fitted at a time; its buffers are used again for the next.
/// </summary>
internal sealed class BinaryRegression(DesignMatrix design, float[] weights)
{
    private readonly float[] _w = new float[design.Dimensions], _gradient = new float[design.Dimensions];
    private readonly float[] _logits = new float[design.Count], _residuals = new float[design.Count];
    private float[] _there = [];
    private double _penalty;

    /// <summary>
    /// Fits a classifier. Where all examples lie on one side there is no direction to learn: the weights are 0, and the bias is the rule of
    /// succession's, so that what was never seen is as unlikely as that many examples make it, and not impossible.
    /// </summary>
    /// <param name="there">[n], how sure each example is of the first side, 0 to 1.</param>
    /// <param name="options">How to fit.</param>
    /// <param name="x">[d + 1], weights and bias: where it starts, and where it ends.</param>
    /// <param name="ct">Gives up between iterations.</param>
    public void Fit(float[] there, LogisticRegressionOptions options, double[] x, CancellationToken ct)
    {
        ct.ThrowIfCancellationRequested();
        double all = 0, first = 0;
        for (var i = 0; i < there.Length; i++) (all, first) = (all + weights[i], first + weights[i] * there[i]);
        if (first <= 0 || first >= all)
        {
            Array.Clear(x);
            x[^1] = first <= 0 ? -Math.Log(all + 1) : Math.Log(all + 1);
            return;
        }
        (_there, _penalty) = (there, 1 / options.C);
        Lbfgs.Minimise(Evaluate, x, options.MaxIterations, options.Tolerance, ct);
    }

    private double Evaluate(ReadOnlySpan<double> x, Span<double> gradient)
    {
        var (n, d) = (design.Count, design.Dimensions);
        TensorPrimitives.ConvertTruncating(x[..d], _w.AsSpan());
        Gemm.MultiplyTransposed(design.Rows, n, _w, 1, d, [(float)x[d]], _logits);
        double loss = 0, bias = 0;
        for (var i = 0; i < n; i++)
        {
            var z = _logits[i];
            var e = MathF.Exp(-MathF.Abs(z));
            var p = z >= 0 ? 1 / (1 + e) : e / (1 + e);
            loss += weights[i] * (Math.Max(z, 0) + Math.Log(1 + e) - _there[i] * z);
            _residuals[i] = weights[i] * (p - _there[i]);
            bias += _residuals[i];
        }
        Gemm.MultiplyTransposed(_residuals, 1, design.Columns, d, n, [], _gradient);
        TensorPrimitives.ConvertTruncating<float, double>(_gradient, gradient[..d]);
        TensorPrimitives.MultiplyAdd(x[..d], _penalty, gradient[..d], gradient[..d]);
        gradient[d] = bias;
        return loss + 0.5 * _penalty * TensorPrimitives.SumOfSquares(x[..d]);
    }
}
