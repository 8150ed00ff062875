using CsCheck;
using Winnow.Algorithms.Quality;
using Winnow.Algorithms.Tests.Reference;

namespace Winnow.Algorithms.Tests.Quality;

public sealed class QualityTests
{
    [Fact]
    public void Intervals_equal_scipy()
    {
        foreach (var r in ReferenceValues.Loaded.ClopperPearson)
        {
            var (lower, upper) = BinomialBounds.ClopperPearson(r.K, r.N, 0.95);
            Assert.Equal(r.Lower, lower, 1e-9);
            Assert.Equal(r.Upper, upper, 1e-9);
        }
    }

    [Fact]
    public void The_lower_bound_misses_no_more_often_than_it_says() => Gen.Select(Gen.Int[1, 60], Gen.Double[0.05, 0.95]).Sample((n, p) =>
    {
        // Exactly, over all outcomes: P(lower bound > p) ≤ δ.
        double miss = 0, weight = Math.Pow(1 - p, n);
        for (var k = 0; k <= n; k++)
        {
            if (BinomialBounds.Lower(k, n, 0.1) > p) miss += weight;
            weight *= (double)(n - k) / (k + 1) * p / (1 - p);
        }
        Assert.InRange(miss, 0, 0.1 + 1e-9);
    }, iter: 200);

    [Fact]
    public void McNemar_equals_scipy()
    {
        foreach (var r in ReferenceValues.Loaded.Mcnemar) Assert.Equal(r.P, McNemar.OneSidedP(r.First, r.Second), 1e-9);
    }

    [Fact]
    public void Counts_out_of_range_are_refused()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => BinomialBounds.Lower(3, 2, 0.1));
        Assert.Throws<ArgumentOutOfRangeException>(() => BinomialBounds.Lower(0, 0, 0.1));
        Assert.Throws<ArgumentOutOfRangeException>(() => BinomialBounds.Upper(1, 2, 1));
    }

    [Fact]
    public void Metrics_of_a_small_case_by_hand()
    {
        float[] p = [0.9f, 0.1f, 0.6f, 0.4f, 0.2f, 0.8f];
        int[] labels = [0, 1, 1];
        Assert.Equal(2.0 / 3, ClassificationMetrics.Accuracy(p, labels, 2), 1e-6);
        Assert.Equal((-Math.Log(0.9) - Math.Log(0.4) - Math.Log(0.8)) / 3, ClassificationMetrics.LogLoss(p, labels, 2), 1e-6);
        // Three predictions in three bins: gaps 0.1, 0.6, 0.2.
        Assert.Equal(0.9 / 3, ClassificationMetrics.ExpectedCalibrationError(p, labels, 2), 1e-5);
    }

    [Theory]
    [InlineData(0.5, 10)]
    [InlineData(0.7, 15)]
    [InlineData(0.8, 20)]
    [InlineData(0.85, 30)]
    public void Labels_to_reach_are_interpolated(double target, double expected) =>
        Assert.Equal(expected, LearningCurve.LabelsToReach([10, 20, 40], [0.6, 0.8, 0.9], target)!.Value, 1e-9);

    [Fact]
    public void A_target_beyond_the_curve_is_not_reached() => Assert.Null(LearningCurve.LabelsToReach([10, 20], [0.6, 0.8], 0.9));

    [Fact]
    public void What_was_saved_is_what_the_control_spent_too_much()
    {
        Assert.Equal(0.625, LearningCurve.Saved([10, 20, 40], [0.6, 0.8, 0.9], [10, 40], [0.5, 0.7])!.Value, 1e-9);
        Assert.Equal(-1, LearningCurve.Saved([10, 40], [0.5, 0.7], [10, 20], [0.6, 0.7])!.Value, 1e-9);
        Assert.Null(LearningCurve.Saved([10], [0.5], [10], [0.6]));
        Assert.Null(LearningCurve.Saved([10], [0.5], [], []));
    }

    [Fact]
    public void Drift_is_what_a_table_of_expected_counts_gives() => Gen.Select(Gen.Int[1, 12], Gen.Int).Sample((classes, seed) =>
    {
        var random = new Random(seed);
        var reference = Enumerable.Range(0, classes).Select(_ => (long)random.Next(0, 50)).ToArray();
        var recent = Enumerable.Range(0, classes).Select(_ => (long)random.Next(0, 20)).ToArray();
        double n = reference.Sum(), m = recent.Sum();
        var drift = PredictionDrift.Between(reference, recent, 2 * n, m);
        if (n == 0 || m == 0)
        {
            Assert.Null(drift);
            return;
        }
        // Both rows of the table, cell by cell.
        double chi = 0, distance = 0;
        var columns = 0;
        for (var c = 0; c < classes; c++)
        {
            double column = reference[c] + recent[c];
            distance += 0.5 * Math.Abs(reference[c] / n - recent[c] / m);
            if (column == 0) continue;
            columns++;
            foreach (var (seen, row) in new[] { ((double)reference[c], n), (recent[c], m) })
            {
                var expected = row * column / (n + m);
                chi += (seen - expected) * (seen - expected) / expected;
            }
        }
        Assert.Equal(distance, drift!.Value.TotalVariation, 1e-9);
        Assert.Equal(columns < 2 ? 0 : chi / (columns - 1), drift.Value.ChiSquarePerDegree, 1e-9);
        Assert.Equal((2.0, 1.0), (drift.Value.ReferenceMargin, drift.Value.RecentMargin));
    });

    [Fact]
    public void Equal_shares_have_not_drifted_and_disjoint_ones_wholly()
    {
        Assert.Equal((0.0, 0.0),
            PredictionDrift.Between([30, 60], [10, 20], 0, 0) is { } same ? (same.TotalVariation, same.ChiSquarePerDegree) : default);
        Assert.Equal(1, PredictionDrift.Between([5, 0, 0], [0, 3, 4], 0, 0)!.Value.TotalVariation, 1e-12);
        Assert.Throws<ArgumentException>(() => PredictionDrift.Between([1], [1, 2], 0, 0));
    }
}
