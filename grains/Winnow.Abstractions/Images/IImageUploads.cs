using Winnow.Model.Datasets;
using Winnow.Model.Images;

namespace Winnow.Abstractions.Images;

/// <summary>Images whose bytes go past the gateway: straight to the object store and straight from it.</summary>
public interface IImageUploads
{
    /// <summary>Makes places for the bytes of images.</summary>
    /// <exception cref="NotSupportedException">The object store has no address of its own.</exception>
    Task<UploadSlots> PrepareAsync(DatasetInfo dataset, int count, CancellationToken cancellationToken);

    /// <summary>Takes in what was uploaded; one result per image, in order. Repeating it is harmless.</summary>
    /// <param name="dataset">The dataset.</param>
    /// <param name="operationId">The same again is the same completion.</param>
    /// <param name="actor">Who acts, for history.</param>
    /// <param name="principal">Whose share of the room for lots it takes.</param>
    /// <param name="images">What was uploaded.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="NotSupportedException">The object store has no address of its own.</exception>
    Task<IReadOnlyList<IngestResult>> CompleteAsync(
        DatasetInfo dataset, Guid operationId, string actor, string principal, IReadOnlyList<UploadedImage> images,
        CancellationToken cancellationToken);

    /// <summary>A link to an image's bytes.</summary>
    /// <exception cref="NotSupportedException">The object store has no address of its own.</exception>
    Task<ImageUrl> LinkAsync(string dataset, ImageId image, ContentCaller caller, CancellationToken cancellationToken);
}
