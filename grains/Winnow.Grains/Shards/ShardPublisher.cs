using System.Buffers;
using System.Globalization;
using Microsoft.Extensions.Logging;
using Winnow.Grains.Columns;
using Winnow.Grains.Ports;
using Winnow.Grains.Settings;
using Winnow.Grains.Telemetry;

namespace Winnow.Grains.Shards;

/// <summary>Rows that were made for a column, as the segment that will hold them.</summary>
/// <param name="Kind">Of the column.</param>
/// <param name="Version">What made them.</param>
/// <param name="First">Ordinal of the first.</param>
/// <param name="Count">How many.</param>
/// <param name="Bytes">The whole segment, sealed.</param>
/// <param name="Keep">The segments of its column that stay before it; null: all.</param>
internal sealed record MadeSegment(string Kind, string Version, int First, int Count, byte[] Bytes, int? Keep = null)
{
    /// <summary>Seals rows that stand in an allocated segment.</summary>
    public static MadeSegment Of(string kind, string version, int first, int count, byte[] segment)
    {
        SegmentFormat.Seal(segment, new SegmentHeader((segment.Length - SegmentFormat.HeaderSize) / count, first, count));
        return new MadeSegment(kind, version, first, count, segment);
    }
}

/// <summary>
/// How machine facts become durable: segments into the object store, then one commit that makes them count, then memory. Whoever changes
/// columns does so in a turn, alone.
/// </summary>
internal sealed class ShardPublisher(
    ShardWriter writer, ShardColumns columns, IObjectStore objects, ShardOptions options, TimeProvider time, ILogger logger)
{
    private readonly SemaphoreSlim _turn = new(1, 1);
    // Objects that no row names any more, the oldest first. What a restart forgets of them, 'winnow verify' names.
    private readonly Queue<(string Key, DateTimeOffset Until)> _superseded = new();

    /// <summary>Changes columns while nobody else does.</summary>
    public async Task InTurnAsync(Func<Task> work, CancellationToken cancellationToken)
    {
        await _turn.WaitAsync(cancellationToken);
        try
        {
            await work();
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <summary>The segment that adds rows to a column, in place of the small ones at its end: see <see cref="SegmentMerge"/>.</summary>
    public MadeSegment Continue(string kind, string version, int first, int count, byte[] fresh)
    {
        var column = columns.Find(kind, version);
        var segments = column is null ? [] : column.Segments;
        var keep = SegmentMerge.Keep(segments, count, options.SegmentRows);
        if (keep == segments.Length) return MadeSegment.Of(kind, version, first, count, fresh);
        var from = segments[keep].First;
        var merged = SegmentFormat.Allocate(column!.RowBytes, first + count - from);
        var to = SegmentFormat.Rows(merged);
        foreach (ref readonly var segment in segments[keep..])
        {
            segment.Owner.Memory.Span[SegmentFormat.HeaderSize..].CopyTo(to);
            to = to[(segment.Count * column.RowBytes)..];
        }
        SegmentFormat.Rows(fresh).CopyTo(to);
        return MadeSegment.Of(kind, version, from, first + count - from, merged) with { Keep = keep };
    }

    /// <summary>
    /// Objects first, then the ledger rows that make them count, then memory. The epoch in the key keeps a fenced writer's object
    /// apart, the count one that is merged from those that it replaces.
    /// </summary>
    /// <param name="made">Rows that continue their columns.</param>
    /// <param name="withdrawn">Columns that end.</param>
    /// <param name="quarantined">Images that are put aside with it.</param>
    /// <param name="cancellationToken">Gives up before the commit.</param>
    /// <param name="takenUp">Follows in the same stroke that changes memory.</param>
    public async Task PublishAsync(
        IReadOnlyList<MadeSegment> made, IReadOnlyList<(string Kind, string Version)> withdrawn, IReadOnlyList<QuarantineRow> quarantined,
        CancellationToken cancellationToken, Action? takenUp = null)
    {
        var rows = new List<SegmentRow>(made.Count);
        var keys = new string[made.Count];
        var replaced = new List<(string, string)>(withdrawn);
        for (var i = 0; i < keys.Length; i++)
        {
            var segment = made[i];
            var mark = string.Create(CultureInfo.InvariantCulture, $"{writer.Epoch:x}-{segment.Count:x}");
            keys[i] = ObjectKeys.Segment(writer.Key, segment.Kind, segment.Version, segment.First, mark);
            await objects.PutAsync(keys[i], segment.Bytes, cancellationToken);
            if (segment.Keep is { } keep)
            {
                // The ledger replaces a version as a whole, so those that stay are named again.
                replaced.Add((segment.Kind, segment.Version));
                foreach (ref readonly var kept in columns.Find(segment.Kind, segment.Version)!.Segments[..keep])
                    rows.Add(new SegmentRow(segment.Kind, segment.Version, kept.First, kept.Count, kept.Key));
            }
            rows.Add(new SegmentRow(segment.Kind, segment.Version, segment.First, segment.Count, keys[i]));
        }
        var commit = writer.New() with { Segments = rows, WithdrawnSegments = replaced, Quarantined = quarantined };
        await writer.CommitAsync(commit, cancellationToken);
        try
        {
            var owners = new IMemoryOwner<byte>[made.Count];
            for (var i = 0; i < owners.Length; i++)
                owners[i] = await objects.MapAsync(keys[i], cancellationToken)
                    ?? throw new InvalidDataException($"Segment {keys[i]} is not in the object store.");
            TakeUp(made, keys, owners, withdrawn);
            takenUp?.Invoke();
        }
        catch
        {
            // Published and not mapped: memory is behind the ledger. The next activation reads what stands.
            writer.Close();
            throw;
        }
        await RemoveSupersededAsync(cancellationToken);
    }

    /// <summary>Turns from the old columns to the new ones at one stroke: whoever reads meanwhile sees the one or the other.</summary>
    private void TakeUp(
        IReadOnlyList<MadeSegment> made, string[] keys, IMemoryOwner<byte>[] owners, IReadOnlyList<(string Kind, string Version)> withdrawn)
    {
        var until = time.GetUtcNow() + options.KeepSuperseded;
        foreach (var (kind, version) in withdrawn)
        {
            if (columns.Find(kind, version) is { } old) Supersede(old.Segments, until);
            columns.Set(kind, version, null);
        }
        for (var i = 0; i < owners.Length; i++)
        {
            var (kind, version) = (made[i].Kind, made[i].Version);
            var rows = columns.Find(kind, version) ?? new SegmentColumn(SegmentFormat.Read(owners[i].Memory.Span).RowBytes);
            var keep = made[i].Keep ?? rows.Segments.Length;
            Supersede(rows.Segments[keep..], until);
            columns.Set(kind, version, rows.With(keep, keys[i], owners[i]));
        }
        columns.CountEmbedded();
    }

    private void Supersede(ReadOnlySpan<MappedSegment> segments, DateTimeOffset until)
    {
        foreach (ref readonly var segment in segments) _superseded.Enqueue((segment.Key, until));
    }

    /// <summary>Removes what no row names any more, once whoever may still read it has had time.</summary>
    private async Task RemoveSupersededAsync(CancellationToken cancellationToken)
    {
        while (_superseded.TryPeek(out var oldest) && oldest.Until <= time.GetUtcNow())
        {
            try
            {
                // A column that ended and was made again may bear the name of the one before.
                if (!columns.IsMapped(oldest.Key)) await objects.DeleteAsync(oldest.Key, cancellationToken);
            }
            catch (Exception e) when (e is not OperationCanceledException)
            {
                // It stays in the line.
                logger.SupersededNotRemoved(e, writer.Key.ToString(), oldest.Key);
                return;
            }
            _superseded.Dequeue();
        }
    }
}
