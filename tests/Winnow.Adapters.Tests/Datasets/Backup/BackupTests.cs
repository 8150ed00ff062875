using System.Formats.Tar;
using System.Text;
using System.Text.Json;
using Winnow.Abstractions.Datasets;
using Winnow.Adapters.Tests.Ledger;
using Winnow.Grains.Ports;
using Winnow.Model;
using Winnow.Model.Datasets;
using Winnow.Model.Labels;
using Winnow.Testing;

namespace Winnow.Adapters.Tests.Datasets.Backup;

/// <summary>Backups to the row, between ledgers, and archives that are not what they should be.</summary>
public sealed class BackupTests : IAsyncLifetime
{
    private readonly BackupStore _store = BackupStore.OpenSqlite();
    private byte[] _archive = [];

    public async Task InitializeAsync()
    {
        await _store.FillAsync();
        _archive = await _store.WriteAsync();
    }

    public async Task DisposeAsync() => await _store.DisposeAsync();

    [Fact]
    public async Task A_dataset_comes_back_beside_itself_under_another_name()
    {
        var restored = await _store.RestoreAsync(_archive, "dogs");
        Assert.Equal((60L, 12L, 3, 1, 96L, 0L), (
            restored.Images, restored.History, restored.Rounds, restored.Versions, restored.Objects, restored.Missing));
        await BackupComparison.AssertRestoredAsync(_store, _store, "dogs");
        Assert.True((await _store.VerifyAsync()).Sound);
        Assert.False(Directory.Exists(Path.Combine(_store.ObjectFolder, "restores")));
    }

    [Fact]
    public async Task A_dataset_comes_back_under_its_name_in_another_place_and_gives_the_same_backup()
    {
        await using var other = BackupStore.OpenSqlite();
        await other.RestoreAsync(_archive);
        await BackupComparison.AssertRestoredAsync(_store, other, "cats");
        await using var third = BackupStore.OpenSqlite();
        await third.RestoreAsync(await other.WriteAsync());
        await BackupComparison.AssertRestoredAsync(_store, third, "cats");
    }

    [Fact, Trait("needs", "postgres")]
    public async Task A_dataset_moves_from_a_file_to_a_server_and_back()
    {
        await using var server = await BackupStore.OpenPostgresAsync();
        await server.RestoreAsync(_archive);
        await BackupComparison.AssertRestoredAsync(_store, server, "cats");
        await Assert.ThrowsAsync<RefusedException>(() => server.RestoreAsync(_archive));
        await using var back = BackupStore.OpenSqlite();
        await back.RestoreAsync(await server.WriteAsync(), "again");
        await BackupComparison.AssertRestoredAsync(_store, back, "again");
    }

    [Fact]
    public async Task An_image_that_has_no_place_is_left_out_of_what_is_restored_and_named()
    {
        var key = ObjectKeys.Image("dogs", BackupStore.Id(5));
        Directory.CreateDirectory(Path.Combine(_store.ObjectFolder, key));
        var restored = await _store.RestoreAsync(_archive, "dogs");
        Assert.Equal((60L, 95L, 1L), (restored.Images, restored.Objects, restored.Missing));
        var missing = Assert.Single(restored.MissingObjects!);
        Assert.Equal(BackupStore.Id(5).ToString(), missing.Object);
        Assert.Contains($"this server cannot keep it. '{key}' cannot be written: a folder", missing.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_name_that_is_taken_is_refused()
    {
        Assert.Contains("replaces nothing", (await Assert.ThrowsAsync<RefusedException>(() => _store.RestoreAsync(_archive))).Message,
            StringComparison.Ordinal);
        await Assert.ThrowsAsync<RefusedException>(() => _store.RestoreAsync(_archive, "cats"));
        await Assert.ThrowsAsync<RefusedException>(() => _store.RestoreAsync(_archive, "../cats"));
        await Assert.ThrowsAsync<RefusedException>(() => _store.RestoreAsync(_archive, StagedDatasets.NameOf(Guid.NewGuid())));
    }

    [Fact]
    public async Task Two_restores_of_one_name_leave_one_whole_dataset()
    {
        async Task<bool> TryAsync()
        {
            try
            {
                await _store.RestoreAsync(_archive, "dogs");
                return true;
            }
            catch (RefusedException)
            {
                return false;
            }
        }

        Assert.Single(await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => TryAsync())), won => won);
        await BackupComparison.AssertRestoredAsync(_store, _store, "dogs");
    }

    [Fact]
    public async Task An_archive_that_is_cut_off_anywhere_is_refused()
    {
        var end = _archive.AsSpan().LastIndexOf(Encoding.ASCII.GetBytes(BackupEnd.FileName));
        foreach (var length in Enumerable.Range(0, 40).Select(i => (int)((long)i * end / 40)).Append(end + 512))
            await AssertRefusedAsync(_archive[..length]);
        // Only the empty blocks at the very end may be missing.
        await _store.RestoreAsync(_archive[..^1024], "dogs");
    }

    [Fact]
    [Trait("kind", "security")]
    public async Task A_changed_byte_anywhere_is_refused()
    {
        var places = new List<int>();
        using var tar = new TarReader(new MemoryStream(_archive));
        while (tar.GetNextEntry() is { } file)
            if (file.Length > 0 && file.Name != BackupEnd.FileName) places.Add((int)file.DataOffset + (int)(file.Length / 2));
        Assert.True(places.Count > 80);
        foreach (var place in SomePlaces.Of(places))
        {
            var changed = _archive.ToArray();
            changed[place] ^= 1;
            await AssertRefusedAsync(changed);
        }
    }

    [Theory]
    [InlineData("winnow-backup.json", "\"layout\":1", "\"layout\":7", "layout 7")]
    [InlineData("winnow-backup.json", "winnow-backup", "winnow-bakcup", "no backup of Winnow")]
    [InlineData("winnow-backup.json", "\"shards\":4", "\"shards\":3", "power of two")]
    [InlineData("control.json", "projections/", "projections/../../", "none of a dataset")]
    [InlineData("control.json", "models/main/", "/etc/passwd/", "none of a dataset")]
    [InlineData("history", "\"version\":2", "\"version\":3", "not the next one")]
    [InlineData("tasks", "\"ordinal\":3", "\"ordinal\":9999", "speak of row 9999")]
    [InlineData("tasks", "\"arm\":\"main\"", "\"arm\":\"../main\"", "line 1: arm cannot be '../main'")]
    [InlineData("images", "\"label\":1", "\"label\":2", "label must be -1 to 1, not 2.")]
    [InlineData("images", "\"partition\":\"pool\"", "\"partition\":\"holdout\"", "partition is holdout, and a task asks about")]
    [InlineData("images", "\"format\":\"png\"", "\"format\":null", "format may not be null.")]
    [InlineData("images", "\"ordinal\":3", "\"ordinal\":4", "not the next one")]
    public async Task Contents_that_contradict_each_other_are_refused_though_their_hash_is_right(string file, string was, string now,
        string why)
    {
        var changed = ArchiveForger.Change(_archive,
            (name, content) => name.Contains(file, StringComparison.Ordinal) && !name.StartsWith("images/", StringComparison.Ordinal)
            ? [(name, Encoding.UTF8.GetBytes(Encoding.UTF8.GetString(content).Replace(was, now, StringComparison.Ordinal)))]
            : [(name, content)]);
        Assert.Contains(why, await AssertRefusedAsync(changed), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("images/../../../etc/passwd")]
    [InlineData("/etc/passwd")]
    [InlineData("objects/../x.json")]
    [InlineData("rows/0000/../0001/000000-images.jsonl")]
    [InlineData("restores/x")]
    public async Task A_name_that_does_not_belong_is_refused_and_never_used(string name)
    {
        foreach (var before in new[] { "control.json", "objects.jsonl", "images/" })
        {
            var added = false;
            var changed = ArchiveForger.Change(_archive, (known, content) =>
            {
                if (added || !known.StartsWith(before, StringComparison.Ordinal)) return [(known, content)];
                added = true;
                return [(name, "x"u8.ToArray()), (known, content)];
            });
            Assert.True(added);
            await AssertRefusedAsync(changed);
        }
        Assert.Empty(Directory.EnumerateFiles(_store.ObjectFolder, "passwd", SearchOption.AllDirectories));
    }

    [Fact]
    public async Task Links_and_long_names_are_refused()
    {
        using var links = new MemoryStream();
        await using (var tar = new TarWriter(links, TarEntryFormat.Ustar, leaveOpen: true))
            await tar.WriteEntryAsync(new UstarTarEntry(TarEntryType.SymbolicLink, BackupHeader.FileName) { LinkName = "/etc/passwd" });
        await AssertRefusedAsync(links.ToArray());
        using var attributes = new MemoryStream();
        await using (var tar = new TarWriter(attributes, TarEntryFormat.Pax, leaveOpen: true))
            await tar.WriteEntryAsync(
                new PaxTarEntry(TarEntryType.RegularFile, BackupHeader.FileName) { DataStream = new MemoryStream("{}"u8.ToArray()) });
        await AssertRefusedAsync(attributes.ToArray());
        await AssertRefusedAsync(Encoding.UTF8.GetBytes(new string('x', 10_000)));
        await AssertRefusedAsync([]);
    }

    [Fact]
    public async Task An_image_that_the_store_has_lost_does_not_keep_the_rest_from_being_saved()
    {
        await _store.Objects.DeleteAsync(ObjectKeys.Image("cats", BackupStore.Id(7)), CancellationToken.None);
        var segment = (await _store.Shards.ReadSegmentsAsync(new ShardKey("cats", 2), CancellationToken.None))[0];
        await _store.Objects.DeleteAsync(segment.ObjectKey, CancellationToken.None);
        var restored = await _store.RestoreAsync(await _store.WriteAsync(), "dogs");
        Assert.Equal((60L, 12L, 3L), (restored.Images, restored.History, restored.Missing));
        var finding = Assert.Single((await _store.VerifyAsync("dogs")).Findings, f => !f.Expected);
        Assert.Equal((FindingKind.ImageBytesMissing, 1L, BackupStore.Id(7).ToString()), (finding.Kind, finding.Count, finding.Samples[0]));
        // The segment is not published, nor what stands behind it in its column, so that the shard makes them again.
        Assert.DoesNotContain(await _store.Shards.ReadSegmentsAsync(new ShardKey("dogs", 2), CancellationToken.None), s =>
            s.Kind == segment.Kind && s.Version == segment.Version);
    }

    [Fact]
    public async Task Single_objects_that_cannot_be_read_are_named_with_the_reason_and_keep_nothing_else_from_being_saved()
    {
        if (!OperatingSystem.IsLinux()) return;
        var segment = (await _store.Shards.ReadSegmentsAsync(new ShardKey("cats", 2), CancellationToken.None))[0].ObjectKey;
        string[] bad = [ObjectKeys.Image("cats", BackupStore.Id(7)), segment];
        foreach (var key in bad)
        {
            File.Delete(Path.Combine(_store.ObjectFolder, key));
            // Reading it from its beginning is an input/output error, as of a bad block.
            File.CreateSymbolicLink(Path.Combine(_store.ObjectFolder, key), "/proc/self/mem");
        }
        var archive = await _store.WriteAsync();
        var end = await EndOfAsync(archive);
        Assert.Equal((2L, 60L), (end.Missing, end.Images));
        Assert.Equal([BackupStore.Id(7).ToString(), segment["datasets/cats/".Length..]], end.MissingObjects!.Select(m => m.Object));
        Assert.All(end.MissingObjects!, m => Assert.Contains("cannot be read", m.Reason, StringComparison.Ordinal));

        var restored = await _store.RestoreAsync(archive, "dogs");
        Assert.Equal((60L, 12L), (restored.Images, restored.History));
        var named = restored.MissingObjects!;
        Assert.Equal(restored.Missing, named.Count);
        // With the reasons of then; what was made of what is missing is left out too.
        Assert.All(end.MissingObjects!, m => Assert.Contains(m, named));
        Assert.Equal(end.MissingObjects![0], named[0]);
        // A verification of what is read names both too, and comes to its end.
        var report = await _store.VerifyAsync(hash: true);
        Assert.Equal([(FindingKind.ImageBytesDamaged, 1L), (FindingKind.SegmentDamaged, 1L)],
            report.Findings.Where(f => !f.Expected).Select(f => (f.Kind, f.Count)));
    }

    private static async Task<BackupEnd> EndOfAsync(byte[] archive)
    {
        using var tar = new TarReader(new MemoryStream(archive));
        while (await tar.GetNextEntryAsync() is { } file)
            if (file.Name == BackupEnd.FileName)
                return (await JsonSerializer.DeserializeAsync(file.DataStream!, ModelJson.Default.BackupEnd))!;
        throw new InvalidDataException("The backup has no end.");
    }

    [Fact]
    public async Task Alike_classes_are_taken_from_a_backup_only_where_asked()
    {
        var old = LedgerRows.Dataset("old") with { Schema = new LabelSchema { Classes = [new("cat"), new("Cat"), new("dog")] } };
        await _store.Datasets.AddDatasetAsync(old, CancellationToken.None);
        var archive = await _store.WriteAsync("old");
        var refused = await Assert.ThrowsAsync<RefusedException>(() => _store.RestoreAsync(archive, "new"));
        Assert.Contains("'cat' and 'Cat' differ only in case", refused.Message, StringComparison.Ordinal);
        Assert.Equal(["cat", "Cat", "dog"],
            (await _store.RestoreAsync(archive, "new", alikeClasses: true)).Dataset.Schema.Classes.Select(c => c.Name));
    }

    private async Task<string> AssertRefusedAsync(byte[] archive)
    {
        var refused = await Assert.ThrowsAsync<InvalidDataException>(() => _store.RestoreAsync(archive, "dogs"));
        Assert.False(string.IsNullOrWhiteSpace(refused.Message));
        Assert.Equal(["cats"], (await _store.Datasets.ListDatasetsAsync(CancellationToken.None)).Select(d => d.Name));
        return refused.Message;
    }
}
