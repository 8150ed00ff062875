using Winnow.Model.Images;
using Winnow.Model.Labels;
using Winnow.Model.MachineDecisions;
using Winnow.Model.Prelabels;
using Winnow.Model.Scoring;

namespace Winnow.Model.Review;

/// <summary>Everything known of one image: its machine facts and its human facts, as committed.</summary>
public sealed record ImageDetail
{
    /// <summary>Identity.</summary>
    public required ImageId Id { get; init; }
    /// <summary>The dataset it stands in.</summary>
    public required string Dataset { get; init; }
    /// <summary>The name it came under.</summary>
    public required string Name { get; init; }
    /// <summary>How far it has come.</summary>
    public required Stage Stage { get; init; }
    /// <summary>What it is for.</summary>
    public required Partition Partition { get; init; }
    /// <summary>What its header says; null when it could not be read.</summary>
    public ImageHeader? Header { get; init; }
    /// <summary>When its row was committed.</summary>
    public required DateTimeOffset ReceivedAt { get; init; }
    /// <summary>Why it is quarantined.</summary>
    public string? Reason { get; init; }
    /// <summary>What machines proposed.</summary>
    public IReadOnlyList<Prelabel> Prelabels { get; set; } = [];
    /// <summary>What the current model makes of it.</summary>
    public ImageScores? Scores { get; init; }
    /// <summary>The annotations that stand, by the latest decision.</summary>
    public IReadOnlyList<Annotation> Annotations { get; set; } = [];
    /// <summary>Whether a label stands; one without annotations says that the image shows nothing of what was asked for.</summary>
    public bool Labelled { get; init; }
    /// <summary>Version of the human facts: the number of history entries.</summary>
    public required long Version { get; init; }
    /// <summary>Who did what and when, oldest first.</summary>
    public IReadOnlyList<HistoryEntry> History { get; set; } = [];
    /// <summary>
    /// What machines decided about it, oldest first, apart from all that people said. One that stands does so only where people have said
    /// nothing: then <see cref="Labelled"/> is false.
    /// </summary>
    public IReadOnlyList<MachineDecision> MachineDecisions { get; set; } = [];
}
