using System.Diagnostics;
using System.Runtime.InteropServices;
using Winnow.Abstractions.Datasets;
using Winnow.Abstractions.Telemetry;
using Winnow.Abstractions.Training;
using Winnow.Algorithms.Heads;
using Winnow.Algorithms.Scoring;
using Winnow.Grains.Columns;
using Winnow.Grains.Ports;
using Winnow.Grains.Telemetry;

namespace Winnow.Grains.Shards;

/// <summary>
/// Which spaces of vectors a shard keeps, and which of them serves: its columns follow the state of learning that the dataset holds. Rows
/// are projected and scored under <see cref="State"/>, and under no other; the gate brings the shard to where a caller believes it to
/// stand. What a space lacks that serves is made before it does; the others grow behind (<see cref="ShardBackground"/>).
/// </summary>
internal sealed class ShardSpaces(
    ShardWriter writer, ShardColumns columns, ShardPublisher publisher, ShardDrift drift, LearnedParts parts, IGrainFactory grains,
    TimeProvider time)
{
    private static readonly TimeSpan FirstWordMayTake = TimeSpan.FromSeconds(1);

    /// <summary>Rows of a segment that is made at once from what is there already.</summary>
    public const int BulkSegmentRows = 65_536;

    // Whether the dataset itself was asked since the shard opened. A word that was long on its way may be older than what the shard made
    // before it closed, and would withdraw that; so until then nothing is withdrawn for not being named.
    private bool _joined;

    /// <summary>The state of learning that the columns are of.</summary>
    public LearningState State { get; private set; } = new(-1, null, null, null, 0);

    /// <summary>Is told when the spaces beside the one that serves may have changed.</summary>
    public Action? Turned { get; set; }

    /// <summary>
    /// Projects and scores all rows under a state, and withdraws what no space of it names once the dataset itself was asked; a state that
    /// is older than the shard's changes nothing. What serves is loaded.
    /// </summary>
    public async Task ApplyAsync(LearningState state, CancellationToken cancellationToken)
    {
        await TurnToAsync(state, cancellationToken);
    }

    /// <summary>Brings the shard to where the dataset's learning stands.</summary>
    public async Task JoinAsync(CancellationToken cancellationToken)
    {
        var now = await AskAsync(cancellationToken);
        _joined = true;
        await TurnToAsync(now, cancellationToken);
    }

    /// <summary>
    /// Brings the shard to the state that a caller relies on, or a later one, with as many rows as there were before it closed. What serves
    /// is loaded.
    /// </summary>
    /// <param name="wanted">The state; null, of a caller of the last release: the one that the dataset holds now.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="OrleansException">Columns that were lost are being made again.</exception>
    /// <exception cref="RefusedException">The caller's vectors and heads are of another space than the one that serves by now.</exception>
    public async Task ReachAsync(LearningState? wanted, CancellationToken cancellationToken)
    {
        var first = State.Sequence < 0 && wanted is not null ? await FirstWordAsync(cancellationToken) : null;
        if (first?.Sequence > wanted?.Sequence) await ApplyAsync(first, cancellationToken);
        wanted ??= await AskAsync(cancellationToken);
        if (State.Sequence < wanted.Sequence) await ApplyAsync(wanted, cancellationToken);
        if (wanted.ProjectionKey is { } theirs && theirs != State.ProjectionKey)
            throw new RefusedException(
                $"Dataset '{writer.Key.Dataset}' has turned to another backbone or projection meanwhile. Begin again.");
        await writer.FollowSchemaAsync(wanted.SchemaVersion, cancellationToken);
        if (!writer.Dataset.Schema.Serves(wanted.SchemaVersion))
            throw new OrleansException($"Dataset '{writer.Key.Dataset}' has another label schema by now. Repeat the call.");
        columns.ThrowIfRowsAreMissing();
    }

    /// <summary>
    /// A shard that has just opened knows of no state, and would take any that somebody still goes by: the dataset says which holds, if it
    /// does so within a moment. Where it is silent the caller's word goes.
    /// </summary>
    private async Task<LearningState?> FirstWordAsync(CancellationToken cancellationToken)
    {
        var asked = AskAsync(cancellationToken);
        await Task.WhenAny(asked, Task.Delay(FirstWordMayTake, time, cancellationToken));
        if (asked.IsCompletedSuccessfully) return asked.Result;
        asked.Ignore();
        return null;
    }

    /// <summary>What serves, as the dataset says; null where it cannot be asked.</summary>
    public async Task<LearnedSpace?> AskServingAsync(CancellationToken cancellationToken)
    {
        try
        {
            return (await AskAsync(cancellationToken)).Serving(writer.Dataset.Settings.Backbone);
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            return null;
        }
    }

    public static byte[] Project(Projection projection, ReadOnlySpan<Half> embeddings, int count)
    {
        var segment = SegmentFormat.Allocate(projection.Dimensions * sizeof(ushort), count);
        projection.Apply(embeddings, MemoryMarshal.Cast<byte, Half>(SegmentFormat.Rows(segment)));
        return segment;
    }

    public static byte[] Score(IHead head, ReadOnlySpan<Half> rows, int count)
    {
        var segment = SegmentFormat.Allocate(Marshal.SizeOf<ImageScore>(), count);
        head.Score(rows, MemoryMarshal.Cast<byte, ImageScore>(SegmentFormat.Rows(segment)));
        return segment;
    }

    private Task<LearningState> AskAsync(CancellationToken cancellationToken) =>
        grains.GetGrain<IDatasetGrain>(writer.Key.Dataset).GetLearningAsync(cancellationToken);

    private async Task TurnToAsync(LearningState state, CancellationToken cancellationToken)
    {
        await writer.FollowSchemaAsync(state.SchemaVersion, cancellationToken);
        var serving = state.Serving(writer.Dataset.Settings.Backbone);
        // Its columns may be among those that are still on their way.
        if (serving.Backbone != columns.Serving.Backbone) await columns.AllLoadedAsync(cancellationToken);
        await publisher.InTurnAsync(() => ApplyInTurnAsync(state, SpaceOf(serving), cancellationToken), cancellationToken);
        Turned?.Invoke();
    }

    private async Task ApplyInTurnAsync(LearningState state, ShardSpace serving, CancellationToken cancellationToken)
    {
        // Policies change beside learning: of two words the later counts, whatever comes with it.
        var standing = (state.Standing?.Version ?? 0) > (State.Standing?.Version ?? 0) ? state.Standing : State.Standing;
        if (state.Sequence < State.Sequence)
        {
            State = State with { Standing = standing };
            return;
        }
        // A caller of the last release knows of no others.
        ShardSpace[] others = state.Others is { } named
            ? [.. named.Select(SpaceOf)] : [.. columns.Others.Where(o => o.Backbone != serving.Backbone)];
        var withdrawn = Stale(serving, others);
        var made = await ProjectedAsync(serving, withdrawn, cancellationToken);
        if (made.Count > 0)
        {
            await publisher.PublishAsync(made, withdrawn, [], cancellationToken);
            withdrawn = [];
        }
        var started = Stopwatch.GetTimestamp();
        made = await ScoredAsync(serving, withdrawn, cancellationToken);
        var promoted = serving.ScoresVersion != columns.Serving.ScoresVersion || State.Sequence < 0;
        void TakeUp()
        {
            columns.Serve(serving, others);
            State = state with { Standing = standing };
            if (promoted) drift.Promoted(serving.Scores);
        }
        if (made.Count + withdrawn.Count > 0) await publisher.PublishAsync(made, withdrawn, [], cancellationToken, TakeUp);
        else TakeUp();
        if (made.Count > 0)
            WinnowTelemetry.RescoreDuration.Record(
                Stopwatch.GetElapsedTime(started).TotalSeconds, new TagList { { "dataset", writer.Key.Dataset } });
    }

    /// <summary>A space by its names: the one that is there, or a new one with what it shares with that.</summary>
    private ShardSpace SpaceOf(LearnedSpace learned)
    {
        var known = columns.Others.Append(columns.Serving).FirstOrDefault(s => s.Backbone == learned.Backbone);
        if (known?.Learned == learned) return known;
        var projection = known?.Learned.ProjectionKey == learned.ProjectionKey ? known?.Projection : null;
        return new ShardSpace(columns, learned) { Projection = projection };
    }

    /// <summary>
    /// The columns that are no space's, and those that were made of rows which are there no more. While columns are still on their way,
    /// only those that the space which served leaves behind.
    /// </summary>
    private List<(string Kind, string Version)> Stale(ShardSpace serving, IReadOnlyList<ShardSpace> others)
    {
        ShardSpace[] spaces = columns.AreAllLoaded ? [serving, .. others] : [serving];
        var stale = new List<(string, string)>();
        foreach (var (kind, version, _) in columns.All)
        {
            var isNamed = serving.Names(kind, version) || others.Any(o => o.Names(kind, version));
            if (!isNamed && _joined && (columns.AreAllLoaded || columns.Serving.Names(kind, version))) stale.Add((kind, version));
        }
        foreach (var space in spaces)
        {
            var (embedded, projected) = (space.Embeddings?.Count ?? 0, space.Projected?.Count ?? 0);
            var alone = projected > embedded;
            if (alone) stale.Add((SegmentKinds.Projection, space.ProjectionVersion!));
            if (space.Scores is { } scores && (alone || scores.Count > projected)) stale.Add((SegmentKinds.Scores, space.ScoresVersion!));
        }
        return stale;
    }

    /// <summary>The projections that the space which is to serve still lacks.</summary>
    private async Task<List<MadeSegment>> ProjectedAsync(
        ShardSpace space, List<(string Kind, string Version)> withdrawn, CancellationToken cancellationToken)
    {
        if (space.Learned.ProjectionKey is not { } key) return [];
        var projection = space.Projection ??= await parts.ProjectionAsync(key, cancellationToken);
        var from = withdrawn.Contains((SegmentKinds.Projection, space.ProjectionVersion!)) ? 0 : space.Projected?.Count ?? 0;
        if (space.Embeddings is not { } embeddings || from == embeddings.Count) return [];
        return await Task.Run(() => MakeBulk(embeddings, from, SegmentKinds.Projection, space.ProjectionVersion!,
            (rows, count) => Project(projection, rows, count)), cancellationToken);
    }

    /// <summary>The scores that the space which is to serve still lacks.</summary>
    private async Task<List<MadeSegment>> ScoredAsync(
        ShardSpace space, List<(string Kind, string Version)> withdrawn, CancellationToken cancellationToken)
    {
        if (space.Learned.HeadKey is not { } key || space.Projection is null) return [];
        var head = space.Head ??= await parts.HeadAsync(key, cancellationToken);
        var from = withdrawn.Contains((SegmentKinds.Scores, space.ScoresVersion!)) ? 0 : space.Scores?.Count ?? 0;
        if (space.Projected is not { } projected || from == projected.Count) return [];
        return await Task.Run(() => MakeBulk(projected, from, SegmentKinds.Scores, space.ScoresVersion!,
            (rows, count) => Score(head, rows, count)), cancellationToken);
    }

    /// <summary>Makes the rows of a segment that is not sealed yet.</summary>
    public delegate byte[] MakeRows(ReadOnlySpan<Half> rows, int count);

    private static List<MadeSegment> MakeBulk(SegmentColumn source, int from, string kind, string version, MakeRows make)
    {
        var made = new List<MadeSegment>();
        for (var first = from; first < source.Count;)
        {
            var rows = source.Rows<Half>(first, BulkSegmentRows, out var count);
            made.Add(MadeSegment.Of(kind, version, first, count, make(rows, count)));
            first += count;
        }
        return made;
    }
}
