using Winnow.Algorithms.Evaluation;
using Winnow.Algorithms.Heads;
using Winnow.Algorithms.Training;

namespace Winnow.Algorithms.Tests.Evaluation;

public sealed class AuditEvaluationTests
{
    [Fact]
    public void Each_half_is_judged_under_the_other_halfs_temperature()
    {
        // Even rows are always right, odd rows always wrong: a temperature fitted on itself would flatter the even half.
        var labels = Enumerable.Range(0, 100).Select(_ => 0).ToArray();
        var logits = Enumerable.Range(0, 100).SelectMany(i => i % 2 == 0 ? new[] { 3f, 0f } : [0f, 3f]).ToArray();
        var result = AuditEvaluation.Measure(logits, Targets.Of(labels, 2), 1);
        Assert.Equal(50, result.Right.Count(r => r));
        // The even half under the flattest temperature, the odd half under the sharpest.
        Assert.Equal(Math.Log(1 + Math.Exp(-3.0 / 20)), result.Losses[0], 1e-2);
        Assert.True(result.Losses[1] > 20);
    }

    [Fact]
    public void Logits_beyond_the_exponential_give_numbers()
    {
        var result = AuditEvaluation.Measure([500f, 0f, 0f, 500f], Targets.Of([0, 0], 2), 0.05f);
        Assert.All(result.Losses, l => Assert.True(double.IsFinite(l)));
        Assert.Equal([true, false], result.Right);
    }

    [Fact]
    public void Images_without_a_label_are_wrong_under_any_model()
    {
        var labelled = AuditEvaluation.Measure([2f, 0f, 0f, 2f], Targets.Of([0, 1], 2), 1);
        var result = AuditEvaluation.Measure([2f, 0f, 0f, 2f], Targets.Of([0, 1], 2), 1, unlabelled: 2);
        Assert.Equal([true, true, false, false], result.Right);
        Assert.Equal([.. labelled.Losses, Math.Log(2), Math.Log(2)], result.Losses);
        var figures = AuditEvaluation.Figures(result);
        Assert.Equal((4, 2, 0.5), (figures.Count, figures.Unlabelled, figures.Accuracy));
        Assert.Equal(result.Losses.Average(), figures.LogLoss);
        Assert.Equal(AuditEvaluation.Figures(labelled).CalibrationError, figures.CalibrationError);
        // Nothing but those.
        var none = AuditEvaluation.Figures(AuditEvaluation.Measure([], Targets.Of([], 2), 1, unlabelled: 3));
        Assert.Equal((3, 3, 0.0, null), (none.Count, none.Unlabelled, none.Accuracy, none.CalibrationError));
    }

    [Fact]
    public void A_small_sample_takes_the_fallback()
    {
        var result = AuditEvaluation.Measure([2f, 0f], Targets.Of([0], 2), 2);
        Assert.Equal(Math.Log(1 + Math.Exp(-1)), result.Losses[0], 1e-5);
    }

    [Fact]
    public void Of_sets_a_hit_is_the_whole_set_and_a_loss_the_mean_of_its_classes()
    {
        // The logits of a row are the row: what is there from 0 on, of the last class from 1 on.
        var head = new SigmoidHead(2, 2, [1, 0, 0, 1], [0, 0], [0, 1], 1);
        float[] vectors = [2, 2, 2, 0.5f, -2, -2, 2, -2];
        var result = AuditEvaluation.Measure(head, vectors, Targets.Sets([[0, 1], [0, 1], [], [1]], 2), 1, unlabelled: 1);
        Assert.Equal([true, false, true, false, false], result.Right);
        double Loss(double z) => Math.Log(1 + Math.Exp(-z));
        Assert.Equal(Loss(2), result.Losses[0], 1e-5);
        Assert.Equal((Loss(2) + Loss(0.5)) / 2, result.Losses[1], 1e-3);
        Assert.Equal((Loss(-2) + Loss(-2)) / 2, result.Losses[3], 1e-5);
        Assert.Equal(Math.Log(2), result.Losses[4]);
        var figures = AuditEvaluation.Figures(result);
        Assert.Equal((5, 1, 0.4), (figures.Count, figures.Unlabelled, figures.Accuracy));
        // Class 0: found twice, wrong once. Class 1: found once, missed twice.
        Assert.Equal(6.0 / 9, figures.MicroF1!.Value, 1e-12);
        Assert.Equal((0.8 + 0.5) / 2, figures.MacroF1!.Value, 1e-12);
    }

    [Fact]
    public void A_tally_of_a_holdout_says_the_same_of_sets_at_any_temperature()
    {
        var head = new SigmoidHead(2, 2, [1, 0, 0, 1], [0, 0], [0, 1], 1);
        Half[] rows = [(Half)2, (Half)2, (Half)2, (Half)0.5f, (Half)(-2), (Half)(-2), (Half)2, (Half)(-2)];
        foreach (var temperature in new[] { 0.05f, 1, 20 })
        {
            var tally = new HoldoutTally(head.At(temperature));
            tally.Add(rows.AsSpan(0, 4), Targets.Sets([[0, 1], [0, 1]], 2));
            tally.Add(rows.AsSpan(4), Targets.Sets([[], [1]], 2));
            Assert.Equal((4, 2), (tally.Count, tally.Correct));
            Assert.Equal([2, 1], tally.Sets!.Found);
            Assert.Equal([1, 0], tally.Sets.Wrong);
            Assert.Equal([0, 2], tally.Sets.Missed);
            Assert.True(double.IsFinite(tally.LogLossSum));
        }
    }
}
