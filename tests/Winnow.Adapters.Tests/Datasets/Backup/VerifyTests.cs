using Winnow.Grains.Backup;
using Winnow.Grains.Ports;
using Winnow.Model.Datasets;
using Winnow.Model.Images;

namespace Winnow.Adapters.Tests.Datasets.Backup;

/// <summary>A verification finds what is wrong, and only that.</summary>
public sealed class VerifyTests : IAsyncLifetime
{
    private static readonly CancellationToken Never = CancellationToken.None;

    private readonly BackupStore _store = BackupStore.OpenSqlite();

    public async Task InitializeAsync() => await _store.FillAsync();

    public async Task DisposeAsync() => await _store.DisposeAsync();

    private string FileOf(string key) => Path.Combine(_store.ObjectFolder, key);

    private async Task<string> SegmentAsync() => (await _store.Shards.ReadSegmentsAsync(new ShardKey("cats", 1), Never))[0].ObjectKey;

    private async Task<BackupControl> ControlAsync() => await BackupControl.ReadAsync(_store.States, "cats", Never);

    private async Task AssertFindsAsync(FindingKind kind, string sample, bool hash = false)
    {
        var report = await _store.VerifyAsync(hash: hash);
        Assert.False(report.Sound);
        var finding = Assert.Single(report.Findings, f => !f.Expected);
        Assert.Equal((kind, 1L), (finding.Kind, finding.Count));
        Assert.Contains(sample, Assert.Single(finding.Samples), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_sound_dataset_is_sound(bool hash)
    {
        var report = await _store.VerifyAsync(hash: hash);
        Assert.True(report.Sound);
        Assert.Empty(report.Findings);
        Assert.Equal((60L, 12L, 96L, hash), (report.Images, report.History, report.Objects, report.Hashed));
    }

    [Fact]
    public async Task A_row_without_its_bytes_is_found()
    {
        File.Delete(FileOf(ObjectKeys.Image("cats", BackupStore.Id(11))));
        await AssertFindsAsync(FindingKind.ImageBytesMissing, BackupStore.Id(11).ToString());
    }

    [Fact]
    public async Task Bytes_without_their_row_are_found()
    {
        var stranger = ImageId.Of("stranger"u8);
        await _store.Objects.PutAsync(ObjectKeys.Image("cats", stranger), "stranger"u8.ToArray(), Never);
        await AssertFindsAsync(FindingKind.ImageBytesWithoutRow, stranger.ToString());
    }

    [Fact]
    public async Task Bytes_that_were_cut_off_are_found_without_reading_them()
    {
        await File.WriteAllTextAsync(FileOf(ObjectKeys.Image("cats", BackupStore.Id(11))), "x");
        await AssertFindsAsync(FindingKind.ImageBytesDamaged, BackupStore.Id(11).ToString());
    }

    [Fact]
    public async Task Bytes_that_were_changed_are_found_by_reading_them()
    {
        var file = FileOf(ObjectKeys.Image("cats", BackupStore.Id(11)));
        var bytes = await File.ReadAllBytesAsync(file);
        bytes[3] ^= 1;
        await File.WriteAllBytesAsync(file, bytes);
        Assert.True((await _store.VerifyAsync()).Sound);
        await AssertFindsAsync(FindingKind.ImageBytesDamaged, BackupStore.Id(11).ToString(), hash: true);
    }

    [Fact]
    public async Task A_segment_that_is_gone_is_found()
    {
        var key = await SegmentAsync();
        File.Delete(FileOf(key));
        await AssertFindsAsync(FindingKind.SegmentMissing, key);
    }

    [Fact]
    public async Task A_segment_that_was_cut_off_is_found()
    {
        var key = await SegmentAsync();
        await File.WriteAllBytesAsync(FileOf(key), (await File.ReadAllBytesAsync(FileOf(key)))[..^3]);
        await AssertFindsAsync(FindingKind.SegmentDamaged, key);
    }

    [Fact]
    public async Task A_segment_that_was_changed_within_is_found_by_reading_it()
    {
        var key = await SegmentAsync();
        var bytes = await File.ReadAllBytesAsync(FileOf(key));
        bytes[^1] ^= 1;
        await File.WriteAllBytesAsync(FileOf(key), bytes);
        Assert.True((await _store.VerifyAsync()).Sound);
        await AssertFindsAsync(FindingKind.SegmentDamaged, key, hash: true);
    }

    [Fact]
    public async Task A_label_that_is_no_class_is_found()
    {
        var shard = new ShardKey("cats", 1);
        var epoch = (await _store.Shards.OpenShardAsync(shard, Never)).Epoch;
        var image = (await _store.Shards.ReadImagesAsync(shard, [4], Never))[0].Row.Id;
        HistoryRow entry = new(image, 4, 1, Guid.NewGuid(), "{}"u8.ToArray(), 99, true, Stage.Labeled);
        var commit = new ShardCommit { Shard = shard, Epoch = epoch, History = [entry] };
        Assert.Equal(ShardCommitStatus.Committed, await _store.Shards.CommitAsync(commit, Never));
        await AssertFindsAsync(FindingKind.LabelOfNoClass, image.ToString());
    }

    [Fact]
    public async Task Manifests_heads_and_projections_are_held_against_their_hashes()
    {
        var (dataset, _) = await ControlAsync();
        var (manifest, head) = (dataset.Versions[0].ManifestKey, dataset.Learning.HeadKey!);
        var bytes = await File.ReadAllBytesAsync(FileOf(head));
        var whole = await File.ReadAllBytesAsync(FileOf(manifest));
        await File.AppendAllTextAsync(FileOf(manifest), "x");
        await AssertFindsAsync(FindingKind.ManifestDamaged, manifest);
        await File.WriteAllBytesAsync(FileOf(manifest), whole);
        await File.AppendAllTextAsync(FileOf(head), "x");
        await AssertFindsAsync(FindingKind.ModelDamaged, head);
        await File.WriteAllBytesAsync(FileOf(head), bytes);
        File.Delete(FileOf(dataset.Learning.ProjectionKey!));
        await AssertFindsAsync(FindingKind.ModelMissing, dataset.Learning.ProjectionKey!);
    }

    [Fact]
    public async Task A_manifest_that_is_gone_is_found()
    {
        var manifest = (await ControlAsync()).Dataset.Versions[0].ManifestKey;
        File.Delete(FileOf(manifest));
        await AssertFindsAsync(FindingKind.ManifestMissing, manifest);
    }

    [Fact]
    public async Task What_is_in_no_place_of_a_dataset_is_unknown_and_what_has_its_reason_is_expected()
    {
        foreach (var (key, kind) in new[]
        {
            ("datasets/cats/derived/256/ab/x", FindingKind.Copies), ("datasets/cats/sources/photos/1", FindingKind.SourceObjects),
            ("uploads/cats/x", FindingKind.StagedUploads),
            ("datasets/cats/segments/0001/embedding/m/old", FindingKind.Superseded),
            ("datasets/cats/models/main/000001/old.bin", FindingKind.Superseded),
        })
        {
            await _store.Objects.PutAsync(key, new byte[] { 1 }, Never);
            var report = await _store.VerifyAsync();
            Assert.True(report.Sound);
            Assert.Contains(report.Findings, f => f.Kind == kind && f.Expected && f.Samples.Contains(key));
        }
        await _store.Objects.PutAsync("datasets/cats/images/zz/notes", new byte[] { 1 }, Never);
        await AssertFindsAsync(FindingKind.UnknownObject, "images/zz/notes");
    }
}
