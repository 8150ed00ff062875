using System.Globalization;

namespace Winnow.Adapters.Objects.S3;

/// <summary>The bucket that holds the objects of a cluster.</summary>
public sealed class S3Options : S3EndpointOptions
{
    /// <summary>The bucket. Required. Nothing else may write there below <see cref="Prefix"/>.</summary>
    public string Bucket { get; set; } = "";

    /// <summary>What every key begins with: empty, or segments that end with '/'. At most 200 characters. Default empty.</summary>
    public string Prefix { get; set; } = "";

    /// <summary>Whether to make the bucket where it is not there. Default true.</summary>
    public bool CreateBucket { get; set; } = true;

    /// <summary>How long a starting silo waits for the server. 0 to 1 h. Default 1 min.</summary>
    public TimeSpan StartTimeout { get; set; } = TimeSpan.FromMinutes(1);

    /// <summary>
    /// Address under which callers outside the cluster reach the server, for presigned links. Default
    /// <see cref="S3EndpointOptions.Endpoint"/>.
    /// </summary>
    public string? PublicEndpoint { get; set; }

    /// <summary>Folder of local copies of mapped objects; one per silo. Required; a silo takes <c>cache</c> in its data folder.</summary>
    public string CacheFolder { get; set; } = "";

    /// <summary>Bytes that local copies may take; the least recently used go first. 1 MiB to 16 TiB. Default 10 GiB.</summary>
    public long CacheBytes { get; set; } = 10L << 30;

    /// <summary>
    /// Size of the parts of an upload whose length is not known, held in memory. 5 MiB to 1 GiB. Default 8 MiB, which allows objects up to
    /// 78 GiB.
    /// </summary>
    public int PartBytes { get; set; } = 8 << 20;

    /// <inheritdoc/>
    public override void Validate(string section = "S3")
    {
        base.Validate(section);
        if (!BucketNames.IsValid(Bucket))
            throw new ArgumentException($"{section}:{nameof(Bucket)} must be a bucket's name, not '{Bucket}'. {BucketNames.Rule}");
        if (Prefix.Length > 200) throw new ArgumentException($"{section}:{nameof(Prefix)} has at most 200 characters.");
        if (Prefix.Length > 0)
        {
            try
            {
                ObjectKeyRules.CheckPrefix(Prefix);
            }
            catch (ArgumentException e)
            {
                throw new ArgumentException($"{section}:{nameof(Prefix)}: {e.Message}", e);
            }
        }
        CheckRange(section, nameof(StartTimeout), StartTimeout, TimeSpan.Zero, TimeSpan.FromHours(1));
        if (PublicEndpoint is not null
            && (!Uri.TryCreate(PublicEndpoint, UriKind.Absolute, out var address) || address.AbsolutePath != "/"
                || (address.Scheme != Uri.UriSchemeHttp && address.Scheme != Uri.UriSchemeHttps)))
            throw new ArgumentException(
                $"{section}:{nameof(PublicEndpoint)} must be an address such as https://s3.example.org, not '{PublicEndpoint}'.");
        if (string.IsNullOrWhiteSpace(CacheFolder))
            throw new ArgumentException($"{section}:{nameof(CacheFolder)} must name a folder for local copies, one per silo.");
        if (CacheBytes is < 1L << 20 or > 1L << 44)
            throw new ArgumentException(
                string.Create(CultureInfo.InvariantCulture,
                    $"{section}:{nameof(CacheBytes)} must be {1 << 20} to {1L << 44}, not {CacheBytes}."));
        if (PartBytes is < 5 << 20 or > 1 << 30)
            throw new ArgumentException(
                string.Create(CultureInfo.InvariantCulture,
                    $"{section}:{nameof(PartBytes)} must be {5 << 20} to {1 << 30}, not {PartBytes}."));
    }
}
