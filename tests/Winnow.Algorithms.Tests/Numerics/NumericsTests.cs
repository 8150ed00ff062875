using CsCheck;
using Winnow.Algorithms.Numerics;

namespace Winnow.Algorithms.Tests.Numerics;

public sealed class NumericsTests
{
    [Fact]
    public void A_product_equals_its_naive_twin_for_every_shape() =>
        Gen.Select(Gen.Int[0, 13], Gen.Int[1, 9], Gen.Int[1, 40], Gen.ULong, Gen.Bool).Sample((rows, outputs, inner, seed, withBias) =>
        {
            var random = new SeededRandom(seed);
            var a = Normal(random, rows * inner);
            var b = Normal(random, outputs * inner);
            var bias = withBias ? Normal(random, outputs) : [];
            var c = new float[rows * outputs];
            Gemm.MultiplyTransposed(a, rows, b, outputs, inner, bias, c);
            for (var r = 0; r < rows; r++)
                for (var o = 0; o < outputs; o++)
                {
                    double sum = withBias ? bias[o] : 0;
                    for (var i = 0; i < inner; i++) sum += (double)a[r * inner + i] * b[o * inner + i];
                    Assert.Equal(sum, c[r * outputs + o], 1e-3);
                }
        }, iter: 300);

    [Fact]
    public void A_product_by_panels_equals_its_naive_twin_for_every_shape() =>
        Gen.Select(Gen.Int[0, 20], Gen.Int[1, 50], Gen.Int[1, 40], Gen.ULong, Gen.Bool).Sample((rows, outputs, inner, seed, withBias) =>
        {
            var random = new SeededRandom(seed);
            var a = Normal(random, rows * inner);
            var b = Normal(random, outputs * inner);
            var bias = withBias ? Normal(random, outputs) : [];
            // One number beyond the end, which is not the product's to touch.
            var c = new float[rows * outputs + 1];
            c[^1] = 42;
            new GemmPanels(b, outputs, inner, bias).Multiply(a, rows, c);
            for (var r = 0; r < rows; r++)
                for (var o = 0; o < outputs; o++)
                {
                    // Bit by bit: the order of the sum is part of the contract, so that machines agree.
                    var sum = withBias ? bias[o] : 0;
                    for (var i = 0; i < inner; i++) sum = MathF.FusedMultiplyAdd(a[r * inner + i], b[o * inner + i], sum);
                    Assert.Equal(sum, c[r * outputs + o]);
                }
            Assert.Equal(42, c[^1]);
        }, iter: 300);

    [Fact]
    public void Panels_refuse_what_does_not_fit()
    {
        Assert.Throws<ArgumentException>(() => new GemmPanels(new float[5], 2, 3, []));
        Assert.Throws<ArgumentException>(() => new GemmPanels(new float[6], 2, 3, [1]));
        Assert.Throws<ArgumentException>(() => new GemmPanels(new float[6], 2, 3, []).Multiply(new float[5], 2, new float[4]));
        Assert.Throws<ArgumentException>(() => new GemmPanels(new float[6], 2, 3, []).Multiply(new float[6], 2, new float[3]));
    }

    [Fact]
    public void Squared_distances_equal_their_naive_twin() =>
        Gen.Select(Gen.Int[1, 9], Gen.Int[1, 9], Gen.Int[1, 20], Gen.ULong).Sample((rows, others, inner, seed) =>
        {
            var random = new SeededRandom(seed);
            var a = Normal(random, rows * inner);
            var b = Normal(random, others * inner);
            var distances = new float[rows * others];
            Gemm.SquaredDistances(a, rows, b, others, inner, distances);
            var again = new float[rows * others];
            new RowDistances(b, others, inner).Squared(a, rows, again);
            Assert.All(distances.Zip(again), d => Assert.Equal(d.First, d.Second, 1e-3));
            for (var r = 0; r < rows; r++)
                for (var o = 0; o < others; o++)
                {
                    double sum = 0;
                    for (var i = 0; i < inner; i++) sum += Math.Pow((double)a[r * inner + i] - b[o * inner + i], 2);
                    Assert.Equal(sum, distances[r * others + o], 1e-2);
                }
        }, iter: 200);

    [Fact]
    public void Extremes_stand_where_a_sort_puts_them() =>
        Gen.Select(Gen.Int[1, 70], Gen.ULong).Sample((n, seed) =>
        {
            var random = new SeededRandom(seed);
            var values = Normal(random, n);
            // Ties, and a NaN here and there.
            for (var i = 0; i < n; i++) values[i] = random.Next(7) == 0 ? float.NaN : MathF.Round(values[i] * 2);
            if (values.All(float.IsNaN)) values[^1] = 0;
            var order = Enumerable.Range(0, n).Where(i => !float.IsNaN(values[i])).ToArray();
            Assert.Equal(order.MaxBy(i => values[i]), Extremes.IndexOfMax(values));
            Assert.Equal(order.MinBy(i => values[i]), Extremes.IndexOfMin(values));
            Assert.Equal(order.MaxBy(i => Math.Abs(values[i])), Extremes.IndexOfMaxMagnitude([.. values.Select(v => (double)v)]));
        }, iter: 2000);

    [Fact]
    public void Extremes_of_nothing_are_nowhere() =>
        Assert.Equal((-1, -1, -1), (Extremes.IndexOfMax([]), Extremes.IndexOfMin([]), Extremes.IndexOfMaxMagnitude([])));

    [Fact]
    public void A_product_refuses_shapes_that_do_not_fit() =>
        Assert.Throws<ArgumentException>(() => Gemm.MultiplyTransposed(new float[5], 2, new float[6], 2, 3, [], new float[4]));

    [Fact]
    public void Eigenvectors_rebuild_their_matrix_and_are_orthonormal() =>
        Gen.Select(Gen.Int[1, 24], Gen.ULong).Sample((n, seed) =>
        {
            var random = new SeededRandom(seed);
            var matrix = new double[n * n];
            for (var i = 0; i < n; i++)
                for (var j = 0; j <= i; j++) matrix[i * n + j] = matrix[j * n + i] = random.NextGaussian();
            var vectors = (double[])matrix.Clone();
            var values = new double[n];
            SymmetricEigen.Decompose(vectors, n, values);
            for (var i = 0; i < n; i++)
                for (var j = 0; j < n; j++)
                {
                    double rebuilt = 0, product = 0;
                    for (var k = 0; k < n; k++)
                    {
                        rebuilt += values[k] * vectors[k * n + i] * vectors[k * n + j];
                        product += vectors[i * n + k] * vectors[j * n + k];
                    }
                    Assert.Equal(matrix[i * n + j], rebuilt, 1e-9);
                    Assert.Equal(i == j ? 1 : 0, product, 1e-9);
                }
            Assert.Equal(values.OrderDescending(), values);
        }, iter: 100);

    [Fact]
    public void The_generator_has_one_stream_per_seed_and_no_bias_that_shows()
    {
        Assert.Equal(new SeededRandom(7).NextUInt64(), new SeededRandom(7).NextUInt64());
        Assert.NotEqual(new SeededRandom(7).NextUInt64(), new SeededRandom(8).NextUInt64());
        var random = new SeededRandom(1);
        var counts = new int[6];
        for (var i = 0; i < 60_000; i++) counts[random.Next(6)]++;
        // Five degrees of freedom: 20.5 is passed once in a thousand seeds.
        Assert.True(counts.Sum(c => (c - 10_000.0) * (c - 10_000.0) / 10_000) < 20.5);
    }

    [Fact]
    public void A_shuffle_is_a_permutation() => Gen.Select(Gen.Int[0, 50], Gen.ULong).Sample((n, seed) =>
    {
        var items = Enumerable.Range(0, n).ToArray();
        new SeededRandom(seed).Shuffle<int>(items);
        Assert.Equal(Enumerable.Range(0, n), items.Order());
    });

    [Fact]
    public void Hashes_are_stable_uniform_and_differ_by_seed()
    {
        var id = new byte[32];
        Assert.Equal(StableHash.Of(id, 3), StableHash.Of(id, 3));
        Assert.NotEqual(StableHash.Of(id, 3), StableHash.Of(id, 4));
        var mean = Enumerable.Range(0, 10_000).Average(i => StableHash.ToUnit(StableHash.Of(BitConverter.GetBytes(i), 9)));
        Assert.InRange(mean, 0.49, 0.51);
        Assert.InRange(StableHash.ToUnit(0), double.Epsilon, 1);
        Assert.InRange(StableHash.ToUnit(ulong.MaxValue), 0, 1 - double.Epsilon);
        Assert.True(double.IsFinite(StableHash.Gumbel(0)) && double.IsFinite(StableHash.Gumbel(ulong.MaxValue)));
    }

    [Fact]
    public void Every_row_belongs_to_its_nearest_centre() =>
        Gen.Select(Gen.Int[1, 80], Gen.Int[1, 6], Gen.Int[1, 12], Gen.ULong).Sample((n, d, k, seed) =>
    {
        var rows = Normal(new SeededRandom(seed), n * d);
        var clusters = KMeans.Cluster(rows, d, k, seed);
        var count = clusters.Centres.Length / d;
        Assert.Equal(Math.Min(k, n), count);
        for (var i = 0; i < n; i++)
        {
            double Distance(int c) => Enumerable.Range(0, d).Sum(j => Math.Pow((double)rows[i * d + j] - clusters.Centres[c * d + j], 2));
            var best = Enumerable.Range(0, count).Min(Distance);
            Assert.Equal(best, Distance(clusters.Assignment[i]), 1e-2);
        }
    }, iter: 100);

    [Fact]
    public void Separate_heaps_are_found()
    {
        var random = new SeededRandom(5);
        var rows = new float[300 * 2];
        for (var i = 0; i < 300; i++)
        {
            rows[2 * i] = (i % 3) * 100 + (float)random.NextGaussian();
            rows[2 * i + 1] = (float)random.NextGaussian();
        }
        var clusters = KMeans.Cluster(rows, 2, 3, 1);
        Assert.Equal(3, Enumerable.Range(0, 300).Select(i => (i % 3, clusters.Assignment[i])).Distinct().Count());
    }

    internal static float[] Normal(SeededRandom random, int count)
    {
        var values = new float[count];
        for (var i = 0; i < count; i++) values[i] = (float)random.NextGaussian();
        return values;
    }
}
