using System.Buffers;
using System.Diagnostics;
using System.Runtime.InteropServices;
using Winnow.Abstractions.Datasets;
using Winnow.Abstractions.Images;
using Winnow.Abstractions.Scoring;
using Winnow.Abstractions.Telemetry;
using Winnow.Algorithms.Scoring;
using Winnow.Grains.Ports;
using Winnow.Grains.Scoring;
using Winnow.Grains.Telemetry;
using Winnow.Model.Images;

namespace Winnow.Grains.Images;

/// <summary>
/// The shard's machine work: images become embeddings, lot by lot in the order of ordinals, and a run of them becomes a segment with one
/// ledger row. What a crash leaves unpublished is made again.
/// </summary>
internal sealed partial class ShardGrain
{
    private static readonly TimeSpan Linger = TimeSpan.FromMilliseconds(300);
    private static readonly TimeSpan FirstDelay = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan LongestDelay = TimeSpan.FromSeconds(5);

    private readonly SemaphoreSlim _wake = new(0, 1);
    private readonly SemaphoreSlim _machine = new(1, 1);
    private readonly List<EmbeddedLot> _buffer = [];
    private int _buffered;
    private SegmentColumn? _embeddings;
    private SegmentColumn? _projected;
    private SegmentColumn? _scores;
    private string? _projectedVersion;
    private string? _scoresVersion;
    private Task _machineWork = Task.CompletedTask;
    private string? _stalled;

    private int Embedded => _embeddings?.Count ?? 0;

    private string? ModelName => _scoresVersion;

    private ScoreRecord? ScoreOf(int ordinal)
    {
        if (_scores is not { } scores || ordinal >= scores.Count) return null;
        var s = scores.Row<ImageScore>(ordinal)[0];
        return float.IsNaN(s.Margin) ? null : new ScoreRecord(s.LeastConfidence, s.Margin, s.Entropy, s.Energy, s.Predicted, s.RunnerUp);
    }

    private void StartMachineWork() => _machineWork = RunMachineWorkAsync(_closing.Token);

    private void WakeMachineWork()
    {
        if (_wake.CurrentCount == 0) _wake.Release();
    }

    private async Task StopMachineWorkAsync()
    {
        try
        {
            await _machineWork;
        }
        catch (OperationCanceledException)
        {
        }
    }

    private async Task RunMachineWorkAsync(CancellationToken cancellationToken)
    {
        await Task.Yield();
        // The call that opened the shard is over; its trace must not go on for as long as the shard lives.
        Activity.Current = null;
        var delay = FirstDelay;
        var joined = false;
        while (!cancellationToken.IsCancellationRequested)
        {
            try
            {
                if (!joined) await ApplyLearningAsync(await GrainFactory.GetGrain<IDatasetGrain>(_key.Dataset).GetLearningAsync(cancellationToken), cancellationToken);
                joined = true;
                await EmbedPendingAsync(cancellationToken);
                (_stalled, delay) = (null, FirstDelay);
                await _wake.WaitAsync(cancellationToken);
            }
            catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e)
            {
                // An outside system is away: the backlog waits, nothing is dropped.
                _stalled = e.Message;
                // How much of it was published before the failure is not known here; embedding it again is cheap, and never wrong.
                _buffer.Clear();
                _buffered = 0;
                logger.ScoringStalled(e, _key.ToString(), delay);
                try
                {
                    await Task.Delay(delay, time, cancellationToken);
                }
                catch (OperationCanceledException)
                {
                    return;
                }
                delay = delay * 2 < LongestDelay ? delay * 2 : LongestDelay;
            }
        }
    }

    /// <summary>Embeds until no image waits. Lots are sent ahead; they are taken back in order.</summary>
    private async Task EmbedPendingAsync(CancellationToken cancellationToken)
    {
        var ahead = new Queue<Task<EmbeddedLot>>();
        var next = Embedded + _buffered;
        try
        {
            while (true)
            {
                while (ahead.Count < options.LotsInFlight && next < _index.Count)
                {
                    var count = Math.Min(options.LotSize, _index.Count - next);
                    ahead.Enqueue(EmbedLotAsync(next, count, cancellationToken));
                    next += count;
                }
                if (ahead.TryDequeue(out var first))
                {
                    var lot = await first;
                    _buffer.Add(lot);
                    _buffered += lot.Reasons.Length;
                    if (_buffered >= options.SegmentRows) await PublishAsync(cancellationToken);
                    _stalled = null;
                }
                // A little patience while images keep coming makes few large segments instead of many small ones.
                else if (_buffered > 0 && !await _wake.WaitAsync(Linger, cancellationToken)) await PublishAsync(cancellationToken);
                else if (_buffered == 0 && next >= _index.Count) return;
            }
        }
        finally
        {
            foreach (var task in ahead) task.Ignore();
        }
    }

    private async Task<EmbeddedLot> EmbedLotAsync(int first, int count, CancellationToken cancellationToken)
    {
        using var span = _traces.StartLot(first, count, _key.Dataset);
        var images = new List<ImageId>(count);
        for (var o = first; o < first + count; o++)
            if (!_index.Has(o, ShardIndex.Flags.Quarantined)) images.Add(_index.IdOf(o));
        var wanted = new EmbedLot(_key.Dataset, [.. images]);
        var lot = await devices.SendAsync(device => GrainFactory.GetGrain<IScoringGrain>(new DeviceKey(_dataset.Settings.Backbone, device.Silo, device.Slot).ToString()).EmbedAsync(wanted, cancellationToken));
        return images.Count == count ? lot : Spread(lot, first, count);
    }

    /// <summary>Puts rows of NaN where images were put aside already, so that rows and ordinals stay in step.</summary>
    private EmbeddedLot Spread(EmbeddedLot lot, int first, int count)
    {
        var rowBytes = lot.Dimensions * sizeof(ushort);
        var vectors = new byte[count * rowBytes];
        var reasons = new string?[count];
        var from = 0;
        for (var i = 0; i < count; i++)
        {
            var row = vectors.AsSpan(i * rowBytes, rowBytes);
            if (_index.Has(first + i, ShardIndex.Flags.Quarantined)) MemoryMarshal.Cast<byte, Half>(row).Fill(Half.NaN);
            else
            {
                lot.Vectors.AsSpan(from * rowBytes, rowBytes).CopyTo(row);
                reasons[i] = lot.Reasons[from++];
            }
        }
        return new EmbeddedLot(lot.Dimensions, vectors, reasons);
    }

    /// <summary>Makes what is buffered durable: the embeddings, their projection and their scores under the learning that holds now.</summary>
    private async Task PublishAsync(CancellationToken cancellationToken)
    {
        await _machine.WaitAsync(cancellationToken);
        try
        {
            var first = Embedded;
            using var span = _traces.StartSegment(first, _buffered, _key.Dataset);
            var quarantined = new List<QuarantineRow>();
            var at = 0;
            foreach (var reason in _buffer.SelectMany(l => l.Reasons))
            {
                if (reason is not null) quarantined.Add(new QuarantineRow(first + at, reason));
                at++;
            }
            var made = await Task.Run(() => MakeSegments(first), cancellationToken);
            await PublishSegmentsAsync(made, [], quarantined, cancellationToken);
            foreach (var row in quarantined) QuarantineInMemory(row.Ordinal);
            if (quarantined.Count > 0) logger.Quarantined(_key.ToString(), quarantined.Count);
            WinnowTelemetry.EmbeddedImages.Add(_buffered - quarantined.Count, new TagList { { "dataset", _key.Dataset } });
            WinnowTelemetry.QuarantinedImages.Add(quarantined.Count, new TagList { { "dataset", _key.Dataset } });
            _drift.Published(_scores);
            _traces.Scored(Embedded, span);
            _buffer.Clear();
            _buffered = 0;
        }
        finally
        {
            _machine.Release();
        }
    }

    private void QuarantineInMemory(int ordinal)
    {
        var wasOpen = _index.IsOpen(ordinal);
        _index.Quarantine(ordinal);
        _tasks.Close(ordinal, wasOpen);
        if (wasOpen) WakeRounds(ordinal);
    }

    private sealed record MadeSegment(string Kind, string Version, int First, int Count, byte[] Bytes);

    private List<MadeSegment> MakeSegments(int first)
    {
        var dimensions = _buffer[0].Dimensions;
        var embedding = SegmentFormat.Allocate(dimensions * sizeof(ushort), _buffered);
        var to = SegmentFormat.Rows(embedding);
        foreach (var lot in _buffer)
        {
            lot.Vectors.CopyTo(to);
            to = to[lot.Vectors.Length..];
        }
        var made = new List<MadeSegment> { Seal(SegmentKinds.Embedding, _dataset.Settings.Backbone, first, _buffered, embedding) };
        if (_projection is { } projection)
        {
            var rows = MakeProjection(projection, MemoryMarshal.Cast<byte, Half>(SegmentFormat.Rows(embedding)), _buffered);
            made.Add(Seal(SegmentKinds.Projection, _projectedVersion!, first, _buffered, rows));
            if (_head is { } head) made.Add(Seal(SegmentKinds.Scores, _scoresVersion!, first, _buffered, MakeScores(head, MemoryMarshal.Cast<byte, Half>(SegmentFormat.Rows(rows)), _buffered)));
        }
        return made;
    }

    private static byte[] MakeProjection(Projection projection, ReadOnlySpan<Half> embeddings, int count)
    {
        var segment = SegmentFormat.Allocate(projection.Dimensions * sizeof(ushort), count);
        projection.Apply(embeddings, MemoryMarshal.Cast<byte, Half>(SegmentFormat.Rows(segment)));
        return segment;
    }

    private static byte[] MakeScores(Algorithms.Training.SoftmaxHead head, ReadOnlySpan<Half> rows, int count)
    {
        var segment = SegmentFormat.Allocate(Marshal.SizeOf<ImageScore>(), count);
        HeadScorer.Score(head, rows, MemoryMarshal.Cast<byte, ImageScore>(SegmentFormat.Rows(segment)));
        return segment;
    }

    private static MadeSegment Seal(string kind, string version, int first, int count, byte[] segment)
    {
        SegmentFormat.Seal(segment, new SegmentHeader((segment.Length - SegmentFormat.HeaderSize) / count, first, count));
        return new MadeSegment(kind, version, first, count, segment);
    }

    /// <summary>Objects first, then the ledger rows that make them count, then memory. The epoch in the key keeps a fenced writer's object apart.</summary>
    private async Task PublishSegmentsAsync(IReadOnlyList<MadeSegment> made, IReadOnlyList<(string Kind, string Version)> withdrawn, IReadOnlyList<QuarantineRow> quarantined, CancellationToken cancellationToken)
    {
        var rows = new List<SegmentRow>(made.Count);
        foreach (var segment in made)
        {
            var key = ObjectKeys.Segment(_key, segment.Kind, segment.Version, segment.First, _epoch.ToString("x", System.Globalization.CultureInfo.InvariantCulture));
            await objects.PutAsync(key, segment.Bytes, cancellationToken);
            rows.Add(new SegmentRow(segment.Kind, segment.Version, segment.First, segment.Count, key));
        }
        await CommitAsync(new ShardCommit { Shard = _key, Epoch = _epoch, Segments = rows, WithdrawnSegments = withdrawn, Quarantined = quarantined }, cancellationToken);
        try
        {
            foreach (var group in rows.GroupBy(r => r.Kind)) await AppendAsync(group.Key, group, cancellationToken);
        }
        catch
        {
            // Published, and only a part of it mapped: columns of different lengths would hand out wrong rows. The next activation reads what stands.
            Close();
            throw;
        }
    }

    private async Task AppendAsync(string kind, IEnumerable<SegmentRow> rows, CancellationToken cancellationToken)
    {
        foreach (var row in rows)
        {
            var owner = await objects.MapAsync(row.ObjectKey, cancellationToken) ?? throw new InvalidDataException($"Segment {row.ObjectKey} is not in the object store.");
            AppendMapped(kind, owner);
        }
    }

    private void AppendMapped(string kind, IMemoryOwner<byte> owner)
    {
        ref var column = ref kind == SegmentKinds.Embedding ? ref _embeddings : ref kind == SegmentKinds.Projection ? ref _projected : ref _scores;
        column ??= new SegmentColumn(SegmentFormat.Read(owner.Memory.Span).RowBytes);
        column.Append(owner);
        if (kind == SegmentKinds.Embedding) _index.SetEmbedded(column.Count);
    }

    /// <summary>Maps what is published. A segment that cannot be used is a machine fact that is made again, with all that follows it.</summary>
    private async Task LoadSegmentsAsync(CancellationToken cancellationToken)
    {
        var withdrawn = new List<(string, string)>();
        foreach (var group in (await ledger.ReadSegmentsAsync(_key, cancellationToken)).GroupBy(r => (r.Kind, r.Version)))
        {
            try
            {
                await AppendAsync(group.Key.Kind, group.OrderBy(r => r.First), cancellationToken);
                if (group.Key.Kind == SegmentKinds.Projection) _projectedVersion = group.Key.Version;
                if (group.Key.Kind == SegmentKinds.Scores) _scoresVersion = group.Key.Version;
            }
            catch (InvalidDataException e)
            {
                logger.SegmentUnusable(_key.ToString(), group.First().ObjectKey, e.Message);
                withdrawn.Add(group.Key);
                if (group.Key.Kind == SegmentKinds.Embedding)
                {
                    _embeddings = null;
                    _index.SetEmbedded(0);
                }
                if (group.Key.Kind == SegmentKinds.Projection) (_projected, _projectedVersion) = (null, null);
                if (group.Key.Kind == SegmentKinds.Scores) (_scores, _scoresVersion) = (null, null);
            }
        }
        // What was derived from a column that has to be made again has to be made again too.
        if (_projected is not null && _projected.Count != Embedded) withdrawn.Add((SegmentKinds.Projection, Forget(ref _projected, ref _projectedVersion)));
        if (_scores is not null && _scores.Count != (_projected?.Count ?? 0)) withdrawn.Add((SegmentKinds.Scores, Forget(ref _scores, ref _scoresVersion)));
        if (withdrawn.Count > 0) await CommitAsync(new ShardCommit { Shard = _key, Epoch = _epoch, WithdrawnSegments = withdrawn }, cancellationToken);
    }

    private static string Forget(ref SegmentColumn? column, ref string? version)
    {
        var was = version!;
        (column, version) = (null, null);
        return was;
    }
}
