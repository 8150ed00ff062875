using System.Diagnostics;
using System.Runtime.InteropServices;
using Winnow.Abstractions.Datasets;
using Winnow.Abstractions.Telemetry;
using Winnow.Abstractions.Training;
using Winnow.Algorithms.Scoring;
using Winnow.Algorithms.Training;
using Winnow.Grains.Ports;
using Winnow.Grains.Scoring;
using Winnow.Grains.Selection;
using Winnow.Grains.Training;
using Winnow.Model.Training;

namespace Winnow.Grains.Images;

/// <summary>The shard as learning sees it: projection and scores of its rows, what it asks, what its labels teach.</summary>
internal sealed partial class ShardGrain
{
    /// <summary>Rows of a segment that is made at once from what is there already.</summary>
    private const int BulkSegmentRows = 65_536;

    // Of the dataset's seed, so that no two draws share their hashes: see AuditSample.
    private const ulong ProjectionStream = 0xA0D1_7000_0000_0002;

    private LearningState _learning = new(-1, null, null, null, 0);
    private Projection? _projection;
    private SoftmaxHead? _head;

    public async Task ApplyLearningAsync(LearningState state, CancellationToken cancellationToken)
    {
        await ColumnsLoadedAsync(cancellationToken);
        await _machine.WaitAsync(cancellationToken);
        try
        {
            if (state.Sequence < _learning.Sequence) return;
            await ProjectAllAsync(state, cancellationToken);
            await ScoreAllAsync(state, cancellationToken);
            _learning = state;
        }
        finally
        {
            _machine.Release();
        }
    }

    public Task RescoreAsync(LearningState state, CancellationToken cancellationToken) => ApplyLearningAsync(state, cancellationToken);

    /// <summary>
    /// What every entry of learning passes: afterwards the shard stands where its caller believes it to stand, its rows projected and
    /// scored under that state or a later one, as many as there were before it closed.
    /// </summary>
    /// <returns>The state that the caller relies on.</returns>
    /// <exception cref="OrleansException">Columns that were lost are being made again.</exception>
    private async Task<LearningState> ReadyAsync(LearningState? learning, CancellationToken cancellationToken)
    {
        learning ??= await GrainFactory.GetGrain<IDatasetGrain>(_key.Dataset).GetLearningAsync(cancellationToken);
        if (_learning.Sequence < learning.Sequence) await ApplyLearningAsync(learning, cancellationToken);
        ThrowIfRowsAreMissing();
        return learning;
    }

    private void ThrowIfRowsAreMissing()
    {
        if (Embedded < _onceEmbedded) throw MadeAgain(_onceEmbedded - Embedded);
    }

    /// <summary>An answer without them would look whole.</summary>
    private OrleansException MadeAgain(int rows) =>
        new($"Shard {_key} makes what it knew of {rows} images again, as its segments cannot be used. Repeat the call.");

    private async Task ProjectAllAsync(LearningState state, CancellationToken cancellationToken)
    {
        if (state.ProjectionKey is not { } key) return;
        var version = key[(key.LastIndexOf('/') + 1)..];
        if (_projection is not null && _projectedVersion == version) return;
        var bytes = await objects.GetAsync(key, cancellationToken) ?? throw new InvalidDataException($"Projection {key} is not in the object store.");
        var projection = Projection.FromBytes(bytes.Span);
        if (_projectedVersion != version)
        {
            var withdrawn = new List<(string, string)>();
            if (_projectedVersion is not null) withdrawn.Add((SegmentKinds.Projection, _projectedVersion));
            if (_scoresVersion is not null) withdrawn.Add((SegmentKinds.Scores, _scoresVersion));
            var embeddings = _embeddings;
            var made = embeddings is null ? [] : await Task.Run(() => MakeBulk<Half>(embeddings, SegmentKinds.Projection, version, (rows, count) => MakeProjection(projection, rows, count)), cancellationToken);
            await PublishSegmentsAsync(made, withdrawn, [], cancellationToken);
            (_projectedVersion, _scoresVersion, _head) = (version, null, null);
            _drift.Promoted(null);
        }
        _projection = projection;
    }

    private async Task ScoreAllAsync(LearningState state, CancellationToken cancellationToken)
    {
        if (state.HeadKey is not { } key || _projection is null) return;
        if (_head is not null && _scoresVersion == state.ModelName) return;
        var bytes = await objects.GetAsync(key, cancellationToken) ?? throw new InvalidDataException($"Head {key} is not in the object store.");
        var head = SoftmaxHead.FromBytes(bytes.Span);
        if (_scoresVersion != state.ModelName)
        {
            var started = Stopwatch.GetTimestamp();
            var withdrawn = _scoresVersion is null ? [] : new List<(string, string)> { (SegmentKinds.Scores, _scoresVersion) };
            var projected = _projected;
            var made = projected is null ? [] : await Task.Run(() => MakeBulk<Half>(projected, SegmentKinds.Scores, state.ModelName!, (rows, count) => MakeScores(head, rows, count)), cancellationToken);
            await PublishSegmentsAsync(made, withdrawn, [], cancellationToken);
            _scoresVersion = state.ModelName;
            _drift.Promoted(_scores);
            WinnowTelemetry.RescoreDuration.Record(Stopwatch.GetElapsedTime(started).TotalSeconds, new TagList { { "dataset", _key.Dataset } });
        }
        _head = head;
    }

    private delegate byte[] MakeRows<T>(ReadOnlySpan<T> rows, int count);

    private static List<MadeSegment> MakeBulk<T>(SegmentColumn source, string kind, string version, MakeRows<T> make) where T : unmanaged
    {
        var made = new List<MadeSegment>();
        for (var first = 0; first < source.Count;)
        {
            var rows = source.Rows<T>(first, BulkSegmentRows, out var count);
            made.Add(Seal(kind, version, first, count, make(rows, count)));
            first += count;
        }
        return made;
    }

    private bool IsAudit(int ordinal, ulong threshold) =>
        !_index.Has(ordinal, ShardIndex.Flags.Holdout) && AuditSample.Holds(_index.IdOf(ordinal), _dataset.Settings.Seed, threshold);

    private bool InPool(int ordinal) => (_index.FlagsOf(ordinal) & (ShardIndex.Flags.Holdout | ShardIndex.Flags.Quarantined)) == 0;

    public async Task<ulong[]> GetSmallestAuditHashesAsync(int count, CancellationToken cancellationToken)
    {
        await ColumnsLoadedAsync(cancellationToken);
        ThrowIfRowsAreMissing();
        var hashes = new List<ulong>(Embedded);
        for (var o = 0; o < Embedded; o++)
            if (InPool(o)) hashes.Add(AuditSample.HashOf(_index.IdOf(o), _dataset.Settings.Seed));
        hashes.Sort();
        return [.. hashes.Take(count)];
    }

    public async Task<int[]> GetUnaskedAuditAsync(LearningState? learning, CancellationToken cancellationToken)
    {
        var threshold = (await ReadyAsync(learning, cancellationToken)).AuditThreshold;
        var unasked = new List<int>();
        for (var o = 0; o < Embedded; o++)
        {
            if (!InPool(o) || !IsAudit(o, threshold)) continue;
            if (!_index.Has(o, ShardIndex.Flags.Closed) && !_tasks.Contains(Arms.Audit, o)) unasked.Add(o);
        }
        return [.. unasked];
    }

    public async Task<MatrixRows> SampleEmbeddingsAsync(int count, CancellationToken cancellationToken)
    {
        await ColumnsLoadedAsync(cancellationToken);
        ThrowIfRowsAreMissing();
        if (_embeddings is not { } embeddings) return new MatrixRows(0, []);
        var ordinals = Enumerable.Range(0, Embedded).Where(InPool).ToArray();
        var seed = _dataset.Settings.Seed ^ ProjectionStream;
        Array.Sort(ordinals.Select(o => LocalSelection.HashOf(_index.IdOf(o), seed)).ToArray(), ordinals);
        return Copy(embeddings, ordinals.AsSpan(0, Math.Min(count, ordinals.Length)));
    }

    private static MatrixRows Copy(SegmentColumn column, ReadOnlySpan<int> ordinals)
    {
        var values = new byte[ordinals.Length * column.RowBytes];
        for (var i = 0; i < ordinals.Length; i++) column.Row(ordinals[i]).CopyTo(values.AsSpan(i * column.RowBytes));
        return new MatrixRows(column.RowBytes / sizeof(ushort), values);
    }

    public async Task<GatheredCandidates> GatherCandidatesAsync(GatherCandidates request, CancellationToken cancellationToken)
    {
        var threshold = (await ReadyAsync(request.Learning, cancellationToken)).AuditThreshold;
        if (_projected is not { } projected) return new GatheredCandidates(0, [], [], []);
        var rounds = _tasks.ArmRounds(request.Arm);
        var eligible = new List<int>(projected.Count);
        for (var o = 0; o < projected.Count; o++)
        {
            // A label that came with the image or a rejection leaves nothing to ask; a label that another arm paid for may be chosen again.
            if (!InPool(o) || _index.Has(o, ShardIndex.Flags.Imported) || IsAudit(o, threshold) || rounds.ContainsKey(o)) continue;
            if (_index.Has(o, ShardIndex.Flags.Closed) && _index.LabelOf(o) < 0) continue;
            eligible.Add(o);
        }
        var ids = _index.IdsSoFar;
        var scores = _scores;
        return await Task.Run(() => LocalSelection.Gather(request, _dataset.Schema.Classes.Count, _dataset.Shards.Count, eligible, ids, scores), cancellationToken);
    }

    public async Task<MatrixRows> GetVectorsAsync(int[] ordinals, LearningState? learning, CancellationToken cancellationToken)
    {
        await ReadyAsync(learning, cancellationToken);
        if (ordinals.Length == 0) return new MatrixRows(0, []);
        var rows = _projected?.Count ?? 0;
        return ordinals.Max() < rows ? Copy(_projected!, ordinals) : throw MadeAgain(ordinals.Count(o => o >= rows));
    }

    public async Task EnqueueAsync(EnqueueTasks tasks, CancellationToken cancellationToken)
    {
        var rows = new List<TaskRow>(tasks.Priorities.Length);
        for (var i = 0; i < tasks.Priorities.Length; i++)
        {
            // A caller of the last release names rows alone.
            var ordinal = tasks.Images is null ? tasks.Ordinals[i] : _index.TryFind(tasks.Images[i], out var found) ? found : throw new RefusedException($"Shard {_key} does not hold {tasks.Images[i]}.");
            if (!_tasks.Contains(tasks.Arm, ordinal)) rows.Add(new TaskRow(ordinal, tasks.Arm, tasks.Round, tasks.Priorities[i], DateTimeOffset.UnixEpoch));
        }
        if (rows.Count == 0) return;
        await CommitAsync(new ShardCommit { Shard = _key, Epoch = _epoch, Tasks = rows }, cancellationToken);
        foreach (var row in rows) _tasks.Add(row);
        CountOpen(rows);
        if (_tasks.Free > 0) GrainFactory.GetGrain<Abstractions.Review.IQueueGrain>(_key.Dataset).WorkArrivedAsync(_key.Shard, CancellationToken.None).Ignore();
    }

    public async Task<LabelledRows> GetLabelledAsync(
        string arm, int throughRound, LearningState? learning, CancellationToken cancellationToken)
    {
        var threshold = (await ReadyAsync(learning, cancellationToken)).AuditThreshold;
        var projected = _projected;
        var scored = projected?.Count ?? 0;
        var (labelled, rest) = arm == Arms.Audit
            ? LabelledAudit(threshold, scored)
            : (LabelledBy(arm, throughRound, threshold, scored), null);
        var lost = labelled.Count(o => o >= scored);
        if (lost > 0) throw MadeAgain(lost);
        return new LabelledRows(
            [.. labelled.Select(_index.IdOf)],
            [.. labelled.Select(_index.LabelOf)],
            projected is null ? new MatrixRows(0, []) : Copy(projected, CollectionsMarshal.AsSpan(labelled)),
            rest);
    }

    /// <summary>Rows of the audit sample that have a label; of the others, how many came to which end.</summary>
    private (List<int> Labelled, AuditRest Others) LabelledAudit(ulong threshold, int scored)
    {
        var rest = new int[Enum.GetValues<AuditOutcome>().Length];
        var labelled = new List<int>();
        for (var o = 0; o < _index.Count; o++)
        {
            if (!IsAudit(o, threshold)) continue;
            var outcome = AuditSample.OutcomeOf(_index.FlagsOf(o), _index.LabelOf(o), _tasks.Contains(Arms.Audit, o), o < scored);
            if (outcome == AuditOutcome.Labelled) labelled.Add(o);
            else rest[(int)outcome]++;
        }
        int Of(AuditOutcome outcome) => rest[(int)outcome];
        var others = new AuditRest(Of(AuditOutcome.Unlabelled), Of(AuditOutcome.Open), Of(AuditOutcome.NotYet), Of(AuditOutcome.PutAside));
        return (labelled, others);
    }

    /// <summary>Rows that an arm may train on: what it asked people itself, and what came with a label and is scored by now.</summary>
    private List<int> LabelledBy(string arm, int throughRound, ulong threshold, int scored)
    {
        var rounds = _tasks.ArmRounds(arm);
        var labelled = new List<int>();
        for (var o = 0; o < _index.Count; o++)
        {
            if (_index.LabelOf(o) < 0 || !InPool(o) || IsAudit(o, threshold)) continue;
            var imported = o < scored && _index.Has(o, ShardIndex.Flags.Imported);
            if (imported || (rounds.TryGetValue(o, out var round) && round <= throughRound && !_index.IsOpen(o))) labelled.Add(o);
        }
        return labelled;
    }

    public async Task<HoldoutResult> EvaluateHoldoutAsync(byte[] head, LearningState? learning, CancellationToken cancellationToken)
    {
        await ReadyAsync(learning, cancellationToken);
        if (_projected is not { } projected) return new HoldoutResult(0, 0, 0);
        var ordinals = new List<int>();
        var labels = new List<int>();
        for (var o = 0; o < projected.Count; o++)
        {
            if (!_index.Has(o, ShardIndex.Flags.Holdout) || _index.Has(o, ShardIndex.Flags.Quarantined) || _index.LabelOf(o) < 0) continue;
            ordinals.Add(o);
            labels.Add(_index.LabelOf(o));
        }
        return await Task.Run(() => HeadEvaluation.OnRows(SoftmaxHead.FromBytes(head), projected, ordinals, labels), cancellationToken);
    }
}
