using System.Text.Json.Serialization;
using Winnow.Grains.Datasets;
using Winnow.Grains.Ports;
using Winnow.Model;
using Winnow.Model.Images;
using Winnow.Model.Labels;
using Winnow.Model.Names;
using Winnow.Model.Training;

namespace Winnow.Grains.Training;

/// <summary>What a round has made durable. Each step reads what the steps before it left here, so it can go on at any of them.</summary>
public sealed class RoundState : IStoredState
{
    /// <summary>
    /// As it was accepted, with every default filled in: what the dataset is set to later does not change a round that runs.
    /// </summary>
    public StartRound? Command { get; set; }
    public RoundStep Step { get; set; }
    public string Strategy { get; set; } = "";

    /// <summary>Who; where a restoration told it, as <see cref="ActorName"/> writes that.</summary>
    public string? StartedBy { get; set; }
    public DateTimeOffset StartedAt { get; set; }
    public DateTimeOffset? EndedAt { get; set; }

    /// <summary>What was chosen, as long as it may not be kept apart: see <see cref="RoundSelections"/>.</summary>
    public List<SelectedRecord> Selected { get; set; } = [];

    /// <summary>How many were chosen, once they are kept apart.</summary>
    public int? SelectedCount { get; set; }
    public long Unscored { get; set; }
    public int Decided { get; set; }
    /// <summary>Audit images without an answer when the review ended.</summary>
    public int AuditOpen { get; set; }

    /// <summary>What people have said so far, as a number that grows with every word of theirs, and about when it last did.</summary>
    public int Heard { get; set; }
    public DateTimeOffset? HeardAt { get; set; }

    public RoundOutcomes? Outcomes { get; set; }
    public RoundOutcomes? AuditOutcomes { get; set; }

    /// <summary>Who ended it by hand, and by which command last: a command that is repeated ends nothing more.</summary>
    public string? EndedBy { get; set; }
    public Guid EndOperation { get; set; }

    /// <summary>Whose <see cref="EndOperation"/> is; null where an early release wrote it.</summary>
    public string? EndOperationBy { get; set; }

    public int Labels { get; set; }
    public string? DataSha256 { get; set; }
    public string? ProjectionKey { get; set; }
    public double Regularisation { get; set; }
    public double? CrossValidatedLogLoss { get; set; }
    public double OutOfFoldTemperature { get; set; } = 1;

    /// <summary>The version of the label schema that its head was trained under; null: the first.</summary>
    public int? Schema { get; set; }

    /// <summary>Classes whose threshold was chosen; null where a label is one class.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public int? ThresholdsChosen { get; set; }

    public ModelVersion? Model { get; set; }
    public string? HeadKey { get; set; }
    public bool Better { get; set; }
    public bool? Promoted { get; set; }
    public string? Reason { get; set; }

    /// <summary>How many images were chosen; 0 before.</summary>
    [JsonIgnore]
    public int Chosen => SelectedCount ?? Selected.Count;

    public string? Check() =>
        MemberRules.Word("step", Step)
        ?? MemberRules.Each("selected", Selected, _ => null)
        ?? (SelectedCount is { } count ? MemberRules.Number("selectedCount", count, 0, StartRound.MaxBatch) : null);

    /// <summary>What was chosen, with what it rests on.</summary>
    internal RoundSelection ToSelection() =>
        new() { Strategy = Strategy, ProjectionKey = ProjectionKey, Unscored = Unscored, Images = Selected };

    /// <summary>Puts into the state what was chosen: as a backup has it, and releases before had it.</summary>
    /// <param name="selection">What is kept apart; null where nothing is.</param>
    public void Join(RoundSelection? selection)
    {
        if (selection is null || Selected.Count > 0) return;
        (Selected, SelectedCount) = (selection.Images, null);
        (Strategy, ProjectionKey, Unscored) = (selection.Strategy, selection.ProjectionKey, selection.Unscored);
    }

    /// <summary>Takes out of the state what was chosen, to be kept apart; null where nothing was.</summary>
    public RoundSelection? Part()
    {
        if (Selected.Count == 0) return null;
        var selection = ToSelection();
        (SelectedCount, Selected) = (Selected.Count, []);
        return selection;
    }

    /// <summary>
    /// The first thing that is wrong with a state that came from elsewhere, as a sentence with the member's name. Objects are named in it
    /// without the dataset.
    /// </summary>
    /// <param name="entry">The round as its dataset remembers it, which is sound.</param>
    /// <param name="latest">The latest moment that there can be.</param>
    public string? CheckWhole(RoundEntry entry, DateTimeOffset latest) =>
        Check()
        ?? (Command is null ? "command is missing." : Command == entry.Command ? null
            : "command is not the one that the dataset remembers.")
        ?? MemberRules.Text("strategy", Strategy, StartRound.MaxStrategy)
        ?? (StartedBy is null ? null : ActorName.Check("startedBy", StartedBy))
        ?? MemberRules.DateOrNone("startedAt", StartedAt, latest)
        ?? MemberRules.DateOrNone("endedAt", EndedAt, latest)
        ?? CheckSelected()
        ?? MemberRules.Number("unscored", Unscored, 0, long.MaxValue)
        ?? MemberRules.Number("decided", Decided, 0, int.MaxValue)
        ?? MemberRules.Number("auditOpen", AuditOpen, 0, int.MaxValue)
        ?? (Schema is { } schema ? MemberRules.Number("schema", schema, 2, int.MaxValue) : null)
        ?? (Model is null || Model.Schema == Schema ? null : "schema is not that of its model.")
        ?? MemberRules.Number("heard", Heard, 0, int.MaxValue)
        ?? MemberRules.DateOrNone("heardAt", HeardAt, latest)
        ?? MemberRules.Within("outcomes", Outcomes?.Check())
        ?? MemberRules.Within("auditOutcomes", AuditOutcomes?.Check())
        ?? (EndedBy is null ? null : ActorName.Check("endedBy", EndedBy))
        ?? (EndOperationBy is null ? null : ActorName.Check("endOperationBy", EndOperationBy))
        ?? MemberRules.Number("labels", Labels, 0, int.MaxValue)
        ?? (DataSha256 is null ? null : MemberRules.Sha256("dataSha256", DataSha256))
        ?? (ProjectionKey is null || ObjectNames.IsProjection(ProjectionKey, out _) ? null
            : $"projectionKey {ShownText.Quote(ProjectionKey)} is none of a dataset.")
        ?? MemberRules.Number("regularisation", Regularisation, 0, double.MaxValue)
        ?? (CrossValidatedLogLoss is { } loss ? MemberRules.Number("crossValidatedLogLoss", loss, 0, double.MaxValue) : null)
        ?? MemberRules.Number("outOfFoldTemperature", OutOfFoldTemperature, float.Epsilon, float.MaxValue)
        ?? (ThresholdsChosen is { } chosen ? MemberRules.Number("thresholdsChosen", chosen, 0, LabelSchema.MaxClasses) : null)
        ?? MemberRules.Within("model", Model?.Check(latest))
        ?? (Model is null || (Model.Arm == entry.Arm && Model.Round == entry.Number) ? null : "model is another round's.")
        ?? (HeadKey is null || ObjectNames.IsHead(HeadKey, entry.Arm, entry.Number, out _)
            ? null : $"headKey {ShownText.Quote(HeadKey)} is none of a dataset, or another round's.")
        ?? MemberRules.TextOrNone("reason", Reason, RoundInfo.MaxReason)
        ?? CheckStep(entry);

    private string? CheckSelected()
    {
        if (SelectedCount is not null) return "selectedCount stands where the images should.";
        if (Selected.Count > Command!.BatchSize) return $"selected has {Selected.Count} images, and {Command.BatchSize} were asked for.";
        var seen = new HashSet<ImageId>();
        return MemberRules.Each("selected", Selected, s => s.Check() ?? (seen.Add(s.Image) ? null : $"image is chosen twice: {s.Image}."));
    }

    /// <summary>Each step takes up what the steps before it left.</summary>
    private string? CheckStep(RoundEntry entry)
    {
        if (entry.Ended is { } ended && ended.Step != Step) return $"step is not the one at which the dataset saw it end.";
        if (Step >= RoundStep.Done) return null;
        if (Step >= RoundStep.Review && (Selected.Count == 0 || ProjectionKey is null))
            return "selected or projectionKey is missing at its step.";
        if (Step >= RoundStep.Calibrate && (HeadKey is null || DataSha256 is null)) return "headKey or dataSha256 is missing at its step.";
        if (Step >= RoundStep.Evaluate && Model is null) return "model is missing at its step.";
        return Step >= RoundStep.Rescore && Promoted is null ? "promoted is missing at its step." : null;
    }
}
