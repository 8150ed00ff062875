using CsCheck;
using Winnow.Algorithms.Numerics;
using Winnow.Algorithms.Tests.Numerics;
using Winnow.Algorithms.Tests.Reference;
using Winnow.Algorithms.Training;

namespace Winnow.Algorithms.Tests.Training;

public sealed class TrainingTests
{
    [Fact]
    public void A_head_equals_scikit_learn()
    {
        foreach (var r in ReferenceValues.Loaded.Heads)
        {
            var head = LogisticRegression.Fit(r.X, r.Y, r.K, r.D, new LogisticRegressionOptions { C = r.C, Tolerance = 1e-6, MaxIterations = 2000 });
            // Two classes: scikit-learn keeps one row of the difference, and each of ours is half of it.
            var coefficients = r.Coef.Length == r.K * r.D ? r.Coef : [.. r.Coef.Select(w => -w), .. r.Coef];
            for (var i = 0; i < coefficients.Length; i++) Assert.Equal(coefficients[i], head.Weights[i], 2e-3);
            double loss = 0;
            for (var i = 0; i < r.N; i++) loss += TemperatureScaling.LogLoss(Logits(head, r.X.AsSpan(i * r.D, r.D)), r.Y[i], 1);
            Assert.Equal(r.Loss, loss / r.N, 3);
        }
    }

    [Fact]
    public void A_warm_start_ends_at_the_same_place()
    {
        var r = ReferenceValues.Loaded.Heads[1];
        var options = new LogisticRegressionOptions { C = r.C, Tolerance = 1e-6, MaxIterations = 2000 };
        var cold = LogisticRegression.Fit(r.X, r.Y, r.K, r.D, options);
        var warm = LogisticRegression.Fit(r.X, r.Y, r.K, r.D, options, LogisticRegression.Fit(r.X, r.Y, r.K, r.D, options with { C = 0.01 }));
        for (var i = 0; i < cold.Weights.Length; i++) Assert.Equal(cold.Weights[i], warm.Weights[i], 5e-3);
    }

    [Fact]
    public void A_class_without_an_example_is_never_predicted()
    {
        var head = LogisticRegression.Fit([1, 0, 0, 1, 1, 0.1f], [0, 2, 0], 4, 2, new LogisticRegressionOptions { C = 1 });
        Assert.Equal(LogisticRegression.AbsentBias, head.Bias[1]);
        Assert.Equal(LogisticRegression.AbsentBias, head.Bias[3]);
        Assert.All(Enumerable.Range(2, 2), i => Assert.Equal(0, head.Weights[i]));
    }

    [Fact]
    public void One_class_alone_is_always_predicted()
    {
        var head = LogisticRegression.Fit([1, 0], [1], 2, 2, new LogisticRegressionOptions());
        Assert.Equal(0, head.Bias[1]);
        Assert.Equal(LogisticRegression.AbsentBias, head.Bias[0]);
    }

    [Fact]
    public void Bad_input_is_refused()
    {
        Assert.Throws<ArgumentException>(() => LogisticRegression.Fit([], [], 2, 2, new LogisticRegressionOptions()));
        Assert.Throws<ArgumentException>(() => LogisticRegression.Fit([1, 2, 3], [0], 2, 2, new LogisticRegressionOptions()));
        Assert.Throws<ArgumentException>(() => LogisticRegression.Fit([1, 2], [2], 2, 2, new LogisticRegressionOptions()));
        Assert.Throws<ArgumentException>(() => LogisticRegression.Fit([1, 2], [0], 2, 2, new LogisticRegressionOptions { C = 0 }));
    }

    [Fact]
    public void Noise_asks_for_more_regularisation_than_structure()
    {
        var random = new SeededRandom(3);
        var labels = Enumerable.Range(0, 120).Select(i => i % 3).ToArray();
        var noise = NumericsTests.Normal(random, 120 * 20);
        var structure = (float[])noise.Clone();
        for (var i = 0; i < 120; i++) structure[i * 20 + labels[i]] += 6;
        var onNoise = RegularisationSearch.Choose(noise, labels, 3, 20, new RegularisationOptions(), 1);
        var onStructure = RegularisationSearch.Choose(structure, labels, 3, 20, new RegularisationOptions(), 1);
        Assert.True(onNoise.C < onStructure.C, $"{onNoise.C} on noise, {onStructure.C} on structure");
        Assert.True(onStructure.LogLoss < onNoise.LogLoss);
        Assert.Equal(onStructure.Losses.Min(), onStructure.LogLoss);
    }

    [Fact]
    public void The_search_gives_the_same_answer_twice()
    {
        var x = NumericsTests.Normal(new SeededRandom(4), 60 * 5);
        var y = Enumerable.Range(0, 60).Select(i => i % 4).ToArray();
        var a = RegularisationSearch.Choose(x, y, 4, 5, new RegularisationOptions(), 9);
        var b = RegularisationSearch.Choose(x, y, 4, 5, new RegularisationOptions(), 9);
        Assert.Equal(a.Losses, b.Losses);
        Assert.Equal(a.OutOfFoldLogits, b.OutOfFoldLogits);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(9)]
    public void Too_few_labels_fall_back_to_the_default(int labels)
    {
        var result = RegularisationSearch.Choose(NumericsTests.Normal(new SeededRandom(5), labels * 4), [.. Enumerable.Range(0, labels)], 10, 4, new RegularisationOptions(), 1);
        Assert.Equal(0.03, result.C);
        Assert.Null(result.LogLoss);
        Assert.Equal(1, result.OutOfFoldTemperature);
    }

    [Fact]
    public void The_temperature_that_spoiled_the_logits_is_found()
    {
        // Labels are drawn from the calibrated probabilities, so the temperature is known.
        var random = new SeededRandom(6);
        foreach (var temperature in new[] { 0.5f, 1f, 3f })
        {
            var logits = new float[4000 * 3];
            var labels = new int[4000];
            for (var i = 0; i < 4000; i++)
            {
                var z = NumericsTests.Normal(random, 3).Select(v => 2 * v).ToArray();
                var sum = z.Sum(v => Math.Exp(v));
                var u = random.NextDouble() * sum;
                while (u > Math.Exp(z[labels[i]]) && labels[i] < 2) u -= Math.Exp(z[labels[i]++]);
                for (var k = 0; k < 3; k++) logits[i * 3 + k] = z[k] * temperature;
            }
            Assert.InRange(TemperatureScaling.Fit(logits, labels, 3) / temperature, 0.9, 1.1);
        }
    }

    [Fact]
    public void The_temperature_stays_within_its_bounds()
    {
        Assert.InRange(TemperatureScaling.Fit([9, 0, 0, 9], [0, 1], 2), TemperatureScaling.Smallest * 0.99f, TemperatureScaling.Smallest * 1.01f);
        Assert.InRange(TemperatureScaling.Fit([9, 0, 0, 9], [1, 0], 2), TemperatureScaling.Largest * 0.99f, TemperatureScaling.Largest * 1.01f);
        Assert.Equal(1, TemperatureScaling.Fit([], [], 2));
    }

    [Fact]
    public void A_head_survives_being_stored() => Gen.Select(Gen.Int[1, 5], Gen.Int[1, 5], Gen.ULong).Sample((classes, d, seed) =>
    {
        var random = new SeededRandom(seed);
        var head = new SoftmaxHead(classes, d, NumericsTests.Normal(random, classes * d), NumericsTests.Normal(random, classes), 1.25f);
        var read = SoftmaxHead.FromBytes(head.ToBytes());
        Assert.Equal(head.Weights, read.Weights);
        Assert.Equal(head.Bias, read.Bias);
        Assert.Equal(head.Temperature, read.Temperature);
    });

    private static float[] Logits(SoftmaxHead head, ReadOnlySpan<float> row)
    {
        var logits = new float[head.Classes];
        Gemm.MultiplyTransposed(row, 1, head.Weights, head.Classes, head.Dimensions, head.Bias, logits);
        return logits;
    }
}
