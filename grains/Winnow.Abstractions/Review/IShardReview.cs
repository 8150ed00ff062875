using Winnow.Abstractions.Acts;
using Winnow.Abstractions.Scoring;
using Winnow.Abstractions.Training;
using Winnow.Model.Images;
using Winnow.Model.Review;

namespace Winnow.Abstractions.Review;

/// <summary>
/// A task that a shard has set aside for the queue. <paramref name="SkippedBy"/> could not tell, and is not asked again, nor is
/// <paramref name="AnsweredBy"/>, who said what the image shows; null for nobody. <paramref name="Prelabels"/> are JSON of the model; null
/// for none. <paramref name="Set"/> is what the model predicts where labels are sets of classes.
/// </summary>
[GenerateSerializer, Immutable, Alias("winnow.reserved-task")]
public readonly record struct ReservedTask(
    [property: Id(0)] ImageId Image,
    [property: Id(1)] string Name,
    [property: Id(2)] double Priority,
    [property: Id(3)] int HistoryVersion,
    [property: Id(4)] int Predicted,
    [property: Id(5)] float Confidence,
    [property: Id(6)] string? ModelName,
    [property: Id(7)] string[]? SkippedBy = null,
    [property: Id(8)] byte[][]? Prelabels = null,
    [property: Id(9)] TaskKind Kind = TaskKind.Label,
    [property: Id(10)] string[]? AnsweredBy = null,
    [property: Id(11)] PredictedSet? Set = null);

/// <summary>Tasks set aside, and what is left behind them.</summary>
/// <param name="Tasks">Highest priority first.</param>
/// <param name="Remaining">Open tasks of the shard that nobody has set aside.</param>
/// <param name="IsNewTo">
/// Whether the shard waits for the queue to say what it has there. Until then nothing that was set aside before is free.
/// </param>
/// <remarks>Id 2 was a time that nobody read. Silos of earlier releases still send it, so it is not given again.</remarks>
[GenerateSerializer, Immutable, Alias("winnow.reserved-tasks")]
public sealed record ReservedTasks(
    [property: Id(0)] ReservedTask[] Tasks, [property: Id(1)] int Remaining, [property: Id(3)] bool IsNewTo = false);

/// <summary>What became of a request to set aside for longer.</summary>
/// <param name="Images">
/// Those that are: not what is answered, and not what a shard knows nothing of that others have given up and that does not know it.
/// </param>
/// <param name="IsNewTo">Whether the shard waits for the queue to say what it has there.</param>
/// <param name="Kinds">What is asked about each; null from a silo that knows of first labels alone.</param>
[GenerateSerializer, Immutable, Alias("winnow.extended-tasks")]
public sealed record ExtendedTasks(
    [property: Id(0)] ImageId[] Images, [property: Id(1)] bool IsNewTo, [property: Id(2)] TaskKind[]? Kinds = null);

/// <summary>A human fact on its way to disk.</summary>
/// <param name="EntryJson">The history entry as JSON of the model.</param>
/// <param name="Label">
/// Class index that stands after the entry, or -1; -2 where not even one that came with the image does; 32,767 where a set of annotations
/// stands.
/// </param>
/// <param name="Closes">Whether the image need not be asked about any more.</param>
/// <param name="Level">The cluster level from which it may be written.</param>
/// <param name="Amends">Whether it takes another entry back, or has the image asked about again.</param>
/// <param name="Verify">Whether somebody verifies the image's label from now on.</param>
/// <param name="Anew">Whether what is asked about is another word than before, so that whoever is at it is at something else.</param>
/// <param name="Schema">The version of the label schema by which it was judged; null for the first.</param>
[GenerateSerializer, Immutable, Alias("winnow.human-fact")]
public sealed record HumanFact(
    [property: Id(0)] ImageId Image,
    [property: Id(1)] int Version,
    [property: Id(2)] Guid OperationId,
    [property: Id(3)] byte[] EntryJson,
    [property: Id(4)] int Label,
    [property: Id(5)] bool Closes,
    [property: Id(6)] Stage Stage,
    [property: Id(7)] int Level = 0,
    [property: Id(8)] bool Amends = false,
    [property: Id(9)] bool Verify = false,
    [property: Id(10)] bool Anew = false,
    [property: Id(11)] int? Schema = null)
{
    /// <summary>Its act, which is written with it; null below the level at which acts are kept.</summary>
    [Id(12)]
    public ActRecord? Act { get; init; }
}

/// <summary>What became of a commit.</summary>
public enum CommitOutcome : byte
{
    /// <summary>On disk.</summary>
    Committed = 0,
    /// <summary>Another writer was first; read again.</summary>
    Conflict = 1,
}

/// <summary>Where images lie in the space that serves.</summary>
/// <param name="Images">Those of which it is known.</param>
/// <param name="Rows">One for each.</param>
[GenerateSerializer, Immutable, Alias("winnow.lying-images")]
public sealed record LyingImages([property: Id(0)] ImageId[] Images, [property: Id(1)] MatrixRows Rows);

/// <summary>A shard as review sees it.</summary>
[Alias("winnow.shard-review")]
public interface IShardReview : IGrainWithStringKey
{
    /// <summary>
    /// Sets aside up to <paramref name="max"/> open tasks, highest priority first, durably until <paramref name="until"/>.
    /// </summary>
    [Alias("reserve")]
    Task<ReservedTasks> ReserveAsync(int max, DateTimeOffset until, CancellationToken cancellationToken);

    /// <summary>
    /// The same for the queue whose turn it is. What one before it had set aside is free again a moment later (<c>TurnTimes.Grace</c>),
    /// but for what is taken over or kept until then.
    /// </summary>
    /// <exception cref="OrleansException">It is the turn of a later queue.</exception>
    [Alias("reserve-in-turn")]
    Task<ReservedTasks> ReserveInTurnAsync(long turn, int max, DateTimeOffset until, CancellationToken cancellationToken);

    /// <summary>The same of tasks of one kind; <see cref="ReserveInTurnAsync"/> is of first labels alone.</summary>
    /// <exception cref="OrleansException">It is the turn of a later queue.</exception>
    [Alias("reserve-of-kind")]
    Task<ReservedTasks> ReserveOfKindAsync(long turn, TaskKind kind, int max, DateTimeOffset until, CancellationToken cancellationToken);

    /// <summary>
    /// Sets aside, durably, what people hold that an earlier queue gave them; what is answered or asked about no more is not among the
    /// tasks.
    /// </summary>
    /// <exception cref="OrleansException">It is the turn of a later queue.</exception>
    [Alias("take-over")]
    Task<ReservedTasks> TakeOverAsync(long turn, ImageId[] held, DateTimeOffset until, CancellationToken cancellationToken);

    /// <summary>Extends reservations of the queue whose turn it is.</summary>
    /// <exception cref="OrleansException">It is the turn of a later queue.</exception>
    [Alias("extend-in-turn")]
    Task<ExtendedTasks> ExtendInTurnAsync(long turn, ImageId[] images, DateTimeOffset until, CancellationToken cancellationToken);

    /// <summary>The queue whose turn it is says all that it has of the shard, which is extended; what of it is.</summary>
    /// <exception cref="OrleansException">It is the turn of a later queue.</exception>
    [Alias("keep")]
    Task<ImageId[]> KeepAsync(long turn, ImageId[] images, DateTimeOffset until, CancellationToken cancellationToken);

    /// <summary>Puts back tasks that the queue whose turn it is did not hand out; nothing where it is not its turn.</summary>
    [Alias("release-in-turn")]
    Task ReleaseInTurnAsync(long turn, ImageId[] images, CancellationToken cancellationToken);

    /// <summary>Puts back tasks that the queue did not hand out.</summary>
    [Alias("release")]
    Task ReleaseAsync(ImageId[] images, CancellationToken cancellationToken);

    /// <summary>Extends reservations that are still in use.</summary>
    [Alias("extend")]
    Task ExtendAsync(ImageId[] images, DateTimeOffset until, CancellationToken cancellationToken);

    /// <summary>Asking about these images is worth something else from now on; those that nothing is asked about are left out.</summary>
    /// <returns>The images of tasks.</returns>
    [Alias("prioritize")]
    Task<ImageId[]> PrioritizeAsync(TaskPriority[] priorities, CancellationToken cancellationToken);

    /// <summary>Commits a human fact, fenced by its version, together with whatever else is waiting.</summary>
    [Alias("commit")]
    Task<CommitOutcome> CommitAsync(HumanFact fact, CancellationToken cancellationToken);

    /// <summary>
    /// Up to so many images whose label is known, in an order of their own, as tasks; who is not asked is among those who answered.
    /// </summary>
    [Alias("gold")]
    Task<ReservedTask[]> GetGoldAsync(int max, CancellationToken cancellationToken);

    /// <summary>
    /// Where some images lie in the space that serves, as far as it is known now: rows in the order of those that are answered for.
    /// </summary>
    [Alias("lie")]
    Task<LyingImages> GetLyingAsync(ImageId[] images, CancellationToken cancellationToken);

    /// <summary>What each person did with the shard's images.</summary>
    [Alias("people"), ResponseTimeout(LongCall.Limit)]
    Task<PersonWork[]> GetPeopleAsync(CancellationToken cancellationToken);

    /// <summary>Removes the tasks that it has left out because they say what cannot be; how many.</summary>
    [Alias("discard-unusable")]
    Task<int> DiscardUnusableTasksAsync(CancellationToken cancellationToken);
}
