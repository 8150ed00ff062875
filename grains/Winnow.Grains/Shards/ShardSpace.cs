using Winnow.Abstractions.Training;
using Winnow.Algorithms.Heads;
using Winnow.Algorithms.Scoring;
using Winnow.Grains.Columns;
using Winnow.Grains.Ports;

namespace Winnow.Grains.Shards;

/// <summary>
/// One space of vectors as a shard has it: the columns that belong together. Projections are those of its first embeddings and scores those
/// of its first projections; in the space that serves all three are as many. A head meets projections of its own space alone, because the
/// names of both come in one record.
/// </summary>
internal sealed class ShardSpace(ShardColumns columns, LearnedSpace learned)
{
    /// <summary>What belongs together.</summary>
    public LearnedSpace Learned => learned;

    public string Backbone => learned.Backbone;

    /// <summary>The version of its embeddings; null while there are none.</summary>
    public string? EmbeddingVersion => columns.EmbeddingVersionOf(learned.Backbone);

    /// <summary>The version of its projections: the hash of what made them. Null before that is fitted.</summary>
    public string? ProjectionVersion { get; } = learned.ProjectionKey is { } key ? key[(key.LastIndexOf('/') + 1)..] : null;

    /// <summary>The version of its scores: the model that made them. Null before one was promoted.</summary>
    public string? ScoresVersion => learned.ModelName;

    public SegmentColumn? Embeddings => columns.Find(SegmentKinds.Embedding, EmbeddingVersion);

    public SegmentColumn? Projected => columns.Find(SegmentKinds.Projection, ProjectionVersion);

    public SegmentColumn? Scores => columns.Find(SegmentKinds.Scores, ScoresVersion);

    /// <summary>What its embeddings are projected by; null before it was read, or where there is none yet.</summary>
    public Projection? Projection { get; set; }

    /// <summary>What its projections are scored by; null before it was read, or where there is none yet.</summary>
    public IHead? Head { get; set; }

    /// <summary>Whether it names a column.</summary>
    public bool Names(string kind, string version) => kind switch
    {
        SegmentKinds.Embedding => version == EmbeddingVersion,
        SegmentKinds.Projection => version == ProjectionVersion,
        _ => version == ScoresVersion,
    };
}
