using Winnow.Abstractions.Images;
using Winnow.Model.Images;

namespace Winnow.Grains.Images;

/// <summary>The shard's images as listings and versions see them.</summary>
internal sealed partial class ShardGrain
{
    public async Task<ImageRecord?> FindAsync(ImageId image, CancellationToken cancellationToken)
    {
        if (!_index.TryFind(image, out var ordinal)) return null;
        var row = (await ledger.ReadImagesAsync(_key, [ordinal], cancellationToken))[0];
        await ScoresLoadedAsync(cancellationToken);
        var stage = _index.StageOf(ordinal, Embedded);
        return new ImageRecord(ordinal, row.Row, row.ReceivedAt, row.ReceivedBy, stage, ModelName, ScoreOf(ordinal));
    }

    public async Task<ListedImages> ListAsync(ListImages query, CancellationToken cancellationToken)
    {
        if (!query.ById) return await ListInOrderOfRowsAsync(query, cancellationToken);
        bool Takes(int ordinal) => query.Stage is null || _index.StageOf(ordinal, Embedded) == query.Stage;
        var wanted = IdOrder.Next(_index.Ids, query.After, query.Max, Takes);
        var page = await ReadListedAsync(wanted, query.AuditThreshold, cancellationToken);
        return new ListedImages(page, wanted.Length < query.Max ? -1 : wanted[^1], ById: true);
    }

    /// <summary>As the last release asks. Rows keep their places until the shard is split.</summary>
    private async Task<ListedImages> ListInOrderOfRowsAsync(ListImages query, CancellationToken cancellationToken)
    {
        var wanted = new List<int>();
        var at = Math.Max(0, query.FromOrdinal);
        for (; at < _index.Count && wanted.Count < query.Max; at++)
            if (query.Stage is null || _index.StageOf(at, Embedded) == query.Stage) wanted.Add(at);
        return new ListedImages(await ReadListedAsync(wanted, query.AuditThreshold, cancellationToken), at < _index.Count ? at : -1);
    }

    private async Task<ListedImage[]> ReadListedAsync(
        IReadOnlyList<int> ordinals, ulong auditThreshold, CancellationToken cancellationToken)
    {
        if (ordinals.Count == 0) return [];
        var rows = await ledger.ReadImagesAsync(_key, ordinals, cancellationToken);
        var listed = new ListedImage[ordinals.Count];
        for (var i = 0; i < listed.Length; i++)
        {
            var (o, row) = (ordinals[i], rows[i].Row);
            var (stage, label, audit) = (_index.StageOf(o, Embedded), _index.LabelOf(o), IsAudit(o, auditThreshold));
            listed[i] = new ListedImage(o, row.Id, row.Name, stage, row.Partition, label, row.Reason, _index.VersionOf(o), audit);
        }
        return listed;
    }
}
