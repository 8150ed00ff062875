using System.Net;
using Winnow.Abstractions.Health;
using Winnow.Adapters.Objects.S3;
using Winnow.Adapters.Tests.Support;

namespace Winnow.Adapters.Tests.Objects.S3;

/// <summary>
/// A server that has no room says so in one of several ways. Each is told as what it is, and asked once: no repetition makes room.
/// </summary>
public sealed class S3FullTests : IDisposable
{
    private static readonly CancellationToken Never = CancellationToken.None;

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(HttpStatusCode.InsufficientStorage, "XMinioStorageFull")]
    [InlineData(HttpStatusCode.BadRequest, "XMinioAdminBucketQuotaExceeded")]
    [InlineData(HttpStatusCode.Forbidden, "QuotaExceeded")]
    [InlineData(HttpStatusCode.InsufficientStorage, "")]
    [InlineData(HttpStatusCode.ServiceUnavailable, "StorageFull")]
    public async Task A_server_without_room_is_told_as_that_and_asked_once(HttpStatusCode status, string code)
    {
        var server = new Answering(status, code.Length == 0 ? "" : $"<Error><Code>{code}</Code><Message>no room</Message></Error>");
        using var store = new S3ObjectStore(Options(), TimeProvider.System, server);
        (string, ReadOnlyMemory<byte>)[] lot = [("a/1", new byte[] { 1 })];
        foreach (var put in new Func<Task>[]
        {
            () => store.PutAsync("a/b", new byte[] { 1 }, Never),
            () => store.PutAsync("a/b", (stream, token) => stream.WriteAsync(new byte[100], token).AsTask(), Never),
            () => store.PutManyIfAbsentAsync(lot, Never),
        })
        {
            server.Requests = 0;
            var told = await Assert.ThrowsAsync<StorageFullException>(put);
            Assert.StartsWith("The object store is full", told.Message, StringComparison.Ordinal);
            Assert.Contains(code, Assert.IsType<S3Exception>(told.InnerException).Message, StringComparison.Ordinal);
            Assert.Equal(1, server.Requests);
        }
    }

    [Fact]
    public async Task A_refusal_for_another_reason_stays_one()
    {
        var server = new Answering(HttpStatusCode.Forbidden, "<Error><Code>AccessDenied</Code><Message>no</Message></Error>");
        using var store = new S3ObjectStore(Options(), TimeProvider.System, server);
        Assert.False((await Assert.ThrowsAsync<S3Exception>(() => store.PutAsync("a/b", new byte[] { 1 }, Never))).IsFull);
    }

    private S3Options Options() =>
        new()
        {
            Endpoint = "http://127.0.0.1:1",
            AccessKey = "a",
            SecretKey = "s",
            Bucket = "bucket",
            CacheFolder = _folder.At("cache"),
            RetryFor = TimeSpan.FromSeconds(5)
        };

    private sealed class Answering(HttpStatusCode status, string body) : DelegatingHandler
    {
        public int Requests { get; set; }

        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            Requests++;
            return Task.FromResult(new HttpResponseMessage(status) { Content = new StringContent(body), RequestMessage = request });
        }
    }
}
