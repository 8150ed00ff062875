using Minio.DataModel.Args;
using Winnow.Adapters.Objects.S3;
using Winnow.Adapters.Tests.Support;
using Winnow.Testing;

namespace Winnow.Adapters.Tests.Objects.S3;

/// <summary>Counts the requests that leave, by verb.</summary>
internal sealed class RequestCounter : DelegatingHandler
{
    private int _all;

    public int Count => Volatile.Read(ref _all);

    /// <summary>Called before each request is sent.</summary>
    public Action<HttpRequestMessage>? OnSend { get; set; }

    protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        Interlocked.Increment(ref _all);
        OnSend?.Invoke(request);
        return base.SendAsync(request, cancellationToken);
    }
}

/// <summary>Stores on a real server, each with a bucket of its own.</summary>
internal static class S3Stores
{
    public static S3Options Options(S3Server server, TemporaryFolder folder, string? bucket = null) => new()
    {
        Endpoint = server.Endpoint,
        AccessKey = server.AccessKey,
        SecretKey = server.SecretKey,
        Bucket = bucket ?? S3Server.NewBucket(),
        CacheFolder = folder.At("cache"),
    };

    /// <summary>Opens a store whose bucket is there.</summary>
    public static async Task<S3ObjectStore> OpenAsync(S3Options options, DelegatingHandler? around = null)
    {
        var store = new S3ObjectStore(options, TimeProvider.System, around);
        await MakeBucketAsync(store.Connection, options.Bucket);
        return store;
    }

    public static Task MakeBucketAsync(S3Connection connection, string bucket) =>
        connection.CallAsync("the making of a bucket", async (client, token) =>
    {
        if (!await client.BucketExistsAsync(new BucketExistsArgs().WithBucket(bucket), token))
            await client.MakeBucketAsync(new MakeBucketArgs().WithBucket(bucket), token);
        return true;
    }, CancellationToken.None);
}
