using Winnow.Algorithms.Evaluation;

namespace Winnow.Algorithms.Tests.Evaluation;

public sealed class AuditEvaluationTests
{
    [Fact]
    public void Each_half_is_judged_under_the_other_halfs_temperature()
    {
        // Even rows are always right, odd rows always wrong: a temperature fitted on itself would flatter the even half.
        var labels = Enumerable.Range(0, 100).Select(_ => 0).ToArray();
        var logits = Enumerable.Range(0, 100).SelectMany(i => i % 2 == 0 ? new[] { 3f, 0f } : [0f, 3f]).ToArray();
        var result = AuditEvaluation.Measure(logits, labels, 2, 1);
        Assert.Equal(50, result.Right.Count(r => r));
        // The even half under the flattest temperature, the odd half under the sharpest.
        Assert.Equal(Math.Log(1 + Math.Exp(-3.0 / 20)), result.Losses[0], 1e-2);
        Assert.True(result.Losses[1] > 20);
    }

    [Fact]
    public void Logits_beyond_the_exponential_give_numbers()
    {
        var result = AuditEvaluation.Measure([500f, 0f, 0f, 500f], [0, 0], 2, 0.05f);
        Assert.All(result.Losses, l => Assert.True(double.IsFinite(l)));
        Assert.Equal([true, false], result.Right);
    }

    [Fact]
    public void Images_without_a_label_are_wrong_under_any_model()
    {
        var labelled = AuditEvaluation.Measure([2f, 0f, 0f, 2f], [0, 1], 2, 1);
        var result = AuditEvaluation.Measure([2f, 0f, 0f, 2f], [0, 1], 2, 1, unlabelled: 2);
        Assert.Equal([true, true, false, false], result.Right);
        Assert.Equal([.. labelled.Losses, Math.Log(2), Math.Log(2)], result.Losses);
        var figures = AuditEvaluation.Figures(result, 2);
        Assert.Equal((4, 2, 0.5), (figures.Count, figures.Unlabelled, figures.Accuracy));
        Assert.Equal(result.Losses.Average(), figures.LogLoss);
        Assert.Equal(AuditEvaluation.Figures(labelled, 2).CalibrationError, figures.CalibrationError);
        // Nothing but those.
        var none = AuditEvaluation.Figures(AuditEvaluation.Measure([], [], 2, 1, unlabelled: 3), 2);
        Assert.Equal((3, 3, 0.0, null), (none.Count, none.Unlabelled, none.Accuracy, none.CalibrationError));
    }

    [Fact]
    public void A_small_sample_takes_the_fallback()
    {
        var result = AuditEvaluation.Measure([2f, 0f], [0], 2, 2);
        Assert.Equal(Math.Log(1 + Math.Exp(-1)), result.Losses[0], 1e-5);
    }
}
