using System.Globalization;
using Microsoft.Extensions.Logging;
using Winnow.Abstractions.Datasets;
using Winnow.Abstractions.Health;
using Winnow.Abstractions.Images;
using Winnow.Grains.Ports;
using Winnow.Model.Datasets;
using Winnow.Model.Images;
using Winnow.Model.Names;

namespace Winnow.Grains.Backup;

/// <inheritdoc cref="IDatasetBackup"/>
internal sealed partial class DatasetBackup(
    IDatasetLedger infos, IShardLedger ledger, IActLedger acts, IDeletions deletions, IGrainStateStore states, IObjectStore objects,
    IModelExporter exporter,
    IImageHeaders headers,
    RestoreOptions options, IGrainFactory grains, TimeProvider time,
    ILogger<DatasetBackup> logger) : IDatasetBackup, IDisposable
{
    private const int WriteBuffer = 1 << 17;

    private readonly SemaphoreSlim _restores = new(options.AtOnce);

    public void Dispose() => _restores.Dispose();

    public async Task WriteAsync(
        DatasetInfo dataset, ContentCaller caller, Stream destination, CancellationToken cancellationToken)
    {
        var pass = ContentPass.For(dataset.Name, ContentPurpose.Backup, caller);
        // Where it is restored, its shards are those of its creation.
        var restored = dataset with { Settings = dataset.Settings with { Shards = dataset.Shards.Count }, Layout = null };
        var header = new BackupHeader(BackupHeader.FormatName, BackupHeader.ThisLayout, Guid.NewGuid(), time.GetUtcNow(), caller.Actor,
            restored);
        // The headers of a tar stream are small; each alone would be a packet.
        var buffered = new BufferedStream(destination, WriteBuffer);
        var tar = new BackupTarWriter(buffered, header.StartedAt);
        await using (tar.ConfigureAwait(false))
        {
            var writer = new BackupWriter(infos, ledger, acts, states, objects, dataset, pass, tar);
            var tally = await writer.WriteAsync(header, cancellationToken).ConfigureAwait(false);
            Written(dataset.Name, tally.Images, tally.History, tally.Bytes, tally.Missing);
        }
        await buffered.FlushAsync(cancellationToken).ConfigureAwait(false);
    }

    public async Task<RestoredDataset> RestoreAsync(string? name, bool alikeClasses, string actor, Stream source,
        CancellationToken cancellationToken)
    {
        if (name is not null) await RefuseTakenAsync(name, cancellationToken).ConfigureAwait(false);
        if (!await _restores.WaitAsync(TimeSpan.Zero, cancellationToken).ConfigureAwait(false))
        {
            throw new BusyException($"{options.AtOnce} backups are being restored by this server, which is as many as it takes at once "
                + "(Restore:AtOnce). Try again later.");
        }

        try
        {
            return await RestoreInTurnAsync(name, alikeClasses, actor, source, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception problem)
        {
            Refused(problem, name ?? "that it had");
            throw;
        }
        finally
        {
            _restores.Release();
        }
    }

    private async Task<RestoredDataset> RestoreInTurnAsync(string? name, bool alikeClasses, string actor, Stream source,
        CancellationToken cancellationToken)
    {
        var token = Guid.NewGuid();
        var rows = new RowStore(objects, token);
        using var tar = new BackupTarReader(source);
        var intake = new BackupIntake(objects, tar, rows, new RestoreLimits(headers.MaxBytes, options.MaxStateBytes), time.GetUtcNow());
        var placed = false;
        try
        {
            await intake.ReadHeaderAsync(name, alikeClasses, cancellationToken).ConfigureAwait(false);
            await RefuseTakenAsync(intake.Dataset.Name, cancellationToken).ConfigureAwait(false);
            var deleted = (await deletions.FindAsync(intake.Dataset.Name, cancellationToken).ConfigureAwait(false))?.Id;
            await intake.ReadAsync(token, cancellationToken).ConfigureAwait(false);
            // All of it is here and sound: it is put in place to its end, whether or not the caller still listens.
            await intake.SettleAsync(actor, exporter).ConfigureAwait(false);
            var restored = await PlaceAsync(intake, rows, token, deleted).ConfigureAwait(false);
            placed = true;
            return restored;
        }
        finally
        {
            await rows.ClearAsync().ConfigureAwait(false);
            if (!placed) await intake.TakeBackAsync().ConfigureAwait(false);
        }
    }

    public IAsyncEnumerable<VerificationStep> VerifyAsync(DatasetInfo dataset, bool hash, bool repairDerived,
        CancellationToken cancellationToken) =>
        new DatasetVerifier(ledger, acts, states, objects, grains, dataset, hash, repairDerived).RunAsync(cancellationToken);

    public async Task<VerificationReport?> VerifyDeletedAsync(string name, CancellationToken cancellationToken)
    {
        if (await deletions.FindAsync(name, cancellationToken).ConfigureAwait(false) is not { } deletion) return null;
        var rows = await deletions.CountRowsAsync(deletion, cancellationToken).ConfigureAwait(false);
        var left = new FindingBook();
        var count = 0L;
        foreach (var place in ObjectKeys.Places(name))
        {
            await foreach (var (key, size) in objects.ListAsync(place, cancellationToken).ConfigureAwait(false))
            {
                left.Add(FindingKind.LeftOfDeleted, key, size);
                count++;
            }
        }
        if (rows > 0) left.Add(FindingKind.LeftOfDeleted, string.Create(CultureInfo.InvariantCulture, $"{rows} rows of the ledger"));
        var found = left.ToList();
        return new VerificationReport(found.Count == 0, 0, 0, count, false, found);
    }

    private async Task<RestoredDataset> PlaceAsync(BackupIntake intake, RowStore rows, Guid token, long? deleted)
    {
        var staged = StagedDatasets.NameOf(token);
        await infos.AddDatasetAsync(intake.Dataset with { Name = staged }, CancellationToken.None).ConfigureAwait(false);
        var (images, history) = (0L, 0L);
        foreach (var files in rows.Files.Where(f => f.Kind != BackupFiles.Acts).GroupBy(f => f.Shard))
        {
            var shard = new ShardKey(staged, files.Key);
            var opened = await ledger.OpenShardAsync(shard, CancellationToken.None).ConfigureAwait(false);
            var restore = new ShardRestore(ledger, shard, opened.Epoch, intake.Dataset.Schema, intake.Dataset.Restored.Count);
            foreach (var file in files) history += await PlaceAsync(restore, intake, rows, file).ConfigureAwait(false);
            await restore.EndAsync().ConfigureAwait(false);
            images += await ledger.CountImagesAsync(shard, CancellationToken.None).ConfigureAwait(false);
        }
        foreach (var file in rows.Files.Where(f => f.Kind == BackupFiles.Acts))
        {
            var told = await rows.ReadAsync<ActLine>(file, CancellationToken.None).ConfigureAwait(false);
            await BackupActs.PlaceAsync(acts, staged, file.Shard, told.Select(l => l.Record), CancellationToken.None).ConfigureAwait(false);
        }
        await RefuseDeletedAsync(intake.Dataset.Name, deleted).ConfigureAwait(false);
        if (!await infos.PublishDatasetAsync(staged, intake.Dataset, intake.Control.ToStates(intake.Dataset.Name), CancellationToken.None)
            .ConfigureAwait(false)) throw Taken(intake.Dataset.Name);
        Restored(intake.Dataset.Name, intake.Header.Dataset.Name, intake.Header.StartedAt, images, history, intake.Missing, intake.Sha256);
        return new RestoredDataset(
            intake.Dataset, intake.Header.StartedAt, images, history, intake.Control.Dataset.Rounds.Count,
                intake.Control.Dataset.Versions.Count, intake.Objects, intake.Missing, intake.Cleaned,
                intake.MissingObjects);
    }

    /// <summary>Puts one file of rows in place; how many entries of history it held.</summary>
    private static async Task<int> PlaceAsync(ShardRestore restore, BackupIntake intake, RowStore rows, RowFile file)
    {
        async Task<IEnumerable<T>> ReadAsync<T>() where T : class =>
            (await rows.ReadAsync<T>(file, CancellationToken.None).ConfigureAwait(false)).Select(r => r.Record);

        switch (file.Kind)
        {
            case BackupFiles.Tasks:
                await restore.AddAsync(await ReadAsync<TaskLine>().ConfigureAwait(false)).ConfigureAwait(false);
                return 0;
            case BackupFiles.History:
                return await restore.AddAsync(
                    file.Name, await rows.ReadAsync<HistoryLine>(file, CancellationToken.None).ConfigureAwait(false)).ConfigureAwait(false);
            case BackupFiles.Facts:
                await restore.AddAsync(await ReadAsync<FactLine>().ConfigureAwait(false)).ConfigureAwait(false);
                return 0;
            case BackupFiles.Operations:
                restore.Add(await ReadAsync<OperationLine>().ConfigureAwait(false));
                return 0;
            case BackupFiles.Segments:
                // One whose object was lost is not published: the shard makes it again.
                var there = (await ReadAsync<SegmentLine>().ConfigureAwait(false)).Select(s => (Line: s, Key: intake.StoredAt(s.Object)))
                    .Where(s => s.Key is not null);
                await restore.AddAsync(there.Select(s => new SegmentRow(s.Line.Kind, s.Line.Version, s.Line.First, s.Line.Count, s.Key!)))
                    .ConfigureAwait(false);
                return 0;
            default:
                await restore.AddAsync(await ReadAsync<ImageLine>().ConfigureAwait(false)).ConfigureAwait(false);
                return 0;
        }
    }

    private async Task RefuseTakenAsync(string name, CancellationToken cancellationToken)
    {
        if (!DatasetName.IsValid(name)) throw new RefusedException($"'{name}' cannot be a dataset's name. {DatasetName.Rule}");
        if (await infos.FindDatasetAsync(name, cancellationToken).ConfigureAwait(false) is not null) throw Taken(name);
        var deletion = await deletions.FindAsync(name, cancellationToken).ConfigureAwait(false);
        if (deletion is { IsRunning: true }) throw DeletionWords.NameHeld(name);
    }

    /// <summary>One of that name may have been made and deleted meanwhile: then what was put under the name went with it.</summary>
    private async Task RefuseDeletedAsync(string name, long? known)
    {
        var last = await deletions.FindAsync(name, CancellationToken.None).ConfigureAwait(false);
        if (last is { IsRunning: true }) throw DeletionWords.NameHeld(name);
        if (last?.Id != known)
            throw new RefusedException(
                $"A dataset '{name}' was deleted while this backup was restored, and objects of it with that one. Restore it again.");
    }

    private static RefusedException Taken(string name) =>
        new(string.Create(CultureInfo.InvariantCulture,
        $"There is a dataset '{name}' already, and a restore replaces nothing. Restore under another name."));

    [LoggerMessage(300, LogLevel.Information,
        "Backup of {Dataset} written: {Images} images, {History} entries of history, {Bytes} bytes of objects, {Missing} objects missing")]
    private partial void Written(string dataset, long images, long history, long bytes, long missing);

    [LoggerMessage(301, LogLevel.Information, "Dataset {Dataset} restored from the backup of {Origin} of {StartedAt}, SHA-256 {Sha256}: "
        + "{Images} images, {History} entries of history, {Missing} objects missing")]
    private partial void Restored(
        string dataset, string origin, DateTimeOffset startedAt, long images, long history, long missing, string sha256);

    [LoggerMessage(302, LogLevel.Warning, "A backup was not restored; it was to bear the name {Dataset}")]
    private partial void Refused(Exception problem, string dataset);
}
