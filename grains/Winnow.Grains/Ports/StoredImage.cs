using Winnow.Model.Images;

namespace Winnow.Grains.Ports;

/// <summary>Why the store does not give the bytes of one image, though it gives others.</summary>
/// <param name="Reason">A sentence.</param>
/// <param name="IsMissing">Whether there are none.</param>
public sealed record StoredFault(string Reason, bool IsMissing);

/// <summary>
/// The one way by which original bytes of images leave the store: whoever takes them shows for whom and what for. What is wrong with one
/// image is an answer and no exception, and whatever is thrown concerns all.
/// </summary>
public static class StoredImage
{
    /// <summary>The bytes, and what is wrong with them; null where they are those that the image came with.</summary>
    /// <exception cref="Exception">The store is away.</exception>
    public static async Task<(ReadOnlyMemory<byte> Bytes, StoredFault? Fault)> ReadAsync(
        IObjectStore objects, ContentPass pass, ImageId image, CancellationToken cancellationToken)
    {
        var (bytes, fault) = await FetchAsync(objects, pass, image, cancellationToken).ConfigureAwait(false);
        return fault is not null || ImageId.Of(bytes.Span) == image ? (bytes, fault)
            : (bytes, new StoredFault("the bytes in the object store are others", IsMissing: false));
    }

    /// <summary>The same without holding the bytes against their hash: for whoever sees from what they make of them.</summary>
    /// <exception cref="Exception">The store is away.</exception>
    public static async Task<(ReadOnlyMemory<byte> Bytes, StoredFault? Fault)> FetchAsync(
        IObjectStore objects, ContentPass pass, ImageId image, CancellationToken cancellationToken)
    {
        try
        {
            return await objects.GetAsync(ObjectKeys.Image(pass.Dataset, image), cancellationToken).ConfigureAwait(false) is { } bytes
                ? (bytes, null) : (default, new StoredFault("not in the object store", IsMissing: true));
        }
        catch (ObjectUnreadableException refused)
        {
            return (default, new StoredFault($"its bytes cannot be read: {refused.Message}", IsMissing: false));
        }
    }

    /// <summary>A link that reads the bytes straight from the store, for a while.</summary>
    public static Task<Uri> LinkAsync(
        IPresignedUrls urls, ContentPass pass, ImageId image, TimeSpan expiry, CancellationToken cancellationToken) =>
        urls.GetAsync(ObjectKeys.Image(pass.Dataset, image), expiry, cancellationToken);
}
