using System.Globalization;
using Winnow.Grains.Columns;
using Winnow.Grains.Ports;

namespace Winnow.Grains.Splitting;

/// <summary>A column of a shard as it stands.</summary>
internal sealed record SourceColumn(string Kind, string Version, SegmentColumn Column);

/// <summary>Copies what machines found about a shard's rows into its halves, so that no image is embedded or scored again.</summary>
internal sealed class ColumnCopier(IObjectStore objects, int segmentRows)
{
    /// <summary>Bytes of a segment, so that several shards can be copied at once in little memory.</summary>
    private const int SegmentBytes = 32 << 20;

    /// <summary>Copies the next run of rows of some column to some half; false when there is none.</summary>
    /// <param name="halves">Where to.</param>
    /// <param name="ranks">Which rows are whose.</param>
    /// <param name="source">The shard's columns.</param>
    /// <param name="last">Whether nothing comes any more: otherwise a few rows at the end of a column wait until they are enough for a
    /// segment.</param>
    /// <param name="cancellationToken">Gives up before the next run.</param>
    public async Task<bool> CopyAsync(ShardHalf[] halves, HalfRanks ranks, IReadOnlyList<SourceColumn> source, bool last,
        CancellationToken cancellationToken)
    {
        for (var i = 0; i < halves.Length; i++)
        {
            var half = halves[i];
            foreach (var column in source)
            {
                var wanted = ranks.Below(i, Math.Min(column.Column.Count, ranks.Count));
                var has = half.Columns.GetValueOrDefault((column.Kind, column.Version));
                // Made anew since.
                var stale = has is not null && has.Count > wanted;
                var from = stale ? 0 : has?.Count ?? 0;
                var most = Math.Max(1, SegmentBytes / column.Column.RowBytes);
                if (wanted == from || (!last && wanted - from < Math.Min(most, segmentRows))) continue;
                int[] rows = [.. ranks.Members(i).Slice(from, Math.Min(most, wanted - from))];
                await CopyAsync(half, column, from, rows, stale ? has : null, cancellationToken);
                return true;
            }
            // The shard has withdrawn it.
            foreach (var gone in half.Columns.Keys.Where(k => source.All(c => (c.Kind, c.Version) != k)))
            {
                await WithdrawAsync(half, gone);
                return true;
            }
        }
        return false;
    }

    private async Task CopyAsync(ShardHalf half, SourceColumn column, int first, int[] rows, HalfColumn? stale,
        CancellationToken cancellationToken)
    {
        var segment = await Task.Run(() => Gather(column.Column, first, rows), cancellationToken);
        var key = ObjectKeys.Segment(half.Key, column.Kind, column.Version, first,
            string.Create(CultureInfo.InvariantCulture, $"{half.Epoch:x}-{rows.Length:x}"));
        await objects.PutAsync(key, segment, cancellationToken);
        await half.CommitAsync(half.New() with
        {
            Segments = [new SegmentRow(column.Kind, column.Version, first, rows.Length, key)],
            WithdrawnSegments = stale is null ? [] : [(column.Kind, column.Version)],
        });
        var name = (column.Kind, column.Version);
        half.Columns[name] = new HalfColumn(first + rows.Length, first == 0 ? [key] : [.. half.Columns[name].Objects, key]);
        if (stale is not null) await RemoveAsync(stale.Objects.Where(o => o != key));
    }

    private async Task WithdrawAsync(ShardHalf half, (string Kind, string Version) column)
    {
        var stale = half.Columns[column];
        await half.CommitAsync(half.New() with { WithdrawnSegments = [column] });
        half.Columns.Remove(column);
        await RemoveAsync(stale.Objects);
    }

    private static byte[] Gather(SegmentColumn column, int first, int[] rows)
    {
        var segment = SegmentFormat.Allocate(column.RowBytes, rows.Length);
        var to = SegmentFormat.Rows(segment);
        for (var i = 0; i < rows.Length; i++) column.Row(rows[i]).CopyTo(to[(i * column.RowBytes)..]);
        SegmentFormat.Seal(segment, new SegmentHeader(column.RowBytes, first, rows.Length));
        return segment;
    }

    /// <summary>
    /// Nobody reads a half yet, so what it names no longer goes at once. What cannot be removed is found by <c>winnow verify</c>.
    /// </summary>
    private async Task RemoveAsync(IEnumerable<string> stale)
    {
        foreach (var key in stale)
        {
            try
            {
                await objects.DeleteAsync(key, CancellationToken.None);
            }
            catch (Exception e) when (e is not OperationCanceledException)
            {
                return;
            }
        }
    }
}
