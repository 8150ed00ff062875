using System.Numerics.Tensors;
using Winnow.Algorithms.Heads;
using Winnow.Algorithms.Numerics;

namespace Winnow.Algorithms.Training;

/// <summary>How the head is fitted.</summary>
public sealed record LogisticRegressionOptions
{
    /// <summary>Inverse regularisation strength, above 0. Default 0.03.</summary>
    public double C { get; init; } = 0.03;

    /// <summary>Most iterations of L-BFGS. 1 to 10,000. Default 300.</summary>
    public int MaxIterations { get; init; } = 300;

    /// <summary>Stops when no component of the gradient exceeds this. Default 1e-4, as in scikit-learn.</summary>
    public double Tolerance { get; init; } = 1e-4;
}

/// <summary>
/// Multinomial logistic regression with scikit-learn's objective, <c>Σ weight · log-loss + ‖W‖² / (2 C)</c>, the bias unpenalised,
/// minimised by L-BFGS (Liu, Nocedal 1989). A soft label counts as examples of all its classes, each with its part of the weight.
/// </summary>
public static class LogisticRegression
{
    /// <summary>Bias of a class that has no example: probability about 1e-13.</summary>
    public const float AbsentBias = -30;

    /// <summary>Fits a head.</summary>
    /// <param name="examples">A class that none of them is of gets no weight and <see cref="AbsentBias"/>.</param>
    /// <param name="options">How to fit.</param>
    /// <param name="warmStart">A head to start from, of the same shape.</param>
    /// <param name="ct">Gives up between iterations.</param>
    /// <returns>A head with temperature 1.</returns>
    /// <exception cref="ArgumentException">No example that weighs anything, or options out of range.</exception>
    public static SoftmaxHead Fit(Examples examples, LogisticRegressionOptions options, SoftmaxHead? warmStart = null,
        CancellationToken ct = default)
    {
        if (examples.Targets.AreSets)
            throw new ArgumentException("Sets of classes are learnt by a classifier of each class.", nameof(examples));
        var (classes, dimensions, seen) = (examples.Classes, examples.Dimensions, examples.Targets.Present());
        int[] present = [.. Enumerable.Range(0, classes).Where(c => seen[c])];
        if (present.Length == 0) throw new ArgumentException("A head needs at least one example that weighs anything.", nameof(examples));
        if (!(options.C > 0)) throw new ArgumentException($"C must be above 0, not {options.C}.", nameof(options));
        var weights = new float[classes * dimensions];
        var bias = new float[classes];
        Array.Fill(bias, AbsentBias);
        if (present.Length == 1)
        {
            bias[present[0]] = 0;
            return new SoftmaxHead(classes, dimensions, weights, bias, 1);
        }
        var objective = new Objective(examples, present, options.C);
        var x = new double[present.Length * (dimensions + 1)];
        if (warmStart is { } start) Load(start, present, x);
        Lbfgs.Minimise(objective.Evaluate, x, options.MaxIterations, options.Tolerance, ct);
        for (var k = 0; k < present.Length; k++)
        {
            for (var j = 0; j < dimensions; j++) weights[present[k] * dimensions + j] = (float)x[k * dimensions + j];
            bias[present[k]] = (float)x[present.Length * dimensions + k];
        }
        return new SoftmaxHead(classes, dimensions, weights, bias, 1);
    }

    private static void Load(SoftmaxHead head, int[] present, double[] x)
    {
        for (var k = 0; k < present.Length; k++)
        {
            for (var j = 0; j < head.Dimensions; j++) x[k * head.Dimensions + j] = head.Weights[present[k] * head.Dimensions + j];
            // A class that was absent starts like the others, not thirty nats behind them.
            x[present.Length * head.Dimensions + k] = head.Bias[present[k]] <= AbsentBias ? 0 : head.Bias[present[k]];
        }
    }

    private sealed class Objective
    {
        private readonly float[] _rows, _columns, _weights, _bias, _logits, _residuals, _gradient;
        private readonly Targets _targets;
        private readonly int[] _present;
        private readonly int[] _labels;
        private readonly int _n, _d, _k;
        private readonly double _penalty;

        public Objective(Examples examples, int[] present, double c)
        {
            var d = examples.Dimensions;
            (_n, _d, _k, _penalty) = (examples.Count, d, present.Length, 1 / c);
            (_rows, _targets, _present) = (examples.Vectors, examples.Targets, present);
            // The gradient is a product over examples: with examples along the rows it is the same kernel as the logits.
            _columns = new float[_rows.Length];
            for (var i = 0; i < _n; i++)
                for (var j = 0; j < d; j++) _columns[j * _n + i] = _rows[i * d + j];
            var index = new int[examples.Classes];
            for (var k = 0; k < present.Length; k++) index[present[k]] = k;
            _labels = new int[_n];
            for (var i = 0; i < _n; i++) _labels[i] = index[_targets.LabelOf(i)];
            _weights = new float[_k * d];
            _bias = new float[_k];
            _logits = new float[_n * _k];
            _residuals = new float[_k * _n];
            _gradient = new float[_k * d];
        }

        public double Evaluate(ReadOnlySpan<double> x, Span<double> gradient)
        {
            TensorPrimitives.ConvertTruncating(x[..(_k * _d)], _weights.AsSpan());
            TensorPrimitives.ConvertTruncating(x[(_k * _d)..], _bias.AsSpan());
            Gemm.MultiplyTransposed(_rows, _n, _weights, _k, _d, _bias, _logits);
            double loss = 0;
            for (var i = 0; i < _n; i++)
            {
                var z = _logits.AsSpan(i * _k, _k);
                var weight = _targets.WeightOf(i);
                var target = _targets.AreHard ? z[_labels[i]] : SoftTarget(i, z);
                var top = TensorPrimitives.Max<float>(z);
                TensorPrimitives.Subtract(z, top, z);
                TensorPrimitives.Exp(z, z);
                var sum = TensorPrimitives.Sum<float>(z);
                loss += weight * (Math.Log(sum) + top - target);
                for (var k = 0; k < _k; k++) _residuals[k * _n + i] = weight * (z[k] / sum);
                if (_targets.AreHard) _residuals[_labels[i] * _n + i] -= weight;
                else TakeSoftTarget(i, weight);
            }
            Gemm.MultiplyTransposed(_residuals, _k, _columns, _d, _n, [], _gradient);
            TensorPrimitives.ConvertTruncating<float, double>(_gradient, gradient);
            var w = x[..(_k * _d)];
            TensorPrimitives.MultiplyAdd(w, _penalty, gradient[..(_k * _d)], gradient[..(_k * _d)]);
            for (var k = 0; k < _k; k++) gradient[_k * _d + k] = TensorPrimitives.Sum<float>(_residuals.AsSpan(k * _n, _n));
            return loss + 0.5 * _penalty * TensorPrimitives.SumOfSquares(w);
        }

        private float SoftTarget(int example, ReadOnlySpan<float> z)
        {
            var parts = _targets.DistributionOf(example);
            float target = 0;
            for (var k = 0; k < _k; k++) target += parts[_present[k]] * z[k];
            return target;
        }

        private void TakeSoftTarget(int example, float weight)
        {
            var parts = _targets.DistributionOf(example);
            for (var k = 0; k < _k; k++) _residuals[k * _n + example] -= weight * parts[_present[k]];
        }
    }
}
