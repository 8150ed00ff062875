using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Winnow.Grains.Ports;
using Winnow.Model;
using Winnow.Model.Datasets;
using Winnow.Model.Labels;

namespace Winnow.Grains.Backup;

/// <summary>
/// Writes one backup. The control state is read first, then each shard: what refers to images before the number of images, and that before
/// the images themselves. So whatever is read finds what it speaks of, as after a crash; what comes meanwhile is left out or taken, but
/// never by half. Objects do not change once a row names them, and those that no row names any more stay for a while, so their bytes are
/// copied after.
/// </summary>
internal sealed class BackupWriter(IDatasetLedger infos, IShardLedger ledger, IActLedger acts, IGrainStateStore states,
    IObjectStore objects, DatasetInfo dataset, ContentPass pass, BackupTarWriter tar)
{
    private static readonly byte[] NewLine = "\n"u8.ToArray();

    private readonly BackupTally _tally = new();
    private readonly DatasetPlace _place = new(dataset.Name);

    public async Task<BackupTally> WriteAsync(BackupHeader header, CancellationToken cancellationToken)
    {
        var control = await BackupControl.ReadAsync(states, dataset.Name, cancellationToken).ConfigureAwait(false);
        // The dataset's row may be behind its records, and follows them.
        if (control.Dataset.Schemas is [.., { Version: var newest }])
            header = header with { Dataset = header.Dataset with { Schema = newest.Schema } };
        await tar.AddAsync(BackupHeader.FileName, JsonSerializer.SerializeToUtf8Bytes(header, ModelJson.Default.BackupHeader),
            cancellationToken).ConfigureAwait(false);
        await WriteControlAsync(control.WithKeys(_place.Relative), cancellationToken).ConfigureAwait(false);
        var segments = new Dictionary<string, ShardKey>(StringComparer.Ordinal);
        foreach (var number in dataset.Shards.Numbers())
        {
            var shard = new ShardKey(dataset.Name, number);
            foreach (var key in await WriteShardAsync(shard, control.KnownTasks(), cancellationToken).ConfigureAwait(false))
                segments[key] = shard;
        }
        // Behind all that was said: of none of it the act is missing.
        await WriteActsAsync(cancellationToken).ConfigureAwait(false);
        string[] wanted = [.. segments.Keys, .. _place.ObjectsOf(control)];
        // A segment that another took the place of since its row was read is not lost: what it held is made again where this is restored.
        async Task<bool> IsNamedAsync(string key) =>
            !segments.TryGetValue(key, out var shard)
            || (await ledger.ReadSegmentsAsync(shard, cancellationToken).ConfigureAwait(false)).Any(s => s.ObjectKey == key);
        await new ObjectCopier(objects, tar, _tally).WriteObjectsAsync(wanted, _place, IsNamedAsync, cancellationToken)
            .ConfigureAwait(false);
        await RefuseRemovedAsync(header.Dataset.Schema, cancellationToken).ConfigureAwait(false);
        var end = new BackupEnd(
            tar.Files, _tally.Images, _tally.History, _tally.Objects, _tally.Bytes, _tally.Missing, _tally.Samples, tar.Finish(),
            _tally.Named);
        await tar.EndAsync(JsonSerializer.SerializeToUtf8Bytes(end, ModelJson.Default.BackupEnd), cancellationToken).ConfigureAwait(false);
        return _tally;
    }

    /// <summary>
    /// Of a dataset that was deleted meanwhile not all was there to be read. Where shards were doubled, those that were read here were left
    /// as they were; unless they are gone by now, and perhaps were before they were read.
    /// </summary>
    private async Task RefuseRemovedAsync(LabelSchema schema, CancellationToken cancellationToken)
    {
        var now = await infos.FindDatasetAsync(dataset.Name, cancellationToken).ConfigureAwait(false);
        if (now?.CreatedAt != dataset.CreatedAt)
            throw new InvalidOperationException($"Dataset '{dataset.Name}' was deleted during the backup, which is not whole.");
        // What was said under a version that the backup does not have could not be read where it is restored.
        if (now.Schema.Number > schema.Number)
            throw new InvalidOperationException(
                $"The label schema of dataset '{dataset.Name}' was changed during the backup, which is not whole. Begin it again.");
        if (now.Shards.First == dataset.Shards.First || now.Shards.Superseded?.First == dataset.Shards.First) return;
        throw new InvalidOperationException(
            $"The shards of dataset '{dataset.Name}' were doubled during the backup, and those that it reads were removed. "
            + $"Begin it again.");
    }

    private async Task WriteControlAsync(BackupControl control, CancellationToken cancellationToken)
    {
        await tar.AddAsync(BackupFiles.Control, BackupControl.ToJson(control.Dataset), cancellationToken).ConfigureAwait(false);
        for (var i = 0; i < control.Rounds.Count; i++)
            if (control.Rounds[i] is { } round)
                await tar.AddAsync(BackupFiles.Round(i), BackupControl.ToJson(round), cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Writes the rows of a shard and the bytes of its images; the keys of its segments.</summary>
    private async Task<List<string>> WriteShardAsync(ShardKey shard, Func<TaskRow, bool> known, CancellationToken cancellationToken)
    {
        var files = 0;
        Task FileAsync<T>(string kind, IReadOnlyList<T> lines, JsonTypeInfo<T> type) =>
            tar.AddAsync(BackupFiles.Rows(shard.Shard - dataset.Shards.First, files++, kind), Lines(lines, type), cancellationToken);

        await foreach (var tasks in InFilesAsync(ledger.ReadTasksAsync(shard, cancellationToken), known, t => TaskLine.Of(t), null)
            .ConfigureAwait(false))
            await FileAsync(BackupFiles.Tasks, tasks, BackupJson.Default.TaskLine).ConfigureAwait(false);
        await foreach (var history in InFilesAsync(ledger.ReadShardEntriesAsync(shard, cancellationToken), _ => true,
            h => HistoryLine.Of(h), h => h.Entry.Length).ConfigureAwait(false))
        {
            await FileAsync(BackupFiles.History, history, BackupJson.Default.HistoryLine).ConfigureAwait(false);
            _tally.History += history.Count;
        }
        var segments = await ledger.ReadSegmentsAsync(shard, cancellationToken).ConfigureAwait(false);
        foreach (var some in segments.Select(s => new SegmentLine(s.Kind, s.Version, s.First, s.Count, _place.Relative(s.ObjectKey)))
            .Chunk(BackupFiles.RowsInFile))
            await FileAsync(BackupFiles.Segments, some, BackupJson.Default.SegmentLine).ConfigureAwait(false);
        await foreach (var facts in InFilesAsync(ledger.ReadFactsAsync(shard, cancellationToken), _ => true, f => FactLine.Of(f),
            f => f.Payload?.Length ?? 0)
            .ConfigureAwait(false))
            await FileAsync(BackupFiles.Facts, facts, BackupJson.Default.FactLine).ConfigureAwait(false);
        // Everything above speaks of images below this number.
        var images = await ledger.CountImagesAsync(shard, cancellationToken).ConfigureAwait(false);
        await foreach (var operations in InFilesAsync(ledger.ReadOperationsAsync(shard, cancellationToken), o => o.Rows.First < images,
            o => new OperationLine(o.OperationId, o.Rows.First, o.Rows.Count), null).ConfigureAwait(false))
            await FileAsync(BackupFiles.Operations, operations, BackupJson.Default.OperationLine).ConfigureAwait(false);
        var copier = new ObjectCopier(objects, tar, _tally);
        await foreach (var rows in InFilesAsync(ledger.ReadImagesAsync(shard, 0, images, cancellationToken), _ => true,
            r => ImageLine.Of(r), null).ConfigureAwait(false))
        {
            await FileAsync(BackupFiles.Images, rows, BackupJson.Default.ImageLine).ConfigureAwait(false);
            _tally.Images += rows.Count;
            await copier.WriteImagesAsync(pass, rows, cancellationToken).ConfigureAwait(false);
        }
        return [.. segments.Select(s => s.ObjectKey)];
    }

    private async Task WriteActsAsync(CancellationToken cancellationToken)
    {
        var streams = await BackupActs.StreamsAsync(acts, dataset.Name, cancellationToken).ConfigureAwait(false);
        for (var i = 0; i < streams.Count; i++)
        {
            var files = 0;
            await foreach (var some in InFilesAsync(
                BackupActs.ReadAsync(acts, streams[i], cancellationToken), _ => true, a => ActLine.Of(a), null).ConfigureAwait(false))
                await tar.AddAsync(BackupFiles.ActsOf(i, files++), Lines(some, BackupJson.Default.ActLine), cancellationToken)
                    .ConfigureAwait(false);
        }
    }

    /// <summary>Rows as lines, as many at a time as one file holds.</summary>
    private static async IAsyncEnumerable<List<TLine>> InFilesAsync<TRow, TLine>(IAsyncEnumerable<TRow> rows, Func<TRow, bool> wanted,
        Func<TRow, TLine> line, Func<TLine, int>? sizeOf)
    {
        var (file, size) = (new List<TLine>(), 0);
        await foreach (var row in rows.ConfigureAwait(false))
        {
            if (!wanted(row)) continue;
            file.Add(line(row));
            size += sizeOf?.Invoke(file[^1]) ?? 0;
            if (file.Count < BackupFiles.RowsInFile && size < BackupFiles.TextInFile) continue;
            yield return file;
            (file, size) = ([], 0);
        }
        if (file.Count > 0) yield return file;
    }

    private static ReadOnlyMemory<byte> Lines<T>(IReadOnlyList<T> lines, JsonTypeInfo<T> type)
    {
        using var file = new MemoryStream();
        foreach (var line in lines)
        {
            JsonSerializer.Serialize(file, line, type);
            file.Write(NewLine);
        }
        return file.GetBuffer().AsMemory(0, (int)file.Length);
    }
}
