using System.Text.Json.Serialization;

namespace Winnow.Model.Datasets;

/// <summary>What a verification may find.</summary>
[JsonConverter(typeof(KebabEnumConverter<FindingKind>))]
public enum FindingKind : byte
{
    /// <summary>An image row whose bytes are not in the object store.</summary>
    ImageBytesMissing = 0,
    /// <summary>Bytes of an image that are not those it was taken in with, or that cannot be read.</summary>
    ImageBytesDamaged = 1,
    /// <summary>Bytes of an image that no row names.</summary>
    ImageBytesWithoutRow = 2,
    /// <summary>An entry of history about an image that its shard does not hold.</summary>
    HistoryWithoutImage = 3,
    /// <summary>A published segment that is not in the object store.</summary>
    SegmentMissing = 4,
    /// <summary>A published segment that is cut off, whose rows were changed, or that cannot be read.</summary>
    SegmentDamaged = 5,
    /// <summary>A version whose manifest is not in the object store.</summary>
    ManifestMissing = 6,
    /// <summary>A manifest with another hash than its version, or that cannot be read.</summary>
    ManifestDamaged = 7,
    /// <summary>A model's head, its ONNX file or a projection that is not in the object store.</summary>
    ModelMissing = 8,
    /// <summary>A head or a projection with another hash than its name says, or that cannot be read.</summary>
    ModelDamaged = 9,
    /// <summary>An object in the dataset's place of which Winnow knows nothing.</summary>
    UnknownObject = 10,
    /// <summary>
    /// Segments, heads, projections and manifests that nothing refers to any more: each replacement leaves them. Expected.
    /// </summary>
    Superseded = 11,
    /// <summary>Smaller copies of images, made on first use. Expected.</summary>
    Copies = 12,
    /// <summary>What bucket sources know. Expected.</summary>
    SourceObjects = 13,
    /// <summary>Uploads that were not taken in yet, and answers to those that were. Expected.</summary>
    StagedUploads = 14,
    /// <summary>What is left of a dataset that was deleted.</summary>
    LeftOfDeleted = 15,
    /// <summary>A fact about an image that its shard does not hold, or whose payload is not what it was written with.</summary>
    FactDamaged = 16,
    /// <summary>A label, with an image or in its history, that is no class of the schema.</summary>
    LabelOfNoClass = 17,
    /// <summary>An act that is not what it was written as, or before which others are missing.</summary>
    ActDamaged = 18,
}

/// <summary>Everything of one kind that a verification found.</summary>
/// <param name="Kind">What it is.</param>
/// <param name="Expected">Whether a sound dataset has it too.</param>
/// <param name="Count">How many.</param>
/// <param name="Bytes">Bytes of those that are there.</param>
/// <param name="Samples">The first of them, at most 20.</param>
/// <param name="Repaired">How many were put right or are being made again.</param>
public sealed record Finding(FindingKind Kind, bool Expected, long Count, long Bytes, IReadOnlyList<string> Samples, long Repaired);

/// <summary>What a verification found.</summary>
/// <param name="Sound">Whether everything found is as it should be.</param>
/// <param name="Images">Image rows.</param>
/// <param name="History">Entries of history.</param>
/// <param name="Objects">Objects in the dataset's place.</param>
/// <param name="Hashed">Whether all bytes were read and held against their hashes.</param>
/// <param name="Findings">One per kind, faults first.</param>
public sealed record VerificationReport(bool Sound, long Images, long History, long Objects, bool Hashed, IReadOnlyList<Finding> Findings);

/// <summary>How far a verification has come; the last one bears the report.</summary>
/// <param name="Shard">Shards done.</param>
/// <param name="Shards">All shards.</param>
/// <param name="Images">Image rows so far.</param>
/// <param name="Report">The report, at the end.</param>
public sealed record VerificationStep(int Shard, int Shards, long Images, VerificationReport? Report);
