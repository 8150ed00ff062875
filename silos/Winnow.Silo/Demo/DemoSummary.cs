using System.Text.Json;
using System.Text.Json.Serialization;
using Winnow.Algorithms.Quality;
using Winnow.Model.Datasets;
using Winnow.Model.Training;

namespace Winnow.Silo.Demo;

/// <summary>One point of a curve in summary.json.</summary>
internal sealed record SummaryPoint(int Labels, double Accuracy);

/// <summary>One arm in summary.json.</summary>
internal sealed record SummaryStrategy(string Name, IReadOnlyList<SummaryPoint> Curve);

/// <summary>One dataset version in summary.json.</summary>
internal sealed record SummaryVersion(int Number, string? Note, long Images, long Labeled, string ManifestSha256);

/// <summary>What the demo measured.</summary>
internal sealed record DemoSummary
{
    public required int Images { get; init; }
    public required int TestImages { get; init; }
    public required ulong Seed { get; init; }
    public required IReadOnlyList<SummaryStrategy> Strategies { get; init; }
    public required double TargetAccuracy { get; init; }
    public required double? LabelsToTarget { get; init; }
    public required double? LabelsSavedPercent { get; init; }
    public required double? LabelsSavedPercentWithAudit { get; init; }
    public required int AuditLabels { get; init; }
    public required double ImagesPerSecond { get; init; }
    public required double Seconds { get; init; }
    public required IReadOnlyList<SummaryVersion> Versions { get; init; }

    /// <summary>Reads the saving off two learning curves: the labels at which the first reaches what the second has at its end.</summary>
    public static DemoSummary Of(DemoOptions options, int testImages, LearningCurveInfo main, LearningCurveInfo control, int auditLabels,
        double imagesPerSecond, TimeSpan took, IReadOnlyList<DatasetVersion> versions)
    {
        var target = control.Points[^1].HoldoutAccuracy!.Value;
        var spent = control.Points[^1].Labels;
        var needed = LearningCurve.LabelsToReach([.. main.Points.Select(p => p.Labels)],
            [.. main.Points.Select(p => p.HoldoutAccuracy!.Value)], target);
        return new DemoSummary
        {
            Images = options.Images,
            TestImages = testImages,
            Seed = options.Seed,
            Strategies = [Strategy(main), Strategy(control)],
            TargetAccuracy = target,
            LabelsToTarget = needed,
            LabelsSavedPercent = needed is { } n ? 100 * (1 - n / spent) : null,
            // Without choosing there would have been no audit sample either: the strict reading charges it to the chosen arm alone.
            LabelsSavedPercentWithAudit = needed is { } m ? 100 * (1 - (m + auditLabels) / spent) : null,
            AuditLabels = auditLabels,
            ImagesPerSecond = imagesPerSecond,
            Seconds = took.TotalSeconds,
            Versions = [.. versions.Select(v => new SummaryVersion(v.Number, v.Note, v.Images, v.Labeled, v.ManifestSha256))],
        };
    }

    private static SummaryStrategy Strategy(LearningCurveInfo curve) =>
        new(curve.Strategy, [.. curve.Points.Select(p => new SummaryPoint(p.Labels, p.HoldoutAccuracy!.Value))]);

    public string ToJson() => JsonSerializer.Serialize(this, DemoJson.Default.DemoSummary);
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, WriteIndented = true)]
[JsonSerializable(typeof(DemoSummary))]
internal sealed partial class DemoJson : JsonSerializerContext;
