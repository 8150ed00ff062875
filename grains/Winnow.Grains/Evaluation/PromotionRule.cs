using Winnow.Algorithms.Quality;

namespace Winnow.Grains.Evaluation;

/// <summary>Whether a candidate replaces the champion, and why.</summary>
internal readonly record struct PromotionDecision(bool Promote, string Reason);

/// <summary>
/// Compares two models on the same audit sample. The mean log-loss decides: it is a proper score and far less noisy than accuracy on a few
/// hundred labels. A candidate that saw more labels is also promoted when its log-loss is higher by no more than chance explains (paired,
/// one-sided, 5 %): kept back by noise, it would leave the next selection to a model that does not know the newest labels. A significant
/// loss of accuracy (McNemar's exact test, 5 %) vetoes either way. Audit images without a label are part of the comparison, wrong under
/// both.
/// Pure.
/// </summary>
internal static class PromotionRule
{
    private const double Significance = 0.05;

    /// <param name="candidateLoss">Log-loss of each audit image under the candidate.</param>
    /// <param name="championLoss">The same under the champion; empty when there is none.</param>
    /// <param name="candidateRight">Whether the candidate predicted each right.</param>
    /// <param name="championRight">Whether the champion did.</param>
    /// <param name="moreLabels">Whether the candidate saw more labels: what decides where there is no audit sample.</param>
    public static PromotionDecision Decide(
        ReadOnlySpan<double> candidateLoss, ReadOnlySpan<double> championLoss,
        ReadOnlySpan<bool> candidateRight, ReadOnlySpan<bool> championRight, bool moreLabels)
    {
        if (championRight.Length == 0 && candidateRight.Length == 0) return Unmeasured(0, moreLabels);
        if (championRight.Length == 0) return new PromotionDecision(true, "The first model of its arm.");
        double candidate = 0, champion = 0;
        int onlyCandidate = 0, onlyChampion = 0;
        for (var i = 0; i < candidateLoss.Length; i++)
        {
            candidate += candidateLoss[i];
            champion += championLoss[i];
            if (candidateRight[i] && !championRight[i]) onlyCandidate++;
            if (!candidateRight[i] && championRight[i]) onlyChampion++;
        }
        candidate /= candidateLoss.Length;
        champion /= candidateLoss.Length;
        if (McNemar.OneSidedP(onlyChampion, onlyCandidate) < Significance)
            return new PromotionDecision(false, FormattableString.Invariant($"Accuracy fell: {onlyChampion} audit images only the champion has right, {onlyCandidate} only the candidate."));
        if (candidate <= champion) return new PromotionDecision(true, FormattableString.Invariant($"Audit log-loss {candidate:F4} against {champion:F4}."));
        return moreLabels && WithinChance(candidateLoss, championLoss)
            ? new PromotionDecision(true, FormattableString.Invariant($"Audit log-loss {candidate:F4} against {champion:F4}: no worse than chance explains, and more labels."))
            : new PromotionDecision(false, FormattableString.Invariant($"Audit log-loss {candidate:F4} is worse than the champion's {champion:F4}."));
    }

    /// <summary>Where nothing can be measured.</summary>
    /// <param name="unlabelled">Audit images that people gave no label.</param>
    /// <param name="moreLabels">Whether the candidate saw more labels.</param>
    public static PromotionDecision Unmeasured(int unlabelled, bool moreLabels) => new(moreLabels, unlabelled == 0
        ? "There is no audit sample to compare on; more labels decide."
        : FormattableString.Invariant($"None of {unlabelled} audit images has a label to compare on; more labels decide."));

    /// <summary>Whether the mean difference lies within 1.645 standard errors of zero: one side of a normal at 5 %.</summary>
    private static bool WithinChance(ReadOnlySpan<double> candidate, ReadOnlySpan<double> champion)
    {
        const double OneSided = 1.645;
        var n = candidate.Length;
        double mean = 0, squares = 0;
        for (var i = 0; i < n; i++) mean += (candidate[i] - champion[i]) / n;
        for (var i = 0; i < n; i++) squares += Math.Pow(candidate[i] - champion[i] - mean, 2);
        return n > 1 && mean <= OneSided * Math.Sqrt(squares / (n - 1) / n);
    }
}
