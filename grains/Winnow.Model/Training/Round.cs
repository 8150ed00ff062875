using System.Text.Json.Serialization;
using Winnow.Model.Datasets;
using Winnow.Model.Labels;
using Winnow.Model.Names;

namespace Winnow.Model.Training;

/// <summary>The steps of a round, in order.</summary>
[JsonConverter(typeof(KebabEnumConverter<RoundStep>))]
public enum RoundStep : byte
{
    /// <summary>Choosing the images to ask about.</summary>
    Select = 0,
    /// <summary>Waiting for people.</summary>
    Review = 1,
    /// <summary>Fitting the head.</summary>
    Train = 2,
    /// <summary>Fitting the temperature.</summary>
    Calibrate = 3,
    /// <summary>Measuring on the audit sample and the holdout.</summary>
    Evaluate = 4,
    /// <summary>Deciding whether the candidate replaces the champion.</summary>
    Promote = 5,
    /// <summary>Renewing the scores of the whole pool.</summary>
    Rescore = 6,
    /// <summary>Finished.</summary>
    Done = 7,
    /// <summary>Stopped for a reason that a person must mend; the reason is kept.</summary>
    Failed = 8,
}

/// <summary>What became of the images that people were asked about. Each is counted once.</summary>
/// <param name="Labelled">Somebody said what they show.</param>
/// <param name="Rejected">Somebody said that no class fits, or that they are of no use.</param>
/// <param name="Skipped">Whoever was at work could not tell, and the round went on without them.</param>
/// <param name="Withdrawn">Put aside after they were asked about: their pixels could not be used.</param>
/// <param name="Unanswered">Nobody has said anything: not yet, or not in time.</param>
public sealed record RoundOutcomes(int Labelled, int Rejected, int Skipped, int Withdrawn, int Unanswered)
{
    /// <summary>The first thing that is wrong, as a sentence with the member's name; null when all is sound.</summary>
    public string? Check() =>
        MemberRules.Number("labelled", Labelled, 0, int.MaxValue)
        ?? MemberRules.Number("rejected", Rejected, 0, int.MaxValue)
        ?? MemberRules.Number("skipped", Skipped, 0, int.MaxValue)
        ?? MemberRules.Number("withdrawn", Withdrawn, 0, int.MaxValue)
        ?? MemberRules.Number("unanswered", Unanswered, 0, int.MaxValue);
}

/// <summary>
/// Names of arms. An arm is one line of learning within a dataset: what it asked about, what it trained on, its champion.
/// </summary>
public static class Arms
{
    /// <summary>Most rounds of one arm.</summary>
    public const int MaxRounds = 999_999;

    /// <summary>What is wrong with the name of an arm that rounds are started in, as a sentence; null when nothing is.</summary>
    public static string? Check(string member, string? arm) =>
        DatasetName.IsValid(arm) && arm != Audit ? null
            : $"{member} cannot be {ShownText.Quote(arm)}: use 'main', 'control' or another name of a–z, 0–9 and '-'.";

    /// <summary>The arm whose model prelabels and scores the pool.</summary>
    public const string Main = "main";
    /// <summary>The random control arm: what the same budget would have bought without choosing.</summary>
    public const string Control = "control";
    /// <summary>The uniformly random audit sample: shared by all arms, trained on by none.</summary>
    public const string Audit = "audit";
    /// <summary>
    /// Images that somebody verifies once they are labelled: kept with the tasks, and no arm of any round, whose names are of other
    /// characters.
    /// </summary>
    public const string Verification = "@verification";

    /// <summary>Images that are asked about without any round, as somebody is less sure of them than the policy says.</summary>
    public const string Standing = "@standing";

    /// <summary>Images that somebody had asked about again, whether any round had asked about them before or not.</summary>
    public const string Again = "@again";

    /// <summary>Whether rounds are started in an arm of this name.</summary>
    public static bool IsOfRounds(string arm) => arm != Audit && !IsWithoutRounds(arm);

    /// <summary>Whether images are asked about under this name without any round having chosen them.</summary>
    public static bool IsWithoutRounds(string arm) => arm is Verification or Standing or Again;
}

/// <summary>Where a round stands, and what it measured.</summary>
public sealed record RoundInfo
{
    /// <summary>The arm.</summary>
    public required string Arm { get; init; }
    /// <summary>1, 2, 3, … within the arm.</summary>
    public required int Number { get; init; }
    /// <summary>The step it is at.</summary>
    public required RoundStep Step { get; init; }
    /// <summary>The strategy that chose its images.</summary>
    public required string Strategy { get; init; }
    /// <summary>How many images it asks about.</summary>
    public required int BatchSize { get; init; }
    /// <summary>How many it chose.</summary>
    public int Selected { get; init; }
    /// <summary>How many of the chosen have been decided.</summary>
    public int Decided { get; init; }
    /// <summary>What became of the chosen, as of now; of a round that has gone on, as of then. Null before anybody was asked.</summary>
    public RoundOutcomes? Outcomes { get; init; }
    /// <summary>The same of the audit sample, which all rounds share.</summary>
    public RoundOutcomes? AuditOutcomes { get; init; }
    /// <summary>Images without scores when it chose, among which it could therefore not choose.</summary>
    public long Unscored { get; init; }
    /// <summary>How long it waits for a further answer; null for rounds of before there was a limit.</summary>
    public TimeSpan? AnswerWithin { get; init; }
    /// <summary>The version of the dataset's policies that it was started under; null for rounds of before there were any.</summary>
    public int? Policies { get; init; }
    /// <summary>Labels the arm trained on in this round, all rounds so far together.</summary>
    public int Labels { get; init; }
    /// <summary>The model it made.</summary>
    public ModelVersion? Model { get; init; }
    /// <summary>Whether that model became the champion; null before the step was reached.</summary>
    public bool? Promoted { get; init; }
    /// <summary>Why it failed, or why the candidate was or was not promoted.</summary>
    public string? Reason { get; init; }
    /// <summary>What it waits for, other than people; null while it does not.</summary>
    public string? Waiting { get; init; }
    /// <summary>Who started it; null for rounds of before that was recorded.</summary>
    public string? StartedBy { get; init; }
    /// <summary>When it was started.</summary>
    public DateTimeOffset StartedAt { get; init; }
    /// <summary>Who ended its asking, or the round, by hand; null when nobody did.</summary>
    public string? EndedBy { get; init; }
    /// <summary>When it ended.</summary>
    public DateTimeOffset? EndedAt { get; init; }
    /// <summary>
    /// Number of the restoration that told of it: who started it, and who ended it, is as that backup says. Null: it was started here.
    /// </summary>
    public int? Told { get; init; }

    /// <summary>Whether it has ended, well or not.</summary>
    [JsonIgnore]
    public bool HasEnded => Step is RoundStep.Done or RoundStep.Failed;

    /// <summary>Most characters of a reason.</summary>
    public const int MaxReason = 10_000;

    /// <summary>The first thing that is wrong, as a sentence with the member's name; null when all is sound.</summary>
    /// <param name="latest">The latest moment that there can be.</param>
    public string? Check(DateTimeOffset latest) =>
        Arms.Check("arm", Arm)
        ?? MemberRules.Number("number", Number, 1, Arms.MaxRounds)
        ?? MemberRules.Word("step", Step)
        ?? MemberRules.Text("strategy", Strategy, StartRound.MaxStrategy)
        ?? MemberRules.Number("batchSize", BatchSize, 0, StartRound.MaxBatch)
        ?? MemberRules.Number("selected", Selected, 0, StartRound.MaxBatch)
        ?? MemberRules.Number("decided", Decided, 0, int.MaxValue)
        ?? MemberRules.Within("outcomes", Outcomes?.Check())
        ?? MemberRules.Within("auditOutcomes", AuditOutcomes?.Check())
        ?? MemberRules.Number("unscored", Unscored, 0, long.MaxValue)
        ?? (AnswerWithin is { } within && !DatasetSettings.MayAnswerWithin(within) ? "answerWithin must be 1 second to 365 days." : null)
        ?? (Policies is { } policies ? MemberRules.Number("policies", policies, 1, int.MaxValue) : null)
        ?? MemberRules.Number("labels", Labels, 0, int.MaxValue)
        ?? MemberRules.Within("model", Model?.Check(latest))
        ?? MemberRules.TextOrNone("reason", Reason, MaxReason)
        ?? MemberRules.TextOrNone("waiting", Waiting, MaxReason)
        ?? (StartedBy is null ? null : ActorName.Check("startedBy", StartedBy))
        ?? (EndedBy is null ? null : ActorName.Check("endedBy", EndedBy))
        ?? MemberRules.DateOrNone("startedAt", StartedAt, latest)
        ?? MemberRules.DateOrNone("endedAt", EndedAt, latest)
        ?? (Told is { } told ? MemberRules.Number("told", told, 1, Restoration.Most) : null);
}

/// <summary>
/// What was measured of a model. Where labels are sets of classes, an image is predicted right where its whole set is, and its log-loss is
/// the mean of its classes'.
/// </summary>
public sealed record ModelMetrics
{
    /// <summary>Size of the audit sample that it was measured on: images that people were asked about, or that came with a label.</summary>
    public int AuditCount { get; init; }
    /// <summary>Those that people gave no label: rejected, skipped by all, or never answered. Any prediction counts as wrong.</summary>
    public int AuditUnlabelled { get; init; }
    /// <summary>Share of the audit sample predicted right; null without one.</summary>
    public double? AuditAccuracy { get; init; }
    /// <summary>Clopper–Pearson lower bound of the audit accuracy at 95 %.</summary>
    public double? AuditAccuracyLower { get; init; }
    /// <summary>Clopper–Pearson upper bound of the audit accuracy at 95 %.</summary>
    public double? AuditAccuracyUpper { get; init; }
    /// <summary>
    /// Mean log-loss on the audit sample, the temperature cross-fitted, in nats; an image without a label counts as one of which nothing is
    /// known.
    /// </summary>
    public double? AuditLogLoss { get; init; }
    /// <summary>Expected calibration error on the labelled part of the audit sample, 15 equal bins.</summary>
    public double? AuditCalibrationError { get; init; }
    /// <summary>Size of the holdout.</summary>
    public int HoldoutCount { get; init; }
    /// <summary>Share of the holdout predicted right; null without one.</summary>
    public double? HoldoutAccuracy { get; init; }
    /// <summary>Mean log-loss on the holdout, in nats.</summary>
    public double? HoldoutLogLoss { get; init; }
    /// <summary>Mean cross-validated log-loss at the chosen regularisation, in nats.</summary>
    public double? CrossValidatedLogLoss { get; init; }
    /// <summary>F1 of all classes together on the labelled part of the audit sample; null where a label is one class.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public double? AuditMicroF1 { get; init; }
    /// <summary>Mean of the F1 of each class that is there or was predicted, on the same.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public double? AuditMacroF1 { get; init; }
    /// <summary>F1 of all classes together on the holdout; null where a label is one class.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public double? HoldoutMicroF1 { get; init; }
    /// <summary>Mean of the F1 of each class that is there or was predicted, on the same.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public double? HoldoutMacroF1 { get; init; }
    /// <summary>
    /// Classes whose threshold was chosen by what was held out; the others had too few examples, and theirs is a half. Null where a label
    /// is one class.
    /// </summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public int? ThresholdsChosen { get; init; }

    /// <summary>The first thing that is wrong, as a sentence with the member's name; null when all is sound.</summary>
    public string? Check() =>
        MemberRules.Number("auditCount", AuditCount, 0, int.MaxValue)
        ?? MemberRules.Number("auditUnlabelled", AuditUnlabelled, 0, AuditCount)
        ?? MemberRules.Share("auditAccuracy", AuditAccuracy)
        ?? MemberRules.Share("auditAccuracyLower", AuditAccuracyLower)
        ?? MemberRules.Share("auditAccuracyUpper", AuditAccuracyUpper)
        ?? Loss("auditLogLoss", AuditLogLoss)
        ?? Loss("auditCalibrationError", AuditCalibrationError)
        ?? MemberRules.Number("holdoutCount", HoldoutCount, 0, int.MaxValue)
        ?? MemberRules.Share("holdoutAccuracy", HoldoutAccuracy)
        ?? Loss("holdoutLogLoss", HoldoutLogLoss)
        ?? Loss("crossValidatedLogLoss", CrossValidatedLogLoss)
        ?? MemberRules.Share("auditMicroF1", AuditMicroF1)
        ?? MemberRules.Share("auditMacroF1", AuditMacroF1)
        ?? MemberRules.Share("holdoutMicroF1", HoldoutMicroF1)
        ?? MemberRules.Share("holdoutMacroF1", HoldoutMacroF1)
        ?? (ThresholdsChosen is { } chosen ? MemberRules.Number("thresholdsChosen", chosen, 0, LabelSchema.MaxClasses) : null);

    private static string? Loss(string member, double? value) => value is { } loss ? MemberRules.Number(member, loss, 0, double.MaxValue)
        : null;
}

/// <summary>A trained head with where it came from.</summary>
public sealed record ModelVersion
{
    /// <summary>The arm.</summary>
    public required string Arm { get; init; }
    /// <summary>The round that made it.</summary>
    public required int Round { get; init; }
    /// <summary>Written name, such as <c>main/3</c>.</summary>
    public string Name => $"{Arm}/{Round}";
    /// <summary>Backbone it works on.</summary>
    public required string Backbone { get; init; }
    /// <summary>Projection it works on: SHA-256, lower-case hex.</summary>
    public required string ProjectionSha256 { get; init; }
    /// <summary>What it was trained on: SHA-256 over the sorted image ids with their labels, lower-case hex.</summary>
    public required string DataSha256 { get; init; }
    /// <summary>The calibrated head itself: SHA-256 of its stored form, lower-case hex.</summary>
    public required string HeadSha256 { get; init; }
    /// <summary>Images it was trained on.</summary>
    public required int Labels { get; init; }
    /// <summary>
    /// The version of the label schema whose classes it tells apart; null for the first. It serves until a version has other classes.
    /// </summary>
    public int? Schema { get; init; }
    /// <summary>Inverse regularisation strength C, chosen by cross-validation.</summary>
    public double Regularisation { get; init; }
    /// <summary>Temperature that divides the logits.</summary>
    public double Temperature { get; set; } = 1;
    /// <summary>What was measured.</summary>
    public ModelMetrics Metrics { get; set; } = new();
    /// <summary>When it was trained.</summary>
    public DateTimeOffset TrainedAt { get; init; }

    /// <summary>The first thing that is wrong, as a sentence with the member's name; null when all is sound.</summary>
    /// <param name="latest">The latest moment that there can be.</param>
    public string? Check(DateTimeOffset latest) =>
        Arms.Check("arm", Arm)
        ?? MemberRules.Number("round", Round, 1, Arms.MaxRounds)
        ?? MemberRules.Text("backbone", Backbone, 100, least: 1)
        ?? MemberRules.Sha256("projectionSha256", ProjectionSha256)
        ?? MemberRules.Sha256("dataSha256", DataSha256)
        ?? MemberRules.Sha256("headSha256", HeadSha256)
        ?? MemberRules.Number("labels", Labels, 0, int.MaxValue)
        ?? (Schema is { } schema ? MemberRules.Number("schema", schema, 2, int.MaxValue) : null)
        ?? MemberRules.Number("regularisation", Regularisation, 0, double.MaxValue)
        ?? MemberRules.Number("temperature", Temperature, float.Epsilon, float.MaxValue)
        ?? (Metrics is null ? "metrics is missing." : MemberRules.Within("metrics", Metrics.Check()))
        ?? MemberRules.DateOrNone("trainedAt", TrainedAt, latest);
}

/// <summary>One point of a learning curve.</summary>
public sealed record CurvePoint(int Round, int Labels, double? AuditAccuracy, double? HoldoutAccuracy, bool Promoted);

/// <summary>The learning curve of an arm.</summary>
public sealed record LearningCurveInfo(string Arm, string Strategy, IReadOnlyList<CurvePoint> Points);
