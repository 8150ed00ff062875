using System.Net;
using Minio;
using Minio.DataModel.Args;
using Winnow.Adapters.Objects.S3;
using Winnow.Adapters.Tests.Support;
using Winnow.Testing;

namespace Winnow.Adapters.Tests.Objects.S3;

/// <summary>
/// Why so few calls go through the client library. Where one of these fails after an update of the package, the library has learnt it: then
/// use its call, and delete ours. Where the store's own answer is tested beside it, that has to stay.
/// </summary>
[Trait("needs", "s3")]
public sealed class S3LibraryTests : IAsyncLifetime
{
    private static readonly CancellationToken Never = CancellationToken.None;

    private readonly TemporaryFolder _folder = new();
    private readonly Between _between = new();
    private S3ObjectStore _store = null!;
    private S3Options _options = null!;

    private IMinioClient Library => _store.Connection.Client;

    public async Task InitializeAsync()
    {
        _options = S3Stores.Options(await S3Server.SharedAsync(), _folder);
        _store = await S3Stores.OpenAsync(_options, _between);
    }

    public Task DisposeAsync()
    {
        _store.Dispose();
        _folder.Dispose();
        return Task.CompletedTask;
    }

    [Fact]
    public async Task To_get_an_object_it_asks_three_times()
    {
        await _store.PutAsync("a/key", new byte[] { 1 }, Never);
        var get = new GetObjectArgs().WithBucket(_options.Bucket).WithObject("a/key").WithCallbackStream(_ => { });
        Assert.Equal(["HEAD", "HEAD", "GET"], await SentAsync(() => Library.GetObjectAsync(get, Never)));
        Assert.Equal(["GET"], await SentAsync(() => _store.GetAsync("a/key", Never)));
    }

    [Fact]
    public async Task A_put_that_is_to_leave_what_stands_replaces_it()
    {
        await _store.PutAsync("a/key", new byte[] { 1 }, Never);
        await _store.PutManyIfAbsentAsync([("a/key", new byte[] { 2 })], Never);
        Assert.Equal([1], (await _store.GetAsync("a/key", Never))!.Value.ToArray());
        using var body = new MemoryStream([2]);
        var unless = new Dictionary<string, string> { ["If-None-Match"] = "*" };
        var put = new PutObjectArgs().WithBucket(_options.Bucket).WithObject("a/key").WithStreamData(body).WithObjectSize(1);
        await Library.PutObjectAsync(put.WithHeaders(unless), Never);
        Assert.Equal([2], (await _store.GetAsync("a/key", Never))!.Value.ToArray());
    }

    [Fact]
    public void A_listing_begins_at_the_first_key_alone() =>
        Assert.DoesNotContain(typeof(ListObjectsArgs).GetMethods(), m => m.Name.Contains("After", StringComparison.Ordinal)
            || m.Name.Contains("Marker", StringComparison.Ordinal) || m.Name.Contains("Token", StringComparison.Ordinal));

    [Fact]
    public async Task A_redirect_is_no_deletion()
    {
        await _store.PutAsync("a/key", new byte[] { 1 }, Never);
        _between.Answer(HttpStatusCode.MovedPermanently, "");
        await Library.RemoveObjectAsync(new RemoveObjectArgs().WithBucket(_options.Bucket).WithObject("a/key"), Never);
        _between.Answer(HttpStatusCode.MovedPermanently, "");
        await Assert.ThrowsAsync<S3Exception>(() => _store.DeleteAsync("a/key", Never));
        Assert.True(await _store.ExistsAsync("a/key", Never));
    }

    [Theory]
    [InlineData(HttpStatusCode.ServiceUnavailable, "")]
    [InlineData(HttpStatusCode.BadGateway, "<html>Bad gateway</html>")]
    public async Task What_a_proxy_puts_off_is_done_later(HttpStatusCode status, string page)
    {
        await _store.PutAsync("a/key", new byte[] { 1 }, Never);
        _between.Answer(status, page);
        var refused = await Assert.ThrowsAnyAsync<Exception>(() =>
            Library.RemoveObjectAsync(new RemoveObjectArgs().WithBucket(_options.Bucket).WithObject("a/key"), Never));
        Assert.True(refused is NullReferenceException or InvalidOperationException, refused.ToString());
        _between.Answer(status, page);
        await _store.DeleteAsync("a/key", Never);
        Assert.False(await _store.ExistsAsync("a/key", Never));

        // Where the library is used all the same, that is not a fault of the program either.
        var bucket = S3Server.NewBucket();
        _between.Answer(status, page);
        await _store.Connection.CallAsync("the making of a bucket", async (client, token) =>
        {
            await client.MakeBucketAsync(new MakeBucketArgs().WithBucket(bucket), token);
            return true;
        }, Never);
        Assert.True(await Library.BucketExistsAsync(new BucketExistsArgs().WithBucket(bucket), Never));
    }

    private async Task<List<string>> SentAsync(Func<Task> call)
    {
        _between.Sent.Clear();
        await call();
        return [.. _between.Sent];
    }

    /// <summary>Notes what is sent, and stands in for a proxy that answers one request itself.</summary>
    private sealed class Between : DelegatingHandler
    {
        private HttpResponseMessage? _answer;

        public List<string> Sent { get; } = [];

        public void Answer(HttpStatusCode status, string page) =>
            _answer = new HttpResponseMessage(status) { Content = new StringContent(page) };

        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            Sent.Add(request.Method.Method);
            if (Interlocked.Exchange(ref _answer, null) is not { } answer) return base.SendAsync(request, cancellationToken);
            answer.RequestMessage = request;
            return Task.FromResult(answer);
        }
    }
}
