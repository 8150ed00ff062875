using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Text.RegularExpressions;

namespace Winnow.Grains.Ports;

/// <summary>
/// Bytes under keys such as <c>datasets/cats/images/ab/img-…</c>: segments of letters, digits, '-', '_' and '.', joined by '/'.
/// A put is durable and whole, or not there at all, when its task completes; a reader never sees half an object. A store that is away
/// throws whatever it likes; one that is there and cannot give one object throws <see cref="ObjectUnreadableException"/>, and one that
/// cannot keep an object throws <see cref="ObjectUnwritableException"/>, so that whoever reads or writes many can go on with the others.
/// </summary>
public interface IObjectStore
{
    /// <summary>Stores one object, replacing what stood under the key.</summary>
    Task PutAsync(string key, ReadOnlyMemory<byte> content, CancellationToken cancellationToken);

    /// <summary>
    /// Stores many; durable together when the task completes. Keys that are there already are left as they are: meant for content-addressed
    /// objects.
    /// </summary>
    /// <exception cref="ObjectUnwritableException">Some cannot be kept; all others are durable.</exception>
    Task PutManyIfAbsentAsync(IReadOnlyList<(string Key, ReadOnlyMemory<byte> Content)> objects, CancellationToken cancellationToken);

    /// <summary>Stores an object whose bytes are written as they are made.</summary>
    /// <exception cref="ObjectUnwritableException">It cannot be kept; all of its bytes were made nevertheless.</exception>
    Task PutAsync(string key, Func<Stream, CancellationToken, Task> write, CancellationToken cancellationToken);

    /// <summary>All bytes of an object; null when there is none, which is certain: a store that is away does not say so.</summary>
    Task<ReadOnlyMemory<byte>?> GetAsync(string key, CancellationToken cancellationToken);

    /// <summary>An object as a stream; null when there is none.</summary>
    Task<Stream?> OpenReadAsync(string key, CancellationToken cancellationToken);

    /// <summary>
    /// An object mapped into memory, from a local copy where the store is remote; null when there is none. Dispose it to unmap.
    /// </summary>
    Task<IMemoryOwner<byte>?> MapAsync(string key, CancellationToken cancellationToken);

    /// <summary>Whether an object is there.</summary>
    Task<bool> ExistsAsync(string key, CancellationToken cancellationToken);

    /// <summary>Removes an object; one that is not there is no error.</summary>
    Task DeleteAsync(string key, CancellationToken cancellationToken);

    /// <summary>Keys under a prefix that ends with '/', with sizes, in no particular order.</summary>
    IAsyncEnumerable<(string Key, long Size)> ListAsync(string prefix, CancellationToken cancellationToken);
}

/// <summary>Where each kind of object stands.</summary>
public static class ObjectKeys
{
    /// <summary>All places where a dataset has objects.</summary>
    public static IReadOnlyList<string> Places(string dataset) => [$"datasets/{dataset}/", $"uploads/{dataset}/"];

    /// <summary>Where the bytes of images stand.</summary>
    public static string ImageFolder(string dataset) => $"datasets/{dataset}/images/";

    public static string Image(string dataset, Winnow.Model.Images.ImageId image)
    {
        var text = image.ToString();
        return $"datasets/{dataset}/images/{text.AsSpan(4, 2)}/{text}";
    }

    public static string Derivative(string dataset, Winnow.Model.Images.ImageId image, int side)
    {
        var text = image.ToString();
        return string.Create(System.Globalization.CultureInfo.InvariantCulture,
            $"datasets/{dataset}/derived/{side}/{text.AsSpan(4, 2)}/{text}");
    }

    /// <summary>Where the segments of a shard stand.</summary>
    public static string SegmentFolder(ShardKey shard) =>
        string.Create(System.Globalization.CultureInfo.InvariantCulture, $"datasets/{shard.Dataset}/segments/{shard.Shard:D4}/");

    /// <summary>Where the segments of one column stand.</summary>
    public static string SegmentFolder(ShardKey shard, string kind, string version) =>
        $"{SegmentFolder(shard)}{kind}/{version.Replace('/', '-')}/";

    public static string Segment(ShardKey shard, string kind, string version, int first, string suffix) =>
        string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{SegmentFolder(shard, kind, version)}{first:D10}-{suffix}");

    /// <summary>What a bucket source keeps.</summary>
    public static string SourceFolder(string dataset, string source) => $"datasets/{dataset}/sources/{source}/";

    public static string SourceSegment(string dataset, string source, long number) =>
        string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{SourceFolder(dataset, source)}{number:D10}");

    /// <summary>
    /// Bytes that were uploaded and not taken in yet. They stand apart from all else, so that one rule on the bucket can remove old ones.
    /// </summary>
    public static string Upload(string dataset, string id) => $"uploads/{dataset}/{id}";

    public static string Projection(string dataset, string sha256) => $"datasets/{dataset}/projections/{sha256}";

    // A head is named by its bytes: a silo that was cut off and comes back writes beside what others settled meanwhile, never over it.
    public static string Head(string dataset, string arm, int round, string sha256) =>
        string.Create(System.Globalization.CultureInfo.InvariantCulture, $"datasets/{dataset}/models/{arm}/{round:D6}/{sha256}.bin");

    public static string HeadOnnx(string dataset, string arm, int round, string headSha256) =>
        string.Create(System.Globalization.CultureInfo.InvariantCulture, $"datasets/{dataset}/models/{arm}/{round:D6}/{headSha256}.onnx");

    // The hash of a manifest is known when it is written to its end, so what sets one attempt apart is who wrote it.
    public static string Manifest(string dataset, int version, string attempt) =>
        string.Create(System.Globalization.CultureInfo.InvariantCulture, $"datasets/{dataset}/versions/{version:D6}/{attempt}.jsonl");
}

/// <summary>
/// The names of a dataset's objects without the dataset, which is how a backup writes them: no name of that form leads out of the dataset,
/// whoever wrote it.
/// </summary>
public static partial class ObjectNames
{
    /// <summary>Whether it names a projection, and by which hash.</summary>
    public static bool IsProjection(string? name, [NotNullWhen(true)] out string? sha256)
    {
        sha256 = name is not null && ProjectionName().Match(name) is { Success: true } match ? match.Groups["hash"].Value : null;
        return sha256 is not null;
    }

    /// <summary>Whether it names a head, and by which hash.</summary>
    public static bool IsHead(string? name, [NotNullWhen(true)] out string? sha256)
    {
        sha256 = name is not null && HeadName().Match(name) is { Success: true } match ? match.Groups["hash"].Value : null;
        return sha256 is not null;
    }

    /// <summary>Whether it names a head of this arm and round, and by which hash.</summary>
    public static bool IsHead(string? name, string arm, int round, [NotNullWhen(true)] out string? sha256)
    {
        if (IsHead(name, out sha256) && name != ObjectKeys.Head("", arm, round, sha256)["datasets//".Length..]) sha256 = null;
        return sha256 is not null;
    }

    /// <summary>Whether it names a manifest of this version.</summary>
    public static bool IsManifest(string? name, int version) =>
        name is not null && ManifestName().Match(name) is { Success: true } match
            && name == ObjectKeys.Manifest("", version, match.Groups["attempt"].Value)["datasets//".Length..];

    /// <summary>
    /// Whether it names a segment of this kind. The shard and the version in it are those of the place that it came from.
    /// </summary>
    public static bool IsSegment(string? name, string kind) =>
        name is not null && SegmentName().Match(name) is { Success: true } match && match.Groups["kind"].Value == kind;

    [GeneratedRegex(@"\Aprojections/(?<hash>[0-9a-f]{64})\z", RegexOptions.ExplicitCapture | RegexOptions.CultureInvariant)]
    private static partial Regex ProjectionName();

    [GeneratedRegex(@"\Amodels/[a-z0-9-]{1,63}/[0-9]{6,10}/(?<hash>[0-9a-f]{64})\.bin\z",
        RegexOptions.ExplicitCapture | RegexOptions.CultureInvariant)]
    private static partial Regex HeadName();

    [GeneratedRegex(@"\Aversions/[0-9]{6,10}/(?<attempt>[A-Za-z0-9_-]{1,100})\.jsonl\z",
        RegexOptions.ExplicitCapture | RegexOptions.CultureInvariant)]
    private static partial Regex ManifestName();

    [GeneratedRegex(@"\Asegments/[0-9]{4,10}/(?<kind>[a-z]{1,20})/[A-Za-z0-9_-][A-Za-z0-9_.-]{0,199}/[0-9]{10}-[A-Za-z0-9_-]{1,100}\z",
        RegexOptions.ExplicitCapture | RegexOptions.CultureInvariant)]
    private static partial Regex SegmentName();
}
