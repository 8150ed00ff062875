using System.Numerics.Tensors;

namespace Winnow.Algorithms.Numerics;

/// <summary>
/// All eigenvalues and eigenvectors of a symmetric matrix: Householder reduction to tridiagonal form, then the implicit QL algorithm
/// (Golub, Van Loan, Matrix Computations, 8.3). Rows of the matrix of vectors are rotated instead of columns, so that every inner loop runs
/// over memory in order.
/// </summary>
public static class SymmetricEigen
{
    private const int MaxSweeps = 60;

    /// <summary>Decomposes a matrix.</summary>
    /// <param name="matrix">[n × n], symmetric; overwritten by the eigenvectors, one per row, in the order of
    /// <paramref name="values"/>.</param>
    /// <param name="n">Side of the matrix.</param>
    /// <param name="values">[n], the eigenvalues, descending.</param>
    /// <param name="cancellationToken">Gives up between steps.</param>
    /// <exception cref="InvalidOperationException">The iteration did not converge: the matrix holds something that is not
    /// finite.</exception>
    public static void Decompose(Span<double> matrix, int n, Span<double> values, CancellationToken cancellationToken = default)
    {
        if (n == 0) return;
        var off = new double[n];
        var reflectors = new double[n * n];
        Tridiagonalise(matrix, n, values, off, reflectors, cancellationToken);
        // Row i of v becomes the i-th eigenvector in the basis of the tridiagonal matrix.
        var v = matrix;
        v.Clear();
        for (var i = 0; i < n; i++) v[i * n + i] = 1;
        QlIterate(values, off, v, n, cancellationToken);
        ApplyReflectors(v, n, reflectors, cancellationToken);
        SortDescending(v, n, values);
    }

    private static void Tridiagonalise(Span<double> a, int n, Span<double> diagonal, double[] off, double[] reflectors,
        CancellationToken cancellationToken)
    {
        var p = new double[n];
        for (var k = 0; k < n - 1; k++)
        {
            if ((k & 63) == 0) cancellationToken.ThrowIfCancellationRequested();
            var m = n - k - 1;
            var x = a.Slice(k * n + k + 1, m);
            var u = reflectors.AsSpan(k * n + k + 1, m);
            diagonal[k] = a[k * n + k];
            var norm = Math.Sqrt(TensorPrimitives.SumOfSquares<double>(x));
            if (norm == 0)
            {
                off[k] = 0;
                continue;
            }
            var alpha = x[0] > 0 ? -norm : norm;
            off[k] = alpha;
            x.CopyTo(u);
            u[0] -= alpha;
            var length = Math.Sqrt(TensorPrimitives.SumOfSquares<double>(u));
            if (length == 0) continue;
            TensorPrimitives.Divide(u, length, u);
            // A ← A − 2 u wᵀ − 2 w uᵀ on the trailing block, w = A u − (uᵀ A u) u.
            var w = p.AsSpan(0, m);
            for (var i = 0; i < m; i++) w[i] = TensorPrimitives.Dot<double>(a.Slice((k + 1 + i) * n + k + 1, m), u);
            var uau = TensorPrimitives.Dot<double>(u, w);
            TensorPrimitives.MultiplyAdd<double>(u, -uau, w, w);
            for (var i = 0; i < m; i++)
            {
                var row = a.Slice((k + 1 + i) * n + k + 1, m);
                TensorPrimitives.MultiplyAdd<double>(w, -2 * u[i], row, row);
                TensorPrimitives.MultiplyAdd<double>(u, -2 * w[i], row, row);
            }
        }
        diagonal[n - 1] = a[n * n - 1];
        off[n - 1] = 0;
    }

    private static void QlIterate(Span<double> d, double[] e, Span<double> v, int n, CancellationToken cancellationToken)
    {
        for (var l = 0; l < n; l++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            for (var sweep = 0; ; sweep++)
            {
                var m = l;
                for (; m < n - 1; m++)
                {
                    var scale = Math.Abs(d[m]) + Math.Abs(d[m + 1]);
                    if (Math.Abs(e[m]) <= double.Epsilon + 2.3e-16 * scale) break;
                }
                if (m == l) break;
                if (sweep == MaxSweeps)
                    throw new InvalidOperationException(
                        "The eigenvalue iteration did not converge: the matrix holds numbers that are not finite.");
                var g = (d[l + 1] - d[l]) / (2 * e[l]);
                var r = Math.Sqrt(g * g + 1);
                g = d[m] - d[l] + e[l] / (g + Math.CopySign(r, g));
                double s = 1, c = 1, p = 0;
                var i = m - 1;
                for (; i >= l; i--)
                {
                    var f = s * e[i];
                    var b = c * e[i];
                    r = Math.Sqrt(f * f + g * g);
                    e[i + 1] = r;
                    if (r == 0)
                    {
                        d[i + 1] -= p;
                        e[m] = 0;
                        break;
                    }
                    s = f / r;
                    c = g / r;
                    g = d[i + 1] - p;
                    r = (d[i] - g) * s + 2 * c * b;
                    p = s * r;
                    d[i + 1] = g + p;
                    g = c * r - b;
                    Rotate(v.Slice(i * n, n), v.Slice((i + 1) * n, n), c, s);
                }
                if (r == 0 && i >= l) continue;
                d[l] -= p;
                e[l] = g;
                e[m] = 0;
            }
        }
    }

    private static void Rotate(Span<double> lower, Span<double> upper, double c, double s)
    {
        var width = System.Numerics.Vector<double>.Count;
        var i = 0;
        var vc = new System.Numerics.Vector<double>(c);
        var vs = new System.Numerics.Vector<double>(s);
        for (; i + width <= lower.Length; i += width)
        {
            var f = new System.Numerics.Vector<double>(upper[i..]);
            var g = new System.Numerics.Vector<double>(lower[i..]);
            (vs * g + vc * f).CopyTo(upper[i..]);
            (vc * g - vs * f).CopyTo(lower[i..]);
        }
        for (; i < lower.Length; i++)
        {
            var f = upper[i];
            upper[i] = s * lower[i] + c * f;
            lower[i] = c * lower[i] - s * f;
        }
    }

    private static void ApplyReflectors(Span<double> v, int n, double[] reflectors, CancellationToken cancellationToken)
    {
        for (var row = 0; row < n; row++)
        {
            if ((row & 63) == 0) cancellationToken.ThrowIfCancellationRequested();
            for (var k = n - 2; k >= 0; k--)
            {
                var u = reflectors.AsSpan(k * n + k + 1, n - k - 1);
                var part = v.Slice(row * n + k + 1, n - k - 1);
                var projection = TensorPrimitives.Dot<double>(u, part);
                if (projection != 0) TensorPrimitives.MultiplyAdd<double>(u, -2 * projection, part, part);
            }
        }
    }

    private static void SortDescending(Span<double> v, int n, Span<double> values)
    {
        var order = Enumerable.Range(0, n).ToArray();
        var keys = values.ToArray();
        Array.Sort(keys, order);
        Array.Reverse(order);
        var old = v.ToArray();
        var oldValues = values.ToArray();
        for (var i = 0; i < n; i++)
        {
            values[i] = oldValues[order[i]];
            old.AsSpan(order[i] * n, n).CopyTo(v.Slice(i * n, n));
        }
    }
}
