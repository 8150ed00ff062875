using Winnow.Algorithms.Heads;
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
            var head = LogisticRegression.Fit(Of(r.X, r.Y, r.K, r.D),
                new LogisticRegressionOptions { C = r.C, Tolerance = 1e-6, MaxIterations = 2000 });
            // Two classes: scikit-learn keeps one row of the difference, and each of ours is half of it.
            var coefficients = r.Coef.Length == r.K * r.D ? r.Coef : [.. r.Coef.Select(w => -w), .. r.Coef];
            for (var i = 0; i < coefficients.Length; i++) Assert.Equal(coefficients[i], head.Weights[i], 2e-3);
            double loss = 0;
            for (var i = 0; i < r.N; i++) loss += TemperatureScaling.LogLoss(Logits(head, r.X.AsSpan(i * r.D, r.D)), r.Y[i], 1);
            Assert.Equal(r.Loss, loss / r.N, 1e-3);
        }
    }

    [Fact]
    public void A_warm_start_ends_at_the_same_place()
    {
        var r = ReferenceValues.Loaded.Heads[1];
        var options = new LogisticRegressionOptions { C = r.C, Tolerance = 1e-6, MaxIterations = 2000 };
        var cold = LogisticRegression.Fit(Of(r.X, r.Y, r.K, r.D), options);
        var warm = LogisticRegression.Fit(Of(r.X, r.Y, r.K, r.D), options,
            LogisticRegression.Fit(Of(r.X, r.Y, r.K, r.D), options with { C = 0.01 }));
        for (var i = 0; i < cold.Weights.Length; i++) Assert.Equal(cold.Weights[i], warm.Weights[i], 5e-3);
    }

    [Fact]
    public void A_class_without_an_example_is_never_predicted()
    {
        var head = LogisticRegression.Fit(Of([1, 0, 0, 1, 1, 0.1f], [0, 2, 0], 4, 2), new LogisticRegressionOptions { C = 1 });
        Assert.Equal(LogisticRegression.AbsentBias, head.Bias[1]);
        Assert.Equal(LogisticRegression.AbsentBias, head.Bias[3]);
        Assert.All(Enumerable.Range(2, 2), i => Assert.Equal(0, head.Weights[i]));
    }

    [Fact]
    public void One_class_alone_is_always_predicted()
    {
        var head = LogisticRegression.Fit(Of([1, 0], [1], 2, 2), new LogisticRegressionOptions());
        Assert.Equal(0, head.Bias[1]);
        Assert.Equal(LogisticRegression.AbsentBias, head.Bias[0]);
    }

    [Fact]
    public void Bad_input_is_refused()
    {
        Assert.Throws<ArgumentException>(() => LogisticRegression.Fit(Of([], [], 2, 2), new LogisticRegressionOptions()));
        Assert.Throws<ArgumentException>(() => Of([1, 2, 3], [0], 2, 2));
        Assert.Throws<ArgumentException>(() => Of([1, 2], [2], 2, 2));
        Assert.Throws<ArgumentException>(() => LogisticRegression.Fit(Of([1, 2], [0], 2, 2), new LogisticRegressionOptions { C = 0 }));
        Assert.Throws<ArgumentException>(() => Targets.Of([0], 2, [float.NaN]));
        Assert.Throws<ArgumentException>(() => Targets.Of([0], 2, [1, 1]));
        Assert.Throws<ArgumentException>(() => Targets.Soft([0.5f, 0.4f], 2));
        Assert.Throws<ArgumentException>(() => Targets.Soft([1.5f, -0.5f], 2));
        Assert.Throws<ArgumentException>(() => Targets.Soft([1, 0, 1], 2));
    }

    [Fact]
    public void Noise_asks_for_more_regularisation_than_structure()
    {
        var random = new SeededRandom(3);
        var labels = Enumerable.Range(0, 120).Select(i => i % 3).ToArray();
        var noise = NumericsTests.Normal(random, 120 * 20);
        var structure = (float[])noise.Clone();
        for (var i = 0; i < 120; i++) structure[i * 20 + labels[i]] += 6;
        var onNoise = RegularisationSearch.Choose(Of(noise, labels, 3, 20), new RegularisationOptions(), 1);
        var onStructure = RegularisationSearch.Choose(Of(structure, labels, 3, 20), new RegularisationOptions(), 1);
        Assert.True(onNoise.C < onStructure.C, $"{onNoise.C} on noise, {onStructure.C} on structure");
        Assert.True(onStructure.LogLoss < onNoise.LogLoss);
        Assert.Equal(onStructure.Losses.Min(), onStructure.LogLoss);
    }

    [Fact]
    public void The_search_gives_the_same_answer_twice()
    {
        var x = NumericsTests.Normal(new SeededRandom(4), 60 * 5);
        var y = Enumerable.Range(0, 60).Select(i => i % 4).ToArray();
        var a = RegularisationSearch.Choose(Of(x, y, 4, 5), new RegularisationOptions(), 9);
        var b = RegularisationSearch.Choose(Of(x, y, 4, 5), new RegularisationOptions(), 9);
        Assert.Equal(a.Losses, b.Losses);
        Assert.Equal(a.OutOfFoldLogits, b.OutOfFoldLogits);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(9)]
    public void Too_few_labels_fall_back_to_the_default(int labels)
    {
        var examples = Of(NumericsTests.Normal(new SeededRandom(5), labels * 4), [.. Enumerable.Range(0, labels)], 10, 4);
        var result = RegularisationSearch.Choose(examples, new RegularisationOptions(), 1);
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
            Assert.InRange(TemperatureScaling.Fit(logits, Targets.Of(labels, 3)) / temperature, 0.9, 1.1);
        }
    }

    [Fact]
    public void The_temperature_stays_within_its_bounds()
    {
        Assert.InRange(TemperatureScaling.Fit([9, 0, 0, 9], Targets.Of([0, 1], 2)), TemperatureScaling.Smallest * 0.99f,
            TemperatureScaling.Smallest * 1.01f);
        Assert.InRange(TemperatureScaling.Fit([9, 0, 0, 9], Targets.Of([1, 0], 2)), TemperatureScaling.Largest * 0.99f,
            TemperatureScaling.Largest * 1.01f);
        Assert.Equal(1, TemperatureScaling.Fit([], Targets.Of([], 2)));
    }

    /// <summary>A weight of 2 is the example twice, and a soft label is an example of each class with its part of the weight.</summary>
    [Fact]
    public void Weights_and_soft_labels_equal_the_examples_that_they_stand_for()
    {
        var x = NumericsTests.Normal(new SeededRandom(8), 20 * 3);
        var y = Enumerable.Range(0, 20).Select(i => i % 3).ToArray();
        var options = new LogisticRegressionOptions { C = 1, Tolerance = 1e-6, MaxIterations = 2000 };
        var twice = LogisticRegression.Fit(Of([.. x, .. x[..15]], [.. y, .. y[..5]], 3, 3), options);
        float[] weights = [.. Enumerable.Range(0, 20).Select(i => i < 5 ? 2f : 1f)];
        Same(twice, LogisticRegression.Fit(new Examples(x, 3, Targets.Of(y, 3, weights)), options));

        var soft = new float[20 * 3];
        for (var i = 0; i < 20; i++) (soft[(i * 3) + y[i]], soft[(i * 3) + ((y[i] + 1) % 3)]) = (0.75f, 0.25f);
        int[] other = [.. y.Select(label => (label + 1) % 3)];
        float[] parts = [.. Enumerable.Repeat(0.75f, 20), .. Enumerable.Repeat(0.25f, 20)];
        var split = LogisticRegression.Fit(new Examples([.. x, .. x], 3, Targets.Of([.. y, .. other], 3, parts)), options);
        Same(split, LogisticRegression.Fit(new Examples(x, 3, Targets.Soft(soft, 3)), options));

        static void Same(SoftmaxHead a, SoftmaxHead b)
        {
            for (var i = 0; i < a.Weights.Length; i++) Assert.Equal(a.Weights[i], b.Weights[i], 2e-3);
        }
    }

    private static Examples Of(float[] x, int[] y, int classes, int d) => new(x, d, Targets.Of(y, classes));

    private static float[] Logits(SoftmaxHead head, ReadOnlySpan<float> row)
    {
        var logits = new float[head.Classes];
        Gemm.MultiplyTransposed(row, 1, head.Weights, head.Classes, head.Dimensions, head.Bias, logits);
        return logits;
    }
}
