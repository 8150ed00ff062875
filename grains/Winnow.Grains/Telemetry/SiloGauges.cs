using System.Diagnostics.Metrics;
using System.Text.Json;
using Winnow.Abstractions.Telemetry;
using Winnow.Algorithms.Quality;
using Winnow.Model.Images;

namespace Winnow.Grains.Telemetry;

/// <summary>
/// The gauges of this silo: read off the grains that are active here when an exporter asks, added up per dataset. A process is one silo.
/// Sums over silos are the cluster's figures; of a dataset's learning only the silo that holds the dataset reports.
/// </summary>
public static class SiloGauges
{
    private static readonly string[] StageNames =
        [.. Enum.GetValues<Stage>().Select(s => JsonNamingPolicy.KebabCaseLower.ConvertName(s.ToString()))];

    /// <summary>Active shards.</summary>
    public static GaugeBook<ShardFigures> Shards { get; } = new();

    /// <summary>Active queues.</summary>
    public static GaugeBook<QueueFigures> Queues { get; } = new();

    /// <summary>Arms of the active datasets.</summary>
    public static GaugeBook<IReadOnlyList<ArmFigures>> Arms { get; } = new();

    /// <summary>Devices that lots can be sent to.</summary>
    public static GaugeBook<DeviceFigures> Devices { get; } = new();

    /// <summary>Seconds until the certificate ends by which this silo is known to the others; a silo that is alone has none.</summary>
    public static GaugeBook<double> Certificates { get; } = new();

    // Shares have no unit: for "1" some exporters append "ratio" to the name and others do not.
    static SiloGauges()
    {
        var meter = WinnowTelemetry.Meter;
        meter.CreateObservableGauge("winnow.shard.active", () => PerDataset(s => 1), "{shard}", "Shards active on this silo.");
        meter.CreateObservableGauge("winnow.shard.images", Stages, "{image}", "Images by stage.");
        meter.CreateObservableGauge("winnow.shard.embedded", () => PerDataset(s => s.Embedded), "{image}",
            "Images whose embedding is published, those put aside included.");
        meter.CreateObservableGauge("winnow.shard.decided", () => PerDataset(s => s.Decided), "{image}", "Images with a decision.");
        meter.CreateObservableGauge("winnow.shard.open", () => PerDataset(s => s.OpenTasks), "{task}",
            "Images that people are being asked about.");
        meter.CreateObservableGauge("winnow.scoring.backlog", () => PerDataset(s => s.Backlog), "{image}",
            "Images that wait for a scoring device.");
        meter.CreateObservableGauge("winnow.scoring.stalled", () => PerDataset(s => s.Stalled ? 1 : 0), "{shard}",
            "Shards whose scoring something outside holds up.");
        meter.CreateObservableGauge("winnow.scoring.devices", () => Devices.Read()
            .Select(d => new Measurement<long>(d.Count, Tag("device", d.Device))), "{device}", "Scoring devices of this silo.");
        meter.CreateObservableGauge("winnow.silo.certificate.remaining", () => Certificates.Read().Select(s => new Measurement<double>(s)),
            "s", "Time until the silo's certificate ends.");

        meter.CreateObservableGauge("winnow.queue.free", () => PerQueue(q => q.Free), "{task}", "Tasks set aside that can be handed out.");
        meter.CreateObservableGauge("winnow.queue.leased", () => PerQueue(q => q.Leased), "{task}", "Tasks that people hold.");
        meter.CreateObservableGauge("winnow.queue.oldest.wait",
            () => Queues.Read().Select(q => new Measurement<double>(q.OldestWait, Tag("dataset", q.Dataset))), "s",
            "Time since the longest waiting free task was offered.");

        meter.CreateObservableGauge("winnow.learning.labels", () => PerArm(a => a.Labels), "{label}",
            "Labels that the arm has trained on.");
        meter.CreateObservableGauge("winnow.learning.audit.labels", () => PerArm(a => a.AuditLabels), "{label}",
            "Labels of the audit sample that the arm was measured on.");
        meter.CreateObservableGauge("winnow.learning.audit.accuracy", () => PerArm(a => a.AuditAccuracy), null,
            "Accuracy on the audit sample.");
        meter.CreateObservableGauge("winnow.learning.audit.accuracy.lower", () => PerArm(a => a.AuditLower), null,
            "Lower bound of the audit accuracy at 95 %.");
        meter.CreateObservableGauge("winnow.learning.audit.accuracy.upper", () => PerArm(a => a.AuditUpper), null,
            "Upper bound of the audit accuracy at 95 %.");
        meter.CreateObservableGauge("winnow.learning.holdout.accuracy", () => PerArm(a => a.HoldoutAccuracy), null,
            "Accuracy on the holdout.");
        meter.CreateObservableGauge("winnow.learning.calibration.error", () => PerArm(a => a.CalibrationError), null,
            "Expected calibration error on the audit sample.");
        meter.CreateObservableGauge("winnow.learning.champion.round", () => PerArm(a => a.ChampionRound), "{round}",
            "Round of the champion.");
        meter.CreateObservableGauge("winnow.learning.labels.saved", () => PerArm(a => a.LabelsSaved), null,
            "Share of the control arm's labels that the arm needed less for the same accuracy.");

        meter.CreateObservableGauge("winnow.drift.distance", () => Drifts(d => d.TotalVariation), null,
            "Total variation between the predicted classes of the newest images and of the pool at promotion.");
        meter.CreateObservableGauge("winnow.drift.chi.square", () => Drifts(d => d.ChiSquarePerDegree), null,
            "Chi-square of the same per degree of freedom: near 1 without drift.");
        meter.CreateObservableGauge("winnow.drift.margin", () => Drifts(d => d.RecentMargin), null,
            "Mean uncertainty by margin of the newest images.");
        meter.CreateObservableGauge("winnow.drift.margin.reference", () => Drifts(d => d.ReferenceMargin), null,
            "Mean uncertainty by margin of the pool at promotion.");
    }

    private static KeyValuePair<string, object?> Tag(string name, string value) => new(name, value);

    private static IEnumerable<Measurement<long>> PerDataset(Func<ShardFigures, long> figure) =>
        Shards.Read().GroupBy(s => s.Dataset).Select(g => new Measurement<long>(g.Sum(figure), Tag("dataset", g.Key)));

    private static IEnumerable<Measurement<long>> Stages() =>
        from dataset in Shards.Read().GroupBy(s => s.Dataset)
        from stage in Enumerable.Range(0, StageNames.Length)
        select new Measurement<long>(dataset.Sum(s => s.Stages[stage]), Tag("dataset", dataset.Key), Tag("stage", StageNames[stage]));

    private static IEnumerable<Measurement<long>> PerQueue(Func<QueueFigures, long> figure) =>
        Queues.Read().Select(q => new Measurement<long>(figure(q), Tag("dataset", q.Dataset)));

    private static IEnumerable<Measurement<double>> PerArm(Func<ArmFigures, double?> figure) =>
        from arm in Arms.Read().SelectMany(a => a)
        where figure(arm) is not null
        select new Measurement<double>(figure(arm)!.Value, Tag("dataset", arm.Dataset), Tag("arm", arm.Arm));

    /// <summary>Shards hold uniform parts of a dataset, so the part on this silo speaks for all of it.</summary>
    private static IEnumerable<Measurement<double>> Drifts(Func<PredictionDrift, double> figure)
    {
        foreach (var dataset in Shards.Read().Where(s => s.Drift is not null).GroupBy(s => s.Dataset, s => s.Drift!))
            if (PredictionDrift.Between(Add(dataset, d => d.Reference), Add(dataset, d => d.Recent), dataset.Sum(d => d.ReferenceMargin),
                dataset.Sum(d => d.RecentMargin)) is { } drift)
                yield return new Measurement<double>(figure(drift), Tag("dataset", dataset.Key));
    }

    private static long[] Add(IEnumerable<DriftFigures> parts, Func<DriftFigures, long[]> counts)
    {
        var sum = Array.Empty<long>();
        foreach (var part in parts.Select(counts))
        {
            if (sum.Length == 0) sum = new long[part.Length];
            for (var i = 0; i < sum.Length; i++) sum[i] += part[i];
        }
        return sum;
    }
}
