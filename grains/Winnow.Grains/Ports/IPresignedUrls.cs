namespace Winnow.Grains.Ports;

/// <summary>
/// Links by which a caller without keys reads or writes one object straight at the store, for a while. Stores without an address of their
/// own have none of it.
/// </summary>
public interface IPresignedUrls
{
    /// <summary>A link that reads an object, whether or not it is there.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The expiry is not within <see cref="PresignedUrlLimits"/>.</exception>
    Task<Uri> GetAsync(string key, TimeSpan expiry, CancellationToken cancellationToken);

    /// <summary>A link that puts an object, once or more, until it expires.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The expiry is not within <see cref="PresignedUrlLimits"/>.</exception>
    Task<Uri> PutAsync(string key, TimeSpan expiry, CancellationToken cancellationToken);
}

/// <summary>How long a link may be good for. Whoever has it needs nothing else, so not long.</summary>
public static class PresignedUrlLimits
{
    public static readonly TimeSpan Shortest = TimeSpan.FromSeconds(10);
    public static readonly TimeSpan Longest = TimeSpan.FromHours(24);
}
