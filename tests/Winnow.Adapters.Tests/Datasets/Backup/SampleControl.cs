using Winnow.Adapters.Tests.Ledger;
using Winnow.Grains.Datasets;
using Winnow.Grains.Training;
using Winnow.Model.Datasets;
using Winnow.Model.Policies;
using Winnow.Model.Training;

namespace Winnow.Adapters.Tests.Datasets.Backup;

/// <summary>What the grains of a <see cref="SampleDataset"/> keep: no member has the value that it would have by itself.</summary>
/// <param name="Dataset">The dataset.</param>
/// <param name="Images">How many its rounds ask for.</param>
/// <param name="Told">What was told by a backup, by its number; null for a dataset that never was restored.</param>
internal sealed record SampleControl(DatasetInfo Dataset, int Images, int? Told)
{
    /// <summary>The backbone beside the one that serves.</summary>
    public const string SecondBackbone = "second";

    public required string ProjectionKey { get; init; }

    public required string ProjectionSha256 { get; init; }

    public required string HeadKey { get; init; }

    public required string HeadSha256 { get; init; }

    public required string DataSha256 { get; init; }

    /// <summary>What the first round asked about.</summary>
    public required List<SelectedRecord> Selected { get; init; }

    public DatasetState State()
    {
        var state = new DatasetState
        {
            Learning = new()
            {
                Sequence = 3,
                ProjectionKey = ProjectionKey,
                HeadKey = HeadKey,
                ModelName = "main/1",
                AuditThreshold = 7,
                AuditImages = 4,
                AuditDrawn = true
            },
            // A second one, with all that one can have. What it has is the first one's: whether that is so is asked elsewhere.
            Backbones = new BackboneBook
            {
                Serving = Dataset.Settings.Backbone,
                All =
                [
                    new BackboneEntry { Name = Dataset.Settings.Backbone, Stage = BackboneStage.Ready },
                    new BackboneEntry
                    {
                        Name = SecondBackbone,
                        Stage = BackboneStage.Ready,
                        ProjectionKey = ProjectionKey,
                        HeadKey = HeadKey,
                        ModelName = "main/1",
                        Used = true,
                        AddedBy = "ada",
                        AddedAt = LedgerRows.Noon,
                    },
                ],
                Operations = [new BackboneOperation(LedgerRows.Operation(906), "ada", LedgerRows.Operation(907), LedgerRows.Noon)],
            },
        };
        if (Dataset.Schema.Version is not null)
        {
            state.Schemas.AddRange(SampleSchema.Entries(Told));
            state.AskedThrough = Dataset.Schema.Number;
        }
        state.Policies.AddRange([PoliciesOf(2), PoliciesOf(3)]);
        state.Rounds.Add(new RoundEntry
        {
            Arm = Arms.Main,
            Number = 1,
            OperationId = LedgerRows.Operation(900),
            Command = Command,
            StartedBy = "ada",
            Content = LedgerRows.Operation(905),
            Model = Model,
            HeadKey = HeadKey,
            Promoted = true,
            Ended = Ended,
        });
        state.Rounds.Add(new RoundEntry
        {
            Arm = Arms.Main,
            Number = 2,
            OperationId = LedgerRows.Operation(902),
            Command = Command,
            StartedBy = "ada"
        });
        state.Rounds.Add(new RoundEntry
        {
            Arm = Arms.Control,
            Number = 1,
            OperationId = LedgerRows.Operation(903),
            Command = new StartRound(2, Arms.Control, "random", "random"),
            StartedBy = "ada"
        });
        return state;
    }

    /// <summary>A round that has ended.</summary>
    public RoundState FirstRound() => new()
    {
        Command = Command,
        Step = RoundStep.Done,
        Strategy = "k-means",
        StartedBy = "ada",
        StartedAt = LedgerRows.Noon,
        EndedAt = LedgerRows.Noon,
        Selected = Selected,
        Unscored = 1,
        Decided = 2,
        AuditOpen = 1,
        Heard = 2,
        HeardAt = LedgerRows.Noon,
        Outcomes = Outcomes,
        AuditOutcomes = Outcomes,
        EndedBy = "ada",
        EndOperation = LedgerRows.Operation(904),
        EndOperationBy = "ada",
        Labels = 4,
        Schema = Dataset.Schema.Version,
        DataSha256 = DataSha256,
        ProjectionKey = ProjectionKey,
        Regularisation = 0.25,
        CrossValidatedLogLoss = 0.5,
        OutOfFoldTemperature = 1.25,
        ThresholdsChosen = 1,
        Model = Model,
        HeadKey = HeadKey,
        Better = true,
        Promoted = true,
        Reason = "better",
    };

    /// <summary>One that has not.</summary>
    public RoundState SecondRound(SelectedRecord asked) => new()
    {
        Command = Command,
        Step = RoundStep.Review,
        Strategy = "herding",
        StartedBy = "ada",
        StartedAt = LedgerRows.Noon,
        ProjectionKey = ProjectionKey,
        Selected = [asked],
    };

    private ModelVersion Model => new()
    {
        Arm = Arms.Main,
        Round = 1,
        Backbone = Dataset.Settings.Backbone,
        ProjectionSha256 = ProjectionSha256,
        DataSha256 = DataSha256,
        HeadSha256 = HeadSha256,
        Labels = 4,
        Schema = Dataset.Schema.Version,
        Regularisation = 0.25,
        Temperature = 1.5,
        TrainedAt = LedgerRows.Noon,
        Metrics = new ModelMetrics
        {
            AuditCount = 3,
            AuditUnlabelled = 1,
            AuditAccuracy = 0.5,
            AuditAccuracyLower = 0.25,
            AuditAccuracyUpper = 0.75,
            AuditLogLoss = 0.5,
            AuditCalibrationError = 0.125,
            HoldoutCount = 3,
            HoldoutAccuracy = 0.5,
            HoldoutLogLoss = 0.75,
            CrossValidatedLogLoss = 0.5,
            AuditMicroF1 = 0.5,
            AuditMacroF1 = 0.25,
            HoldoutMicroF1 = 0.75,
            HoldoutMacroF1 = 0.5,
            ThresholdsChosen = 1,
        },
    };

    private StartRound Command => new StartRound(Images, Arms.Main, "herding", "k-means")
    {
        AnswerWithin = TimeSpan.FromDays(7),
        Trainer = "logistic-regression",
        Promotion = "unless-worse",
        Policies = 2,
    };

    private static RoundOutcomes Outcomes => new RoundOutcomes(Labelled: 1, Rejected: 1, Skipped: 0, Withdrawn: 0, Unanswered: 0);

    private RoundInfo Ended => new()
    {
        Arm = Arms.Main,
        Number = 1,
        Step = RoundStep.Done,
        Strategy = "k-means",
        BatchSize = Images,
        Selected = Selected.Count,
        Decided = 2,
        Outcomes = Outcomes,
        AuditOutcomes = Outcomes,
        Unscored = 1,
        AnswerWithin = Command.AnswerWithin,
        Waiting = "for nothing",
        EndedBy = "ada",
        Labels = 4,
        Model = Model,
        Promoted = true,
        Reason = "better",
        StartedBy = "ada",
        StartedAt = LedgerRows.Noon,
        EndedAt = LedgerRows.Noon,
        Policies = 2,
        Told = Told,
    };

    private DatasetPolicies PoliciesOf(int version) => new()
    {
        Version = version,
        ChangedBy = "ada",
        ChangedAt = LedgerRows.Noon,
        TasksPerPerson = 10 * version,
        Told = Told,
    };
}
