using Winnow.Model.Images;

namespace Winnow.Abstractions.Training;

/// <summary>What the shards of a dataset need to know of its learning. A higher <paramref name="Sequence"/> replaces a lower one.</summary>
/// <param name="ProjectionKey">Object that holds the projection; null before it is fitted.</param>
/// <param name="HeadKey">Object that holds the champion's head; null before the first promotion.</param>
/// <param name="ModelName">The champion, such as <c>main/3</c>.</param>
/// <param name="AuditThreshold">
/// An image of the pool belongs to the audit sample when its audit hash is at most this; 0 before it is drawn.
/// </param>
/// <param name="AuditImages">
/// Images that belonged to it when it was drawn: at least so many belong to it for good. Null before it is drawn, or where an earlier
/// release drew it.
/// </param>
/// <param name="Backbone">Whose embeddings these are of; null: the one that the dataset was created with.</param>
/// <param name="Others">
/// The spaces that are kept beside the one that serves. What no space names is withdrawn; null comes from the last release, and says
/// nothing of them.
/// </param>
/// <param name="Standing">What is asked without a round; null says nothing of it.</param>
/// <param name="Schema">By which version of the label schema labels are read; null: by the first.</param>
/// <remarks>
/// Whoever asks a shard for anything that rests on it passes the state that the dataset holds: a shard that has just opened knows none yet,
/// and what it then answered would be an answer to another question. Null comes from callers of the last release; the shard asks the
/// dataset then.
/// </remarks>
[GenerateSerializer, Immutable, Alias("winnow.learning-state")]
public sealed record LearningState(
    [property: Id(0)] long Sequence,
    [property: Id(1)] string? ProjectionKey,
    [property: Id(2)] string? HeadKey,
    [property: Id(3)] string? ModelName,
    [property: Id(4)] ulong AuditThreshold,
    [property: Id(5)] int? AuditImages = null,
    [property: Id(6)] string? Backbone = null,
    [property: Id(7)] LearnedSpace[]? Others = null,
    [property: Id(8)] StandingPolicy? Standing = null,
    [property: Id(9)] SchemaMark? Schema = null)
{
    /// <summary>The version by which labels are read.</summary>
    public int SchemaVersion => Schema?.Version ?? 1;

    /// <summary>The space that serves.</summary>
    /// <param name="created">The backbone that the dataset was created with.</param>
    public LearnedSpace Serving(string created) => new(Backbone ?? created, ProjectionKey, HeadKey, ModelName);
}

/// <summary>A version of a dataset's label schema.</summary>
/// <param name="Version">Its number.</param>
/// <param name="LearnedSince">Since which version models learn from the same labels and tell the same classes apart.</param>
[GenerateSerializer, Immutable, Alias("winnow.schema-mark")]
public sealed record SchemaMark([property: Id(0)] int Version, [property: Id(1)] int LearnedSince);

/// <summary>What is asked about without a round.</summary>
/// <param name="Version">Of the policies that say so: of two the higher holds.</param>
/// <param name="AskBelow">Images of which the model, or where there is none a prelabel, is less sure; 0 for none.</param>
[GenerateSerializer, Immutable, Alias("winnow.standing-policy")]
public sealed record StandingPolicy([property: Id(0)] int Version, [property: Id(1)] double AskBelow)
{
    /// <summary>Nothing is.</summary>
    public static StandingPolicy None { get; } = new(0, 0);
}

/// <summary>
/// One space of vectors: a backbone, what its embeddings are projected by, and the head that was trained on them. A head is given vectors
/// of its own space alone, so the three are named together.
/// </summary>
/// <param name="Backbone">Whose embeddings.</param>
/// <param name="ProjectionKey">Object that holds the projection; null before it is fitted.</param>
/// <param name="HeadKey">Object that holds the head of its champion; null before one was promoted.</param>
/// <param name="ModelName">That champion, such as <c>main/3</c>.</param>
[GenerateSerializer, Immutable, Alias("winnow.learned-space")]
public sealed record LearnedSpace(
    [property: Id(0)] string Backbone,
    [property: Id(1)] string? ProjectionKey,
    [property: Id(2)] string? HeadKey,
    [property: Id(3)] string? ModelName);

/// <summary>An image that a strategy may choose.</summary>
[GenerateSerializer, Immutable, Alias("winnow.candidate")]
public readonly record struct Candidate([property: Id(0)] int Ordinal, [property: Id(1)] ImageId Image, [property: Id(2)] float Key,
    [property: Id(3)] ulong Noise);

/// <summary>
/// What a coordinator asks of each shard. The strategy's own plan says how much to bring; <paramref name="Learning"/> says under which
/// scores, and what is audit.
/// </summary>
[GenerateSerializer, Immutable, Alias("winnow.gather")]
public sealed record GatherCandidates(
    [property: Id(0)] string Arm,
    [property: Id(1)] string Strategy,
    [property: Id(2)] int BatchSize,
    [property: Id(3)] int Round,
    [property: Id(4)] ulong Seed,
    [property: Id(5)] LearningState? Learning = null);

/// <summary>
/// What a shard brings: its top by key where the plan seeks them in the whole pool, its share of the uniform candidates and evaluation
/// points.
/// </summary>
[GenerateSerializer, Immutable, Alias("winnow.gathered")]
public sealed record GatheredCandidates(
    [property: Id(0)] int Eligible,
    [property: Id(1)] Candidate[] Top,
    [property: Id(2)] Candidate[] Uniform,
    [property: Id(3)] Candidate[] Evaluation);

/// <summary>Rows of a matrix. <paramref name="Values"/> is float16, little-endian, row-major.</summary>
[GenerateSerializer, Immutable, Alias("winnow.rows")]
public sealed record MatrixRows([property: Id(0)] int Dimensions, [property: Id(1)] byte[] Values);

/// <summary>Images to ask about, all of one arm and round.</summary>
/// <param name="Ordinals">
/// Their rows in the shard, for silos of the release before images were named. Where shards were split meanwhile they name others.
/// </param>
/// <param name="Images">The images.</param>
/// <remarks>Id 0 was an operation id that nobody read. Silos of earlier releases still send it, so it is not given again.</remarks>
[GenerateSerializer, Immutable, Alias("winnow.enqueue")]
public sealed record EnqueueTasks(
    [property: Id(1)] string Arm,
    [property: Id(2)] int Round,
    [property: Id(3)] int[] Ordinals,
    [property: Id(4)] float[] Priorities,
    [property: Id(5)] ImageId[]? Images = null);

/// <summary>How far people have come with what a round asked.</summary>
/// <param name="Asked">Images of a shard that the round asks about.</param>
/// <param name="Decided">Those that nobody needs to be asked about any more.</param>
/// <param name="AuditAsked">Images of the audit sample that anybody asked about.</param>
/// <param name="AuditDecided">Those of them that nobody needs to be asked about any more.</param>
/// <param name="Counts">What became of the round's; null from a silo of before that was counted.</param>
/// <param name="AuditCounts">The same of the audit sample's.</param>
[GenerateSerializer, Immutable, Alias("winnow.arm-progress")]
public sealed record ArmProgress(
    [property: Id(0)] int Asked,
    [property: Id(1)] int Decided,
    [property: Id(2)] int AuditAsked,
    [property: Id(3)] int AuditDecided,
    [property: Id(4)] OutcomeCounts? Counts = null,
    [property: Id(5)] OutcomeCounts? AuditCounts = null);

/// <summary>What became of images that people were asked about, as far as they did not get a label.</summary>
/// <param name="Rejected">Decided: of no use.</param>
/// <param name="Skipped">Decided: so many people could not tell that nobody is asked any more.</param>
/// <param name="Withdrawn">Decided: put aside, as their pixels could not be used.</param>
/// <param name="OpenSkipped">Not decided, and somebody could not tell.</param>
/// <param name="Skips">How often that was said of those; each person counts once an image.</param>
/// <param name="SkippedBy">Who could not tell of any of those.</param>
/// <param name="Said">Entries of histories of images that are not decided.</param>
[GenerateSerializer, Immutable, Alias("winnow.outcome-counts")]
public sealed record OutcomeCounts(
    [property: Id(0)] int Rejected,
    [property: Id(1)] int Skipped,
    [property: Id(2)] int Withdrawn,
    [property: Id(3)] int OpenSkipped,
    [property: Id(4)] int Skips,
    [property: Id(5)] string[] SkippedBy,
    [property: Id(6)] int Said = 0);

/// <summary>Labelled rows of the projection.</summary>
/// <param name="Audit">For the audit sample: what became of its other images. Null from shards of the last release.</param>
/// <param name="Sets">Where labels are sets of classes, those of each row; else null.</param>
[GenerateSerializer, Immutable, Alias("winnow.labelled-rows")]
public sealed record LabelledRows(
    [property: Id(0)] ImageId[] Images,
    [property: Id(1)] int[] Labels,
    [property: Id(2)] MatrixRows Vectors,
    [property: Id(3)] AuditRest? Audit = null,
    [property: Id(4)] ClassSets? Sets = null);

/// <summary>Sets of classes, one after the other.</summary>
/// <param name="Ends">Where each ends in <paramref name="Classes"/>.</param>
/// <param name="Classes">Positions of classes, of each set ascending.</param>
[GenerateSerializer, Immutable, Alias("winnow.class-sets")]
public sealed record ClassSets([property: Id(0)] int[] Ends, [property: Id(1)] int[] Classes)
{
    /// <summary>Sets as they travel.</summary>
    public static ClassSets Of(IReadOnlyList<int[]> sets)
    {
        var (ends, end) = (new int[sets.Count], 0);
        for (var i = 0; i < ends.Length; i++) ends[i] = end += sets[i].Length;
        return new ClassSets(ends, [.. sets.SelectMany(s => s)]);
    }

    /// <summary>Each for itself.</summary>
    public int[][] Each() => [.. Ends.Select((end, i) => Classes[(i == 0 ? 0 : Ends[i - 1])..end])];
}

/// <summary>What became of those images of the audit sample that have no label, so that none is left out without a word.</summary>
/// <param name="Unlabelled">People gave no label: all said that they cannot tell, or one that it shows none of the classes.</param>
/// <param name="Open">People are asked, and nobody has answered yet.</param>
/// <param name="NotYet">Nobody was asked: they came later than the last question, or are not scored yet.</param>
/// <param name="PutAside">They turned out to be no picture, and belong to the pool no more.</param>
[GenerateSerializer, Immutable, Alias("winnow.audit-rest")]
public sealed record AuditRest(
    [property: Id(0)] int Unlabelled,
    [property: Id(1)] int Open,
    [property: Id(2)] int NotYet,
    [property: Id(3)] int PutAside);

/// <summary>What a head makes of a shard's part of the holdout.</summary>
/// <param name="Sets">How the classes of sets were found; null where a label is one class.</param>
[GenerateSerializer, Immutable, Alias("winnow.holdout-result")]
public sealed record HoldoutResult(
    [property: Id(0)] int Count, [property: Id(1)] int Correct, [property: Id(2)] double LogLossSum,
    [property: Id(3)] ClassCounts? Sets = null);

/// <summary>Of each class, in how many images it was found, predicted wrongly, and missed.</summary>
[GenerateSerializer, Immutable, Alias("winnow.class-counts")]
public sealed record ClassCounts([property: Id(0)] int[] Found, [property: Id(1)] int[] Wrong, [property: Id(2)] int[] Missed);

/// <summary>Calls that work through a whole pool end when they end: the limit is only there against a lost answer.</summary>
public static class LongCall
{
    /// <summary>Ten minutes.</summary>
    public const string Limit = "00:10:00";

    /// <summary>
    /// For calls that open shards, which takes seconds a million images. Whoever wakes all datasets must not wait as long as for work on
    /// one.
    /// </summary>
    public const string Opening = "00:02:00";
}

/// <summary>A shard as learning sees it.</summary>
[Alias("winnow.shard-learning")]
public interface IShardLearning : IGrainWithStringKey
{
    /// <summary>Tells the shard of a new projection or audit threshold; returns when its rows are projected and published.</summary>
    [Alias("learning"), ResponseTimeout(LongCall.Limit)]
    Task ApplyLearningAsync(LearningState state, CancellationToken cancellationToken);

    /// <summary>Renews all scores with the head of <paramref name="state"/>; returns when they are published.</summary>
    [Alias("rescore"), ResponseTimeout(LongCall.Limit)]
    Task RescoreAsync(LearningState state, CancellationToken cancellationToken);

    /// <summary>The <paramref name="count"/> smallest audit hashes among the pool.</summary>
    [Alias("audit-hashes"), ResponseTimeout(LongCall.Limit)]
    Task<ulong[]> GetSmallestAuditHashesAsync(int count, CancellationToken cancellationToken);

    /// <summary>Ordinals of the audit sample that nobody has been asked about.</summary>
    [Alias("audit-unasked"), ResponseTimeout(LongCall.Limit)]
    Task<int[]> GetUnaskedAuditAsync(LearningState? learning, CancellationToken cancellationToken);

    /// <summary>
    /// A uniform sample of a backbone's embeddings to fit its projection on; null, from silos of the last release, means the one that
    /// serves.
    /// </summary>
    [Alias("sample"), ResponseTimeout(LongCall.Limit)]
    Task<MatrixRows> SampleEmbeddingsAsync(int count, string? backbone, CancellationToken cancellationToken);

    /// <summary>The first, local stage of selection.</summary>
    [Alias("gather"), ResponseTimeout(LongCall.Limit)]
    Task<GatheredCandidates> GatherCandidatesAsync(GatherCandidates request, CancellationToken cancellationToken);

    /// <summary>Rows of the projection, one for each ordinal.</summary>
    [Alias("vectors"), ResponseTimeout(LongCall.Limit)]
    Task<MatrixRows> GetVectorsAsync(int[] ordinals, LearningState? learning, CancellationToken cancellationToken);

    /// <summary>Asks people about images. Repeating the operation is harmless.</summary>
    [Alias("enqueue")]
    Task EnqueueAsync(EnqueueTasks tasks, CancellationToken cancellationToken);

    /// <summary>How far people have come.</summary>
    [Alias("progress")]
    Task<ArmProgress> GetProgressAsync(string arm, int round, CancellationToken cancellationToken);

    /// <summary>
    /// Asks nobody any more about images of a round that nobody has said anything about; a later round may choose them again. What
    /// somebody could not tell stays open for others. Repeating the call is harmless.
    /// </summary>
    [Alias("withdraw")]
    Task WithdrawAsync(string arm, int round, CancellationToken cancellationToken);

    /// <summary>What an arm may train on after a round, or the audit sample for the arm <c>audit</c>: all of it, or an error.</summary>
    [Alias("labelled"), ResponseTimeout(LongCall.Limit)]
    Task<LabelledRows> GetLabelledAsync(string arm, int throughRound, LearningState? learning, CancellationToken cancellationToken);

    /// <summary>How many images an arm may learn from, where none are set aside to measure by.</summary>
    [Alias("count-labelled")]
    Task<int> CountLabelledAsync(string arm, int throughRound, CancellationToken cancellationToken);

    /// <summary>Measures a head, in its stored form, on the holdout.</summary>
    [Alias("holdout"), ResponseTimeout(LongCall.Limit)]
    Task<HoldoutResult> EvaluateHoldoutAsync(byte[] head, LearningState? learning, CancellationToken cancellationToken);
}
