using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using System.Text.Json;
using Winnow.Abstractions.Datasets;
using Winnow.Abstractions.Images;
using Winnow.Grains.Ports;
using Winnow.Grains.Telemetry;
using Winnow.Model;
using Winnow.Model.Datasets;
using Winnow.Model.Images;
using Winnow.Model.Labels;
using Winnow.Model.Names;

namespace Winnow.Grains.Datasets;

/// <summary>
/// Immutable snapshots. The manifest lists every image in the order of ids, so equal content gives equal bytes and an equal hash.
/// </summary>
internal sealed partial class DatasetGrain
{
    private static readonly byte[] NewLine = "\n"u8.ToArray();

    private readonly SemaphoreSlim _manifests = new(1, 1);
    private readonly Dictionary<Guid, (OperationStamp Stamp, Task<DatasetVersion> Made)> _making = [];

    public Task<DatasetVersion[]> GetVersionsAsync(CancellationToken cancellationToken) =>
        Task.FromResult<DatasetVersion[]>([.. _records.Versions.Select(v => v.Version)]);

    public Task<StoredVersion?> FindVersionAsync(int number, CancellationToken cancellationToken) =>
        Task.FromResult(_records.Versions.Find(v => v.Version.Number == number) is { } v
        ? new StoredVersion(v.Version, v.ManifestKey) : null);

    public Task<DatasetVersion> CreateVersionAsync(CreateVersion command, Guid operationId, string actor,
        CancellationToken cancellationToken)
    {
        var stamp = StampOf(actor, command.Note, command);
        if (FindVersion(operationId) is { } same)
        {
            var asked = new CreateVersion(same.Note) { AutoAccepted = !same.LeavesOutAutoAccepted, Pseudo = same.TakesPseudo };
            if (StampOf(ActorName.Read(same.CreatedBy).Actor, same.Note, asked) != stamp) throw Taken(operationId);
            return Task.FromResult(same);
        }
        ThrowIfTooEarly();
        // Whoever repeats the request waits for the version that is being made; its end does not depend on who still listens.
        if (!_making.TryGetValue(operationId, out var making))
            _making[operationId] = making = (stamp, MakeVersionAsync(command, operationId, actor, _ends.Token));
        if (making.Stamp != stamp) throw Taken(operationId);
        return making.Made.WaitAsync(cancellationToken);
    }

    /// <summary>A version says by itself whose operation made it, and of what; one of an early release has its note as it came.</summary>
    private static OperationStamp StampOf(string actor, string? note, CreateVersion asked)
    {
        var said = note is null ? null : ShownText.Clean(note);
        return new OperationStamp(actor, asked is { AutoAccepted: true, Pseudo: false } ? OperationStamp.ContentOf(said)
            : OperationStamp.ContentOf(said, $"auto-accepted: {asked.AutoAccepted}", $"pseudo: {asked.Pseudo}"));
    }

    private static RefusedException Taken(Guid operationId) => OperationStamp.Conflict(operationId, "for a version");

    private DatasetVersion? FindVersion(Guid operationId) => _records.Versions.Find(v => v.OperationId == operationId)?.Version;

    private async Task<DatasetVersion> MakeVersionAsync(CreateVersion command, Guid operationId, string actor,
        CancellationToken cancellationToken)
    {
        // It must be in the book before it can leave it.
        await Task.Yield();
        try
        {
            // One manifest at a time, so that its number is known; the turn is another matter, and is not held while it is written.
            await _manifests.WaitAsync(cancellationToken);
            try
            {
                var number = _records.Versions.Count + 1;
                // Each activation writes under a key of its own: one that was cut off cannot touch what its successor settled. What nothing
                // refers to is litter, no harm.
                var key = ObjectKeys.Manifest(_dataset.Name, number, GrainContext.ActivationId.ToParsableString().TrimStart('@'));
                // What ends while it is written may be in it or not.
                var arms = Lineage();
                var (rows, sha256) = await WriteManifestAsync(key, await MachinesOfAsync(command, cancellationToken), cancellationToken);
                var made = new DatasetVersion(number, command.Note, time.GetUtcNow(), actor, rows.Images, rows.Labeled, sha256,
                    number == 1 ? null : number - 1)
                {
                    Arms = arms,
                    AutoAccepted = rows.AutoAccepted,
                    Pseudo = rows.Pseudo,
                    LeavesOutAutoAccepted = !command.AutoAccepted,
                    TakesPseudo = command.Pseudo,
                };
                return await InTurnAsync(() =>
                    AddVersionAsync(new VersionEntry { OperationId = operationId, Version = made, ManifestKey = key }), cancellationToken);
            }
            finally
            {
                _manifests.Release();
            }
        }
        finally
        {
            _making.Remove(operationId);
        }
    }

    /// <summary>What taught the models that chose these images, as of now.</summary>
    private VersionArm[] Lineage() =>
    [
        .. _records.Rounds.Where(r => r.Ended is not null).GroupBy(r => r.Arm, StringComparer.Ordinal)
            .OrderBy(a => a.Key, StringComparer.Ordinal).Take(DatasetVersion.MaxArms).Select(a =>
            {
                var model = _records.ChampionOf(a.Key)?.Ended?.Model;
                return new VersionArm(a.Key, a.Count(), model?.Name, model?.HeadSha256);
            }),
    ];

    private async Task<DatasetVersion> AddVersionAsync(VersionEntry entry)
    {
        var made = entry.Version;
        // After a write that failed the state was read again, and may hold what that write brought after all.
        if (FindVersion(entry.OperationId) is { } same) return same;
        if (_records.Versions.Count >= made.Number)
            throw new Orleans.Storage.InconsistentStateException(
                $"Version {made.Number} of dataset '{_dataset.Name}' was made elsewhere meanwhile. Repeat the request.");
        await WriteAsync(() => _records.SaveAsync(entry));
        logger.VersionMade(_dataset.Name, made.Number, made.Images, made.Labeled, made.ManifestSha256);
        return made;
    }

    /// <summary>Rows of a manifest.</summary>
    private readonly record struct RowCounts(long Images, long Labeled, long AutoAccepted, long Pseudo)
    {
        public RowCounts With(ManifestRow row) => new(
            Images + 1, Labeled + (row.IsLabelled && row.Machine is null ? 1 : 0), AutoAccepted + (row.Source == LabelSource.Auto ? 1 : 0),
            Pseudo + (row.Source == LabelSource.Pseudo ? 1 : 0));
    }

    /// <summary>
    /// Which kinds of machine decisions a manifest has. None where nothing stands by any: then it is to the byte what it would be had no
    /// machine ever decided, in a layout that every release reads.
    /// </summary>
    private async Task<MachineKind[]> MachinesOfAsync(CreateVersion command, CancellationToken cancellationToken)
    {
        var shards = await OnShardsAsync((IShardIngest s) => s.GetSummaryAsync(cancellationToken), cancellationToken);
        var kinds = new List<MachineKind>();
        if (command.AutoAccepted && shards.Any(s => s.AutoAccepted > 0)) kinds.Add(MachineKind.AutoAccepted);
        if (command.Pseudo && shards.Any(s => s.Pseudo > 0)) kinds.Add(MachineKind.Pseudo);
        return [.. kinds];
    }

    /// <remarks>Where shards are doubled meanwhile it is written again from its beginning.</remarks>
    private Task<(RowCounts Rows, string Sha256)> WriteManifestAsync(
        string key, MachineKind[] machines, CancellationToken cancellationToken) =>
        datasets.OnShardsAsync(_dataset.Name, shards => WriteManifestAsync(
            key, shards.Grains<IShardIngest>(GrainFactory, _dataset.Name), machines, cancellationToken), cancellationToken);

    private async Task<(RowCounts Rows, string Sha256)> WriteManifestAsync(string key, IShardIngest[] shards, MachineKind[] machines,
        CancellationToken cancellationToken)
    {
        var rows = new RowCounts();
        // One sample for all pages, whatever is drawn meanwhile.
        var audit = state.State.Learning.AuditThreshold;
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        await objects.PutAsync(key, async (stream, ct) =>
        {
            async Task LineAsync(byte[] line)
            {
                hash.AppendData(line);
                hash.AppendData(NewLine);
                await stream.WriteAsync(line, ct);
                await stream.WriteAsync(NewLine, ct);
            }

            await LineAsync(JsonSerializer.SerializeToUtf8Bytes(
                new ManifestHeader(ManifestHeader.FormatName,
                    machines.Length > 0 ? ManifestHeader.MachineLayout : ManifestHeader.LayoutOf(_dataset.Schema), _dataset.Name,
                    _dataset.Schema),
                ModelJson.Default.ManifestHeader));
            foreach (var shard in shards)
            {
                await foreach (var image in ImagesOfAsync(shard, audit, ct, machines.Length > 0))
                {
                    var row = RowOf(image);
                    if (!row.IsLabelled && image.Machine is { } decided && machines.Contains(decided.Kind)) row = Decided(row, decided);
                    await LineAsync(JsonSerializer.SerializeToUtf8Bytes(row, ModelJson.Default.ManifestRow));
                    rows = rows.With(row);
                }
            }
        }, cancellationToken);
        return (rows, Convert.ToHexStringLower(hash.GetHashAndReset()));
    }

    /// <summary>A row of an image that nobody labelled with what a machine decided.</summary>
    private ManifestRow Decided(ManifestRow row, MachineLabel decided)
    {
        var said = JsonSerializer.Deserialize(decided.Annotations, ModelJson.Default.AnnotationArray)!;
        var oneClass = _dataset.Schema.IsOneClass;
        return row with
        {
            Label = oneClass ? said[0].Class : null,
            Annotations = oneClass ? null : said,
            Source = decided.Kind == MachineKind.AutoAccepted ? LabelSource.Auto : LabelSource.Pseudo,
            Machine = new ManifestMachine(decided.Run, decided.Source, decided.Version, decided.Confidence),
        };
    }

    private ManifestRow RowOf(in ListedImage image)
    {
        var oneClass = _dataset.Schema.IsOneClass;
        // Nobody knows what some labels count as by now: those images are asked about again.
        var asks = oneClass ? image.Label >= 0 && Map.Asks(image.Label) : SetOf(image) is { } told && Map.Asks(told);
        var label = oneClass && image.Label >= 0 && !asks ? Map.NameOf(image.Label) : null;
        var row = new ManifestRow(image.Id, image.Name, image.Partition, image.Stage, label, image.HistoryVersion, image.Audit)
        {
            // A shard of an earlier release does not say.
            Source = image.Label < 0 || asks || !level.Reopens ? null : image.Imported ? LabelSource.Imported : LabelSource.Human,
        };
        if (oneClass) return row;
        return row with
        {
            Annotations = asks ? null : SetOf(image),
            By = asks ? null : image.Set?.By,
            Width = image.Width > 0 ? image.Width : null,
            Height = image.Height > 0 ? image.Height : null,
        };
    }

    private static Annotation[]? SetOf(in ListedImage image) =>
        image.Set is { } set ? JsonSerializer.Deserialize(set.Annotations, ModelJson.Default.AnnotationArray) : null;

    /// <summary>
    /// All images of a shard in the order of ids. Each page goes on after the last image of the one before, so the shard may close and open
    /// in between.
    /// </summary>
    private async IAsyncEnumerable<ListedImage> ImagesOfAsync(
        IShardIngest shard, ulong auditThreshold, [EnumeratorCancellation] CancellationToken cancellationToken, bool machine = false)
    {
        ImageId? after = null;
        while (true)
        {
            var query = new ListImages(0, options.ListedAtOnce, null, ById: true, after, auditThreshold)
            {
                Sets = true,
                Machine = machine,
            };
            var page = await shard.ListAsync(query, cancellationToken);
            ListedImages.ThrowIfOld(page, shard.GetPrimaryKeyString());
            foreach (var image in page.Images) yield return image;
            if (page.NextOrdinal < 0) yield break;
            after = page.Images[^1].Id;
        }
    }
}
