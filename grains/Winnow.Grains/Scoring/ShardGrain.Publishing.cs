using System.Buffers;
using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using Winnow.Abstractions.Telemetry;
using Winnow.Algorithms.Scoring;
using Winnow.Grains.Ports;
using Winnow.Grains.Scoring;
using Winnow.Grains.Telemetry;

namespace Winnow.Grains.Images;

/// <summary>How machine facts become durable: rows into segments, segments into the object store, and then one commit that makes them count.</summary>
internal sealed partial class ShardGrain
{
    private readonly Queue<(string Key, DateTimeOffset Until)> _superseded = new();

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

    /// <param name="Keep">The segments of its column that stay before it; null: all.</param>
    private sealed record MadeSegment(string Kind, string Version, int First, int Count, byte[] Bytes, int? Keep = null);

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
        var made = new List<MadeSegment> { Continue(SegmentKinds.Embedding, _embeddedVersion!, _embeddings, first, _buffered, embedding) };
        if (_projection is { } projection)
        {
            var rows = MakeProjection(projection, MemoryMarshal.Cast<byte, Half>(SegmentFormat.Rows(embedding)), _buffered);
            made.Add(Continue(SegmentKinds.Projection, _projectedVersion!, _projected, first, _buffered, rows));
            if (_head is { } head) made.Add(Continue(SegmentKinds.Scores, _scoresVersion!, _scores, first, _buffered, MakeScores(head, MemoryMarshal.Cast<byte, Half>(SegmentFormat.Rows(rows)), _buffered)));
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

    /// <summary>The segment that adds rows to a column, in place of the small ones at its end: see <see cref="SegmentMerge"/>.</summary>
    private MadeSegment Continue(string kind, string version, SegmentColumn? column, int first, int count, byte[] fresh)
    {
        var segments = column is null ? [] : column.Segments;
        var keep = SegmentMerge.Keep(segments, count, options.SegmentRows);
        if (keep == segments.Length) return Seal(kind, version, first, count, fresh);
        var from = segments[keep].First;
        var merged = SegmentFormat.Allocate(column!.RowBytes, first + count - from);
        var to = SegmentFormat.Rows(merged);
        foreach (ref readonly var segment in segments[keep..])
        {
            segment.Owner.Memory.Span[SegmentFormat.HeaderSize..].CopyTo(to);
            to = to[(segment.Count * column.RowBytes)..];
        }
        SegmentFormat.Rows(fresh).CopyTo(to);
        return Seal(kind, version, from, first + count - from, merged) with { Keep = keep };
    }

    private static MadeSegment Seal(string kind, string version, int first, int count, byte[] segment)
    {
        SegmentFormat.Seal(segment, new SegmentHeader((segment.Length - SegmentFormat.HeaderSize) / count, first, count));
        return new MadeSegment(kind, version, first, count, segment);
    }

    /// <summary>
    /// Objects first, then the ledger rows that make them count, then memory. The epoch in the key keeps a fenced writer's object apart, the count one that is
    /// merged from those that it replaces.
    /// </summary>
    private async Task PublishSegmentsAsync(IReadOnlyList<MadeSegment> made, IReadOnlyList<(string Kind, string Version)> withdrawn, IReadOnlyList<QuarantineRow> quarantined, CancellationToken cancellationToken)
    {
        var rows = new List<SegmentRow>(made.Count);
        var keys = new string[made.Count];
        var replaced = new List<(string, string)>(withdrawn);
        for (var i = 0; i < keys.Length; i++)
        {
            var segment = made[i];
            keys[i] = ObjectKeys.Segment(_key, segment.Kind, segment.Version, segment.First, string.Create(CultureInfo.InvariantCulture, $"{_epoch:x}-{segment.Count:x}"));
            await objects.PutAsync(keys[i], segment.Bytes, cancellationToken);
            if (segment.Keep is { } keep)
            {
                // The ledger replaces a version as a whole, so those that stay are named again.
                replaced.Add((segment.Kind, segment.Version));
                foreach (ref readonly var kept in ColumnOf(segment.Kind)!.Segments[..keep]) rows.Add(new SegmentRow(segment.Kind, segment.Version, kept.First, kept.Count, kept.Key));
            }
            rows.Add(new SegmentRow(segment.Kind, segment.Version, segment.First, segment.Count, keys[i]));
        }
        await CommitAsync(new ShardCommit { Shard = _key, Epoch = _epoch, Segments = rows, WithdrawnSegments = replaced, Quarantined = quarantined }, cancellationToken);
        try
        {
            var owners = new IMemoryOwner<byte>[made.Count];
            for (var i = 0; i < owners.Length; i++) owners[i] = await objects.MapAsync(keys[i], cancellationToken) ?? throw new InvalidDataException($"Segment {keys[i]} is not in the object store.");
            TakeUp(made, keys, owners, withdrawn);
        }
        catch
        {
            // Published and not mapped: memory is behind the ledger. The next activation reads what stands.
            Close();
            throw;
        }
        await RemoveSupersededAsync(cancellationToken);
    }

    /// <summary>Turns from the old columns to the new ones at one stroke: whoever reads meanwhile sees the one or the other.</summary>
    private void TakeUp(IReadOnlyList<MadeSegment> made, string[] keys, IMemoryOwner<byte>[] owners, IReadOnlyList<(string Kind, string Version)> withdrawn)
    {
        var until = time.GetUtcNow() + options.KeepSuperseded;
        foreach (var (kind, _) in withdrawn)
        {
            ref var column = ref ColumnOf(kind);
            if (column is not null) Supersede(column.Segments, until);
            column = null;
            NameColumn(kind, null);
        }
        for (var i = 0; i < owners.Length; i++)
        {
            ref var column = ref ColumnOf(made[i].Kind);
            column ??= new SegmentColumn(SegmentFormat.Read(owners[i].Memory.Span).RowBytes);
            var keep = made[i].Keep ?? column.Segments.Length;
            Supersede(column.Segments[keep..], until);
            column = column.With(keep, keys[i], owners[i]);
            NameColumn(made[i].Kind, made[i].Version);
        }
        _index.SetEmbedded(_embeddings?.Count ?? 0);
    }

    private void Supersede(ReadOnlySpan<MappedSegment> segments, DateTimeOffset until)
    {
        foreach (ref readonly var segment in segments) _superseded.Enqueue((segment.Key, until));
    }

    /// <summary>Removes what no row names any more, once whoever may still read it has had time. What a restart forgets, <c>winnow verify</c> names.</summary>
    private async Task RemoveSupersededAsync(CancellationToken cancellationToken)
    {
        while (_superseded.TryPeek(out var oldest) && oldest.Until <= time.GetUtcNow())
        {
            try
            {
                await objects.DeleteAsync(oldest.Key, cancellationToken);
            }
            catch (Exception e) when (e is not OperationCanceledException)
            {
                // It stays in the line.
                logger.SupersededNotRemoved(e, _key.ToString(), oldest.Key);
                return;
            }
            _superseded.Dequeue();
        }
    }
}
