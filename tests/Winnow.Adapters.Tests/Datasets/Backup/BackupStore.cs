using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Microsoft.Extensions.Logging.Abstractions;
using Winnow.Abstractions.Images;
using Winnow.Adapters.Datasets.Backup;
using Winnow.Adapters.Ledger;
using Winnow.Adapters.Objects;
using Winnow.Adapters.Tests.Ledger;
using Winnow.Adapters.Tests.Ledger.Postgres;
using Winnow.Adapters.Tests.Support;
using Winnow.Grains.Datasets;
using Winnow.Grains.Ports;
using Winnow.Grains.Scoring;
using Winnow.Grains.Training;
using Winnow.Inference.Images;
using Winnow.Model;
using Winnow.Model.Datasets;
using Winnow.Model.Images;
using Winnow.Model.Prelabels;
using Winnow.Model.Review;
using Winnow.Model.Training;

namespace Winnow.Adapters.Tests.Datasets.Backup;

/// <summary>A ledger and an object store of a test's own, and a small dataset with something of everything.</summary>
internal sealed class BackupStore : IAsyncDisposable
{
    public const int Images = 60;
    private const string Source = "cats";

    private readonly TemporaryFolder _folder;
    private readonly IAsyncDisposable _opened;

    private BackupStore(ILedger ledger, TemporaryFolder folder)
    {
        (Ledger, _opened, _folder) = (ledger, (IAsyncDisposable)ledger, folder);
        Objects = new FileObjectStore(ObjectFolder);
        Backup = new DatasetBackup(Ledger, States, Objects, new ImageLimits(), null!, TimeProvider.System, NullLogger<DatasetBackup>.Instance);
    }

    public ILedger Ledger { get; }
    public IGrainStateStore States => (IGrainStateStore)Ledger;
    public FileObjectStore Objects { get; }
    public DatasetBackup Backup { get; }
    public string ObjectFolder => _folder.At("objects");

    public static BackupStore OpenSqlite()
    {
        var folder = new TemporaryFolder();
        return new BackupStore(SqliteLedger.Open(new LedgerOptions { Path = folder.At("ledger.db") }, NullLogger<SqliteLedger>.Instance), folder);
    }

    public static async Task<BackupStore> OpenPostgresAsync() => new(await new PostgresLedgerFixture().OpenAsync(), new TemporaryFolder());

    public static byte[] Bytes(int n) => Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"picture {n} {new string('x', n * 7)}"));

    public static ImageId Id(int n) => ImageId.Of(Bytes(n));

    public async Task<byte[]> WriteAsync(string dataset = Source)
    {
        using var archive = new MemoryStream();
        await Backup.WriteAsync((await Ledger.FindDatasetAsync(dataset, CancellationToken.None))!, "ada", archive, CancellationToken.None);
        return archive.ToArray();
    }

    public Task<RestoredDataset> RestoreAsync(byte[] archive, string? name = null, bool alikeClasses = false) =>
        Backup.RestoreAsync(name, alikeClasses, new MemoryStream(archive), CancellationToken.None);

    public async Task<VerificationReport> VerifyAsync(string dataset = Source, bool hash = false)
    {
        VerificationReport? report = null;
        await foreach (var step in Backup.VerifyAsync((await Ledger.FindDatasetAsync(dataset, CancellationToken.None))!, hash, false, CancellationToken.None)) report = step.Report;
        return report!;
    }

    /// <summary>Four shards, lots with and without an operation, answers, tasks of a known and of an unknown round, a model, a version.</summary>
    public async Task<BackupStore> FillAsync()
    {
        var dataset = LedgerRows.Dataset(Source);
        await Ledger.AddDatasetAsync(dataset, CancellationToken.None);
        await Objects.PutManyIfAbsentAsync([.. Enumerable.Range(0, Images).Select(n => (ObjectKeys.Image(Source, Id(n)), (ReadOnlyMemory<byte>)Bytes(n)))], CancellationToken.None);
        var selected = new List<SelectedRecord>();
        foreach (var group in Enumerable.Range(0, Images).GroupBy(n => dataset.Shards.ShardOf(Id(n))))
        {
            var shard = new ShardKey(Source, group.Key);
            var epoch = (await Ledger.OpenShardAsync(shard, CancellationToken.None)).Epoch;
            var rows = group.Select((n, ordinal) => new ImageRow(ordinal, new IngestRow(Id(n), $"ü/{n}.png", "png", 3, 4, 1, Bytes(n).Length, n % 5 == 0 ? Partition.Holdout : Partition.Pool, (n % 3) - 1, n % 7 == 0 ? "cut off" : null), LedgerRows.Noon.AddMilliseconds(n), "ada")).ToArray();
            await CommitAsync(new() { Shard = shard, Epoch = epoch, OperationId = LedgerRows.Operation(group.Key + 1), Images = rows[..4] });
            await CommitAsync(new() { Shard = shard, Epoch = epoch, Images = rows[4..6] });
            await CommitAsync(new() { Shard = shard, Epoch = epoch, OperationId = LedgerRows.Operation(group.Key + 101), Images = rows[6..] });
            HistoryRow[] history = [Entry(rows[1], 1, group.Key), Entry(rows[1], 2, group.Key), Entry(rows[3], 1, group.Key)];
            TaskRow[] tasks = [new(1, Arms.Main, 1, 0.5f, LedgerRows.Noon.AddYears(50)), new(2, Arms.Main, 2, 0.25f, LedgerRows.Noon), new(3, Arms.Audit, 1, 2, LedgerRows.Noon)];
            var segment = new SegmentRow(SegmentKinds.Embedding, "mobilenetv3-small", 0, rows.Length, ObjectKeys.Segment(shard, SegmentKinds.Embedding, "mobilenetv3-small", 0, "1"));
            await Objects.PutAsync(segment.ObjectKey, Segment(rows.Length), CancellationToken.None);
            await CommitAsync(new() { Shard = shard, Epoch = epoch, History = history, Tasks = tasks, Segments = [segment], Quarantined = [new(5, "no pixels")] });
            selected.Add(new SelectedRecord(group.Key, 1, rows[1].Row.Id, 0.5f));
        }
        await FillControlAsync(selected);
        return this;
    }

    public async ValueTask DisposeAsync()
    {
        await _opened.DisposeAsync();
        Objects.Dispose();
        _folder.Dispose();
    }

    private async Task CommitAsync(ShardCommit commit) => Assert.Equal(ShardCommitStatus.Committed, await Ledger.CommitAsync(commit, CancellationToken.None));

    private static HistoryRow Entry(ImageRow row, int version, int shard)
    {
        var operation = LedgerRows.Operation((shard * 100) + (row.Ordinal * 10) + version);
        var entry = new HistoryEntry(version, HistoryKind.Decided, "bob", LedgerRows.Noon, operation, new Decision { Kind = DecisionKind.Label, Annotations = [new ClassTag("dog")], Comment = "ü" });
        return new HistoryRow(row.Row.Id, row.Ordinal, version, operation, JsonSerializer.SerializeToUtf8Bytes(entry, ModelJson.Default.HistoryEntry), 1, true, Stage.Labeled);
    }

    private static byte[] Segment(int rows)
    {
        var segment = SegmentFormat.Allocate(8, rows);
        for (var i = 0; i < SegmentFormat.Rows(segment).Length; i++) SegmentFormat.Rows(segment)[i] = (byte)i;
        SegmentFormat.Seal(segment, new SegmentHeader(8, 0, rows));
        return segment;
    }

    private async Task FillControlAsync(List<SelectedRecord> selected)
    {
        async Task<string> PutAsync(Func<string, string> key, string content)
        {
            var bytes = Encoding.UTF8.GetBytes(content);
            var name = key(Convert.ToHexStringLower(SHA256.HashData(bytes)));
            await Objects.PutAsync(name, bytes, CancellationToken.None);
            return name;
        }

        var projection = await PutAsync(hash => ObjectKeys.Projection(Source, hash), "projection");
        var head = await PutAsync(hash => ObjectKeys.Head(Source, Arms.Main, 1, hash), "head");
        var sha256 = head[(head.LastIndexOf('/') + 1)..^4];
        await PutAsync(_ => ObjectKeys.HeadOnnx(Source, Arms.Main, 1, sha256), "onnx");
        var manifest = await PutAsync(_ => ObjectKeys.Manifest(Source, 1, "activation"), "manifest");
        var model = new ModelVersion { Arm = Arms.Main, Round = 1, Backbone = "mobilenetv3-small", ProjectionSha256 = "p", DataSha256 = "d", HeadSha256 = sha256, Labels = 4 };
        var command = new StartRound(4);
        var state = new DatasetState { Learning = new() { Sequence = 3, ProjectionKey = projection, HeadKey = head, ModelName = "main/1", AuditThreshold = 7, AuditDrawn = true } };
        state.Rounds.Add(new RoundEntry { Arm = Arms.Main, Number = 1, OperationId = LedgerRows.Operation(900), Command = command, Model = model, HeadKey = head, Promoted = true });
        state.Versions.Add(new VersionEntry
        {
            OperationId = LedgerRows.Operation(901),
            Version = new DatasetVersion(1, "first", LedgerRows.Noon, "ada", Images, 4, Convert.ToHexStringLower(SHA256.HashData("manifest"u8)), null),
            ManifestKey = manifest,
        });
        var round = new RoundState { Command = command, Step = RoundStep.Rescore, Strategy = "k-means", Selected = selected, ProjectionKey = projection, HeadKey = head, Model = model, Promoted = true };
        await States.WriteAsync(new GrainStateKey("dataset", Source, "dataset"), null, BackupControl.ToJson(state), CancellationToken.None);
        await States.WriteAsync(new GrainStateKey("round", "cats/main/1", "round"), null, BackupControl.ToJson(round), CancellationToken.None);
    }
}
