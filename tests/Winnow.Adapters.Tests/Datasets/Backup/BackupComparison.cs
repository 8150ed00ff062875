using System.Text;
using System.Text.Json;
using Winnow.Adapters.Tests.Ledger;
using Winnow.Grains.Backup;
using Winnow.Grains.Images;
using Winnow.Grains.Ports;
using Winnow.Model;
using Winnow.Model.Names;

namespace Winnow.Adapters.Tests.Datasets.Backup;

/// <summary>Holds a restored dataset against the one that it was.</summary>
internal static class BackupComparison
{
    private static readonly CancellationToken Never = CancellationToken.None;

    public static async Task AssertRestoredAsync(BackupStore from, BackupStore to, string name)
    {
        var (was, dataset) = ((await from.Datasets.FindDatasetAsync("cats", Never))!, (await to.Datasets.FindDatasetAsync(name, Never))!);
        Assert.Equal((was.CreatedAt, was.CreatedBy, was.Settings, name),
            (dataset.CreatedAt, dataset.CreatedBy, dataset.Settings, dataset.Name));
        Assert.Equal(was.Schema.Classes, dataset.Schema.Classes);
        for (var shard = 0; shard < dataset.Settings.Shards; shard++)
            await AssertShardAsync(from, new ShardKey("cats", shard), to, new ShardKey(name, shard));
        var control = await BackupControl.ReadAsync(to.States, name, Never);
        var before = await BackupControl.ReadAsync(from.States, "cats", Never);
        // The same to the letter once each object is named without its dataset, and but for the mark of what was told; manifests have a
        // place of their own.
        var (there, here) = (control.WithKeys(new DatasetPlace(name).Relative), before.WithKeys(new DatasetPlace("cats").Relative)
            .WithTold(1));
        here.Dataset.Versions[0].ManifestKey = there.Dataset.Versions[0].ManifestKey;
        Assert.Equal(Text(here.Dataset), Text(there.Dataset));
        Assert.Equal(here.Rounds.Select(Text), there.Rounds.Select(Text));
        foreach (var key in new DatasetPlace(name).ObjectsOf(control)) Assert.True(await to.Objects.ExistsAsync(key, Never), key);
        Assert.Equal(
            (await from.Objects.GetAsync(before.Dataset.Versions[0].ManifestKey, Never))!.Value.ToArray(),
                (await to.Objects.GetAsync(control.Dataset.Versions[0].ManifestKey, Never))!.Value.ToArray());
        var report = await to.VerifyAsync(name, hash: true);
        Assert.True(report.Sound && report.Images == BackupStore.Images, string.Join(", ", report.Findings));
    }

    private static async Task AssertShardAsync(BackupStore from, ShardKey was, BackupStore to, ShardKey now)
    {
        Assert.Equal((await LedgerRows.ToListAsync(from.Shards.ReadImagesAsync(was, 0, 1_000, Never))).Select(Told),
            await LedgerRows.ToListAsync(to.Shards.ReadImagesAsync(now, 0, 1_000, Never)));
        LedgerRows.AssertEqual((await LedgerRows.ToListAsync(from.Shards.ReadShardEntriesAsync(was, Never))).Select(Told),
            await LedgerRows.ToListAsync(to.Shards.ReadShardEntriesAsync(now, Never)));
        Assert.Equal((await LedgerRows.ToListAsync(from.Shards.ReadOperationsAsync(was, Never))).OrderBy(o => o.Rows.First),
            (await LedgerRows.ToListAsync(to.Shards.ReadOperationsAsync(now, Never))).OrderBy(o => o.Rows.First));
        // A task of a round that the state does not know is left out, and nobody holds any of the others.
        Assert.Equal(
            (await LedgerRows.ToListAsync(from.Shards.ReadTasksAsync(was, Never))).Where(t => t.Round != 7)
                .Select(t => t with { ReservedUntil = DateTimeOffset.UnixEpoch }),
            await LedgerRows.ToListAsync(to.Shards.ReadTasksAsync(now, Never)));
        var (segments, copies) = (await from.Shards.ReadSegmentsAsync(was, Never), await to.Shards.ReadSegmentsAsync(now, Never));
        Assert.Equal(segments.Select(s => s with { ObjectKey = "" }), copies.Select(s => s with { ObjectKey = "" }));
        foreach (var (segment, copy) in segments.Zip(copies))
        {
            Assert.StartsWith($"datasets/{now.Dataset}/segments/", copy.ObjectKey);
            Assert.Equal((await from.Objects.GetAsync(segment.ObjectKey, Never))!.Value.ToArray(),
                (await to.Objects.GetAsync(copy.ObjectKey, Never))!.Value.ToArray());
        }
    }

    private static ImageRow Told(ImageRow row) => ActorName.Read(row.ReceivedBy).Told is null
        ? row with { ReceivedBy = ActorName.WriteTold(row.ReceivedBy, 1) } : row;

    private static HistoryRow Told(HistoryRow row)
    {
        var entry = JsonSerializer.Deserialize(row.EntryJson, ModelJson.Default.HistoryEntry)!;
        return row with { EntryJson = ImageHistory.ToJson(entry with { Told = entry.Told ?? 1 }) };
    }

    private static string Text<T>(T state) => Encoding.UTF8.GetString(BackupControl.ToJson(state));
}
