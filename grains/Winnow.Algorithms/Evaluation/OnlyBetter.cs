namespace Winnow.Algorithms.Evaluation;

/// <summary>
/// Promotes where the audit sample shows the candidate's mean log-loss lower, and accuracy not significantly fallen. For whoever serves a
/// model and would rather keep a sound one than risk a worse: chance keeps some better ones back too.
/// </summary>
public sealed class OnlyBetter : IPromotionRule
{
    /// <inheritdoc/>
    public string Name => "only-better";

    /// <inheritdoc/>
    public PromotionDecision Decide(PromotionCase models)
    {
        if (PromotionBasics.Incomparable(models) is { } incomparable) return incomparable;
        if (PromotionBasics.AccuracyVeto(models.Candidate, models.Champion!) is { } veto) return veto;
        var (candidate, champion) = (PromotionBasics.Mean(models.Candidate.Losses), PromotionBasics.Mean(models.Champion!.Losses));
        return candidate < champion
            ? new PromotionDecision(true, FormattableString.Invariant($"Audit log-loss {candidate:F4} against {champion:F4}."))
            : new PromotionDecision(false,
            FormattableString.Invariant($"Audit log-loss {candidate:F4} is no better than the champion's {champion:F4}."));
    }
}
