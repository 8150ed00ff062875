namespace Winnow.Algorithms.Evaluation;

/// <summary>
/// Promotes unless the audit sample shows the candidate worse. The mean log-loss decides: it is a proper score and far less noisy than
/// accuracy on a few hundred labels. A candidate that saw more labels is also promoted when its log-loss is higher by no more than chance
/// explains (paired, one-sided, 5 %): kept back by noise, it would leave the next selection to a model that does not know the newest
/// labels. A significant loss of accuracy vetoes either way. Audit images without a label are part of the comparison, wrong under both.
/// </summary>
public sealed class UnlessWorse : IPromotionRule
{
    /// <inheritdoc/>
    public string Name => "unless-worse";

    /// <inheritdoc/>
    public PromotionDecision Decide(PromotionCase models)
    {
        if (PromotionBasics.Incomparable(models) is { } incomparable) return incomparable;
        var (candidateLosses, championLosses) = (models.Candidate.Losses, models.Champion!.Losses);
        if (PromotionBasics.AccuracyVeto(models.Candidate, models.Champion) is { } veto) return veto;
        var (candidate, champion) = (PromotionBasics.Mean(candidateLosses), PromotionBasics.Mean(championLosses));
        if (candidate <= champion)
            return new PromotionDecision(true, FormattableString.Invariant($"Audit log-loss {candidate:F4} against {champion:F4}."));
        return models.MoreLabels && WithinChance(candidateLosses, championLosses)
            ? new PromotionDecision(true, FormattableString.Invariant(
                $"Audit log-loss {candidate:F4} against {champion:F4}: no worse than chance explains, and more labels."))
            : new PromotionDecision(false,
                FormattableString.Invariant($"Audit log-loss {candidate:F4} is worse than the champion's {champion:F4}."));
    }

    /// <summary>Whether the mean difference lies within 1.645 standard errors of zero: one side of a normal at 5 %.</summary>
    private static bool WithinChance(double[] candidate, double[] champion)
    {
        const double OneSided = 1.645;
        var n = candidate.Length;
        double mean = 0, squares = 0;
        for (var i = 0; i < n; i++) mean += (candidate[i] - champion[i]) / n;
        for (var i = 0; i < n; i++) squares += Math.Pow(candidate[i] - champion[i] - mean, 2);
        return n > 1 && mean <= OneSided * Math.Sqrt(squares / (n - 1) / n);
    }
}
