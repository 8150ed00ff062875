using System.Text.Json;
using Winnow.Abstractions.Health;
using Winnow.Abstractions.Images;
using Winnow.Grains.Images;
using Winnow.Grains.Ports;
using Winnow.Model;
using Winnow.Model.Images;
using Winnow.Model.Labels;
using Winnow.Model.MachineDecisions;
using Winnow.Model.Prelabels;

namespace Winnow.Grains.Shards;

/// <summary>The shard's images as listings and versions see them. Keeps nothing: each answer is of one moment.</summary>
internal sealed class ShardListing(ShardWriter writer, ShardIndex index, ShardColumns columns, ShardPrelabels prelabels,
    ShardMachine machine, ShardPredictions predictions, IShardLedger ledger)
{
    private const int HistoriesAtOnce = 8;
    private const int DecisionsAtOnce = 64;
    private const long MostSetBytes = 8 << 20;

    public async Task<ImageRecord?> FindAsync(ImageId image, CancellationToken cancellationToken)
    {
        if (!index.TryFind(image, out var ordinal)) return null;
        var row = (await ledger.ReadImagesAsync(writer.Key, [ordinal], cancellationToken))[0];
        var stage = index.StageOf(ordinal, index.Embedded);
        var made = (await prelabels.ReadAsync([ordinal], ImagePrelabel.MostBytesOfImage, cancellationToken))[0];
        var set = (await predictions.ReadAsync([ordinal], cancellationToken))[0];
        MachineDecision[] decided = [.. (await machine.DecisionsAsync([ordinal], cancellationToken))[ordinal]];
        return new ImageRecord(
            ordinal, row.Row, row.ReceivedAt, row.ReceivedBy, stage, columns.ModelName, columns.ScoreOf(ordinal), made,
            index.VersionOf(ordinal), set)
        {
            Machine = decided.Length == 0 ? null : JsonSerializer.SerializeToUtf8Bytes(decided, ModelJson.Default.MachineDecisionArray),
        };
    }

    public async Task<ListedImages> ListAsync(ListImages query, CancellationToken cancellationToken)
    {
        if (!query.ById) return await ListInOrderOfRowsAsync(query, cancellationToken);
        bool Takes(int ordinal) => query.Stage is null || index.StageOf(ordinal, index.Embedded) == query.Stage;
        var wanted = IdOrder.Next(index.Ids, query.After, query.Max, Takes);
        var page = await ReadListedAsync(wanted, query.AuditThreshold, cancellationToken);
        if (query.Sets && !writer.Dataset.Schema.IsOneClass) page = await WithSetsAsync(page, query.ClassesAlone, cancellationToken);
        if (query.Machine) page = await WithMachinesAsync(page, cancellationToken);
        var isLast = page.Length == wanted.Length && wanted.Length < query.Max;
        return new ListedImages(page, isLast ? -1 : page[^1].Ordinal, ById: true);
    }

    /// <summary>The same with their label sets, or the first of them: as many as are worth a message.</summary>
    /// <param name="page">The images.</param>
    /// <param name="classesAlone">Whether a set is told by its classes, and one that cannot be read not at all.</param>
    /// <param name="cancellationToken">Gives up.</param>
    private async Task<ListedImage[]> WithSetsAsync(ListedImage[] page, bool classesAlone, CancellationToken cancellationToken)
    {
        var bytes = 0L;
        for (var from = 0; from < page.Length; from += HistoriesAtOnce)
        {
            var to = Math.Min(page.Length, from + HistoriesAtOnce);
            ImageId[] said = [.. page[from..to].Where(i => i.HistoryVersion > 0).Select(i => i.Id)];
            var histories = (await ledger.ReadHistoryAsync(writer.Key, said, cancellationToken)).ToLookup(r => r.Image);
            for (var i = from; i < to; i++)
            {
                var version = page[i].HistoryVersion;
                // Somebody may have said more since: all of a row is of one moment.
                page[i] = WithSet(page[i], histories[page[i].Id].Where(r => r.Version <= version), classesAlone);
                bytes += page[i].Set?.Annotations.Length ?? 0;
                if (bytes > MostSetBytes) return page[..(i + 1)];
            }
        }
        return page;
    }

    /// <summary>The same with what stands by machines' decisions, or the first of them: as many as are worth a message.</summary>
    private async Task<ListedImage[]> WithMachinesAsync(ListedImage[] page, CancellationToken cancellationToken)
    {
        var bytes = 0L;
        for (var from = 0; from < page.Length; from += DecisionsAtOnce)
        {
            var to = Math.Min(page.Length, from + DecisionsAtOnce);
            int[] standing = [.. page[from..to].Where(i => i.StandsBy is not null).Select(i => i.Ordinal)];
            var decided = await machine.DecisionsAsync(standing, cancellationToken);
            for (var i = from; i < to; i++)
            {
                // People left room when the row was read: all of it is of that moment, but for what machines said since.
                if (page[i].StandsBy is not null)
                    page[i] = page[i] with { Machine = LabelOf(MachineStanding.Candidate(decided[page[i].Ordinal])) };
                bytes += (page[i].Machine?.Annotations.Length ?? 0) + (page[i].Set?.Annotations.Length ?? 0);
                if (bytes > MostSetBytes) return page[..(i + 1)];
            }
        }
        return page;
    }

    private static MachineLabel? LabelOf(MachineDecision? decision) => decision is null ? null
        : new MachineLabel(decision.Kind, decision.Run, decision.Source, decision.Version, decision.Confidence,
            JsonSerializer.SerializeToUtf8Bytes<Annotation[]>([.. decision.Annotations], ModelJson.Default.AnnotationArray));

    private ListedImage WithSet(in ListedImage image, IEnumerable<HistoryRow> rows, bool classesAlone)
    {
        Standing said;
        try
        {
            var map = SchemaMap.Of(writer.Dataset.Schema);
            said = ImageHistory.Fold([.. rows.Select(r => ImageHistory.Mapped(ImageHistory.FromRow(r), map))]);
        }
        catch (SetAsideException) when (classesAlone)
        {
            return image with { Label = -1 };
        }
        var cameWith = image.Imported && image.Label >= 0;
        LabelSet? set = said.IsLabelled ? SetOf(said.Annotations, said.By, classesAlone)
            : cameWith && !said.Closed && !said.TakesNoOther
                ? SetOf([new ClassTag(NameOf(image.Label))], null, classesAlone) : null;
        return image with { Set = set, Label = set is null ? -1 : HistoryRow.LabelSet };
    }

    private string NameOf(int label)
    {
        var schema = writer.Dataset.Schema;
        return schema.Classes[SchemaMap.Of(schema).ClassOf(label)].Name;
    }

    private static LabelSet SetOf(IReadOnlyList<Annotation> annotations, string? by, bool classesAlone)
    {
        Annotation[] told = classesAlone
            ? [.. annotations.Select(a => a.Class).Distinct(StringComparer.Ordinal).Select(c => new ClassTag(c))] : [.. annotations];
        return new LabelSet(JsonSerializer.SerializeToUtf8Bytes(told, ModelJson.Default.AnnotationArray), by);
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
                o, row.Id, row.Name, stage, row.Partition, label, row.Reason, index.VersionOf(o), audit, index.StandsAsItCame(o))
            {
                Width = row.Upright?.Width ?? 0,
                Height = row.Upright?.Height ?? 0,
                StandsBy = index.StandsByMachine(o),
            };
        }
        return listed;
    }
}
