using Winnow.Abstractions.Images;
using Winnow.Grains.Images;
using Winnow.Grains.Ports;

using Winnow.Model.Images;

namespace Winnow.Grains.Shards;

/// <summary>The shard's images as listings and versions see them. Keeps nothing: each answer is of one moment.</summary>
internal sealed class ShardListing(ShardWriter writer, ShardIndex index, ShardColumns columns, ShardPrelabels prelabels,
    IShardLedger ledger)
{
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
        return new ListedImages(page, wanted.Length < query.Max ? -1 : wanted[^1], ById: true);
    }

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
                o, row.Id, row.Name, stage, row.Partition, label, row.Reason, index.VersionOf(o), audit, index.StandsAsItCame(o));
        }
        return listed;
    }
}
