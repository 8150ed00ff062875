using System.Runtime.InteropServices;
using CsCheck;
using Winnow.Algorithms.Heads;
using Winnow.Algorithms.Numerics;
using Winnow.Algorithms.Scoring;
using Winnow.Algorithms.Tests.Numerics;
using Winnow.Algorithms.Tests.Reference;

namespace Winnow.Algorithms.Tests.Scoring;

public sealed class ScoringTests
{
    [Fact]
    public void A_score_takes_twenty_bytes() => Assert.Equal(20, Marshal.SizeOf<ImageScore>());

    [Fact]
    public void Scores_equal_their_naive_twin() => Gen.Select(Gen.Int[1, 20], Gen.Int[2, 40], Gen.Int[1, 12], Gen.ULong, Gen.Double[0.3, 3])
        .Sample((n, classes, d, seed, temperature) =>
    {
        var random = new SeededRandom(seed);
        var head = new SoftmaxHead(classes, d, NumericsTests.Normal(random, classes * d), NumericsTests.Normal(random, classes),
            (float)temperature);
        var rows = NumericsTests.Normal(random, n * d).Select(v => (Half)v).ToArray();
        var scores = new ImageScore[n];
        head.Score(rows, scores);
        for (var i = 0; i < n; i++)
        {
            var z = Enumerable.Range(0, classes)
                .Select(c => (head.Bias[c]
                    + Enumerable.Range(0, d).Sum(j => (double)head.Weights[c * d + j] * (double)rows[i * d + j])) / temperature).ToArray();
            var sum = z.Sum(Math.Exp);
            var p = z.Select(v => Math.Exp(v) / sum).ToArray();
            var order = Enumerable.Range(0, classes).OrderByDescending(c => p[c]).ToArray();
            Assert.Equal(1 - p[order[0]], scores[i].LeastConfidence, 2e-3);
            Assert.Equal(1 - (p[order[0]] - p[order[1]]), scores[i].Margin, 2e-3);
            Assert.Equal(-p.Sum(v => v * Math.Log(v)), scores[i].Entropy, 2e-3);
            Assert.Equal(-Math.Log(sum), scores[i].Energy, 1e-2);
            Assert.Equal(p[order[0]], p[scores[i].Predicted], 1e-3);
            Assert.Equal(p[order[1]], p[scores[i].RunnerUp], 1e-3);
        }
    }, iter: 200);

    [Fact]
    public void The_two_greatest_stand_where_a_sort_puts_them() => Gen.Select(Gen.Int[16, 90], Gen.ULong).Sample((classes, seed) =>
    {
        var random = new SeededRandom(seed);
        // Coarse, so that many are equal.
        var logits = NumericsTests.Normal(random, classes).Select(v => MathF.Round(v)).ToArray();
        if (random.Next(10) == 0) logits.AsSpan(1).Fill(float.NegativeInfinity);
        var order = Enumerable.Range(0, classes).OrderByDescending(c => logits[c]).ToArray();
        Assert.Equal((order[0], order[1]), LogitScore.GreatestTwo(logits));
        Assert.Equal((order[0], order[1]), LogitScore.GreatestTwoOfFew(logits));
    }, iter: 2000);

    [Fact]
    public void An_image_without_an_embedding_has_no_score()
    {
        var head = new SoftmaxHead(2, 2, [1, 0, 0, 1], [0, 0], 1);
        var scores = new ImageScore[2];
        head.Score([Half.NaN, Half.NaN, (Half)1, (Half)0], scores);
        Assert.True(float.IsNaN(scores[0].Margin));
        Assert.Equal(ushort.MaxValue, scores[0].Predicted);
        Assert.Equal(0, scores[1].Predicted);
    }

    [Fact]
    public void Probabilities_add_up_to_one_however_large_the_logits()
    {
        var head = new SoftmaxHead(3, 1, [200, -200, 100], [0, 0, 0], 0.05f);
        var p = new float[3];
        head.Probabilities([(Half)60], p);
        Assert.Equal(1, p.Sum(), 1e-5);
        Assert.Equal(1, p[0], 1e-5);
    }

    [Fact]
    public void A_projection_equals_scikit_learn()
    {
        foreach (var reference in ReferenceValues.Loaded.Pca)
        {
            var projection = Projection.Fit(reference.X, reference.D, reference.Keep);
            Assert.Equal(reference.Explained, projection.ExplainedVarianceRatio, 1e-4);
            var projected = new float[reference.N * reference.Keep];
            projection.Apply(reference.X, projected);
            for (var i = 0; i < projected.Length; i++) Assert.Equal(reference.Projected[i], projected[i], 2e-3);
        }
    }

    [Fact]
    public void A_projection_of_few_rows_is_the_one_of_their_covariance() =>
        Gen.Select(Gen.Int[3, 30], Gen.Int[0, 20], Gen.Int[1, 12], Gen.ULong).Sample((n, more, keep, seed) =>
    {
        var d = n + more;
        var rows = NumericsTests.Normal(new SeededRandom(seed), n * d);
        var projection = Projection.Fit(rows, d, keep);
        Assert.Equal(Math.Min(keep, n - 1), projection.Dimensions);
        var (standard, values, vectors) = ByCovariance(rows, n, d);
        Assert.Equal(values.Take(projection.Dimensions).Sum() / values.Sum(), projection.ExplainedVarianceRatio, 1e-4);
        var unit = 1 / Math.Sqrt(values.Take(projection.Dimensions).Average());
        var projected = new float[n * projection.Dimensions];
        projection.Apply(rows, projected);
        for (var c = 0; c < projection.Dimensions; c++)
        {
            // Of two components that explain all but the same neither is the first.
            var near = c + 1 < n - 1 && values[c + 1] > values[c] * 0.98 || c > 0 && values[c] > values[c - 1] * 0.98;
            if (near) continue;
            for (var r = 0; r < n; r++)
            {
                var naive = Enumerable.Range(0, d).Sum(j => standard[r * d + j] * vectors[c * d + j]) * unit;
                Assert.Equal(Math.Abs(naive), Math.Abs(projected[r * projection.Dimensions + c]), 5e-3);
            }
        }
    }, iter: 100);

    private static (double[] Standard, double[] Values, double[] Vectors) ByCovariance(float[] rows, int n, int d)
    {
        var standard = new double[n * d];
        for (var j = 0; j < d; j++)
        {
            var mean = Enumerable.Range(0, n).Average(r => (double)rows[r * d + j]);
            var deviation = Math.Sqrt(Enumerable.Range(0, n).Average(r => Math.Pow(rows[r * d + j] - mean, 2)));
            for (var r = 0; r < n; r++) standard[r * d + j] = (rows[r * d + j] - mean) / deviation;
        }
        var covariance = new double[d * d];
        for (var i = 0; i < d; i++)
            for (var j = 0; j < d; j++)
                covariance[i * d + j] = Enumerable.Range(0, n).Sum(r => standard[r * d + i] * standard[r * d + j]) / (n - 1);
        var values = new double[d];
        SymmetricEigen.Decompose(covariance, d, values);
        return (standard, values, covariance);
    }

    [Fact]
    public void Rows_that_span_fewer_than_are_wanted_have_as_many_components_as_they_span()
    {
        var random = new SeededRandom(4);
        var two = NumericsTests.Normal(random, 2 * 20);
        // Ten rows on one line.
        float[] rows = [.. Enumerable.Range(0, 10).SelectMany(r => Enumerable.Range(0, 20).Select(j => two[j] + r * two[20 + j]))];
        var line = Projection.Fit(rows, 20, 8);
        Assert.Equal((1, 1f), (line.Dimensions, line.ExplainedVarianceRatio));
        var same = Projection.Fit([.. Enumerable.Range(0, 5).SelectMany(_ => two[..20])], 20, 8);
        Assert.Equal((1, 0f), (same.Dimensions, same.ExplainedVarianceRatio));
        Assert.All(same.ToAffine().Weights, w => Assert.Equal(0, w));
    }

    [Fact]
    public void A_projection_survives_being_stored()
    {
        var rows = NumericsTests.Normal(new SeededRandom(1), 40 * 6);
        var projection = Projection.Fit(rows, 6, 3);
        var read = Projection.FromBytes(projection.ToBytes());
        float[] a = new float[40 * 3], b = new float[40 * 3];
        projection.Apply(rows, a);
        read.Apply(rows, b);
        Assert.Equal(a, b);
    }

    [Fact]
    public void Damaged_bytes_are_no_projection() => Gen.Select(Gen.Int[0, 200], Gen.Byte[1, 255]).Sample((at, flip) =>
    {
        var projection = Projection.Fit(NumericsTests.Normal(new SeededRandom(1), 20 * 4), 4, 2).ToBytes();
        projection[at % projection.Length] ^= flip;
        Assert.Throws<InvalidDataException>(() => Projection.FromBytes(projection));
    });

    [Fact]
    public void Cut_off_bytes_are_no_projection()
    {
        var bytes = Projection.Fit(NumericsTests.Normal(new SeededRandom(1), 20 * 4), 4, 2).ToBytes();
        for (var length = 0; length < bytes.Length; length++)
            Assert.Throws<InvalidDataException>(() => Projection.FromBytes(bytes.AsSpan(0, length)));
    }

    [Fact]
    public void Rows_without_an_embedding_do_not_spoil_the_fit()
    {
        var rows = NumericsTests.Normal(new SeededRandom(2), 30 * 4);
        var with = rows.Concat(Enumerable.Repeat(float.NaN, 4)).ToArray();
        Assert.Equal(Projection.Fit(rows, 4, 2).ToBytes(), Projection.Fit(with, 4, 2).ToBytes());
    }

    [Fact]
    public void A_dimension_that_never_changes_gets_no_weight()
    {
        var rows = NumericsTests.Normal(new SeededRandom(3), 30 * 3);
        for (var i = 0; i < 30; i++) rows[3 * i + 1] = 7;
        var (weights, _) = Projection.Fit(rows, 3, 2).ToAffine();
        Assert.Equal(0, weights[1]);
        Assert.Equal(0, weights[4]);
    }
}
