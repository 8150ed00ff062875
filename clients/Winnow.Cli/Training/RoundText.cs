using System.Globalization;
using Winnow.Model.Training;

namespace Winnow.Cli.Training;

/// <summary>Rounds in words. What it says of one is all that a person needs to know what came of it.</summary>
internal static class RoundText
{
    private const string NoAudit = "no audit sample";

    /// <summary>The fields of one line of a list.</summary>
    public static string[] Fields(RoundInfo r) =>
    [
        NameOf(r), StepOf(r), r.Strategy,
        string.Create(CultureInfo.InvariantCulture, $"{r.Decided}/{r.Selected} decided{Missing(r, r.Outcomes)}"),
        string.Create(CultureInfo.InvariantCulture, $"{r.Labels} labels"),
        AuditField(r),
        r.Promoted is { } promoted ? promoted ? "promoted" : "kept" : "",
        Remark(r),
    ];

    /// <summary>Where a round stands, as a sentence.</summary>
    public static string Sentence(RoundInfo r) => r.Step switch
    {
        RoundStep.Failed => $"round {NameOf(r)} failed: {r.Reason}",
        RoundStep.Done => $"round {NameOf(r)} is done: {Learned(r)}{EndedBy(r)}",
        _ when r.Waiting is { } waiting => $"round {NameOf(r)} is at {StepOf(r)}. {waiting}",
        RoundStep.Select => $"round {NameOf(r)} chooses its images",
        RoundStep.Review => $"round {NameOf(r)} {Asks(r)}",
        _ => $"round {NameOf(r)} is at {StepOf(r)}: {Asked(r)}{EndedBy(r)}",
    };

    /// <summary>What a model is worth by the audit sample, with its bounds; or that there is none.</summary>
    public static string Audit(ModelMetrics metrics)
    {
        if (metrics.AuditAccuracy is not { } accuracy) return NoAudit;
        var bounds = metrics is { AuditAccuracyLower: { } lower, AuditAccuracyUpper: { } upper }
            ? string.Create(CultureInfo.InvariantCulture, $" ({lower:P1} to {upper:P1})")
            : "";
        var unlabelled = metrics.AuditUnlabelled > 0 ? string.Create(CultureInfo.InvariantCulture,
            $"; {metrics.AuditUnlabelled} of {metrics.AuditCount} have no label and count as wrong") : "";
        return string.Create(CultureInfo.InvariantCulture, $"{Right(metrics, accuracy)}{bounds}{unlabelled}{F1(metrics)}");
    }

    private static string AuditField(RoundInfo r) => r.Model?.Metrics is not { } metrics ? ""
        : metrics.AuditAccuracy is { } audit ? string.Create(CultureInfo.InvariantCulture,
            $"audit {audit:P1}{(metrics.ThresholdsChosen is null ? "" : " of sets right")}{Missing(r, r.AuditOutcomes)}{F1(metrics)}")
        : NoAudit;

    private static string Right(ModelMetrics metrics, double share) => metrics.ThresholdsChosen is null
        ? string.Create(CultureInfo.InvariantCulture, $"audit accuracy {share:P1}")
        : string.Create(CultureInfo.InvariantCulture, $"{share:P1} of the audit's sets right");

    /// <summary>Of sets, how well classes are found; nothing where a label is one class.</summary>
    private static string F1(ModelMetrics metrics) => metrics is { AuditMicroF1: { } micro, AuditMacroF1: { } macro }
        ? string.Create(CultureInfo.InvariantCulture, $", F1 {micro:P1} (mean of classes {macro:P1})") : "";

    public static string NameOf(RoundInfo r) => string.Create(CultureInfo.InvariantCulture, $"{r.Arm}/{r.Number}");

    private static string StepOf(RoundInfo r) => r.Step.ToString().ToLowerInvariant();

    private static string Asks(RoundInfo r)
    {
        var fewer = r.Selected < r.BatchSize
            ? string.Create(CultureInfo.InvariantCulture, $", as no more are left of the {r.BatchSize} that were wanted") : "";
        var unscored = r.Unscored > 0
            ? string.Create(CultureInfo.InvariantCulture, $"; {r.Unscored} images without scores were left out") : "";
        var audit = r.AuditOutcomes is { Unanswered: > 0 and var left }
            ? string.Create(CultureInfo.InvariantCulture, $", and {left} of the audit sample") : "";
        var asked = string.Create(CultureInfo.InvariantCulture, $"asks about {r.Selected} images, chosen by {r.Strategy}{fewer}{audit}");
        return string.Create(CultureInfo.InvariantCulture, $"{asked}: {r.Decided} decided{Missing(r, r.Outcomes)}{unscored}{Stuck(r)}");
    }

    /// <summary>Nobody is asked again what they skipped.</summary>
    private static string Stuck(RoundInfo r) => r is { Outcomes: { Unanswered: 0, Skipped: > 0 }, AuditOutcomes: null or { Unanswered: 0 } }
        ? "; what is left was skipped by whoever was asked: somebody else may answer it, or 'winnow rounds end' goes on without it"
        : "";

    private static string Learned(RoundInfo r)
    {
        var audit = r.Model?.Metrics is not { } metrics ? ""
            : metrics.AuditAccuracy is { } accuracy ? $", {Right(metrics, accuracy)}{F1(metrics)}"
            : $", {NoAudit}";
        return string.Create(CultureInfo.InvariantCulture,
            $"{Asked(r)}, {r.Labels} labels in all{audit}{Fate(r)}. "
            + $"{r.Reason}");
    }

    private static string Fate(RoundInfo r) => r.Model is null ? "" : r.Promoted == true ? ", promoted" : ", not promoted";

    private static string Asked(RoundInfo r) => r.Outcomes is { } o
        ? string.Create(CultureInfo.InvariantCulture, $"{o.Labelled} of {r.Selected} labelled{Missing(r, o)}")
        : string.Create(CultureInfo.InvariantCulture, $"{r.Decided} of {r.Selected} decided");

    /// <summary>
    /// Whatever has no label, by what became of it; nothing is said of what did not happen, nor of what may still be answered.
    /// </summary>
    private static string Missing(RoundInfo r, RoundOutcomes? outcomes)
    {
        if (outcomes is not { } o) return "";
        var unanswered = r.Step == RoundStep.Review ? 0 : o.Unanswered;
        (int Count, string Name)[] missing =
            [(o.Rejected, "rejected"), (o.Skipped, "skipped"), (o.Withdrawn, "withdrawn"), (unanswered, "unanswered")];
        return string.Concat(missing.Where(m => m.Count > 0)
            .Select(m => string.Create(CultureInfo.InvariantCulture, $", {m.Count} {m.Name}")));
    }

    private static string EndedBy(RoundInfo r) => r.EndedBy is { } who ? $" (ended by {who})" : "";

    private static string Remark(RoundInfo r) => ((r.Waiting ?? r.Reason ?? "") + EndedBy(r)).Trim();
}
