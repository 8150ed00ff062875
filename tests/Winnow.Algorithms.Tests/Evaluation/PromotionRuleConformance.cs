using CsCheck;
using Winnow.Algorithms.Evaluation;

namespace Winnow.Algorithms.Tests.Evaluation;

/// <summary>What every promotion rule must do. A new one inherits this class.</summary>
public abstract class PromotionRuleConformance<T> where T : IPromotionRule, new()
{
    protected static PromotionDecision Decide(AuditResult candidate, AuditResult? champion, bool moreLabels) =>
        new T().Decide(new PromotionCase(candidate, champion, moreLabels));

    /// <summary>A sample of labelled images, the first so many of them predicted right.</summary>
    protected static AuditResult Sample(double[] losses, int right, int unlabelled = 0) => new(
        losses, [.. Enumerable.Range(0, losses.Length).Select(i => i < right)], losses.Length - unlabelled);

    [Fact]
    public void It_is_known_by_its_name() => Assert.IsType<T>(PromotionRules.All.Get(new T().Name));

    [Fact]
    public void The_first_model_is_promoted() => Assert.True(Decide(Sample([1.0], 0), null, true).Promote);

    [Fact]
    public void Without_an_audit_sample_more_labels_decide()
    {
        var none = new AuditResult([], [], 0);
        Assert.True(Decide(none, none, true).Promote);
        Assert.False(Decide(none, none, false).Promote);
        var unlabelled = Sample([.. Enumerable.Repeat(0.7, 7)], 0, unlabelled: 7);
        Assert.Contains("None of 7 audit images", Decide(unlabelled, unlabelled, true).Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void A_significant_loss_of_accuracy_vetoes()
    {
        var decision = Decide(Sample([.. Enumerable.Repeat(0.1, 20)], 10), Sample([.. Enumerable.Repeat(0.9, 20)], 20), true);
        Assert.False(decision.Promote);
        Assert.Contains("Accuracy fell", decision.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void A_clearly_better_model_is_promoted_and_a_clearly_worse_one_is_not() =>
        Gen.Select(Gen.Int[5, 40], Gen.Double[0.2, 1]).Sample((n, gap) =>
        {
            double[] low = [.. Enumerable.Range(0, n).Select(i => 0.3 + (i % 2 * 0.01))], high = [.. low.Select(l => l + gap)];
            Assert.True(Decide(Sample(low, n), Sample(high, n), true).Promote);
            Assert.False(Decide(Sample(high, n), Sample(low, n), true).Promote);
        }, iter: 50);

    [Fact]
    public void It_says_why() =>
        Assert.EndsWith(".", Decide(Sample([0.5, 0.4], 2), Sample([0.5, 0.5], 2), true).Reason, StringComparison.Ordinal);
}

public sealed class UnlessWorseTests : PromotionRuleConformance<UnlessWorse>
{
    [Fact]
    public void The_lower_log_loss_wins()
    {
        Assert.True(Decide(Sample([0.5, 0.5], 2), Sample([0.6, 0.6], 2), true).Promote);
        Assert.False(Decide(Sample([0.7, 0.5], 2), Sample([0.5, 0.6], 2), false).Promote);
    }

    [Fact]
    public void More_labels_excuse_what_chance_explains_and_no_more()
    {
        Assert.True(Decide(Sample([0.9, 0.1, 0.8, 0.3], 4), Sample([0.5, 0.4, 0.6, 0.5], 4), true).Promote);
        Assert.False(Decide(Sample([0.61, 0.62, 0.6, 0.61], 4), Sample([0.5, 0.51, 0.5, 0.5], 4), true).Promote);
    }

    [Fact]
    public void Audit_images_without_a_label_excuse_nothing()
    {
        // Wrong under both: neither better nor worse for them.
        var better = Decide(Sample([0.5, 0.5, 0.69, 0.69], 2, 2), Sample([0.6, 0.6, 0.69, 0.69], 2, 2), true);
        var worse = Decide(Sample([0.61, 0.62, 0.6, 0.61, 0.69], 4, 1), Sample([0.5, 0.51, 0.5, 0.5, 0.69], 4, 1), true);
        Assert.Equal((true, false), (better.Promote, worse.Promote));
    }
}

public sealed class OnlyBetterTests : PromotionRuleConformance<OnlyBetter>
{
    [Fact]
    public void More_labels_excuse_nothing()
    {
        Assert.False(Decide(Sample([0.9, 0.1, 0.8, 0.3], 4), Sample([0.5, 0.4, 0.6, 0.5], 4), true).Promote);
        Assert.False(Decide(Sample([0.5, 0.5], 2), Sample([0.5, 0.5], 2), true).Promote);
    }
}
