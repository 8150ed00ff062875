using System.Buffers;
using System.Globalization;
using Winnow.Abstractions.Health;
using Winnow.Adapters.Objects;
using Winnow.Adapters.Tests.Support;
using Winnow.CrashHost;
using Winnow.Grains.Ports;

namespace Winnow.Adapters.Tests.Objects;

public abstract class FileObjectStoreConformance(bool syncFileSystem) : ObjectStoreConformance
{
    private readonly TemporaryFolder _folder = new();
    private FileObjectStore? _store;

    protected override Task<IObjectStore> OpenAsync() =>
        Task.FromResult<IObjectStore>(_store = new FileObjectStore(_folder.At("objects"), syncFileSystem));

    public override Task DisposeAsync()
    {
        Assert.Equal(["lock"], Directory.EnumerateFiles(_folder.At("objects/.tmp")).Select(Path.GetFileName)); // nothing half-made stays
        _store!.Dispose();
        _folder.Dispose();
        return Task.CompletedTask;
    }
}

/// <summary>Files are synced one by one, as on every system.</summary>
public sealed class FileObjectStoreSyncingFilesTests() : FileObjectStoreConformance(syncFileSystem: false);

/// <summary>Many files are synced at once, where the system has a call for it.</summary>
public sealed class FileObjectStoreSyncingTheFileSystemTests() : FileObjectStoreConformance(FileSystemSync.IsSupported);

public sealed class FileObjectStoreTests : IDisposable
{
    private static readonly CancellationToken Never = CancellationToken.None;

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Leftovers_of_a_killed_process_go_at_the_next_start()
    {
        using (var store = new FileObjectStore(_folder.Path)) await store.PutAsync("a/b", new byte[] { 1 }, Never);
        File.WriteAllText(_folder.At(".tmp/1f"), "half");
        using var again = new FileObjectStore(_folder.Path);
        Assert.False(File.Exists(_folder.At(".tmp/1f")));
        await again.PutAsync("a/c", new byte[] { 2 }, Never);
        Assert.True(await again.ExistsAsync("a/b", Never));
    }

    /// <summary>A process may have only so many mappings, and dies where its runtime gets none: small objects take none of them.</summary>
    [Fact]
    public async Task Many_small_objects_are_held_without_a_mapping_each()
    {
        using var store = new FileObjectStore(_folder.At("objects"));
        await store.PutAsync("large", new byte[100_000], Never);
        var held = new List<IMemoryOwner<byte>>();
        for (var i = 0; i < 200; i++)
        {
            await store.PutAsync($"small/{i}", new byte[65_536], Never);
            held.Add((await store.MapAsync($"small/{i}", Never))!);
        }
        using var large = await store.MapAsync("large", Never);
        var mapped = File.ReadLines("/proc/self/maps").Where(l => l.Contains(_folder.Path, StringComparison.Ordinal));
        Assert.EndsWith("/large", Assert.Single(mapped), StringComparison.Ordinal);
        held.ForEach(h => h.Dispose());
    }

    [Fact]
    public void A_second_store_on_the_folder_is_refused()
    {
        using (new FileObjectStore(_folder.Path))
            Assert.Contains("in use by another process",
                Assert.Throws<InvalidOperationException>(() => new FileObjectStore(_folder.Path)).Message, StringComparison.Ordinal);
        using var after = new FileObjectStore(_folder.Path);
    }

    [Fact]
    public async Task Memory_of_a_disposed_mapping_is_refused()
    {
        using var store = new FileObjectStore(_folder.Path);
        await store.PutAsync("a/b", new byte[100_000], Never);
        var mapped = await store.MapAsync("a/b", Never);
        var memory = mapped!.Memory;
        mapped.Dispose();
        mapped.Dispose();
        Assert.Throws<ObjectDisposedException>(() => memory.Span[0]);
    }

    [Fact]
    public async Task A_folder_that_was_taken_away_says_of_no_object_that_it_is_not_there()
    {
        var root = _folder.At("mounted");
        using var store = new FileObjectStore(root);
        await store.PutAsync("a/b", new byte[] { 1 }, Never);
        Assert.Null(await store.GetAsync("a/c", Never));
        Directory.Move(root, root + ".away");
        foreach (var placeIsThere in new[] { false, true })
        {
            if (placeIsThere) Directory.CreateDirectory(root);
            Assert.Contains("disk taken away", (await Assert.ThrowsAsync<IOException>(() => store.GetAsync("a/b", Never))).Message,
                StringComparison.Ordinal);
            await Assert.ThrowsAsync<IOException>(() => store.OpenReadAsync("a/b", Never));
            await Assert.ThrowsAsync<IOException>(() => store.MapAsync("a/b", Never));
        }
        Directory.Delete(root);
        Directory.Move(root + ".away", root);
        Assert.Equal([1], (await store.GetAsync("a/b", Never))!.Value.ToArray());
    }

    [Fact]
    public async Task Writers_who_meet_in_a_new_folder_all_write()
    {
        using var store = new FileObjectStore(_folder.At("meeting"), syncFileSystem: false);
        for (var i = 0; i < 300; i++)
        {
            var folder = string.Create(CultureInfo.InvariantCulture, $"new/{i}/deeper");
            using var together = new Barrier(4);
            await Task.WhenAll(Enumerable.Range(0, 4).Select(w => Task.Factory.StartNew(() =>
            {
                together.SignalAndWait();
                store.PutAsync($"{folder}/{w}", new byte[] { 1 }, Never).GetAwaiter().GetResult();
            }, Never, TaskCreationOptions.LongRunning, TaskScheduler.Default)));
        }
    }

    [Fact]
    public async Task One_file_that_cannot_be_read_is_told_as_such()
    {
        using var store = new FileObjectStore(_folder.Path);
        await store.PutAsync("a/b", new byte[] { 1 }, Never);
        // Mode bits stop everybody but root; that a folder is no file, root hears too.
        Directory.CreateDirectory(_folder.At("a/c"));
        await Assert.ThrowsAsync<ObjectUnreadableException>(() => store.GetAsync("a/c", Never));
        await Assert.ThrowsAsync<ObjectUnreadableException>(() => store.OpenReadAsync("a/c", Never));
        Assert.Equal([1], (await store.GetAsync("a/b", Never))!.Value.ToArray());
        if (!OperatingSystem.IsLinux()) return;
        // Reading it from its beginning is an input/output error, as of a bad block.
        File.CreateSymbolicLink(_folder.At("a/d"), "/proc/self/mem");
        await Assert.ThrowsAsync<ObjectUnreadableException>(() => store.GetAsync("a/d", Never));
    }

    [Theory]
    [InlineData(3, false)]
    [InlineData(40, false)]
    [InlineData(40, true)]
    public async Task Objects_that_have_no_place_are_named_and_all_others_are_stored(int count, bool syncFileSystem)
    {
        using var store = new FileObjectStore(_folder.Path, syncFileSystem && FileSystemSync.IsSupported);
        var lot = Enumerable.Range(0, count).Select(i => ($"lot/{i:D2}/x", (ReadOnlyMemory<byte>)new byte[] { (byte)i })).ToList();
        Directory.CreateDirectory(_folder.At("lot/01/x"));
        File.WriteAllText(_folder.At("lot/02"), "a file where a folder belongs");
        var refused = await Assert.ThrowsAsync<ObjectUnwritableException>(() => store.PutManyIfAbsentAsync(lot, Never));
        Assert.Equal(["lot/01/x", "lot/02/x"], refused.Reasons.Keys.Order(StringComparer.Ordinal));
        Assert.Contains($"a folder stands where its file belongs, {_folder.At("lot/01/x")}",
            refused.Reasons["lot/01/x"], StringComparison.Ordinal);
        Assert.Contains($"a file stands where a folder belongs, {_folder.At("lot/02")}",
            refused.Reasons["lot/02/x"], StringComparison.Ordinal);
        foreach (var (key, content) in lot.Where(o => !refused.Reasons.ContainsKey(o.Item1)))
            Assert.Equal(content.ToArray(), (await store.GetAsync(key, Never))!.Value.ToArray());

        // One by one likewise; and once there is room they are stored.
        await Assert.ThrowsAsync<ObjectUnwritableException>(() => store.PutAsync("lot/01/x", new byte[] { 1 }, Never));
        await Assert.ThrowsAsync<ObjectUnwritableException>(() =>
            store.PutAsync("lot/01/x", (stream, ct) => stream.WriteAsync(new byte[] { 1 }, ct).AsTask(), Never));
        Assert.Equal(["lock"], Directory.EnumerateFiles(_folder.At(".tmp")).Select(Path.GetFileName));
        Directory.Delete(_folder.At("lot/01/x"));
        File.Delete(_folder.At("lot/02"));
        await store.PutManyIfAbsentAsync(lot[..^1], Never);
        Assert.Equal([1], (await store.GetAsync("lot/01/x", Never))!.Value.ToArray());
    }

    [Fact]
    public async Task A_folder_that_was_taken_away_is_no_fault_of_what_was_to_be_written()
    {
        var root = _folder.At("mounted");
        using var store = new FileObjectStore(root);
        Directory.Move(root, root + ".away");
        var failed = await Assert.ThrowsAnyAsync<IOException>(() => store.PutManyIfAbsentAsync([("a/b", new byte[] { 1 })], Never));
        Assert.IsNotType<ObjectUnwritableException>(failed);
    }

    [SmallDiskFact]
    public async Task A_full_disk_leaves_no_half_object_and_is_survived()
    {
        using var disk = new SmallDisk(mebibytes: 4);
        using var store = new FileObjectStore(disk.At("objects"));
        await store.PutAsync("a/old", new byte[1_000], Never);
        var lot = Enumerable.Range(0, 200).Select(i => ($"lot/{i:D3}", (ReadOnlyMemory<byte>)new byte[8_000])).ToList();
        using (disk.Fill(leave: 400_000))
        {
            Assert.StartsWith(
                "The disk of the object folder is full",
                    (await Assert.ThrowsAsync<StorageFullException>(() => store.PutManyIfAbsentAsync(lot, Never))).Message,
                    StringComparison.Ordinal);
            await Assert.ThrowsAsync<StorageFullException>(() => store.PutManyIfAbsentAsync([("few/large", new byte[2_000_000])], Never));
            await Assert.ThrowsAsync<StorageFullException>(() => store.PutAsync("a/old", new byte[2_000_000], Never));
            await Assert.ThrowsAsync<StorageFullException>(() =>
                store.PutAsync("a/old", (stream, ct) => stream.WriteAsync(new byte[2_000_000], ct).AsTask(), Never));
            Assert.Equal(1_000, (await store.GetAsync("a/old", Never))!.Value.Length);
            await foreach (var (key, size) in store.ListAsync("lot/", Never)) Assert.True(size == 8_000, $"{key} is there by half.");
            Assert.Equal(["lock"], Directory.EnumerateFiles(disk.At("objects/.tmp")).Select(Path.GetFileName));
        }
        await store.PutManyIfAbsentAsync(lot, Never);
        foreach (var (key, _) in lot) Assert.Equal(8_000, (await store.GetAsync(key, Never))!.Value.Length);
    }

    [Fact]
    public async Task Every_acknowledged_object_is_there_and_whole_after_a_kill()
    {
        var seeds = new Random(20260302);
        for (var kill = 0; kill < 10; kill++)
        {
            var root = _folder.At($"kill-{kill}");
            using var process = CrashingProcess.Start("objects", root);
            var acknowledged = await process.KillAfterAsync(seeds.Next(1, 120));
            using var store = new FileObjectStore(root);
            foreach (var line in acknowledged)
            {
                var words = line.Split(' ').Select(w => int.Parse(w, CultureInfo.InvariantCulture)).ToArray();
                for (var i = 0; i < (words[0] == 0 ? ObjectLoad.PerLot : 1); i++)
                    Assert.True(await store.ExistsAsync(ObjectLoad.Key(words[0], words[1], i), Never),
                        $"Object {i} of lot {line} was acknowledged and is gone.");
            }
            for (var writer = 0; writer < 3; writer++)
                await foreach (var (key, _) in store.ListAsync($"w{writer}/", Never))
                    Assert.Equal(ObjectLoad.Content(key), (await store.GetAsync(key, Never))!.Value.ToArray());
        }
    }
}
