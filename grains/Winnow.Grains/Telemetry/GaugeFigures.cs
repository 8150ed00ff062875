namespace Winnow.Grains.Telemetry;

/// <summary>One shard as its gauges see it.</summary>
/// <param name="Dataset">The dataset.</param>
/// <param name="Stages">Images by stage, in the order of the model's stages.</param>
/// <param name="Embedded">Rows whose embedding is published, images put aside included.</param>
/// <param name="Backlog">Images that wait for a device.</param>
/// <param name="OpenTasks">Images that people are being asked about.</param>
/// <param name="Decided">Images with at least one decision.</param>
/// <param name="Stalled">Whether embedding is held up by something outside.</param>
/// <param name="Drift">The newest predictions against those at promotion; null while there is no model.</param>
public readonly record struct ShardFigures(string Dataset, long[] Stages, long Embedded, long Backlog, long OpenTasks, long Decided,
    bool Stalled, DriftFigures? Drift);

/// <summary>Predictions of one shard by class, so that those of a dataset can be added up.</summary>
/// <param name="Reference">Images per predicted class when the champion was promoted.</param>
/// <param name="Recent">The same of the newest images.</param>
/// <param name="ReferenceMargin">Sum of the uncertainty by margin over the reference.</param>
/// <param name="RecentMargin">The same over the newest images.</param>
public sealed record DriftFigures(long[] Reference, long[] Recent, double ReferenceMargin, double RecentMargin);

/// <summary>The review queue of one dataset.</summary>
/// <param name="Dataset">The dataset.</param>
/// <param name="Free">Tasks set aside that can be handed out.</param>
/// <param name="Leased">Tasks that people hold.</param>
/// <param name="OldestWait">Seconds since the longest waiting free task was offered; 0 when none waits.</param>
public readonly record struct QueueFigures(string Dataset, long Free, long Leased, double OldestWait);

/// <summary>The newest point of an arm's learning curve.</summary>
/// <param name="Dataset">The dataset.</param>
/// <param name="Arm">The arm.</param>
/// <param name="Labels">Labels that the arm has trained on.</param>
/// <param name="AuditAccuracy">Accuracy on the audit sample; null without one.</param>
/// <param name="AuditLower">Its lower bound at 95 %.</param>
/// <param name="AuditUpper">Its upper bound.</param>
/// <param name="HoldoutAccuracy">Accuracy on the holdout; null without one.</param>
/// <param name="CalibrationError">Expected calibration error on the audit sample.</param>
/// <param name="AuditLabels">Labels of the audit sample.</param>
/// <param name="ChampionRound">Round of the champion; 0 before the first.</param>
/// <param name="LabelsSaved">Share of the control arm's labels that this arm needed less for the same accuracy; null for the control arm
/// itself, or when it is not known.</param>
public readonly record struct ArmFigures(
    string Dataset, string Arm, long Labels, double? AuditAccuracy, double? AuditLower, double? AuditUpper, double? HoldoutAccuracy,
    double? CalibrationError,
    long AuditLabels, long ChampionRound, double? LabelsSaved);

/// <summary>Scoring devices of this silo.</summary>
/// <param name="Device">Their kind: cpu or cuda.</param>
/// <param name="Count">How many.</param>
public readonly record struct DeviceFigures(string Device, long Count);
