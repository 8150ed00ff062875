using Winnow.Abstractions.Health;
using Winnow.Abstractions.Images;

namespace Winnow.Grains.Ports;

/// <summary>Where images come from: a bucket on a server that the operator has configured.</summary>
/// <param name="Server">The server's name; null for the one that holds the cluster's own objects.</param>
/// <param name="Bucket">The bucket.</param>
/// <param name="Prefix">What keys begin with.</param>
public sealed record BucketPlace(string? Server, string Bucket, string Prefix);

/// <summary>One object as it stands in a bucket.</summary>
public readonly record struct BucketEntry(string Key, string ETag, long Size);

/// <summary>A page of a listing in the order of keys; <paramref name="More"/> tells whether keys follow.</summary>
public sealed record BucketPage(IReadOnlyList<BucketEntry> Entries, bool More);

/// <summary>Reads buckets of others. Keys there may hold anything.</summary>
public interface IBucketReader
{
    /// <summary>Why a place may not be read, as a sentence; null when it may.</summary>
    string? Refuse(BucketPlace place);

    /// <summary>The host of a place that may be read, as messages name it.</summary>
    string HostOf(BucketPlace place);

    /// <summary>The keys after <paramref name="after"/>, or the first ones.</summary>
    /// <exception cref="IOException">The server cannot be reached or refuses; the message says why.</exception>
    Task<BucketPage> ListAsync(BucketPlace place, string? after, CancellationToken cancellationToken);

    /// <summary>One object as it stands; null when there is none.</summary>
    /// <exception cref="ObjectUnreadableException">This object is refused: it has rights of its own, or is archived.</exception>
    /// <exception cref="IOException">The server cannot be reached or refuses; the message says why.</exception>
    Task<BucketEntry?> FindAsync(BucketPlace place, string key, CancellationToken cancellationToken);

    /// <summary>
    /// One object's bytes, with the version that they are of; null when there is none. They stand in the lot's room. Those of an object
    /// that is longer than <paramref name="most"/> are null and not read.
    /// </summary>
    /// <exception cref="ObjectUnreadableException">This object is refused: it has rights of its own, or is archived.</exception>
    /// <exception cref="IOException">The server cannot be reached or refuses; the message says why.</exception>
    /// <exception cref="UnavailableException">Lots that are under way leave no room for it.</exception>
    Task<(BucketEntry Entry, ReadOnlyMemory<byte>? Bytes)?> ReadAsync(
        BucketPlace place, string key, long most, LotSpaceSet room, CancellationToken cancellationToken);
}
