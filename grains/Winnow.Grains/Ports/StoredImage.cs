using Winnow.Model.Images;

namespace Winnow.Grains.Ports;

/// <summary>Why the store does not give the bytes of one image, though it gives others.</summary>
/// <param name="Reason">A sentence.</param>
/// <param name="IsMissing">Whether there are none.</param>
public sealed record StoredFault(string Reason, bool IsMissing);

/// <summary>
/// Reads the bytes of single images for whoever reads many: what is wrong with one is an answer and no exception, and whatever is thrown
/// concerns all.
/// </summary>
public static class StoredImage
{
    /// <summary>The bytes, and what is wrong with them; null where they are those that the image came with.</summary>
    /// <exception cref="Exception">The store is away.</exception>
    public static async Task<(ReadOnlyMemory<byte> Bytes, StoredFault? Fault)> ReadAsync(
        IObjectStore objects, string dataset, ImageId image, CancellationToken cancellationToken)
    {
        try
        {
            if (await objects.GetAsync(ObjectKeys.Image(dataset, image), cancellationToken).ConfigureAwait(false) is not { } bytes)
                return (default, new StoredFault("not in the object store", IsMissing: true));
            return (bytes, ImageId.Of(bytes.Span) == image ? null : new StoredFault("the bytes in the object store are others", false));
        }
        catch (ObjectUnreadableException refused)
        {
            return (default, new StoredFault($"its bytes cannot be read: {refused.Message}", IsMissing: false));
        }
    }
}
