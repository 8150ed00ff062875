using System.Diagnostics;
using System.Runtime.InteropServices;
using Winnow.Abstractions.Datasets;
using Winnow.Abstractions.Telemetry;
using Winnow.Abstractions.Training;
using Winnow.Algorithms.Scoring;
using Winnow.Algorithms.Training;
using Winnow.Grains.Columns;
using Winnow.Grains.Evaluation;
using Winnow.Grains.Images;
using Winnow.Grains.Ports;
using Winnow.Grains.Selection;
using Winnow.Grains.Telemetry;
using Winnow.Model.Training;

namespace Winnow.Grains.Shards;

/// <summary>
/// The shard as learning sees it: projection and scores of its rows, what may be asked, what its labels teach. Rows are projected and
/// scored
/// under <see cref="State"/>, and under no other; the gate brings the shard to where a caller believes it to stand.
/// </summary>
internal sealed class ShardLearner(
    ShardWriter writer, ShardIndex index, TaskBook tasks, ShardColumns columns, ShardPublisher publisher, ShardDrift drift,
    LearnedParts parts, IGrainFactory grains)
{
    /// <summary>Rows of a segment that is made at once from what is there already.</summary>
    private const int BulkSegmentRows = 65_536;

    // Of the dataset's seed, so that no two draws share their hashes: see AuditSample.
    private const ulong ProjectionStream = 0xA0D1_7000_0000_0002;

    /// <summary>The state of learning that the columns are of.</summary>
    public LearningState State { get; private set; } = new(-1, null, null, null, 0);

    /// <summary>What embeddings are projected by; null before there is one.</summary>
    public Projection? Projection { get; private set; }

    /// <summary>What projections are scored by; null before there is one.</summary>
    public SoftmaxHead? Head { get; private set; }

    /// <summary>Projects and scores all rows under a state; one that is older than the shard's changes nothing. The columns are
    /// loaded.</summary>
    public Task ApplyAsync(LearningState state, CancellationToken cancellationToken) => publisher.InTurnAsync(async () =>
    {
        if (state.Sequence < State.Sequence) return;
        await ProjectAllAsync(state, cancellationToken);
        await ScoreAllAsync(state, cancellationToken);
        State = state;
    }, cancellationToken);

    /// <summary>
    /// Brings the shard to the state that a caller relies on, or a later one, with as many rows as there were before it closed. The columns
    /// are loaded.
    /// </summary>
    /// <param name="wanted">The state; null, of a caller of the last release: the one that the dataset holds now.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="OrleansException">Columns that were lost are being made again.</exception>
    public async Task ReachAsync(LearningState? wanted, CancellationToken cancellationToken)
    {
        wanted ??= await grains.GetGrain<IDatasetGrain>(writer.Key.Dataset).GetLearningAsync(cancellationToken);
        if (State.Sequence < wanted.Sequence) await ApplyAsync(wanted, cancellationToken);
        columns.ThrowIfRowsAreMissing();
    }

    public static byte[] Project(Projection projection, ReadOnlySpan<Half> embeddings, int count)
    {
        var segment = SegmentFormat.Allocate(projection.Dimensions * sizeof(ushort), count);
        projection.Apply(embeddings, MemoryMarshal.Cast<byte, Half>(SegmentFormat.Rows(segment)));
        return segment;
    }

    public static byte[] Score(SoftmaxHead head, ReadOnlySpan<Half> rows, int count)
    {
        var segment = SegmentFormat.Allocate(Marshal.SizeOf<ImageScore>(), count);
        HeadScorer.Score(head, rows, MemoryMarshal.Cast<byte, ImageScore>(SegmentFormat.Rows(segment)));
        return segment;
    }

    public ulong[] SmallestAuditHashes(int count)
    {
        columns.ThrowIfRowsAreMissing();
        var hashes = new List<ulong>(index.Embedded);
        for (var o = 0; o < index.Embedded; o++)
            if (index.InPool(o)) hashes.Add(AuditSample.HashOf(index.IdOf(o), Seed));
        hashes.Sort();
        return [.. hashes.Take(count)];
    }

    public int[] UnaskedAudit(LearningState? learning)
    {
        var threshold = ThresholdOf(learning);
        var unasked = new List<int>();
        for (var o = 0; o < index.Embedded; o++)
        {
            if (!index.InPool(o) || !IsAudit(o, threshold)) continue;
            if (!index.Has(o, ShardIndex.Flags.Closed) && !tasks.Contains(Arms.Audit, o)) unasked.Add(o);
        }
        return [.. unasked];
    }

    public MatrixRows SampleEmbeddings(int count)
    {
        columns.ThrowIfRowsAreMissing();
        if (columns.Embeddings.Rows is not { } embeddings) return new MatrixRows(0, []);
        var ordinals = Enumerable.Range(0, index.Embedded).Where(index.InPool).ToArray();
        var seed = Seed ^ ProjectionStream;
        Array.Sort(ordinals.Select(o => LocalSelection.HashOf(index.IdOf(o), seed)).ToArray(), ordinals);
        return Copy(embeddings, ordinals.AsSpan(0, Math.Min(count, ordinals.Length)));
    }

    public async Task<GatheredCandidates> GatherAsync(GatherCandidates request, CancellationToken cancellationToken)
    {
        var threshold = ThresholdOf(request.Learning);
        if (columns.Projected.Rows is not { } projected) return new GatheredCandidates(0, [], [], []);
        var rounds = tasks.ArmRounds(request.Arm);
        var eligible = new List<int>(projected.Count);
        for (var o = 0; o < projected.Count; o++)
        {
            // A label that came with the image or a rejection leaves nothing to ask; a label that another arm paid for may be chosen again.
            if (!index.InPool(o) || index.Has(o, ShardIndex.Flags.Imported) || IsAudit(o, threshold) || rounds.ContainsKey(o)) continue;
            if (index.Has(o, ShardIndex.Flags.Closed) && index.LabelOf(o) < 0) continue;
            eligible.Add(o);
        }
        var (ids, scores, dataset) = (index.IdsSoFar, columns.Scores.Rows, writer.Dataset);
        return await Task.Run(() =>
            LocalSelection.Gather(request, dataset.Schema.Classes.Count, dataset.Shards.Count, eligible, ids, scores), cancellationToken);
    }

    public MatrixRows VectorsOf(int[] ordinals)
    {
        if (ordinals.Length == 0) return new MatrixRows(0, []);
        var rows = columns.Projected.Count;
        return ordinals.Max() < rows
            ? Copy(columns.Projected.Rows!, ordinals)
            : throw columns.MadeAgain(ordinals.Count(o => o >= rows));
    }

    public LabelledRows Labelled(string arm, int throughRound, LearningState? learning)
    {
        var threshold = ThresholdOf(learning);
        var projected = columns.Projected.Rows;
        var scored = projected?.Count ?? 0;
        var (labelled, rest) = arm == Arms.Audit
            ? LabelledAudit(threshold, scored)
            : (LabelledBy(arm, throughRound, threshold, scored), null);
        var lost = labelled.Count(o => o >= scored);
        if (lost > 0) throw columns.MadeAgain(lost);
        return new LabelledRows(
            [.. labelled.Select(index.IdOf)],
            [.. labelled.Select(index.LabelOf)],
            projected is null ? new MatrixRows(0, []) : Copy(projected, CollectionsMarshal.AsSpan(labelled)),
            rest);
    }

    public async Task<HoldoutResult> EvaluateHoldoutAsync(byte[] head, CancellationToken cancellationToken)
    {
        if (columns.Projected.Rows is not { } projected) return new HoldoutResult(0, 0, 0);
        var ordinals = new List<int>();
        var labels = new List<int>();
        for (var o = 0; o < projected.Count; o++)
        {
            var counts = index.Has(o, ShardIndex.Flags.Holdout) && !index.Has(o, ShardIndex.Flags.Quarantined) && index.LabelOf(o) >= 0;
            if (!counts) continue;
            ordinals.Add(o);
            labels.Add(index.LabelOf(o));
        }
        return await Task.Run(() => HeadEvaluation.OnRows(SoftmaxHead.FromBytes(head), projected, ordinals, labels), cancellationToken);
    }

    private ulong Seed => writer.Dataset.Settings.Seed;

    // A caller of the last release brought nothing; the gate asked the dataset in its stead.
    private ulong ThresholdOf(LearningState? learning) => (learning ?? State).AuditThreshold;

    private bool IsAudit(int ordinal, ulong threshold) => index.IsAudit(ordinal, Seed, threshold);

    private async Task ProjectAllAsync(LearningState state, CancellationToken cancellationToken)
    {
        if (state.ProjectionKey is not { } key) return;
        var version = key[(key.LastIndexOf('/') + 1)..];
        if (Projection is not null && columns.Projected.Version == version) return;
        var projection = await parts.ProjectionAsync(key, cancellationToken);
        if (columns.Projected.Version != version)
        {
            var withdrawn = new List<(string, string)>();
            if (columns.Projected.Version is { } projected) withdrawn.Add((SegmentKinds.Projection, projected));
            if (columns.Scores.Version is { } scored) withdrawn.Add((SegmentKinds.Scores, scored));
            var embeddings = columns.Embeddings.Rows;
            var made = embeddings is null ? [] : await Task.Run(() => MakeBulk(
                embeddings, SegmentKinds.Projection, version, (rows, count) => Project(projection, rows, count)), cancellationToken);
            await publisher.PublishAsync(made, withdrawn, [], cancellationToken);
            (columns.Projected.Version, columns.Scores.Version, Head) = (version, null, null);
            drift.Promoted(null);
        }
        Projection = projection;
    }

    private async Task ScoreAllAsync(LearningState state, CancellationToken cancellationToken)
    {
        if (state.HeadKey is not { } key || Projection is null) return;
        if (Head is not null && columns.Scores.Version == state.ModelName) return;
        var head = await parts.HeadAsync(key, cancellationToken);
        if (columns.Scores.Version != state.ModelName)
        {
            var started = Stopwatch.GetTimestamp();
            (string, string)[] withdrawn = columns.Scores.Version is { } scored ? [(SegmentKinds.Scores, scored)] : [];
            var projected = columns.Projected.Rows;
            var made = projected is null ? [] : await Task.Run(() => MakeBulk(
                projected, SegmentKinds.Scores, state.ModelName!, (rows, count) => Score(head, rows, count)), cancellationToken);
            await publisher.PublishAsync(made, withdrawn, [], cancellationToken);
            columns.Scores.Version = state.ModelName;
            drift.Promoted(columns.Scores.Rows);
            WinnowTelemetry.RescoreDuration.Record(
                Stopwatch.GetElapsedTime(started).TotalSeconds, new TagList { { "dataset", writer.Key.Dataset } });
        }
        Head = head;
    }

    private delegate byte[] MakeRows(ReadOnlySpan<Half> rows, int count);

    private static List<MadeSegment> MakeBulk(SegmentColumn source, string kind, string version, MakeRows make)
    {
        var made = new List<MadeSegment>();
        for (var first = 0; first < source.Count;)
        {
            var rows = source.Rows<Half>(first, BulkSegmentRows, out var count);
            made.Add(MadeSegment.Of(kind, version, first, count, make(rows, count)));
            first += count;
        }
        return made;
    }

    private static MatrixRows Copy(SegmentColumn column, ReadOnlySpan<int> ordinals)
    {
        var values = new byte[ordinals.Length * column.RowBytes];
        for (var i = 0; i < ordinals.Length; i++) column.Row(ordinals[i]).CopyTo(values.AsSpan(i * column.RowBytes));
        return new MatrixRows(column.RowBytes / sizeof(ushort), values);
    }

    /// <summary>Rows of the audit sample that have a label; of the others, how many came to which end.</summary>
    private (List<int> Labelled, AuditRest Others) LabelledAudit(ulong threshold, int scored)
    {
        var rest = new int[Enum.GetValues<AuditOutcome>().Length];
        var labelled = new List<int>();
        for (var o = 0; o < index.Count; o++)
        {
            if (!IsAudit(o, threshold)) continue;
            var outcome = AuditSample.OutcomeOf(index.FlagsOf(o), index.LabelOf(o), tasks.Contains(Arms.Audit, o), o < scored);
            if (outcome == AuditOutcome.Labelled) labelled.Add(o);
            else rest[(int)outcome]++;
        }
        int Of(AuditOutcome outcome) => rest[(int)outcome];
        var others = new AuditRest(
            Of(AuditOutcome.Unlabelled), Of(AuditOutcome.Open), Of(AuditOutcome.NotYet), Of(AuditOutcome.PutAside));
        return (labelled, others);
    }

    /// <summary>Rows that an arm may train on: what it asked people itself, and what came with a label and is scored by now.</summary>
    private List<int> LabelledBy(string arm, int throughRound, ulong threshold, int scored)
    {
        var rounds = tasks.ArmRounds(arm);
        var labelled = new List<int>();
        for (var o = 0; o < index.Count; o++)
        {
            if (index.LabelOf(o) < 0 || !index.InPool(o) || IsAudit(o, threshold)) continue;
            var imported = o < scored && index.Has(o, ShardIndex.Flags.Imported);
            if (imported || (rounds.TryGetValue(o, out var round) && round <= throughRound && !index.IsOpen(o))) labelled.Add(o);
        }
        return labelled;
    }
}
