using Winnow.Model.Images;

namespace Winnow.Abstractions.Scoring;

/// <summary>References of images to embed; the scoring silo fetches the pixels itself.</summary>
[GenerateSerializer, Immutable, Alias("winnow.embed-lot")]
public sealed record EmbedLot([property: Id(0)] string Dataset, [property: Id(1)] ImageId[] Images);

/// <summary>Embeddings of a lot.</summary>
/// <param name="Dimensions">Numbers per image.</param>
/// <param name="Vectors">float16, little-endian, row-major [images × dimensions]; NaN where an image was refused.</param>
/// <param name="Reasons">Why an image was refused; null where it was embedded.</param>
[GenerateSerializer, Immutable, Alias("winnow.embedded-lot")]
public sealed record EmbeddedLot([property: Id(0)] int Dimensions, [property: Id(1)] byte[] Vectors, [property: Id(2)] string?[] Reasons);

/// <summary>One device: fetches, decodes, batches, runs the backbone. Key: <see cref="Images.DeviceKey"/>.</summary>
[Alias("winnow.scoring")]
public interface IScoringGrain : IGrainWithStringKey
{
    /// <summary>Embeds a lot.</summary>
    [Alias("embed"), ResponseTimeout(Training.LongCall.Limit)]
    Task<EmbeddedLot> EmbedAsync(EmbedLot lot, CancellationToken cancellationToken);
}
