using Winnow.Abstractions.Images;
using Winnow.Grains.Ports;

namespace Winnow.Grains.Buckets;

/// <summary>A host that knows no server to read buckets from.</summary>
internal sealed class NoBuckets : IBucketReader
{
    private const string Reason = "This server reads no buckets: set S3 or Buckets in its configuration.";

    public string? Refuse(BucketPlace place) => Reason;

    public string HostOf(BucketPlace place) => throw new IOException(Reason);

    public Task<BucketPage> ListAsync(BucketPlace place, string? after, CancellationToken cancellationToken) =>
        throw new IOException(Reason);

    public Task<BucketEntry?> FindAsync(BucketPlace place, string key, CancellationToken cancellationToken) =>
        throw new IOException(Reason);

    public Task<(BucketEntry Entry, ReadOnlyMemory<byte>? Bytes)?> ReadAsync(
        BucketPlace place, string key, long most, LotSpaceSet room, CancellationToken cancellationToken) => throw new IOException(Reason);
}
