using Winnow.Abstractions.Training;
using Winnow.Algorithms.Evaluation;
using Winnow.Algorithms.Quality;
using Winnow.Model.Training;

namespace Winnow.Grains.Evaluation;

/// <summary>What was measured of a model, as it is kept. Pure.</summary>
internal static class ModelFigures
{
    /// <param name="audit">What the audit sample says.</param>
    /// <param name="holdout">What each shard's part of the holdout says.</param>
    /// <param name="crossValidated">Log-loss of what was held out in training, where it could be measured.</param>
    public static ModelMetrics Of(AuditFigures audit, IReadOnlyList<HoldoutResult> holdout, double? crossValidated)
    {
        var count = holdout.Sum(p => p.Count);
        SetCounts[] parts = [.. holdout.Select(p => p.Sets).OfType<ClassCounts>().Select(s => new SetCounts(s.Found, s.Wrong, s.Missed))];
        var sets = parts.Length == 0 ? null : SetCounts.Sum(parts, parts[0].Found.Length);
        return new ModelMetrics
        {
            AuditCount = audit.Count,
            AuditUnlabelled = audit.Unlabelled,
            AuditAccuracy = audit.Accuracy,
            AuditAccuracyLower = audit.Lower,
            AuditAccuracyUpper = audit.Upper,
            AuditLogLoss = audit.LogLoss,
            AuditCalibrationError = audit.CalibrationError,
            HoldoutCount = count,
            HoldoutAccuracy = count == 0 ? null : (double)holdout.Sum(p => p.Correct) / count,
            HoldoutLogLoss = count == 0 ? null : holdout.Sum(p => p.LogLossSum) / count,
            CrossValidatedLogLoss = crossValidated,
            AuditMicroF1 = audit.MicroF1,
            AuditMacroF1 = audit.MacroF1,
            HoldoutMicroF1 = sets?.MicroF1,
            HoldoutMacroF1 = sets?.MacroF1,
        };
    }
}
