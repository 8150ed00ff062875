using Minio;
using Minio.DataModel.Args;
using Winnow.Grains.Ports;

namespace Winnow.Adapters.Objects.S3;

/// <summary>Links signed by the client library; made here, without a request.</summary>
internal sealed class S3PresignedUrls : IPresignedUrls, IDisposable
{
    private readonly S3ObjectStore _store;
    private readonly HttpClient _http = new();
    private readonly IMinioClient _client;

    public S3PresignedUrls(S3ObjectStore store)
    {
        _store = store;
        // The host is part of what is signed: callers outside may know the server by another name.
        var address = new Uri(store.Options.PublicEndpoint ?? store.Options.Endpoint);
        _client = S3Connection.MakeClient(address, store.Options, store.Options.ReadCredentials(), _http);
    }

    public async Task<Uri> GetAsync(string key, TimeSpan expiry, CancellationToken cancellationToken) =>
        new(await _client.PresignedGetObjectAsync(new PresignedGetObjectArgs().WithBucket(_store.Options.Bucket)
        .WithObject(_store.NameOf(key)).WithExpiry(Seconds(expiry))).WaitAsync(cancellationToken).ConfigureAwait(false));

    public async Task<Uri> PutAsync(string key, TimeSpan expiry, CancellationToken cancellationToken) =>
        new(await _client.PresignedPutObjectAsync(new PresignedPutObjectArgs().WithBucket(_store.Options.Bucket)
        .WithObject(_store.NameOf(key)).WithExpiry(Seconds(expiry))).WaitAsync(cancellationToken).ConfigureAwait(false));

    public void Dispose()
    {
        _client.Dispose();
        _http.Dispose();
    }

    private static int Seconds(TimeSpan expiry)
    {
        if (expiry < PresignedUrlLimits.Shortest || expiry > PresignedUrlLimits.Longest)
            throw new ArgumentOutOfRangeException(nameof(expiry), expiry,
                $"A link is good for {PresignedUrlLimits.Shortest} to {PresignedUrlLimits.Longest}.");
        return (int)Math.Ceiling(expiry.TotalSeconds);
    }
}
