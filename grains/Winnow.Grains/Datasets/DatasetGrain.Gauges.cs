using Winnow.Algorithms.Quality;
using Winnow.Grains.Telemetry;
using Winnow.Model.Training;

namespace Winnow.Grains.Datasets;

/// <summary>What the gauges report of a dataset's learning.</summary>
/// <remarks>Kept alive: a dataset whose grain went to sleep would vanish from the dashboards. It is small.</remarks>
[KeepAlive]
internal sealed partial class DatasetGrain
{
    // The exporter reads it on its own thread, so it is replaced as a whole and never changed.
    private volatile IReadOnlyList<ArmFigures> _arms = [];
    private IDisposable? _gauges;

    private void StartGauges()
    {
        RenewGauges();
        _gauges = SiloGauges.Arms.Add(() => _arms);
    }

    private void RenewGauges()
    {
        var arms = _records.Rounds.Where(r => r.Model is not null).GroupBy(r => r.Arm, r => r.Model!)
            .ToDictionary(g => g.Key, g => g.ToArray(), StringComparer.Ordinal);
        _arms = [.. arms.Select(arm => FiguresOf(arm.Key, arm.Value, arms.GetValueOrDefault(Arms.Control)))];
    }

    private ArmFigures FiguresOf(string arm, ModelVersion[] models, ModelVersion[]? control)
    {
        var newest = models[^1];
        var m = newest.Metrics;
        return new ArmFigures(
            _dataset.Name, arm, newest.Labels, m.AuditAccuracy, m.AuditAccuracyLower, m.AuditAccuracyUpper, m.HoldoutAccuracy,
            m.AuditCalibrationError,
            m.AuditCount, _records.ChampionOf(arm)?.Number ?? 0, arm == Arms.Control || control is null ? null : Saved(models, control));
    }

    /// <summary>On the holdout where both arms were measured there, otherwise on the audit sample.</summary>
    private static double? Saved(ModelVersion[] models, ModelVersion[] control)
    {
        foreach (var measure in new Func<ModelVersion, double?>[] { v => v.Metrics.HoldoutAccuracy, v => v.Metrics.AuditAccuracy })
        {
            if (models.Any(v => measure(v) is null) || control.Any(v => measure(v) is null)) continue;
            return LearningCurve.Saved(
                [.. models.Select(v => v.Labels)], [.. models.Select(v => measure(v)!.Value)],
                [.. control.Select(v => v.Labels)], [.. control.Select(v => measure(v)!.Value)]);
        }
        return null;
    }
}
