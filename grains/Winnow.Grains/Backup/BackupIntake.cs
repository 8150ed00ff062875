using System.Globalization;
using Winnow.Grains.Ports;
using Winnow.Model;
using Winnow.Model.Datasets;
using Winnow.Model.Images;

namespace Winnow.Grains.Backup;

/// <summary>
/// Takes an archive in: objects to their places, files of rows aside, every record held against its rules and against all others. Nothing
/// of it touches the ledger; what a refused archive leaves are bytes of images that no row names, which the next try finds in place.
/// </summary>
internal sealed partial class BackupIntake(IObjectStore objects, BackupTarReader tar, RowStore rows, RestoreLimits limits,
    DateTimeOffset now)
{
    private const int ObjectsAtOnce = 256;
    private const int BytesAtOnce = 32 << 20;

    private readonly DateTimeOffset _latest = now + MemberRules.ClocksApart;
    private readonly BackupCleaner _cleaner = new();
    private readonly List<(string Key, ReadOnlyMemory<byte> Content)> _batch = [];
    private readonly Dictionary<ImageId, long> _expected = [];
    private readonly Dictionary<int, IReadOnlyList<int>> _quarantined = [];
    private BackupPlaces _places = null!;
    private SelectedImages _selected = null!;
    private ObjectIntake? _objects;
    private ShardCheck? _check;
    private ActCheck? _acts;
    private long _batchBytes;
    private long _stateBytes;
    private readonly List<string> _missingImages = [];
    // Images that the archive holds and the store cannot keep, with the reason.
    private readonly Dictionary<string, string> _unkept = new(StringComparer.Ordinal);
    private IReadOnlyList<MissingObject> _toldMissing = [];
    private long _missing;
    private long _images;
    private long _history;
    private long _bytes;
    private string _hash = "";

    /// <summary>What the archive says of itself.</summary>
    public BackupHeader Header { get; private set; } = null!;

    /// <summary>The dataset under its new name.</summary>
    public DatasetInfo Dataset { get; private set; } = null!;

    /// <summary>The control state with the keys of the new dataset.</summary>
    public BackupControl Control { get; private set; } = null!;

    /// <summary>The hash of the whole archive.</summary>
    public string Sha256 => _hash;

    /// <summary>Images that were stored.</summary>
    public long StoredImages { get; private set; }

    /// <summary>Objects in their places, images included.</summary>
    public long Objects => StoredImages + (_objects?.Stored ?? 0);

    /// <summary>Objects that rows name and the archive does not hold, or holds in a form that cannot be used.</summary>
    public long Missing => _missing + _places.Count - (_objects?.Stored ?? 0);

    /// <summary>The first of these, images before what machines made, with the reason where the archive has one.</summary>
    public IReadOnlyList<MissingObject> MissingObjects
    {
        get
        {
            var told = _toldMissing.Where(m => m.Reason.Length > 0).DistinctBy(m => m.Object).ToDictionary(m => m.Object, m => m.Reason);
            var others = _places.All.Where(o => _objects?.IsStored(o.Key) != true).Select(o => o.Name).Order(StringComparer.Ordinal);
            return [.. _missingImages.Concat(others).Take(BackupEnd.MostNamed).Select(name => MissingObject.Of(name,
                _unkept.GetValueOrDefault(name) ?? told.GetValueOrDefault(name) ?? "not in the backup, or not fit for use"))];
        }
    }

    /// <summary>Texts that were cleaned.</summary>
    public long Cleaned => _cleaner.Changed;

    /// <summary>The key of a segment's object; null when it is not there.</summary>
    public string? StoredAt(string name) => _places.Find(name) is { } named && _objects!.IsStored(named.Key) ? named.Key : null;

    /// <summary>Reads the rest of the archive.</summary>
    public async Task ReadAsync(Guid token, CancellationToken cancellationToken)
    {
        _places = new BackupPlaces(Dataset.Name, token);
        await tar.NextFileAsync(cancellationToken).ConfigureAwait(false);
        await ReadControlAsync(cancellationToken).ConfigureAwait(false);
        while (true)
        {
            if (BackupFiles.TryParseRows(tar.Name, out var shard, out var kind))
                await ReadRowsAsync(shard, kind, cancellationToken).ConfigureAwait(false);
            else if (tar.Name.StartsWith(BackupFiles.ImagesFolder, StringComparison.Ordinal))
                await ReadImageAsync(cancellationToken).ConfigureAwait(false);
            else break;
        }
        EndShard();
        if (_selected.Missing is { } lost)
            throw BackupFault.At(BackupFiles.RoundsFolder, $"selected names an image that is not there: {lost}.");
        while (BackupFiles.TryParseActs(tar.Name, out var stream)) await ReadActsAsync(stream, cancellationToken).ConfigureAwait(false);
        await StoreBatchAsync(cancellationToken).ConfigureAwait(false);
        _objects = new ObjectIntake(objects, tar, Dataset, _places, _quarantined);
        while (tar.Name.StartsWith(BackupFiles.ObjectsFolder, StringComparison.Ordinal))
            await _objects.ReadAsync(cancellationToken).ConfigureAwait(false);
        await ReadObjectListAsync(cancellationToken).ConfigureAwait(false);
        await ReadEndAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Makes of what came in what the dataset goes on with.</summary>
    /// <param name="actor">Who restores it.</param>
    /// <param name="exporter">Writes the files of models.</param>
    public async Task SettleAsync(string actor, IModelExporter exporter)
    {
        await _objects!.SettleAsync(Control, CancellationToken.None).ConfigureAwait(false);
        await _objects.ExportAsync(Control, exporter, CancellationToken.None).ConfigureAwait(false);
        Control = Control.WithoutLost(_objects.IsStored, now).WithTold(Dataset.Restored.Count + 1);
        var restoration = new Restoration(now, actor, _hash, Header.Id, Header.Dataset.Name, Header.StartedAt, Header.StartedBy);
        Dataset = Dataset with { Restored = [.. Dataset.Restored, restoration] };
    }

    /// <summary>Takes back what this try alone can have stored.</summary>
    public Task TakeBackAsync() => _objects?.TakeBackAsync() ?? Task.CompletedTask;

    private async Task ReadRowsAsync(int shard, string kind, CancellationToken cancellationToken)
    {
        if (_check?.Shard != shard)
        {
            if (shard <= (_check?.Shard ?? -1) || shard >= Dataset.Settings.Shards) throw tar.Misplaced();
            EndShard();
            string[] backbones = [Dataset.Settings.Backbone, .. Control.Dataset.Backbones.All.Select(b => b.Name)];
            _check = new ShardCheck(Dataset, backbones, shard, _selected, _latest, _cleaner);
        }
        EndImages();
        var name = tar.Name;
        var file = await tar.ReadAsync(BackupFiles.MaxText, cancellationToken).ConfigureAwait(false);
        if (_check.Begin(kind) is { } misplaced) throw BackupFault.At(name, misplaced);
        foreach (var (line, wrong) in Check(_check, kind, name, file))
            if (wrong is not null) throw BackupFault.At(name, wrong, line);
        await rows.AddAsync(shard, kind, name, file, cancellationToken).ConfigureAwait(false);
        await tar.NextFileAsync(cancellationToken).ConfigureAwait(false);
    }

    private async Task ReadActsAsync(int stream, CancellationToken cancellationToken)
    {
        _acts ??= new ActCheck(_latest);
        var name = tar.Name;
        if (_acts.Begin(stream) is { } misplaced) throw BackupFault.At(name, misplaced);
        var file = await tar.ReadAsync(BackupFiles.MaxText, cancellationToken).ConfigureAwait(false);
        foreach (var (line, act) in BackupText.Rows<ActLine>(name, file))
            if (_acts.Check(act) is { } wrong) throw BackupFault.At(name, wrong, line);
        await rows.AddAsync(stream, BackupFiles.Acts, name, file, cancellationToken).ConfigureAwait(false);
        await tar.NextFileAsync(cancellationToken).ConfigureAwait(false);
    }

    private IEnumerable<(int Line, string? Wrong)> Check(ShardCheck check, string kind, string name, byte[] file) => kind switch
    {
        BackupFiles.Tasks => BackupText.Rows<TaskLine>(name, file).Select(l => (l.Line, check.Check(l.Record))),
        BackupFiles.History => BackupText.Rows<HistoryLine>(name, file)
            .Select(l => (l.Line, Check(check, l.Record, l.Record.ToEntry(name, l.Line)))),
        BackupFiles.Facts => BackupText.Rows<FactLine>(name, file).Select(l => (l.Line, check.Check(l.Record))),
        BackupFiles.Operations => BackupText.Rows<OperationLine>(name, file).Select(l => (l.Line, check.Check(l.Record))),
        BackupFiles.Segments => BackupText.Rows<SegmentLine>(name, file).Select(l => (l.Line, Check(check, l.Record))),
        BackupFiles.Images => BackupText.Rows<ImageLine>(name, file).Select(l => (l.Line, Check(check, l.Record))),
        _ => [(1, "rows of this kind are not known to this program.")],
    };

    private string? Check(ShardCheck check, HistoryLine line, Model.Review.HistoryEntry entry)
    {
        _history++;
        return check.Check(line, entry);
    }

    private string? Check(ShardCheck check, SegmentLine line) => check.Check(line)
        ?? (_places.TryAdd(check.Shard, line) ? null : "object is another segment's too.");

    private string? Check(ShardCheck check, ImageLine line)
    {
        _images++;
        if (check.Check(line) is { } wrong) return wrong;
        _expected.Add(line.Id, line.Bytes);
        return null;
    }

    private async Task ReadImageAsync(CancellationToken cancellationToken)
    {
        if (!ImageId.TryParse(tar.Name[BackupFiles.ImagesFolder.Length..], out var id) || !_expected.Remove(id, out var bytes))
            throw tar.Misplaced();
        if (bytes > limits.MaxImageBytes)
            throw BackupFault.At(tar.Name, string.Create(
                CultureInfo.InvariantCulture,
                $"the image has {bytes} bytes and this server takes {limits.MaxImageBytes}. Raise Images:MaxBytes for the restore."));
        if (tar.Length != bytes)
            throw BackupFault.At(tar.Name, string.Create(
            CultureInfo.InvariantCulture, $"the file has {tar.Length} bytes, and its row says {bytes}."));
        var content = await tar.ReadAsync((int)bytes, cancellationToken).ConfigureAwait(false);
        if (ImageId.Of(content) != id) throw BackupFault.At(tar.Name, "the image is damaged: its bytes are others than its name says.");
        _batch.Add((ObjectKeys.Image(Dataset.Name, id), content));
        _batchBytes += content.Length;
        _bytes += content.Length;
        if (_batch.Count >= ObjectsAtOnce || _batchBytes >= BytesAtOnce) await StoreBatchAsync(cancellationToken).ConfigureAwait(false);
        await tar.NextFileAsync(cancellationToken).ConfigureAwait(false);
    }

    private async Task StoreBatchAsync(CancellationToken cancellationToken)
    {
        try
        {
            await objects.PutManyIfAbsentAsync(_batch, cancellationToken).ConfigureAwait(false);
        }
        catch (ObjectUnwritableException refused)
        {
            foreach (var (key, reason) in refused.Reasons)
            {
                var image = key[(key.LastIndexOf('/') + 1)..];
                _unkept[image] = $"this server cannot keep it. {reason}";
                if (_missingImages.Count < BackupEnd.MostNamed) _missingImages.Add(image);
            }
            _missing += refused.Reasons.Count;
            StoredImages -= refused.Reasons.Count;
        }
        StoredImages += _batch.Count;
        _batch.Clear();
        _batchBytes = 0;
    }

    private async Task ReadObjectListAsync(CancellationToken cancellationToken)
    {
        if (tar.Name != BackupFiles.ObjectList) throw tar.Misplaced();
        var name = tar.Name;
        var file = await tar.ReadAsync(BackupFiles.MaxText, cancellationToken).ConfigureAwait(false);
        var listed = 0;
        foreach (var line in BackupText.Lines<ObjectLine>(name, file))
        {
            listed++;
            if (_objects!.Seen.GetValueOrDefault(line.Record.Object) != line.Record)
                throw BackupFault.At(name, "object, bytes or sha256 is none of an object that the backup holds.", line.Line);
        }
        if (listed != _objects!.Seen.Count) throw BackupFault.At(name, "the list leaves out objects that the backup holds.");
        await tar.NextFileAsync(cancellationToken).ConfigureAwait(false);
    }

    private async Task ReadEndAsync(CancellationToken cancellationToken)
    {
        if (tar.Name != BackupEnd.FileName) throw tar.Misplaced();
        var end = BackupText.Read<BackupEnd>(tar.Name, await tar.ReadAsync(BackupFiles.MaxText, cancellationToken).ConfigureAwait(false));
        if (end.Check() is { } wrong) throw BackupFault.At(tar.Name, wrong);
        if (await tar.NextAsync(cancellationToken).ConfigureAwait(false)) throw tar.Misplaced();
        await tar.EndAsync(cancellationToken).ConfigureAwait(false);
        _toldMissing = end.Named;
        _hash = tar.Finish();
        if (end.Files != tar.Files || end.Sha256 != _hash)
            throw new InvalidDataException(
            "The backup is damaged: its hash is not the one that stands at its end. Copy it again, or take another one.");
        var images = StoredImages + _unkept.Count;
        var (others, bytes) = (_objects!.Seen.Count, _bytes + _objects.Seen.Values.Sum(o => o.Bytes));
        if (end.Images != _images || end.History != _history || end.Objects != images + others || end.Bytes != bytes)
            throw BackupFault.At(BackupEnd.FileName, "images, history, objects or bytes is not what the backup holds, "
                + string.Create(CultureInfo.InvariantCulture, $"which is {_images}, {_history}, {images + others} and {bytes}."));
    }

    private void EndShard()
    {
        EndImages();
        if (_check is null) return;
        if (_check.End() is { } wrong)
            throw BackupFault.At(BackupFiles.RowsFolder + _check.Shard.ToString("D4", CultureInfo.InvariantCulture), wrong);
        if (_check.Quarantined.Count > 0) _quarantined[_check.Shard] = _check.Quarantined;
    }

    private void EndImages()
    {
        _missing += _expected.Count;
        _missingImages.AddRange(_expected.Keys.Take(BackupEnd.MostNamed - _missingImages.Count).Select(id => id.ToString()));
        _expected.Clear();
    }
}
