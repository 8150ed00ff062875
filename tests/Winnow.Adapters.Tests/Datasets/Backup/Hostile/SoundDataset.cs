using System.Text.Json;
using Winnow.Abstractions.Datasets;
using Winnow.Abstractions.Images;
using Winnow.Adapters.Datasets;
using Winnow.Adapters.Tests.Ledger;
using Winnow.Algorithms.Heads;
using Winnow.Algorithms.Scoring;
using Winnow.Grains.Backup;
using Winnow.Grains.Columns;
using Winnow.Grains.Images;
using Winnow.Grains.Ports;
using Winnow.Grains.Shards;
using Winnow.Inference.Images;
using Winnow.Model;
using Winnow.Model.Datasets;
using Winnow.Model.Review;
using Winnow.Model.Security;

namespace Winnow.Adapters.Tests.Datasets.Backup.Hostile;

/// <summary>
/// Does with a dataset what its grains do, on the same classes and without a cluster: opens its shards, lists and shows its images, reads
/// its columns, heads and rounds, exports its versions, verifies it, backs it up and restores that. Nothing of it may fail for what a
/// backup said.
/// </summary>
internal sealed class SoundDataset(BackupStore store, RestoredDataset restored)
{
    private static readonly CancellationToken Never = CancellationToken.None;

    /// <summary>What a backup need not hold. Whatever else is found wrong, the restore has put there.</summary>
    private static readonly FindingKind[] MayBeLost =
        [FindingKind.ImageBytesMissing, FindingKind.ImageBytesWithoutRow, FindingKind.ManifestMissing, FindingKind.ModelMissing];

    private readonly DatasetInfo _dataset = restored.Dataset;

    /// <param name="whole">Whether it is exported, verified and backed up as well, which takes most of the time.</param>
    public async Task AssertAsync(bool whole)
    {
        var found = await store.Datasets.FindDatasetAsync(_dataset.Name, Never);
        Assert.NotNull(found);
        Assert.Null(found.Check(BackupStore.Time.GetUtcNow().AddDays(1)));
        Assert.Null(found.Layout);
        var last = found.Restored[^1];
        Assert.Equal(("eve", BackupStore.Time.GetUtcNow()), (last.By, last.At));
        Assert.Contains(_dataset.Name, (await store.Datasets.ListDatasetsAsync(Never)).Select(d => d.Name));
        var images = 0L;
        foreach (var number in found.Shards.Numbers()) images += await OpenShardAsync(new ShardKey(_dataset.Name, number));
        Assert.Equal(restored.Images, images);
        var control = await OpenControlAsync();
        if (!whole) return;
        await ExportAsync(control);
        await VerifyAsync();
        await AgainAsync();
    }

    private async Task<long> OpenShardAsync(ShardKey shard)
    {
        var index = new ShardIndex();
        await foreach (var page in store.Shards.ReadIndexAsync(shard, Never))
            foreach (var row in page) index.Add(row.Image, row.Partition, row.Label, row.Quarantined);
        await foreach (var row in store.Shards.ReadShardHistoryAsync(shard, Never)) index.Decide(
            row.Ordinal, row.Version, row.Label, row.Closes, row.Stage);
        var tasks = new TaskBook(index);
        await foreach (var task in store.Shards.ReadTasksAsync(shard, Never)) tasks.Add(task);
        var segments = await store.Shards.ReadSegmentsAsync(shard, Never);
        var serving = segments.Where(s => s.Kind == SegmentKinds.Embedding && EmbeddingVersion.IsOf(s.Version, _dataset.Settings.Backbone));
        var embedded = serving.Sum(s => s.Count);
        Assert.InRange(embedded, 0, index.Count);
        index.SetEmbedded(embedded);
        Assert.Equal(index.Count, index.Stages().Sum());
        for (var i = 0; i < index.Count; i++) Assert.True(index.LabelOf(i) >= -1 && HistoryRow.MayBe(index.LabelOf(i), _dataset.Schema));
        await OpenColumnsAsync(segments, index);
        await ShowImagesAsync(shard, index);
        return index.Count;
    }

    private async Task OpenColumnsAsync(IReadOnlyList<SegmentRow> segments, ShardIndex index)
    {
        foreach (var kind in segments.GroupBy(s => (s.Kind, s.Version)))
        {
            SegmentColumn? column = null;
            foreach (var segment in kind.OrderBy(s => s.First))
            {
                Assert.StartsWith($"datasets/{_dataset.Name}/segments/", segment.ObjectKey, StringComparison.Ordinal);
                var owner = await store.Objects.MapAsync(segment.ObjectKey, Never);
                Assert.NotNull(owner);
                column = (column ?? new SegmentColumn(SegmentFormat.Read(owner.Memory.Span).RowBytes)).With(segment.ObjectKey, owner);
            }
            Assert.InRange(column!.Count, 1, index.Count);
            for (var row = 0; row < column.Count; row++)
            {
                if (kind.Key.Kind == SegmentKinds.Scores)
                {
                    var score = column.Row<ImageScore>(row)[0];
                    if (!float.IsNaN(score.Margin))
                        Assert.True(score.Predicted < _dataset.Schema.Classes.Count && score.RunnerUp < _dataset.Schema.Classes.Count);
                }
                else if (!index.Has(row, ShardIndex.Flags.Quarantined))
                    Assert.All(column.Row<Half>(row).ToArray(), half => Assert.True(Half.IsFinite(half)));
            }
        }
    }

    private async Task ShowImagesAsync(ShardKey shard, ShardIndex index)
    {
        await foreach (var image in store.Shards.ReadImagesAsync(shard, 0, int.MaxValue, Never))
        {
            Assert.Null(image.Row.Check(_dataset.Schema.Classes.Count));
            Assert.Equal(shard.Shard, _dataset.Shards.ShardOf(image.Row.Id));
            List<HistoryEntry> history = [.. (await store.Shards.ReadHistoryAsync(shard, image.Row.Id, Never))
                .Select(r => ImageHistory.FromRow(r))];
            // Who acted before is as the backup tells it, and so it says.
            Assert.All(history, e => Assert.InRange(e.Told ?? 0, 1, _dataset.Restored.Count));
            Assert.All(history, e => Assert.Null(e.Check(_dataset.Schema, BackupStore.Time.GetUtcNow().AddDays(1))));
            var standing = ImageHistory.Fold(history);
            if (history.Count > 0) Assert.Equal(standing.LabelIndex(_dataset.Schema), index.LabelOf(image.Ordinal));
            if (image.Row.Label >= 0)
            {
                history.Insert(0, ImageHistory.Imported(_dataset.Schema.Classes[image.Row.Label].Name, image.ReceivedBy, image.ReceivedAt));
                Assert.InRange(history[0].Told ?? 0, 1, _dataset.Restored.Count);
            }
            var detail = new ImageDetail
            {
                Id = image.Row.Id,
                Dataset = _dataset.Name,
                Name = image.Row.Name,
                Stage = index.StageOf(image.Ordinal, index.Embedded),
                Partition = image.Row.Partition,
                ReceivedAt = image.ReceivedAt,
                Reason = image.Row.Reason,
                Annotations = standing.Annotations,
                Version = history.Count,
                History = history,
            };
            Assert.NotEmpty(JsonSerializer.SerializeToUtf8Bytes(detail, ModelJson.Default.ImageDetail));
        }
    }

    private async Task<BackupControl> OpenControlAsync()
    {
        var control = await BackupControl.ReadAsync(store.States, _dataset.Name, Never);
        Assert.Null(control.Dataset.Check());
        Assert.All(control.Rounds, r => Assert.Null(r?.Check()));
        var learning = control.Dataset.Learning;
        if (learning.ProjectionKey is { } projection)
            Assert.NotNull(Projection.FromBytes((await store.Objects.GetAsync(projection, Never))!.Value.Span));
        if (learning.HeadKey is { } head)
            Assert.Equal(_dataset.Schema.Classes.Count, SoftmaxHead.FromBytes((await store.Objects.GetAsync(head, Never))!.Value.Span)
            .Classes);
        foreach (var champion in control.Dataset.Rounds.Where(r => r.Promoted == true))
            Assert.True(await store.Objects.ExistsAsync(champion.HeadKey!, Never));
        foreach (var key in new DatasetPlace(_dataset.Name).ObjectsOf(control))
            Assert.StartsWith($"datasets/{_dataset.Name}/", key, StringComparison.Ordinal);
        Assert.All(control.Dataset.Versions, v => Assert.InRange(v.Version.Told ?? 0, 1, _dataset.Restored.Count));
        Assert.DoesNotContain("forged", System.Text.Encoding.UTF8.GetString(BackupControl.ToJson(control.Dataset)),
            StringComparison.Ordinal);
        return control;
    }

    private async Task ExportAsync(BackupControl control)
    {
        var archive = new DatasetArchive(store.Objects, store.Datasets,
            [new CsvExport(), new JsonLinesExport(), new ImageFolderExport(new ImageDecoder(new ImageLimits(), BackupStore.Time))]);
        foreach (var version in control.Dataset.Versions)
            foreach (var format in archive.Formats.Where(f => archive.CannotSay(f, _dataset.Schema) is null))
            {
                try
                {
                    await archive.ExportAsync(_dataset, new StoredVersion(version.Version, version.ManifestKey), format,
                        new ContentCaller("ada", PermissionSet.All), Stream.Null, Never);
                }
                catch (InvalidDataException lost)
                {
                    // Bytes that the backup does not hold cannot be exported; that is told at the restore, and by name here.
                    Assert.True(restored.Missing > 0, lost.Message);
                }
            }
    }

    private async Task VerifyAsync()
    {
        var report = await store.VerifyAsync(_dataset.Name, hash: true);
        if (restored.Missing == 0) Assert.True(report.Sound, string.Join(", ", report.Findings));
        foreach (var finding in report.Findings.Where(f => !f.Expected))
            Assert.Contains(finding.Kind, MayBeLost);
    }

    /// <summary>A second backup is as good as the first, and what was told once stays so.</summary>
    private async Task AgainAsync()
    {
        var again = await store.RestoreAsync(await store.WriteAsync(_dataset.Name), "again");
        Assert.Equal((restored.Images, restored.History, _dataset.Restored.Count + 1), (
            again.Images, again.History, again.Dataset.Restored.Count));
        Assert.Equal(_dataset.Restored, again.Dataset.Restored.SkipLast(1));
        foreach (var number in again.Dataset.Shards.Numbers())
        {
            var (was, now) = (new ShardKey(_dataset.Name, number), new ShardKey("again", number));
            LedgerRows.AssertEqual(await LedgerRows.ToListAsync(store.Shards.ReadShardEntriesAsync(was, Never)),
                await LedgerRows.ToListAsync(store.Shards.ReadShardEntriesAsync(now, Never)));
            Assert.Equal(await LedgerRows.ToListAsync(store.Shards.ReadImagesAsync(was, 0, 1_000, Never)), await LedgerRows.ToListAsync(
                store.Shards.ReadImagesAsync(now, 0, 1_000, Never)));
        }
        await store.RemoveAsync("again");
    }
}
