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
