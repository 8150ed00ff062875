using System.Security.Cryptography;
using System.Text.Json;
using Winnow.Abstractions.Datasets;
using Winnow.Grains.Datasets;
using Winnow.Grains.Ports;
using Winnow.Grains.Training;
using Winnow.Model;
using Winnow.Model.Datasets;
using Winnow.Model.Images;

namespace Winnow.Adapters.Datasets.Backup;

/// <summary>
/// Takes an archive in: objects to their places, files of rows aside, everything held against everything else. Nothing of it touches the ledger; what a
/// refused archive leaves are objects that no row names, which the next try finds in place.
/// </summary>
internal sealed class BackupIntake(IObjectStore objects, BackupTarReader tar, RowStore rows, long maxImageBytes)
{
    private const int ObjectsAtOnce = 256;
    private const int BytesAtOnce = 32 << 20;

    private readonly List<(string Key, ReadOnlyMemory<byte> Content)> _batch = [];
    private readonly Dictionary<ImageId, long> _expected = [];
    private readonly Dictionary<string, ObjectLine> _stored = new(StringComparer.Ordinal);
    private BackupPlaces _places = null!;
    private RowCheck? _check;
    private long _batchBytes;
    private long _missing;

    /// <summary>What the archive says of itself.</summary>
    public BackupHeader Header { get; private set; } = null!;

    /// <summary>The dataset under its new name.</summary>
    public DatasetInfo Dataset { get; private set; } = null!;

    /// <summary>The control state with the keys of the new dataset.</summary>
    public BackupControl Control { get; private set; } = null!;

    /// <summary>Objects stored, images included.</summary>
    public long Objects { get; private set; }

    /// <summary>Objects that rows name and the archive does not hold.</summary>
    public long Missing => _missing + _places.Count - _stored.Count;

    /// <summary>The key of a segment's object; null when the archive did not hold it.</summary>
    public string? StoredAt(string name) => _stored.ContainsKey(name) ? _places.Find(name) : null;

    public async Task ReadHeaderAsync(string? name, bool alikeClasses, CancellationToken cancellationToken)
    {
        if (!await tar.NextAsync(cancellationToken).ConfigureAwait(false) || tar.Name != BackupHeader.FileName) throw new InvalidDataException($"This is no backup of Winnow: it does not begin with '{BackupHeader.FileName}'.");
        var json = await tar.ReadAsync(BackupFiles.MaxText, cancellationToken).ConfigureAwait(false);
        CheckLayout(json);
        Header = Parse(() => JsonSerializer.Deserialize(json, ModelJson.Default.BackupHeader));
        Dataset = Header.Dataset with { Name = name ?? Header.Dataset.Name };
        if (!DatasetName.IsValid(Dataset.Name)) throw new RefusedException($"'{Dataset.Name}' cannot be a dataset's name. {DatasetName.Rule}");
        if ((Dataset.Schema.CheckNames() ?? Dataset.Settings.Check()) is { } wrong)
            throw new InvalidDataException($"The backup's dataset is not sound: {wrong}");
        if (!alikeClasses && Dataset.Schema.CheckAlike() is { } alike)
        {
            throw new RefusedException($"{alike} A dataset of before that was refused is restored with --alike-classes "
                + "(?alikeClasses=true); its exports tell such folders apart.");
        }
    }

    /// <summary>Reads the rest of the archive.</summary>
    public async Task ReadAsync(Guid token, CancellationToken cancellationToken)
    {
        _places = new BackupPlaces(Dataset.Name, token);
        await NextAsync(cancellationToken).ConfigureAwait(false);
        await ReadControlAsync(cancellationToken).ConfigureAwait(false);
        while (true)
        {
            if (BackupFiles.TryParseRows(tar.Name, out var shard, out var kind)) await ReadRowsAsync(shard, kind, cancellationToken).ConfigureAwait(false);
            else if (tar.Name.StartsWith(BackupFiles.ImagesFolder, StringComparison.Ordinal)) await ReadImageAsync(cancellationToken).ConfigureAwait(false);
            else break;
        }
        EndShard();
        await StoreBatchAsync(cancellationToken).ConfigureAwait(false);
        while (tar.Name.StartsWith(BackupFiles.ObjectsFolder, StringComparison.Ordinal)) await ReadObjectAsync(cancellationToken).ConfigureAwait(false);
        await ReadObjectListAsync(cancellationToken).ConfigureAwait(false);
        await ReadEndAsync(cancellationToken).ConfigureAwait(false);
    }

    private static void CheckLayout(byte[] json)
    {
        // Before anything else is read: a later layout may look otherwise.
        var (format, layout) = Parse(() =>
        {
            using var document = JsonDocument.Parse(json);
            return Tuple.Create(document.RootElement.GetProperty("format").GetString(), document.RootElement.GetProperty("layout").GetInt32());
        });
        if (format != BackupHeader.FormatName) throw new InvalidDataException($"This is no backup of Winnow: its format is '{format}'.");
        if (layout != BackupHeader.ThisLayout) throw new InvalidDataException($"The backup has layout {layout}; this program reads layout {BackupHeader.ThisLayout}. Restore it with the program that wrote it, or a newer one.");
    }

    private async Task ReadControlAsync(CancellationToken cancellationToken)
    {
        if (tar.Name != BackupFiles.Control) throw Misplaced();
        var json = await tar.ReadAsync(BackupFiles.MaxText, cancellationToken).ConfigureAwait(false);
        var dataset = Parse(() => BackupControl.FromJson<DatasetState>(json));
        var rounds = new RoundState?[dataset.Rounds.Count];
        await NextAsync(cancellationToken).ConfigureAwait(false);
        for (var i = 0; i < rounds.Length; i++)
        {
            if (tar.Name != BackupFiles.Round(i)) continue;
            var round = await tar.ReadAsync(BackupFiles.MaxText, cancellationToken).ConfigureAwait(false);
            rounds[i] = Parse(() => BackupControl.FromJson<RoundState>(round));
            await NextAsync(cancellationToken).ConfigureAwait(false);
        }
        var control = new BackupControl(dataset, rounds);
        BackupPlaces.Check(control);
        Control = _places.Add(control);
    }

    private async Task ReadRowsAsync(int shard, string kind, CancellationToken cancellationToken)
    {
        if (_check?.Shard != shard)
        {
            if (shard <= (_check?.Shard ?? -1) || shard >= Dataset.Settings.Shards) throw Misplaced();
            EndShard();
            _check = new RowCheck(Dataset, shard);
        }
        EndImages();
        var file = await tar.ReadAsync(BackupFiles.MaxText, cancellationToken).ConfigureAwait(false);
        Parse(() => Check(_check, kind, file));
        await rows.AddAsync(shard, kind, file, cancellationToken).ConfigureAwait(false);
        await NextAsync(cancellationToken).ConfigureAwait(false);
    }

    private object Check(RowCheck check, string kind, byte[] file)
    {
        check.Begin(kind);
        switch (kind)
        {
            case BackupFiles.Tasks:
                foreach (var line in RowStore.Lines(file, BackupJson.Default.TaskLine)) check.Check(line);
                break;
            case BackupFiles.History:
                foreach (var line in RowStore.Lines(file, BackupJson.Default.HistoryLine)) check.Check(line);
                break;
            case BackupFiles.Operations:
                foreach (var line in RowStore.Lines(file, BackupJson.Default.OperationLine)) check.Check(line);
                break;
            case BackupFiles.Segments:
                foreach (var line in RowStore.Lines(file, BackupJson.Default.SegmentLine))
                {
                    check.Check(line);
                    _places.Add(check.Shard, line);
                }
                break;
            default:
                foreach (var line in RowStore.Lines(file, BackupJson.Default.ImageLine))
                {
                    check.Check(line);
                    if (!_expected.TryAdd(line.Id, line.Bytes)) throw new InvalidDataException($"The backup holds {line.Id} twice.");
                }
                break;
        }
        return check;
    }

    private async Task ReadImageAsync(CancellationToken cancellationToken)
    {
        if (!ImageId.TryParse(tar.Name[BackupFiles.ImagesFolder.Length..], out var id) || !_expected.Remove(id, out var bytes)) throw Misplaced();
        if (bytes > maxImageBytes) throw new InvalidDataException($"{id} has {bytes} bytes and this server takes {maxImageBytes}. Raise Images:MaxBytes for the restore.");
        if (tar.Length != bytes) throw new InvalidDataException($"{id} has {tar.Length} bytes in the backup, and its row says {bytes}.");
        var content = await tar.ReadAsync((int)bytes, cancellationToken).ConfigureAwait(false);
        if (ImageId.Of(content) != id) throw new InvalidDataException($"The backup is damaged: the bytes of {id} are others.");
        _batch.Add((ObjectKeys.Image(Dataset.Name, id), content));
        _batchBytes += content.Length;
        if (_batch.Count >= ObjectsAtOnce || _batchBytes >= BytesAtOnce) await StoreBatchAsync(cancellationToken).ConfigureAwait(false);
        await NextAsync(cancellationToken).ConfigureAwait(false);
    }

    private async Task StoreBatchAsync(CancellationToken cancellationToken)
    {
        await objects.PutManyIfAbsentAsync(_batch, cancellationToken).ConfigureAwait(false);
        Objects += _batch.Count;
        _batch.Clear();
        _batchBytes = 0;
    }

    private async Task ReadObjectAsync(CancellationToken cancellationToken)
    {
        var file = tar.Name;
        var json = await tar.ReadAsync(BackupFiles.MaxText, cancellationToken).ConfigureAwait(false);
        var name = Parse(() => JsonSerializer.Deserialize(json, BackupJson.Default.ObjectName)).Object;
        if (!int.TryParse(file.AsSpan(BackupFiles.ObjectsFolder.Length, Math.Min(6, file.Length - BackupFiles.ObjectsFolder.Length)), out var number) || file != BackupFiles.ObjectName(number)) throw Misplaced();
        if (_places.Find(name) is not { } key || _stored.ContainsKey(name)) throw new InvalidDataException($"The backup holds the object '{name}', which none of its rows names, or which it holds twice.");
        await NextAsync(cancellationToken).ConfigureAwait(false);
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        await objects.PutAsync(key, async (stream, token) =>
        {
            var bytes = 0L;
            for (var part = 0; tar.Name == BackupFiles.ObjectPart(number, part); part++)
            {
                await tar.CopyToAsync(async piece =>
                {
                    hash.AppendData(piece.Span);
                    await stream.WriteAsync(piece, token).ConfigureAwait(false);
                }, token).ConfigureAwait(false);
                bytes += tar.Length;
                await NextAsync(token).ConfigureAwait(false);
            }
            var sha256 = Convert.ToHexStringLower(hash.GetHashAndReset());
            if (BackupPlaces.HashOf(name) is { } promised && promised != sha256) throw new InvalidDataException($"The backup is damaged: the bytes of '{name}' are others than its name says.");
            _stored.Add(name, new ObjectLine(name, bytes, sha256));
        }, cancellationToken).ConfigureAwait(false);
        Objects++;
    }

    private async Task ReadObjectListAsync(CancellationToken cancellationToken)
    {
        if (tar.Name != BackupFiles.ObjectList) throw Misplaced();
        var file = await tar.ReadAsync(BackupFiles.MaxText, cancellationToken).ConfigureAwait(false);
        var listed = Parse(() => RowStore.Lines(file, BackupJson.Default.ObjectLine).ToList());
        if (listed.Count != _stored.Count || listed.Exists(l => _stored.GetValueOrDefault(l.Object) != l)) throw new InvalidDataException("The backup is damaged: its objects are not those of its list.");
        await NextAsync(cancellationToken).ConfigureAwait(false);
    }

    private async Task ReadEndAsync(CancellationToken cancellationToken)
    {
        if (tar.Name != BackupEnd.FileName) throw Misplaced();
        var json = await tar.ReadAsync(BackupFiles.MaxText, cancellationToken).ConfigureAwait(false);
        var end = Parse(() => JsonSerializer.Deserialize(json, ModelJson.Default.BackupEnd));
        if (await tar.NextAsync(cancellationToken).ConfigureAwait(false)) throw Misplaced();
        if (end.Files != tar.Files || end.Sha256 != tar.Finish()) throw new InvalidDataException("The backup is damaged: its hash is not the one that stands at its end. Copy it again, or take another one.");
    }

    private void EndShard()
    {
        EndImages();
        _check?.End();
    }

    private void EndImages()
    {
        _missing += _expected.Count;
        _expected.Clear();
    }

    private async Task NextAsync(CancellationToken cancellationToken)
    {
        if (!await tar.NextAsync(cancellationToken).ConfigureAwait(false)) throw new InvalidDataException($"The backup is cut off after '{tar.Name}': its end is missing. Copy it again, or take another one.");
    }

    private InvalidDataException Misplaced() => new($"The backup holds '{tar.Name}' where it does not belong. It was changed, or Winnow did not write it.");

    private static T Parse<T>(Func<T?> read) where T : class
    {
        try
        {
            return read() ?? throw new JsonException("it is null.");
        }
        catch (Exception problem) when (problem is JsonException or KeyNotFoundException or InvalidOperationException or FormatException)
        {
            throw new InvalidDataException($"The backup is damaged: a file of it cannot be read: {problem.Message}", problem);
        }
    }
}
