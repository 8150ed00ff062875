using System.Text.Json.Serialization;
using Winnow.Model.Datasets;
using Winnow.Model.Names;
using Winnow.Model.Review;
using Winnow.Model.Training;

namespace Winnow.Model.Policies;

/// <summary>
/// How a dataset goes on: what may be changed at any time, while its settings are for good. Every change makes a version, versions
/// stay, and
/// a round keeps what held when it was started.
/// </summary>
/// <remarks>
/// Settable, not init-only: the generated JSON reader overwrites the defaults of init-only properties that a document leaves out.
/// </remarks>
public sealed record DatasetPolicies
{
    /// <summary>1, 2, 3, …; the first is that of the dataset's creation.</summary>
    public int Version { get; set; } = 1;

    /// <summary>Who made this version.</summary>
    public required string ChangedBy { get; set; }

    /// <summary>When.</summary>
    public DateTimeOffset ChangedAt { get; set; }

    /// <summary>
    /// How long a round waits for a further answer before it goes on with those it has, unless it says otherwise. 1 s to 365 days.
    /// </summary>
    public TimeSpan AnswerWithin { get; set; } = new DatasetSettings().AnswerWithin;

    /// <summary>Review tasks that one person holds at a time. 1 to 100,000.</summary>
    public int TasksPerPerson { get; set; } = new DatasetSettings().TasksPerPerson;

    /// <summary>What chooses a round's images, unless it says otherwise. Arm <c>control</c> chooses at random all the same.</summary>
    public string Strategy { get; set; } = StartRound.FirstStrategy;

    /// <summary>What chooses them while an arm has no model, unless its round says otherwise.</summary>
    public string ColdStart { get; set; } = StartRound.FirstColdStart;

    /// <summary>What learns from the labels, unless a round says otherwise.</summary>
    public string Trainer { get; set; } = StartRound.FirstTrainer;

    /// <summary>What decides whether a candidate replaces the champion, unless a round says otherwise.</summary>
    public string Promotion { get; set; } = StartRound.FirstPromotion;

    /// <summary>
    /// How many people label an image, each without knowing of the others. What more than half of them say stands; where no such label is,
    /// an arbitrator is asked. 1 to 9.
    /// </summary>
    public int LabelsPerImage { get; set; } = 1;

    /// <summary>Of the images that one person labelled, the share that somebody else verifies. 0 to 1.</summary>
    public double VerifyShare { get; set; }

    /// <summary>Whether the word of a verifier who differs stands; otherwise an arbitrator is asked.</summary>
    public bool VerifierSettles { get; set; }

    /// <summary>
    /// Every image is asked about, without a round, of which the model is less sure than this; where no model has scored it, a prelabel.
    /// 0 to 1; 0 asks about none.
    /// </summary>
    public double AskBelow { get; set; }

    /// <summary>
    /// How often, beside a task to label, an image comes whose label is known (<see cref="DecisionKind.Gold"/>), as a share of those tasks.
    /// 0 to 0.5.
    /// </summary>
    public double GoldShare { get; set; }

    /// <summary>Number of the restoration that told of it: who made it is as that backup says. Null: it was made here.</summary>
    public int? Told { get; set; }

    /// <summary>The policies of a dataset that nobody has changed.</summary>
    public static DatasetPolicies First(DatasetInfo dataset) => new()
    {
        ChangedBy = dataset.CreatedBy,
        ChangedAt = dataset.CreatedAt,
        AnswerWithin = dataset.Settings.AnswerWithin,
        TasksPerPerson = dataset.Settings.TasksPerPerson,
    };

    /// <summary>
    /// The first thing that is wrong, as a sentence with the member's name; null when all is sound. Whether there is anything of those
    /// names
    /// is not asked.
    /// </summary>
    /// <param name="latest">The latest moment that there can be.</param>
    public string? Check(DateTimeOffset latest) =>
        MemberRules.Number("version", Version, 1, int.MaxValue)
        ?? ActorName.Check("changedBy", ChangedBy)
        ?? MemberRules.DateOrNone("changedAt", ChangedAt, latest)
        ?? CheckValues()
        ?? (Told is { } told ? MemberRules.Number("told", told, 1, Restoration.Most) : null);

    /// <summary>The same of what it says.</summary>
    public string? CheckValues() =>
        (DatasetSettings.MayAnswerWithin(AnswerWithin) ? null : $"answerWithin must be 1 second to 365 days, not {AnswerWithin}.")
        ?? MemberRules.Number("tasksPerPerson", TasksPerPerson, 1, DatasetSettings.MostTasksPerPerson)
        ?? MemberRules.Text("strategy", Strategy, StartRound.MaxStrategy)
        ?? MemberRules.Text("coldStart", ColdStart, StartRound.MaxStrategy)
        ?? MemberRules.Text("trainer", Trainer, StartRound.MaxStrategy)
        ?? MemberRules.Text("promotion", Promotion, StartRound.MaxStrategy)
        ?? MemberRules.Number("labelsPerImage", LabelsPerImage, 1, TaskTerms.MostLabels)
        ?? MemberRules.Share("verifyShare", VerifyShare)
        ?? MemberRules.Share("askBelow", AskBelow)
        ?? MemberRules.Number("goldShare", GoldShare, 0, MostGold);

    /// <summary>The highest share of tasks that check people.</summary>
    public const double MostGold = 0.5;

    /// <summary>Whether images are asked about by rounds, each of one person once, and no more.</summary>
    [JsonIgnore]
    public bool ArePlain => LabelsPerImage == 1 && VerifyShare == 0 && !VerifierSettles && AskBelow == 0 && GoldShare == 0;
}

/// <summary>A request for other policies; what is left out stays as it is.</summary>
public sealed record ChangePolicies
{
    /// <summary>
    /// The version that is to be changed; left out, whichever is the newest. Where another is by now, nothing is changed.
    /// </summary>
    public int? Version { get; init; }

    /// <summary>See <see cref="DatasetPolicies.AnswerWithin"/>.</summary>
    public TimeSpan? AnswerWithin { get; init; }

    /// <summary>See <see cref="DatasetPolicies.TasksPerPerson"/>.</summary>
    public int? TasksPerPerson { get; init; }

    /// <summary>See <see cref="DatasetPolicies.Strategy"/>.</summary>
    public string? Strategy { get; init; }

    /// <summary>See <see cref="DatasetPolicies.ColdStart"/>.</summary>
    public string? ColdStart { get; init; }

    /// <summary>See <see cref="DatasetPolicies.Trainer"/>.</summary>
    public string? Trainer { get; init; }

    /// <summary>See <see cref="DatasetPolicies.Promotion"/>.</summary>
    public string? Promotion { get; init; }

    /// <summary>See <see cref="DatasetPolicies.LabelsPerImage"/>.</summary>
    public int? LabelsPerImage { get; init; }

    /// <summary>See <see cref="DatasetPolicies.VerifyShare"/>.</summary>
    public double? VerifyShare { get; init; }

    /// <summary>See <see cref="DatasetPolicies.VerifierSettles"/>.</summary>
    public bool? VerifierSettles { get; init; }

    /// <summary>See <see cref="DatasetPolicies.AskBelow"/>.</summary>
    public double? AskBelow { get; init; }

    /// <summary>See <see cref="DatasetPolicies.GoldShare"/>.</summary>
    public double? GoldShare { get; init; }

    /// <summary>The policies with what this changes of them; the rest as it is.</summary>
    public DatasetPolicies Of(DatasetPolicies policies) => policies with
    {
        AnswerWithin = AnswerWithin ?? policies.AnswerWithin,
        TasksPerPerson = TasksPerPerson ?? policies.TasksPerPerson,
        Strategy = Strategy ?? policies.Strategy,
        ColdStart = ColdStart ?? policies.ColdStart,
        Trainer = Trainer ?? policies.Trainer,
        Promotion = Promotion ?? policies.Promotion,
        LabelsPerImage = LabelsPerImage ?? policies.LabelsPerImage,
        VerifyShare = VerifyShare ?? policies.VerifyShare,
        VerifierSettles = VerifierSettles ?? policies.VerifierSettles,
        AskBelow = AskBelow ?? policies.AskBelow,
        GoldShare = GoldShare ?? policies.GoldShare,
    };
}
