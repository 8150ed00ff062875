using System.Numerics.Tensors;

namespace Winnow.Algorithms.Training;

/// <summary>Value of a function at <paramref name="x"/>; writes its gradient.</summary>
internal delegate double DifferentiableFunction(ReadOnlySpan<double> x, Span<double> gradient);

/// <summary>Limited-memory BFGS with a weak-Wolfe bisection line search (Liu, Nocedal 1989; Lewis, Overton 2013).</summary>
internal static class Lbfgs
{
    private const int History = 10;
    private const int MaxSteps = 30;
    private const double Armijo = 1e-4;
    private const double Curvature = 0.9;

    /// <summary>Minimises in place; returns the number of iterations.</summary>
    public static int Minimise(DifferentiableFunction function, double[] x, int maxIterations, double tolerance, CancellationToken ct)
    {
        var n = x.Length;
        double[] gradient = new double[n], next = new double[n], nextGradient = new double[n], direction = new double[n];
        var steps = new Queue<(double[] S, double[] Y, double Rho)>(History);
        var value = function(x, gradient);
        for (var iteration = 0; iteration < maxIterations; iteration++)
        {
            ct.ThrowIfCancellationRequested();
            if (Math.Abs(TensorPrimitives.MaxMagnitude<double>(gradient)) <= tolerance) return iteration;
            Direction(steps, gradient, direction);
            var slope = TensorPrimitives.Dot<double>(direction, gradient);
            if (slope >= 0)
            {
                // Rounding has spoiled the history: start again along the gradient.
                steps.Clear();
                TensorPrimitives.Negate<double>(gradient, direction);
                slope = -TensorPrimitives.SumOfSquares<double>(gradient);
            }
            var first = steps.Count == 0 ? Math.Min(1, 1 / Math.Sqrt(-slope)) : 1;
            if (!Search(function, x, value, direction, slope, first, next, nextGradient, out var nextValue)) return iteration;
            var s = new double[n];
            var y = new double[n];
            TensorPrimitives.Subtract<double>(next, x, s);
            TensorPrimitives.Subtract<double>(nextGradient, gradient, y);
            var sy = TensorPrimitives.Dot<double>(s, y);
            if (sy > 1e-12 * TensorPrimitives.SumOfSquares<double>(y))
            {
                if (steps.Count == History) steps.Dequeue();
                steps.Enqueue((s, y, 1 / sy));
            }
            // The numbers behind the gradient are floats: progress below their resolution is noise.
            var stalled = value - nextValue <= 1e-9 * Math.Max(1, Math.Abs(value));
            next.CopyTo(x, 0);
            nextGradient.CopyTo(gradient, 0);
            value = nextValue;
            if (stalled) return iteration + 1;
        }
        return maxIterations;
    }

    private static void Direction(Queue<(double[] S, double[] Y, double Rho)> steps, double[] gradient, double[] direction)
    {
        TensorPrimitives.Negate<double>(gradient, direction);
        var list = steps.ToArray();
        Span<double> alpha = stackalloc double[History];
        for (var i = list.Length - 1; i >= 0; i--)
        {
            alpha[i] = list[i].Rho * TensorPrimitives.Dot<double>(list[i].S, direction);
            TensorPrimitives.MultiplyAdd<double>(list[i].Y, -alpha[i], direction, direction);
        }
        if (list.Length > 0)
        {
            var last = list[^1];
            TensorPrimitives.Multiply<double>(direction, 1 / (last.Rho * TensorPrimitives.SumOfSquares<double>(last.Y)), direction);
        }
        for (var i = 0; i < list.Length; i++)
        {
            var beta = list[i].Rho * TensorPrimitives.Dot<double>(list[i].Y, direction);
            TensorPrimitives.MultiplyAdd<double>(list[i].S, alpha[i] - beta, direction, direction);
        }
    }

    private static bool Search(DifferentiableFunction function, double[] x, double value, double[] direction, double slope, double step,
        double[] next, double[] nextGradient, out double nextValue)
    {
        double low = 0, high = double.PositiveInfinity;
        nextValue = value;
        for (var i = 0; i < MaxSteps; i++)
        {
            TensorPrimitives.MultiplyAdd<double>(direction, step, x, next);
            nextValue = function(next, nextGradient);
            if (!(nextValue <= value + Armijo * step * slope)) high = step;
            else if (TensorPrimitives.Dot<double>(nextGradient, direction) < Curvature * slope) low = step;
            else return true;
            step = double.IsPositiveInfinity(high) ? 2 * low : (low + high) / 2;
        }
        return nextValue < value;
    }
}
