namespace Winnow.Algorithms.Evaluation;

/// <summary>Whether a candidate replaces the champion, and why.</summary>
public readonly record struct PromotionDecision(bool Promote, string Reason);

/// <summary>What is known of two models of one arm when one of them may replace the other.</summary>
/// <param name="Candidate">The candidate on the audit sample.</param>
/// <param name="Champion">The champion on the same images, in the same order; null when there is none.</param>
/// <param name="MoreLabels">Whether the candidate saw more labels.</param>
public sealed record PromotionCase(AuditResult Candidate, AuditResult? Champion, bool MoreLabels);

/// <summary>
/// Decides about a candidate. To add one: a class here, a line in <see cref="PromotionRules"/>, and a test class that inherits the
/// conformance tests.
/// </summary>
public interface IPromotionRule : INamed
{
    /// <summary>Decides; the reason is a sentence for people.</summary>
    PromotionDecision Decide(PromotionCase models);
}

/// <summary>All promotion rules, by name: the one place where a new one is registered.</summary>
public static class PromotionRules
{
    /// <summary>Every rule.</summary>
    public static Registry<IPromotionRule> All { get; } = new("promotion rule", new UnlessWorse(), new OnlyBetter());
}
