using System.Numerics.Tensors;
using Winnow.Algorithms.Numerics;

namespace Winnow.Algorithms.Scoring;

/// <summary>
/// What heads and strategies see instead of the embedding: each dimension standardised, then the leading principal components (Jolliffe,
/// Principal Component Analysis), not whitened, then one scalar for all so that the mean square of a projected number is 1 on the rows it
/// was fitted on. Fitted once per pool.
/// </summary>
public sealed class Projection
{
    private const uint Magic = 0x4A50_4E57; // "WNPJ"
    private const int Layout = 1;
    private const string What = "projection";

    private readonly float[] _weights;
    private readonly float[] _bias;

    private Projection(int inputDimensions, int dimensions, float[] weights, float[] bias, float explained)
    {
        (InputDimensions, Dimensions, _weights, _bias, ExplainedVarianceRatio) = (inputDimensions, dimensions, weights, bias, explained);
    }

    /// <summary>Length of an embedding.</summary>
    public int InputDimensions { get; }

    /// <summary>Length of a projected row.</summary>
    public int Dimensions { get; }

    /// <summary>Share of the standardised variance that is kept, in [0, 1].</summary>
    public float ExplainedVarianceRatio { get; }

    /// <summary>
    /// The projection as <c>W x + b</c>: weights [<see cref="Dimensions"/> × <see cref="InputDimensions"/>], bias
    /// [<see cref="Dimensions"/>].
    /// </summary>
    public (float[] Weights, float[] Bias) ToAffine() => (_weights, _bias);

    /// <summary>Fits on rows of embeddings.</summary>
    /// <param name="rows">[n × <paramref name="inputDimensions"/>]; rows with a NaN are passed over.</param>
    /// <param name="inputDimensions">Length of a row.</param>
    /// <param name="dimensions">Components to keep; fewer where the rows span fewer.</param>
    /// <param name="ct">Gives up between steps.</param>
    /// <exception cref="ArgumentException">Fewer than two usable rows, or rows that do not divide evenly.</exception>
    public static Projection Fit(ReadOnlySpan<float> rows, int inputDimensions, int dimensions, CancellationToken ct = default)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(inputDimensions);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(dimensions);
        if (rows.Length % inputDimensions != 0)
            throw new ArgumentException($"{rows.Length} numbers are not whole rows of {inputDimensions}.", nameof(rows));
        var x = UsableRows(rows, inputDimensions);
        var n = x.Length / inputDimensions;
        if (n < 2) throw new ArgumentException($"A projection needs at least two usable rows, not {n}.", nameof(rows));
        var kept = Math.Min(dimensions, Math.Min(inputDimensions, n - 1));

        var (mean, scale) = Standardise(x, n, inputDimensions);
        ct.ThrowIfCancellationRequested();
        // The smaller of the two matrices: both have the same eigenvalues, and the work grows with the cube of the side.
        if (n <= inputDimensions)
        {
            var (components, variances) = ComponentsOfFew(x, n, inputDimensions, kept, ct);
            return FromComponents(components, variances, mean, scale, components.Length / inputDimensions);
        }
        var covariance = Covariance(x, n, inputDimensions, ct);
        var values = new double[inputDimensions];
        SymmetricEigen.Decompose(covariance, inputDimensions, values, ct);
        return FromComponents(covariance, values, mean, scale, kept);
    }

    /// <summary>
    /// Components by the products of rows with one another: an eigenvector of those, carried back through the rows, is one of the
    /// covariance (Turk and Pentland, Eigenfaces for Recognition, 1991). Where the rows span fewer than are wanted, those that they span.
    /// </summary>
    /// <param name="x">[n × d], standardised.</param>
    /// <param name="n">Rows, at most <paramref name="d"/>.</param>
    /// <param name="d">Dimensions.</param>
    /// <param name="kept">Components that are wanted, fewer than <paramref name="n"/>.</param>
    /// <param name="ct">Gives up between steps.</param>
    /// <returns>At least one component, each a row of d; and all n variances, descending.</returns>
    private static (double[] Components, double[] Variances) ComponentsOfFew(float[] x, int n, int d, int kept, CancellationToken ct)
    {
        var rows = new double[n * d];
        TensorPrimitives.ConvertChecked<float, double>(x, rows);
        var products = new double[n * n];
        for (var i = 0; i < n; i++)
        {
            ct.ThrowIfCancellationRequested();
            for (var j = 0; j <= i; j++)
                products[i * n + j] = products[j * n + i] =
                    TensorPrimitives.Dot<double>(rows.AsSpan(i * d, d), rows.AsSpan(j * d, d)) / (n - 1);
        }
        var variances = new double[n];
        SymmetricEigen.Decompose(products, n, variances, ct);
        var spanned = 1;
        while (spanned < kept && variances[spanned] > variances[0] * 1e-9) spanned++;
        var components = new double[spanned * d];
        for (var c = 0; c < spanned; c++)
        {
            var component = components.AsSpan(c * d, d);
            for (var i = 0; i < n; i++)
                TensorPrimitives.MultiplyAdd<double>(rows.AsSpan(i * d, d), products[c * n + i], component, component);
            var length = TensorPrimitives.Norm<double>(component);
            if (length > 0) TensorPrimitives.Divide<double>(component, length, component);
        }
        return (components, variances);
    }

    private static Projection FromComponents(double[] vectors, double[] values, double[] mean, double[] scale, int kept)
    {
        var d = mean.Length;
        double total = 0, held = 0;
        for (var i = 0; i < values.Length; i++)
        {
            total += Math.Max(values[i], 0);
            if (i < kept) held += Math.Max(values[i], 0);
        }
        // The mean square of a projected number is the mean of the kept eigenvalues.
        var unit = held > 0 ? 1 / Math.Sqrt(held / kept) : 0;
        var weights = new float[kept * d];
        var bias = new float[kept];
        for (var i = 0; i < kept; i++)
        {
            var component = vectors.AsSpan(i * d, d);
            // An eigenvector's sign is arbitrary: the largest number is made positive, so that equal data give equal projections.
            var sign = component[Extremes.IndexOfMaxMagnitude(component)] < 0 ? -unit : unit;
            double shift = 0;
            for (var j = 0; j < d; j++)
            {
                var w = sign * component[j] * scale[j];
                weights[i * d + j] = (float)w;
                shift -= w * mean[j];
            }
            bias[i] = (float)shift;
        }
        return new Projection(d, kept, weights, bias, total > 0 ? (float)(held / total) : 0);
    }

    private static float[] UsableRows(ReadOnlySpan<float> rows, int d)
    {
        var usable = new float[rows.Length];
        var at = 0;
        for (var r = 0; r < rows.Length; r += d)
        {
            var row = rows.Slice(r, d);
            if (!float.IsFinite(TensorPrimitives.Sum(row))) continue;
            row.CopyTo(usable.AsSpan(at));
            at += d;
        }
        return usable[..at];
    }

    /// <summary>Standardises in place; a dimension that never changes gets the scale 0 and so no weight.</summary>
    private static (double[] Mean, double[] Scale) Standardise(float[] x, int n, int d)
    {
        var mean = new double[d];
        var scale = new double[d];
        for (var r = 0; r < n; r++)
            for (var j = 0; j < d; j++) mean[j] += x[r * d + j];
        for (var j = 0; j < d; j++) mean[j] /= n;
        for (var r = 0; r < n; r++)
            for (var j = 0; j < d; j++)
            {
                var c = x[r * d + j] - mean[j];
                scale[j] += c * c;
            }
        for (var j = 0; j < d; j++)
        {
            var deviation = Math.Sqrt(scale[j] / n);
            scale[j] = deviation > 1e-12 ? 1 / deviation : 0;
        }
        for (var r = 0; r < n; r++)
            for (var j = 0; j < d; j++) x[r * d + j] = (float)((x[r * d + j] - mean[j]) * scale[j]);
        return (mean, scale);
    }

    private static double[] Covariance(float[] x, int n, int d, CancellationToken ct)
    {
        // Dimensions become rows, so that an entry of the matrix is a dot product of two of them; blocks of rows keep the sums short enough
        // for floats.
        const int Block = 2048;
        var covariance = new double[d * d];
        const int Tile = 62;
        var tiles = (d + Tile - 1) / Tile;
        var block = new float[d * Block];
        for (var from = 0; from < n; from += Block)
        {
            ct.ThrowIfCancellationRequested();
            var count = Math.Min(Block, n - from);
            Parallel.For(0, d, j =>
            {
                for (var r = 0; r < count; r++) block[j * count + r] = x[(from + r) * d + j];
            });
            Parallel.For(0, tiles, new ParallelOptions { CancellationToken = ct }, tile =>
            {
                var first = tile * Tile;
                var height = Math.Min(Tile, d - first);
                var products = new float[height * d];
                // Only the lower triangle is needed.
                var width = first + height;
                Gemm.MultiplyTransposed(block.AsSpan(first * count), height, block, width, count, [], products);
                for (var i = 0; i < height; i++)
                    for (var j = 0; j < width; j++) covariance[(first + i) * d + j] += products[i * width + j];
            });
        }
        for (var i = 0; i < d; i++)
            for (var j = 0; j <= i; j++)
            {
                var value = covariance[i * d + j] / (n - 1);
                covariance[i * d + j] = value;
                covariance[j * d + i] = value;
            }
        return covariance;
    }

    /// <summary>Projects rows.</summary>
    /// <param name="rows">[n × <see cref="InputDimensions"/>].</param>
    /// <param name="projected">[n × <see cref="Dimensions"/>].</param>
    public void Apply(ReadOnlySpan<float> rows, Span<float> projected) =>
        Gemm.MultiplyTransposed(rows, rows.Length / InputDimensions, _weights, Dimensions, InputDimensions, _bias, projected);

    /// <summary>Projects rows; a row with a NaN stays one.</summary>
    /// <param name="rows">[n × <see cref="InputDimensions"/>].</param>
    /// <param name="projected">[n × <see cref="Dimensions"/>].</param>
    public void Apply(ReadOnlySpan<Half> rows, Span<Half> projected)
    {
        const int Block = 64;
        var n = rows.Length / InputDimensions;
        var input = new float[Block * InputDimensions];
        var output = new float[Block * Dimensions];
        for (var from = 0; from < n; from += Block)
        {
            var count = Math.Min(Block, n - from);
            TensorPrimitives.ConvertToSingle(rows.Slice(from * InputDimensions, count * InputDimensions), input);
            Apply(input.AsSpan(0, count * InputDimensions), output);
            TensorPrimitives.ConvertToHalf(output.AsSpan(0, count * Dimensions), projected[(from * Dimensions)..]);
        }
    }

    /// <summary>The stored form: a header, the numbers, a checksum.</summary>
    public byte[] ToBytes() => BinaryBlob.Write(Magic, Layout, [InputDimensions, Dimensions], [ExplainedVarianceRatio], _weights, _bias);

    /// <summary>Reads the stored form.</summary>
    /// <exception cref="InvalidDataException">The bytes are not a projection, are damaged, or of another layout.</exception>
    public static Projection FromBytes(ReadOnlySpan<byte> bytes)
    {
        var shape = BinaryBlob.ReadIntegers(bytes, What, Magic, Layout, 2);
        var at = 16;
        var explained = BinaryBlob.ReadFloats(bytes, What, ref at, 1)[0];
        var weights = BinaryBlob.ReadFloats(bytes, What, ref at, (long)shape[0] * shape[1]);
        return new Projection(shape[0], shape[1], weights, BinaryBlob.ReadFloats(bytes, What, ref at, shape[1]), explained);
    }
}
