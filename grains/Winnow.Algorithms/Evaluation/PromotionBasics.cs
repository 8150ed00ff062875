using Winnow.Algorithms.Quality;

namespace Winnow.Algorithms.Evaluation;

/// <summary>What promotion rules have in common: where nothing can be compared, and a significant loss of accuracy.</summary>
internal static class PromotionBasics
{
    private const double Significance = 0.05;

    /// <summary>The decision where there is nothing to compare; null where there is.</summary>
    public static PromotionDecision? Incomparable(PromotionCase models)
    {
        var unlabelled = models.Candidate.Unlabelled;
        if (models.Candidate.Labelled == 0)
            return new PromotionDecision(models.MoreLabels, unlabelled == 0
                ? "There is no audit sample to compare on; more labels decide."
                : FormattableString.Invariant($"None of {unlabelled} audit images has a label to compare on; more labels decide."));
        return models.Champion is null ? new PromotionDecision(true, "The first model of its arm.") : null;
    }

    /// <summary>The veto of accuracy: McNemar's exact test, one-sided 5 %. Null where it has nothing against the candidate.</summary>
    public static PromotionDecision? AccuracyVeto(AuditResult candidate, AuditResult champion)
    {
        int onlyCandidate = 0, onlyChampion = 0;
        for (var i = 0; i < candidate.Right.Length; i++)
        {
            if (candidate.Right[i] && !champion.Right[i]) onlyCandidate++;
            if (!candidate.Right[i] && champion.Right[i]) onlyChampion++;
        }
        return McNemar.OneSidedP(onlyChampion, onlyCandidate) < Significance
            ? new PromotionDecision(false, FormattableString.Invariant(
                $"Accuracy fell: {onlyChampion} audit images only the champion has right, {onlyCandidate} only the candidate."))
            : null;
    }

    /// <summary>The sum's own order, so that the mean is the same to the last bit wherever it is told.</summary>
    public static double Mean(double[] losses)
    {
        double sum = 0;
        foreach (var loss in losses) sum += loss;
        return sum / losses.Length;
    }
}
