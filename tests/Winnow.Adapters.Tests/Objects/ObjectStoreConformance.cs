using System.Text;
using Winnow.Grains.Ports;

namespace Winnow.Adapters.Tests.Objects;

/// <summary>What every object store keeps to. Inherit it for a new one.</summary>
public abstract class ObjectStoreConformance : IAsyncLifetime
{
    private static readonly CancellationToken Never = CancellationToken.None;

    protected IObjectStore Store { get; private set; } = null!;

    /// <summary>Opens an empty store.</summary>
    protected abstract Task<IObjectStore> OpenAsync();

    public virtual async Task InitializeAsync() => Store = await OpenAsync();

    public abstract Task DisposeAsync();

    private static byte[] Bytes(string text) => Encoding.UTF8.GetBytes(text);

    private static byte[] Random(int length, int seed)
    {
        var bytes = new byte[length];
        new Random(seed).NextBytes(bytes);
        return bytes;
    }

    private async Task<string?> ReadAsync(string key) =>
        await Store.GetAsync(key, Never) is { } bytes ? Encoding.UTF8.GetString(bytes.Span) : null;

    private async Task<List<(string Key, long Size)>> ListAsync(string prefix)
    {
        var found = new List<(string, long)>();
        await foreach (var entry in Store.ListAsync(prefix, Never)) found.Add(entry);
        return [.. found.OrderBy(f => f.Item1, StringComparer.Ordinal)];
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(5_000)]
    [InlineData(3_000_000)]
    public async Task What_was_put_is_read_in_every_way(int length)
    {
        var bytes = Random(length, length);
        await Store.PutAsync("a/b-c_d/e.bin", bytes, Never);
        Assert.Equal(bytes, (await Store.GetAsync("a/b-c_d/e.bin", Never))!.Value.ToArray());
        Assert.True(await Store.ExistsAsync("a/b-c_d/e.bin", Never));
        await using (var stream = await Store.OpenReadAsync("a/b-c_d/e.bin", Never))
        {
            var copy = new MemoryStream();
            await stream!.CopyToAsync(copy);
            Assert.Equal(bytes, copy.ToArray());
        }
        using var mapped = await Store.MapAsync("a/b-c_d/e.bin", Never);
        Assert.Equal(bytes, mapped!.Memory.ToArray());
        Assert.Equal([("a/b-c_d/e.bin", length)], await ListAsync("a/"));
    }

    [Fact]
    public async Task What_is_not_there_is_null()
    {
        await Store.PutAsync("a/b", Bytes("x"), Never);
        foreach (var key in new[] { "a/c", "b/c/d", "nothing" })
        {
            Assert.Null(await Store.GetAsync(key, Never));
            Assert.Null(await Store.OpenReadAsync(key, Never));
            Assert.Null(await Store.MapAsync(key, Never));
            Assert.False(await Store.ExistsAsync(key, Never));
            await Store.DeleteAsync(key, Never);
        }
        Assert.Empty(await ListAsync("nothing/"));
    }

    [Theory]
    [InlineData(3)]
    [InlineData(100_000)]
    public async Task A_put_replaces_and_readers_keep_what_they_opened(int length)
    {
        var old = new string('o', length);
        await Store.PutAsync("a/b", Bytes(old), Never);
        await using var stream = await Store.OpenReadAsync("a/b", Never);
        using var mapped = await Store.MapAsync("a/b", Never);
        await Store.PutAsync("a/b", Bytes("new and longer"), Never);
        Assert.Equal(old, await new StreamReader(stream!).ReadToEndAsync());
        Assert.Equal(old, Encoding.UTF8.GetString(mapped!.Memory.Span));
        Assert.Equal("new and longer", await ReadAsync("a/b"));
        await Store.DeleteAsync("a/b", Never);
        Assert.Null(await ReadAsync("a/b"));
        Assert.Equal(old, Encoding.UTF8.GetString(mapped.Memory.Span));
    }

    [Theory]
    [InlineData(2)]
    [InlineData(300)]
    public async Task Putting_many_leaves_what_is_there(int count)
    {
        await Store.PutAsync("many/00/1", Bytes("first"), Never);
        var objects = Enumerable.Range(0, count).Select(i => ($"many/{i % 7:D2}/{i}", (ReadOnlyMemory<byte>)Bytes($"content {i}")))
            .ToList();
        objects.Add(("many/00/1", Bytes("second")));
        objects.Add(("many/00/0", Bytes("content 0 again")));
        await Store.PutManyIfAbsentAsync(objects, Never);
        await Store.PutManyIfAbsentAsync(objects, Never);
        await Store.PutManyIfAbsentAsync([], Never);
        Assert.Equal("first", await ReadAsync("many/00/1"));
        Assert.Equal("content 0", (await ReadAsync("many/00/0"))![..9]);
        Assert.Equal(count + 1, (await ListAsync("many/")).Count);
        for (var i = 0; i < count; i++)
            Assert.StartsWith($"content {i}", await ReadAsync($"many/{i % 7:D2}/{i}"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Many_callers_put_the_same_objects_at_once()
    {
        var objects = Enumerable.Range(0, 60).Select(i => ($"same/{i % 3}/{i}", (ReadOnlyMemory<byte>)Random(2_000, i))).ToList();
        await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Store.PutManyIfAbsentAsync(objects, Never)));
        for (var i = 0; i < 60; i++) Assert.Equal(Random(2_000, i), (await Store.GetAsync($"same/{i % 3}/{i}", Never))!.Value.ToArray());
        Assert.Equal(60, (await ListAsync("same/")).Count);
    }

    [Fact]
    public async Task Written_streams_are_seen_when_they_are_whole()
    {
        await Store.PutAsync("s/t", async (stream, token) =>
        {
            await stream.WriteAsync(Bytes("half "), token);
            await stream.FlushAsync(token);
            Assert.False(await Store.ExistsAsync("s/t", token));
            Assert.Empty(await ListAsync("s/"));
            // Writers that close their stream are common.
            await using var writer = new StreamWriter(stream);
            await writer.WriteAsync("whole");
        }, Never);
        Assert.Equal("half whole", await ReadAsync("s/t"));
    }

    [Fact]
    public async Task A_writer_that_fails_leaves_what_stood()
    {
        await Store.PutAsync("s/t", Bytes("old"), Never);
        var problem = await Assert.ThrowsAsync<TimeoutException>(() => Store.PutAsync("s/t", async (stream, token) =>
        {
            await stream.WriteAsync(Random(100_000, 1), token);
            throw new TimeoutException("the source went away");
        }, Never));
        Assert.Equal("the source went away", problem.Message);
        Assert.Equal("old", await ReadAsync("s/t"));
        Assert.Equal([("s/t", 3L)], await ListAsync("s/"));
    }

    [Fact]
    public async Task A_listing_has_its_prefix_only_and_all_of_it()
    {
        var keys = Enumerable.Range(0, 1_500).Select(i => $"list/{i % 11:D2}/{i:D4}").ToArray();
        await Store.PutManyIfAbsentAsync([.. keys.Select(k => (k, (ReadOnlyMemory<byte>)Bytes(k)))], Never);
        await Store.PutAsync("listing/x", Bytes("x"), Never);
        Assert.Equal(keys.Order(StringComparer.Ordinal), (await ListAsync("list/")).Select(f => f.Key));
        Assert.Equal(keys.Where(k => k.StartsWith("list/03/", StringComparison.Ordinal)).Order(StringComparer.Ordinal),
            (await ListAsync("list/03/")).Select(f => f.Key));
        Assert.Single(await ListAsync("listing/"));
    }

    [Theory]
    [InlineData("")]
    [InlineData("/a")]
    [InlineData("a/")]
    [InlineData("a//b")]
    [InlineData("..")]
    [InlineData("a/../b")]
    [InlineData("a/./b")]
    [InlineData(".tmp/x")]
    [InlineData("a/.hidden")]
    [InlineData("a b")]
    [InlineData("a\\b")]
    [InlineData("a:b")]
    [InlineData("ä")]
    [InlineData("a\0b")]
    public async Task A_key_that_is_none_is_refused_everywhere(string key)
    {
        await Assert.ThrowsAsync<ArgumentException>(() => Store.PutAsync(key, Bytes("x"), Never));
        await Assert.ThrowsAsync<ArgumentException>(() => Store.PutAsync(key, (_, _) => Task.CompletedTask, Never));
        await Assert.ThrowsAsync<ArgumentException>(() => Store.PutManyIfAbsentAsync([("fine/x", Bytes("x")), (key, Bytes("x"))], Never));
        await Assert.ThrowsAsync<ArgumentException>(() => Store.GetAsync(key, Never));
        await Assert.ThrowsAsync<ArgumentException>(() => Store.OpenReadAsync(key, Never));
        await Assert.ThrowsAsync<ArgumentException>(() => Store.MapAsync(key, Never));
        await Assert.ThrowsAsync<ArgumentException>(() => Store.ExistsAsync(key, Never));
        await Assert.ThrowsAsync<ArgumentException>(() => Store.DeleteAsync(key, Never));
        await Assert.ThrowsAsync<ArgumentException>(() => ListAsync(key == "a/" ? "a" : key + "/"));
        Assert.False(await Store.ExistsAsync("fine/x", Never));
    }

    [Fact]
    public async Task Keys_and_segments_have_their_lengths()
    {
        var longest = string.Join('/', Enumerable.Repeat(new string('k', 255), 4));
        Assert.Equal(1_023, longest.Length);
        await Store.PutAsync(longest, Bytes("x"), Never);
        Assert.Equal("x", await ReadAsync(longest));
        await Assert.ThrowsAsync<ArgumentException>(() => Store.GetAsync(longest + "/kk", Never));
        await Assert.ThrowsAsync<ArgumentException>(() => Store.GetAsync(new string('k', 256), Never));
    }
}
