namespace Winnow.Abstractions.Training;

/// <summary>A uniform sample of a shard's labelled images in one space.</summary>
/// <param name="Rows">Those of them that are projected in it.</param>
/// <param name="BytesPerImage">Bytes of a row of its embeddings and projections, and of a score; 0 while there are none.</param>
[GenerateSerializer, Immutable, Alias("winnow.space-sample")]
public sealed record SpaceSample([property: Id(0)] LabelledRows Rows, [property: Id(1)] int BytesPerImage);

/// <summary>The spaces of a shard, whether they serve or not. A space that the shard does not keep has no rows.</summary>
[Alias("winnow.shard-spaces")]
public interface IShardSpaces : IGrainWithStringKey
{
    /// <summary>Labelled images of the pool, the smallest hashes of them, at most <paramref name="count"/>, by the ordinal.</summary>
    [Alias("sample-labelled"), ResponseTimeout(LongCall.Limit)]
    Task<SpaceSample> SampleLabelledAsync(string backbone, int count, CancellationToken cancellationToken);

    /// <summary>How many images a backbone makes nothing of, though they are not put aside.</summary>
    [Alias("unusable"), ResponseTimeout(LongCall.Limit)]
    Task<int> CountUnusableAsync(string backbone, CancellationToken cancellationToken);

    /// <summary>Puts those images aside, before the backbone serves: a row without numbers must meet no head. Harmless to repeat.</summary>
    [Alias("put-aside-unusable"), ResponseTimeout(LongCall.Limit)]
    Task<int> PutAsideUnusableAsync(string backbone, CancellationToken cancellationToken);
}
