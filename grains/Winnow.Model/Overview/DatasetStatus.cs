using Winnow.Model.Datasets;
using Winnow.Model.Images;
using Winnow.Model.Review;
using Winnow.Model.Training;

namespace Winnow.Model.Overview;

/// <summary>Where a dataset stands now.</summary>
public sealed record DatasetStatus
{
    /// <summary>Name of the dataset.</summary>
    public required string Name { get; init; }
    /// <summary>All images, quarantined ones and the holdout included.</summary>
    public long Images { get; init; }
    /// <summary>Images per stage.</summary>
    public IReadOnlyDictionary<Stage, long> Stages { get; set; } = new Dictionary<Stage, long>();
    /// <summary>Images of the holdout partition.</summary>
    public long Holdout { get; init; }
    /// <summary>Images that still wait for their embedding.</summary>
    public long ScoringBacklog { get; init; }
    /// <summary>Why embedding stands still; null while it does not.</summary>
    public string? ScoringStalled { get; init; }
    /// <summary>Images that people are asked about now.</summary>
    public long OpenTasks { get; init; }
    /// <summary>The same by what is asked.</summary>
    public IReadOnlyDictionary<TaskKind, long> TasksByKind { get; set; } = new Dictionary<TaskKind, long>();
    /// <summary>Images with at least one human decision.</summary>
    public long Decided { get; init; }
    /// <summary>Images that stand by a machine's decision which was accepted; none of them is labelled by people.</summary>
    public long AutoAccepted { get; init; }
    /// <summary>Images that stand by a machine's guess, which people are asked about all the same.</summary>
    public long Pseudo { get; init; }
    /// <summary>Rounds that have not ended.</summary>
    public IReadOnlyList<RoundInfo> ActiveRounds { get; set; } = [];
    /// <summary>The model in use per arm.</summary>
    public IReadOnlyList<ModelVersion> Champions { get; set; } = [];
    /// <summary>The backbone that serves, and those that are made and kept beside it.</summary>
    public IReadOnlyList<BackboneInfo> Backbones { get; set; } = [];
    /// <summary>Units of bulk work, as of now.</summary>
    public int Shards { get; init; }
    /// <summary>The doubling of its shards that is under way; null when there is none.</summary>
    public ShardSplitProgress? Split { get; init; }
    /// <summary>Rounds that were ever started; null from a silo of before that was told.</summary>
    public int? RoundsStarted { get; init; }
    /// <summary>Versions that were made; null from a silo of before that was told.</summary>
    public int? VersionsMade { get; init; }
    /// <summary>The restoration that it came by; null where it was made here.</summary>
    public Restoration? Restored { get; init; }
}
