using Winnow.Model.Images;

namespace Winnow.Cluster.Tests.Failover.Soak;

/// <summary>One call about one image, as its caller saw it. All callers look at one clock.</summary>
/// <param name="Image">The image.</param>
/// <param name="Began">When it was called.</param>
/// <param name="Ended">When the answer was there.</param>
internal abstract record ImageCall(ImageId Image, long Began, long Ended);

/// <summary>What a caller knows of a write.</summary>
internal enum WriteOutcome
{
    /// <summary>It is on disk, at the version that was told.</summary>
    Acknowledged,
    /// <summary>It was not written.</summary>
    Refused,
    /// <summary>No answer came: it may have been written, or be written later, or never.</summary>
    Unknown,
}

/// <summary>A decision.</summary>
/// <param name="Image">The image.</param>
/// <param name="Operation">Its id.</param>
/// <param name="Began">When it was sent.</param>
/// <param name="Ended">When the answer was there; without meaning where none came.</param>
/// <param name="Outcome">What the caller knows of it.</param>
/// <param name="Version">Where it stands in the history, as its caller was told; 0 where nothing was.</param>
/// <param name="Expected">The version that it was to follow at once; null where it might follow any.</param>
internal sealed record ImageWrite(
    ImageId Image, Guid Operation, long Began, long Ended, WriteOutcome Outcome, long Version, long? Expected = null)
    : ImageCall(Image, Began, Ended);

/// <summary>A look at an image.</summary>
/// <param name="Image">The image.</param>
/// <param name="Began">When it was asked for.</param>
/// <param name="Ended">When the answer was there.</param>
/// <param name="History">The operations of its history, oldest first.</param>
internal sealed record ImageRead(ImageId Image, long Began, long Ended, IReadOnlyList<Guid> History) : ImageCall(Image, Began, Ended);
