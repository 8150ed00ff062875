using Winnow.Model.Images.Buckets;

namespace Winnow.Abstractions.Images.Buckets;

/// <summary>Reads one bucket into one dataset. Key: <see cref="Of"/>.</summary>
[Alias("winnow.bucket-source")]
public interface IBucketSourceGrain : IGrainWithStringKey
{
    /// <summary><c>dataset/source</c>.</summary>
    static string Of(string dataset, string source) => $"{dataset}/{source}";

    /// <summary>Reads on from where it stopped, now and at every interval.</summary>
    [Alias("start")]
    Task StartAsync(BucketSource source, CancellationToken cancellationToken);

    /// <summary>Where it stands.</summary>
    [Alias("status")]
    Task<SourceStatus> GetStatusAsync(BucketSource source, CancellationToken cancellationToken);

    /// <summary>Reads the bucket now.</summary>
    [Alias("sync")]
    Task SyncAsync(CancellationToken cancellationToken);

    /// <summary>These keys may be new.</summary>
    [Alias("notify")]
    Task NotifyAsync(string[] keys, CancellationToken cancellationToken);

    /// <summary>Stops, and forgets what it knew.</summary>
    [Alias("remove")]
    Task RemoveAsync(CancellationToken cancellationToken);
}
