using Winnow.Abstractions.Training;
using Winnow.Model.Datasets;
using Winnow.Model.Training;

namespace Winnow.Grains.Datasets;

/// <summary>One round as its dataset remembers it.</summary>
public sealed class RoundEntry
{
    public required string Arm { get; set; }
    public required int Number { get; set; }
    public required Guid OperationId { get; set; }
    public required StartRound Command { get; set; }
    public string? StartedBy { get; set; }

    /// <summary>The candidate and the decision about it; written once.</summary>
    public ModelVersion? Model { get; set; }
    public string? HeadKey { get; set; }
    public bool? Promoted { get; set; }

    /// <summary>How it ended; null while it runs.</summary>
    public RoundInfo? Ended { get; set; }
}

/// <summary>A version with the operation that made it.</summary>
public sealed class VersionEntry
{
    public required Guid OperationId { get; set; }
    public required DatasetVersion Version { get; set; }
    public required string ManifestKey { get; set; }
}

/// <summary>The control state of a dataset: small, and changed a few times per round.</summary>
public sealed class DatasetState
{
    public LearningStateRecord Learning { get; set; } = new();
    public List<RoundEntry> Rounds { get; set; } = [];
    public List<VersionEntry> Versions { get; set; } = [];

    public LearningState ToLearning() => new(
        Learning.Sequence, Learning.ProjectionKey, Learning.HeadKey, Learning.ModelName, Learning.AuditThreshold, Learning.AuditImages);

    /// <summary>The latest promoted round of an arm.</summary>
    public RoundEntry? ChampionOf(string arm) => Rounds.LastOrDefault(r => r.Arm == arm && r.Promoted == true);
}

/// <summary>The stored form of <see cref="LearningState"/>.</summary>
public sealed class LearningStateRecord
{
    public long Sequence { get; set; }
    public string? ProjectionKey { get; set; }
    public string? HeadKey { get; set; }
    public string? ModelName { get; set; }
    public ulong AuditThreshold { get; set; }
    public int? AuditImages { get; set; }
    public bool AuditDrawn { get; set; }
}
