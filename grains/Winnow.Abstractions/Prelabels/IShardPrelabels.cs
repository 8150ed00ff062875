using Winnow.Model.Images;

namespace Winnow.Abstractions.Prelabels;

/// <summary>Prelabels of one shard's images, checked against the schema before.</summary>
/// <param name="OperationId">Makes it exactly-once.</param>
/// <param name="Content">What the whole upload comes to: see <see cref="Datasets.OperationStamp"/>.</param>
/// <param name="Actor">Who sent it.</param>
/// <param name="Rows">The prelabels.</param>
[GenerateSerializer, Immutable, Alias("winnow.prelabel-lot")]
public sealed record PrelabelLot(
    [property: Id(0)] Guid OperationId,
    [property: Id(1)] Guid Content,
    [property: Id(2)] string Actor,
    [property: Id(3)] PrelabelRow[] Rows);

/// <summary>One prelabel as it is kept.</summary>
/// <param name="Image">The image.</param>
/// <param name="Source">Its source.</param>
/// <param name="MadeAt">When it was made.</param>
/// <param name="Json">All of it, as JSON of the model.</param>
[GenerateSerializer, Immutable, Alias("winnow.prelabel-row")]
public readonly record struct PrelabelRow(
    [property: Id(0)] ImageId Image, [property: Id(1)] string Source, [property: Id(2)] DateTimeOffset MadeAt, [property: Id(3)] byte[]
    Json);

/// <summary>What became of a prelabel.</summary>
public enum PrelabelOutcome : byte
{
    /// <summary>It is on disk, or one that was made later is.</summary>
    Taken = 0,
    /// <summary>The shard does not hold its image.</summary>
    NotHeld = 1,
    /// <summary>As many others propose something for the image as may.</summary>
    TooManySources = 2,
    /// <summary>What others propose for the image leaves no room for it.</summary>
    TooManyBytes = 3,
}

/// <summary>A shard as sources of prelabels see it.</summary>
[Alias("winnow.shard-prelabels")]
public interface IShardPrelabels : IGrainWithStringKey
{
    /// <summary>Takes prelabels in, durably and once.</summary>
    /// <returns>For each row whether the shard holds its image; a row of another is left out.</returns>
    [Alias("put")]
    Task<bool[]> PutAsync(PrelabelLot lot, CancellationToken cancellationToken);

    /// <summary>The same, and says what became of each row.</summary>
    [Alias("take")]
    Task<PrelabelOutcome[]> TakeAsync(PrelabelLot lot, CancellationToken cancellationToken);
}
