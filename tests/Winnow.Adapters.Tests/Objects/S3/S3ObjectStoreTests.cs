using System.Net;
using Microsoft.Extensions.Logging.Abstractions;
using Winnow.Adapters.Objects.S3;
using Winnow.Adapters.Tests.Support;
using Winnow.Testing;

namespace Winnow.Adapters.Tests.Objects.S3;

[Trait("needs", "s3")]
public sealed class S3ObjectStoreTests : IAsyncLifetime
{
    private static readonly CancellationToken Never = CancellationToken.None;

    private readonly TemporaryFolder _folder = new();
    private readonly RequestCounter _requests = new();
    private S3Server _server = null!;
    private S3ObjectStore _store = null!;

    public async Task InitializeAsync()
    {
        _server = await S3Server.SharedAsync();
        _store = await S3Stores.OpenAsync(S3Stores.Options(_server, _folder), _requests);
    }

    public Task DisposeAsync()
    {
        _store.Dispose();
        _folder.Dispose();
        return Task.CompletedTask;
    }

    private static byte[] Bytes(int length, int seed)
    {
        var bytes = new byte[length];
        new Random(seed).NextBytes(bytes);
        return bytes;
    }

    [Theory]
    [InlineData(8 << 20)]
    [InlineData((8 << 20) + 1)]
    [InlineData(20_000_000)]
    public async Task An_object_of_unknown_length_goes_in_parts(int length)
    {
        var bytes = Bytes(length, 5);
        await _store.PutAsync("big/one", async (stream, token) =>
        {
            foreach (var part in bytes.Chunk(1_234_567)) await stream.WriteAsync(part, token);
        }, Never);
        Assert.Equal(bytes, (await _store.GetAsync("big/one", Never))!.Value.ToArray());
        await _store.PutAsync("big/two", bytes, Never);
        Assert.Equal(bytes, (await _store.GetAsync("big/two", Never))!.Value.ToArray());
    }

    [Fact]
    public async Task A_writer_that_fails_after_some_parts_leaves_nothing_on_the_server()
    {
        await Assert.ThrowsAsync<TimeoutException>(() => _store.PutAsync("big/half", async (stream, token) =>
        {
            await stream.WriteAsync(Bytes(18 << 20, 1), token);
            throw new TimeoutException("the source went away");
        }, Never));
        Assert.False(await _store.ExistsAsync("big/half", Never));
        var left = await _store.Connection.SendAsync(new S3Request(HttpMethod.Get, _store.Options.Bucket) { Query = [("uploads", "")] },
            (response, token) => response.Content.ReadAsStringAsync(token), Never);
        Assert.DoesNotContain("<Upload>", left, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Many_that_are_there_cost_one_request_each_and_none_is_replaced()
    {
        var objects = Enumerable.Range(0, 100).Select(i => ($"many/{i:D3}", (ReadOnlyMemory<byte>)Bytes(500, i))).ToList();
        var before = _requests.Count;
        await _store.PutManyIfAbsentAsync(objects, Never);
        await _store.PutManyIfAbsentAsync([.. objects.Select(o => (o.Item1, (ReadOnlyMemory<byte>)new byte[] { 1 }))], Never);
        Assert.Equal(200, _requests.Count - before);
        foreach (var (key, content) in objects) Assert.Equal(content.ToArray(), (await _store.GetAsync(key, Never))!.Value.ToArray());
    }

    [Fact]
    public async Task A_long_listing_comes_in_pages()
    {
        var keys = Enumerable.Range(0, 2_000).Select(i => $"pages/{i % 3}/{i:D4}").ToArray();
        await _store.PutManyIfAbsentAsync([.. keys.Select(k => (k, (ReadOnlyMemory<byte>)new byte[] { 1 }))], Never);
        var before = _requests.Count;
        var found = new List<string>();
        await foreach (var (key, size) in _store.ListAsync("pages/", Never))
        {
            Assert.Equal(1, size);
            found.Add(key);
        }
        Assert.Equal(keys.Order(StringComparer.Ordinal), found);
        Assert.InRange(_requests.Count - before, 2, 3);
    }

    [Fact]
    public async Task Mapped_objects_are_copied_once_checked_after_a_restart_and_evicted()
    {
        var options = S3Stores.Options(_server, _folder, _store.Options.Bucket);
        options.CacheFolder = _folder.At("small");
        options.CacheBytes = 1 << 20;
        var counter = new RequestCounter();
        var store = new S3ObjectStore(options, TimeProvider.System, counter);
        for (var i = 0; i < 4; i++) await store.PutAsync($"seg/{i}", Bytes(400_000, i), Never);
        for (var i = 0; i < 2; i++)
        {
            var before = counter.Count;
            using (var mapped = await store.MapAsync("seg/0", Never)) Assert.Equal(Bytes(400_000, 0), mapped!.Memory.ToArray());
            // Its version is asked for each time; its bytes come once.
            Assert.Equal(i == 0 ? 2 : 1, counter.Count - before);
        }
        using (var held = await store.MapAsync("seg/1", Never))
        {
            for (var i = 2; i < 4; i++) (await store.MapAsync($"seg/{i}", Never))!.Dispose();
            Assert.True(store.CachedBytes <= 1 << 20);
            Assert.Equal(Bytes(400_000, 1), held!.Memory.ToArray()); // a mapping outlives its file
        }
        store.Dispose();

        var damaged = Directory.EnumerateFiles(options.CacheFolder).First(f => Path.GetFileName(f) != "lock");
        using (var file = File.OpenWrite(damaged)) file.Write("damaged"u8);
        using var again = new S3ObjectStore(options, TimeProvider.System);
        for (var i = 2; i < 4; i++)
            using (var mapped = await again.MapAsync($"seg/{i}", Never)) Assert.Equal(Bytes(400_000, i), mapped!.Memory.ToArray());
        await again.PutAsync("seg/2", Bytes(1_000, 9), Never);
        using (var mapped = await again.MapAsync("seg/2", Never)) Assert.Equal(Bytes(1_000, 9), mapped!.Memory.ToArray());
        Assert.Contains("in use by another process",
            Assert.Throws<InvalidOperationException>(() => new S3ObjectStore(options, TimeProvider.System)).Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task Wrong_keys_end_the_start_with_the_option_to_set_and_without_the_keys()
    {
        async Task<string> StartAsync(Action<S3Options> change)
        {
            using var folder = new TemporaryFolder();
            var options = S3Stores.Options(_server, folder);
            options.StartTimeout = TimeSpan.Zero;
            change(options);
            using var store = new S3ObjectStore(options, TimeProvider.System);
            return (await Assert.ThrowsAsync<InvalidOperationException>(() =>
                new OpenBucketAtStart(store, TimeProvider.System, NullLogger<OpenBucketAtStart>.Instance).StartingAsync(Never))).ToString();
        }

        var secret = await StartAsync(o => o.SecretKey = "not-the-secret-at-all");
        Assert.Contains("S3:SecretKey", secret, StringComparison.Ordinal);
        Assert.DoesNotContain("not-the-secret-at-all", secret, StringComparison.Ordinal);
        Assert.DoesNotContain("Signature=", secret, StringComparison.Ordinal);
        Assert.Contains("S3:AccessKey", await StartAsync(o => o.AccessKey = "nobody"), StringComparison.Ordinal);
        Assert.Contains("S3:CreateBucket", await StartAsync(o => o.CreateBucket = false), StringComparison.Ordinal);
        Assert.Contains("S3:Endpoint", await StartAsync(o => (o.Endpoint, o.RetryFor) = ("http://127.0.0.1:9", TimeSpan.Zero)),
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_start_makes_the_bucket_and_presigned_links_reach_one_object()
    {
        using var folder = new TemporaryFolder();
        using var store = new S3ObjectStore(S3Stores.Options(_server, folder), TimeProvider.System);
        var open = new OpenBucketAtStart(store, TimeProvider.System, NullLogger<OpenBucketAtStart>.Instance);
        await open.StartingAsync(Never);
        await open.StartingAsync(Never);
        Assert.Null(await new S3Health(store, TimeProvider.System).CheckAsync(Never));

        using var urls = new S3PresignedUrls(store);
        using var http = new HttpClient();
        using (var body = new ByteArrayContent([1, 2, 3]))
        using (var put = await http.PutAsync(await urls.PutAsync("uploads/x", TimeSpan.FromMinutes(1), Never), body))
            Assert.Equal(HttpStatusCode.OK, put.StatusCode);
        var link = await urls.GetAsync("uploads/x", TimeSpan.FromMinutes(1), Never);
        Assert.Equal([1, 2, 3], await http.GetByteArrayAsync(link));
        using (var other = await http.GetAsync(new Uri(link.AbsoluteUri.Replace("uploads/x", "uploads/y", StringComparison.Ordinal))))
            Assert.Equal(HttpStatusCode.Forbidden, other.StatusCode);
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(() => urls.GetAsync("uploads/x", TimeSpan.FromDays(2), Never));
        await Assert.ThrowsAsync<ArgumentException>(() => urls.PutAsync("../x", TimeSpan.FromMinutes(1), Never));
    }

    [Theory]
    [InlineData("Endpoint", "ftp://x")]
    [InlineData("Endpoint", "http://x/path")]
    [InlineData("Bucket", "Upper_Case")]
    [InlineData("Prefix", "no-slash")]
    [InlineData("SecretKey", "")]
    [InlineData("CacheFolder", "")]
    [InlineData("PublicEndpoint", "nonsense")]
    public void An_option_that_is_not_sound_is_named(string name, string value)
    {
        var options = S3Stores.Options(_server, _folder);
        options.Validate();
        typeof(S3Options).GetProperty(name)!.SetValue(options, value);
        Assert.Contains($"S3:{name}", Assert.Throws<ArgumentException>(() => options.Validate()).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Keys_come_from_files_and_a_missing_file_is_named()
    {
        File.WriteAllText(_folder.At("secret"), " from-a-file\n");
        var options = S3Stores.Options(_server, _folder);
        options.SecretKeyFile = _folder.At("secret");
        Assert.Equal("from-a-file", options.ReadCredentials().SecretKey);
        Assert.DoesNotContain("from-a-file", options.ReadCredentials().ToString(), StringComparison.Ordinal);
        options.SecretKeyFile = _folder.At("nowhere");
        Assert.Contains("S3:SecretKeyFile", Assert.Throws<ArgumentException>(() => options.Validate()).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Stores_with_a_prefix_share_a_bucket_and_do_not_meet()
    {
        var options = S3Stores.Options(_server, _folder, _store.Options.Bucket);
        (options.Prefix, options.CacheFolder) = ("winnow/one/", _folder.At("one"));
        using var one = new S3ObjectStore(options, TimeProvider.System);
        await one.PutAsync("a/b", new byte[] { 1 }, Never);
        await _store.PutAsync("a/b", new byte[] { 2 }, Never);
        await one.PutManyIfAbsentAsync([("a/c", new byte[] { 3 })], Never);
        async Task<string[]> KeysAsync(S3ObjectStore store, string prefix)
        {
            var keys = new List<string>();
            await foreach (var (key, _) in store.ListAsync(prefix, Never)) keys.Add(key);
            return [.. keys];
        }

        Assert.Equal(["a/b", "a/c"], await KeysAsync(one, "a/"));
        Assert.Equal(["a/b"], await KeysAsync(_store, "a/"));
        Assert.Equal([1], (await one.GetAsync("a/b", Never))!.Value.ToArray());
        Assert.Equal([1], (await _store.GetAsync("winnow/one/a/b", Never))!.Value.ToArray());
        await one.DeleteAsync("a/b", Never);
        Assert.True(await _store.ExistsAsync("a/b", Never));
        // S3 counts the prefix too.
        await Assert.ThrowsAsync<ArgumentException>(() =>
            one.GetAsync(string.Join('/', Enumerable.Repeat(new string('k', 255), 4)), Never));
    }
}
