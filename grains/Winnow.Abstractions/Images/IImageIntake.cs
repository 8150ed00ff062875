using Winnow.Abstractions.Datasets;
using Winnow.Model.Datasets;
using Winnow.Model.Images;
using Winnow.Model.Names;

namespace Winnow.Abstractions.Images;

/// <summary>One image as it arrived at the gateway.</summary>
/// <param name="Name">File name or path, at most 1,024 characters.</param>
/// <param name="Content">Its bytes.</param>
/// <param name="Label">Class name that came with it, or null.</param>
/// <param name="Partition">What it is for.</param>
public sealed record ArrivedImage(string Name, ReadOnlyMemory<byte> Content, string? Label, Partition Partition)
{
    /// <summary>Why it is left out whatever its bytes are, as sentences; null where nothing speaks against it.</summary>
    public string? Unusable { get; init; }

    /// <summary>Whether the name is a key of a bucket, where backslashes part no folders: see <see cref="ImageName.KeptKey"/>.</summary>
    public bool IsKey { get; init; }
}

/// <summary>Who takes images in, under which operation id.</summary>
/// <param name="Id">Makes the same lot, sent again, harmless.</param>
/// <param name="Actor">Who sent it.</param>
/// <param name="Content">
/// What the operation is, where a lot is but a part of it (see <see cref="OperationStamp.ContentOf"/>); null where the lot is all.
/// </param>
public readonly record struct IngestOperation(Guid Id, string Actor, Guid? Content = null);

/// <summary>What the gateway does with an upload: hash, look at the header, store the bytes durably, hand the rows to the shards.</summary>
public interface IImageIntake
{
    /// <summary>Formats of images that can be used, such as <c>jpeg</c>.</summary>
    IReadOnlyList<string> Formats { get; }

    /// <summary>Most images of one lot.</summary>
    int MaxLotImages { get; }

    /// <summary>Largest image taken, in bytes.</summary>
    long MaxImageBytes { get; }

    /// <summary>Takes in a lot of at most 1,000 images; one result per image, in order. A bad image never fails its lot.</summary>
    /// <exception cref="RefusedException">The operation id is another's, or belongs to other content.</exception>
    Task<IReadOnlyList<IngestResult>> TakeAsync(
        DatasetInfo dataset, IngestOperation operation, IReadOnlyList<ArrivedImage> lot, CancellationToken cancellationToken);
}

/// <summary>Bytes of images for whoever shows them.</summary>
public interface IImageContent
{
    /// <summary>The original bytes with their media type, or why the store does not give them.</summary>
    /// <exception cref="Security.ForbiddenException">The caller may not take originals.</exception>
    Task<ImageBytes> GetOriginalAsync(string dataset, ImageId image, ContentCaller caller, CancellationToken cancellationToken);

    /// <summary>A copy whose longer side is at most <paramref name="maxSide"/> pixels (16 to 4,096), made on first use and kept.</summary>
    Task<ImageBytes> GetDerivativeAsync(string dataset, ImageId image, int maxSide, CancellationToken cancellationToken);
}

/// <summary>Encoded bytes with their media type. <paramref name="Problem"/> says why there are none.</summary>
public sealed record ImageBytes(ReadOnlyMemory<byte> Content, string MediaType, string? Problem = null)
{
    /// <summary>Whether the problem is that the store has lost its bytes, which is no fault of whoever asks.</summary>
    public bool IsLost { get; init; }
}
