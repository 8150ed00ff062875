using Winnow.Abstractions.Training;
using Winnow.Grains.Images;
using Winnow.Model.Images;

namespace Winnow.Grains.Evaluation;

/// <summary>
/// Which images are the audit sample: those of the pool whose seeded hash is at most the threshold that was drawn. It is a property of an
/// image's id, so images yet to come are drawn at the same rate, and any shard says the same of it at any time. Whoever asks brings the
/// threshold. Pure.
/// </summary>
internal static class AuditSample
{
    // Of the dataset's seed, so that no two draws share their hashes.
    private const ulong Stream = 0xA0D1_7000_0000_0001;

    public static ulong HashOf(ImageId image, ulong datasetSeed)
    {
        Span<byte> id = stackalloc byte[ImageId.Size];
        image.CopyTo(id);
        return Algorithms.Numerics.StableHash.Of(id, datasetSeed ^ Stream);
    }

    /// <param name="image">An image that is not of the holdout.</param>
    /// <param name="datasetSeed">The dataset's seed.</param>
    /// <param name="threshold">What was drawn; 0 before that.</param>
    public static bool Holds(ImageId image, ulong datasetSeed, ulong threshold) =>
        threshold != 0 && HashOf(image, datasetSeed) <= threshold;

    /// <summary>What became of an image of the sample.</summary>
    public static AuditOutcome OutcomeOf(ShardIndex.Flags flags, int label, bool wasAsked, bool isScored) => flags switch
    {
        _ when (flags & ShardIndex.Flags.Quarantined) != 0 => AuditOutcome.PutAside,
        // A label that came with an image counts once the image can be judged; people were asked only about images that could.
        _ when label >= 0 => wasAsked || isScored ? AuditOutcome.Labelled : AuditOutcome.NotYet,
        _ when (flags & ShardIndex.Flags.Closed) != 0 => AuditOutcome.Unlabelled,
        _ => wasAsked ? AuditOutcome.Open : AuditOutcome.NotYet,
    };

    /// <summary>What became of the images without a label, over all shards.</summary>
    public static AuditRest RestOf(IReadOnlyList<LabelledRows> parts)
    {
        var rests = parts.Select(p => p.Audit).OfType<AuditRest>().ToArray();
        return new AuditRest(rests.Sum(r => r.Unlabelled), rests.Sum(r => r.Open), rests.Sum(r => r.NotYet), rests.Sum(r => r.PutAside));
    }

    /// <summary>
    /// Holds what all shards told against what the dataset knows of its sample. Images do not leave it, so fewer are an answer that is not
    /// whole.
    /// </summary>
    /// <param name="parts">What the shards told.</param>
    /// <param name="drawn">Images of the sample when it was drawn; null where that was not written down.</param>
    /// <exception cref="OrleansException">There are fewer.</exception>
    public static void Check(IReadOnlyList<LabelledRows> parts, int? drawn)
    {
        var rest = RestOf(parts);
        var told = parts.Sum(p => p.Images.Length) + rest.Unlabelled + rest.Open + rest.NotYet + rest.PutAside;
        if (!(told < drawn)) return;
        throw new OrleansException($"The audit sample has {drawn} images at least, and the shards tell of {told}: they are asked again.");
    }
}

/// <summary>What became of an image of the audit sample. See <see cref="AuditRest"/>.</summary>
internal enum AuditOutcome
{
    /// <summary>It has a label, and can be judged.</summary>
    Labelled,
    /// <summary>People gave no label.</summary>
    Unlabelled,
    /// <summary>People are asked.</summary>
    Open,
    /// <summary>Nobody was asked.</summary>
    NotYet,
    /// <summary>It is no picture.</summary>
    PutAside,
}
