using System.Text.Json;
using Winnow.Abstractions.Images;
using Winnow.Grains.Images;
using Winnow.Grains.Ports;
using Winnow.Model;
using Winnow.Model.Images;
using Winnow.Model.Labels;

namespace Winnow.Grains.Shards;

/// <summary>The shard's images as listings and versions see them. Keeps nothing: each answer is of one moment.</summary>
internal sealed class ShardListing(ShardWriter writer, ShardIndex index, ShardColumns columns, ShardPrelabels prelabels,
    IShardLedger ledger)
{
    private const int HistoriesAtOnce = 32;
    private const long MostSetBytes = 8 << 20;

    public async Task<ImageRecord?> FindAsync(ImageId image, CancellationToken cancellationToken)
    {
        if (!index.TryFind(image, out var ordinal)) return null;
        var row = (await ledger.ReadImagesAsync(writer.Key, [ordinal], cancellationToken))[0];
        var stage = index.StageOf(ordinal, index.Embedded);
        var made = (await prelabels.ReadAsync([ordinal], cancellationToken))[0];
        return new ImageRecord(
            ordinal, row.Row, row.ReceivedAt, row.ReceivedBy, stage, columns.ModelName, columns.ScoreOf(ordinal), made,
            index.VersionOf(ordinal));
    }

    public async Task<ListedImages> ListAsync(ListImages query, CancellationToken cancellationToken)
    {
        if (!query.ById) return await ListInOrderOfRowsAsync(query, cancellationToken);
        bool Takes(int ordinal) => query.Stage is null || index.StageOf(ordinal, index.Embedded) == query.Stage;
        var wanted = IdOrder.Next(index.Ids, query.After, query.Max, Takes);
        var page = await ReadListedAsync(wanted, query.AuditThreshold, cancellationToken);
        if (query.Sets && !writer.Dataset.Schema.IsOneClass) page = await WithSetsAsync(page, cancellationToken);
        var isLast = page.Length == wanted.Length && wanted.Length < query.Max;
        return new ListedImages(page, isLast ? -1 : page[^1].Ordinal, ById: true);
    }

    /// <summary>The same with their label sets, or the first of them: as many as are worth a message.</summary>
    private async Task<ListedImage[]> WithSetsAsync(ListedImage[] page, CancellationToken cancellationToken)
    {
        var bytes = 0L;
        for (var from = 0; from < page.Length; from += HistoriesAtOnce)
        {
            if (bytes > MostSetBytes) return page[..from];
            var to = Math.Min(page.Length, from + HistoriesAtOnce);
            ImageId[] said = [.. page[from..to].Where(i => i.Label == HistoryRow.LabelSet).Select(i => i.Id)];
            var histories = (await ledger.ReadHistoryAsync(writer.Key, said, cancellationToken)).ToLookup(r => r.Image);
            for (var i = from; i < to; i++)
            {
                page[i] = WithSet(page[i], [.. histories[page[i].Id]]);
                bytes += page[i].Set?.Annotations.Length ?? 0;
            }
        }
        return page;
    }

    private ListedImage WithSet(in ListedImage image, HistoryRow[] rows)
    {
        if (image.Label is >= 0 and not HistoryRow.LabelSet)
            return image with { Set = SetOf([new ClassTag(writer.Dataset.Schema.Classes[image.Label].Name)], null) };
        if (rows.Length == 0) return image;
        // Somebody may have said more since the row was read: what stands is told as the history has it now.
        var standing = ImageHistory.Fold([.. rows.Select(r => ImageHistory.FromRow(r))]);
        return image with
        {
            HistoryVersion = rows.Length,
            Label = standing.LabelIndex(writer.Dataset.Schema),
            Set = standing.IsLabelled ? SetOf([.. standing.Annotations], standing.By) : null,
        };
    }

    private static LabelSet SetOf(Annotation[] annotations, string? by) =>
        new(JsonSerializer.SerializeToUtf8Bytes(annotations, ModelJson.Default.AnnotationArray), by);

    /// <summary>As the last release asks. Rows keep their places until the shard is split.</summary>
    private async Task<ListedImages> ListInOrderOfRowsAsync(ListImages query, CancellationToken cancellationToken)
    {
        var wanted = new List<int>();
        var at = Math.Max(0, query.FromOrdinal);
        for (; at < index.Count && wanted.Count < query.Max; at++)
            if (query.Stage is null || index.StageOf(at, index.Embedded) == query.Stage) wanted.Add(at);
        return new ListedImages(await ReadListedAsync(wanted, query.AuditThreshold, cancellationToken), at < index.Count ? at : -1);
    }

    private async Task<ListedImage[]> ReadListedAsync(
        IReadOnlyList<int> ordinals, ulong auditThreshold, CancellationToken cancellationToken)
    {
        if (ordinals.Count == 0) return [];
        var rows = await ledger.ReadImagesAsync(writer.Key, ordinals, cancellationToken);
        var listed = new ListedImage[ordinals.Count];
        for (var i = 0; i < listed.Length; i++)
        {
            var (o, row) = (ordinals[i], rows[i].Row);
            var audit = index.IsAudit(o, writer.Dataset.Settings.Seed, auditThreshold);
            var (stage, label) = (index.StageOf(o, index.Embedded), index.LabelOf(o));
            listed[i] = new ListedImage(
                o, row.Id, row.Name, stage, row.Partition, label, row.Reason, index.VersionOf(o), audit, index.StandsAsItCame(o))
            {
                Width = row.Upright?.Width ?? 0,
                Height = row.Upright?.Height ?? 0,
            };
        }
        return listed;
    }
}
