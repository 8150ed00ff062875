using Winnow.Model.Images.Buckets;

namespace Winnow.Abstractions.Images.Buckets;

/// <summary>The bucket sources of one dataset: which there are, and who may notify them. Key: the dataset's name.</summary>
[Alias("winnow.bucket-sources")]
public interface IBucketSourcesGrain : IGrainWithStringKey
{
    /// <summary>Adds a source and begins to read it. The same request again is answered with the source, without its secret path.</summary>
    /// <exception cref="Datasets.RefusedException">A name is not sound or taken, or the bucket may not be read.</exception>
    [Alias("add")]
    Task<AddedSource> AddAsync(BucketSource source, string actor, CancellationToken cancellationToken);

    /// <summary>All sources, by name, with where they stand.</summary>
    [Alias("list")]
    Task<SourceStatus[]> ListAsync(CancellationToken cancellationToken);

    /// <summary>One source; null when there is none of that name.</summary>
    [Alias("find")]
    Task<SourceStatus?> FindAsync(string name, CancellationToken cancellationToken);

    /// <summary>Stops reading a bucket. Its images stay. False when there is no such source.</summary>
    [Alias("remove")]
    Task<bool> RemoveAsync(string name, CancellationToken cancellationToken);

    /// <summary>Reads the bucket now; null when there is no such source.</summary>
    [Alias("sync")]
    Task<SourceStatus?> SyncAsync(string name, CancellationToken cancellationToken);

    /// <summary>
    /// Gives a source a new secret path for notifications; the old one is good for nothing from then on. Null when there is no such source.
    /// </summary>
    [Alias("renew-path")]
    Task<AddedSource?> RenewPathAsync(string name, CancellationToken cancellationToken);

    /// <summary>Somebody says that objects are there. False when the secret is not the source's.</summary>
    [Alias("notify")]
    Task<bool> NotifyAsync(string name, string secret, NotifiedObject[] objects, CancellationToken cancellationToken);

    /// <summary>Wakes every source.</summary>
    [Alias("resume")]
    Task ResumeAsync(CancellationToken cancellationToken);
}

/// <summary>What a notification says of one object: a hint, and nothing more.</summary>
[GenerateSerializer, Immutable, Alias("winnow.notified-object")]
public readonly record struct NotifiedObject([property: Id(0)] string Bucket, [property: Id(1)] string Key);
