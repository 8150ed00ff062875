using System.Text.Json.Serialization;
using Winnow.Model.Names;

namespace Winnow.Model.Images;

/// <summary>
/// How far an image has come. <c>received → prelabeled → scored → queued → labeled → verified → gold</c>, or one of the side tracks.
/// </summary>
[JsonConverter(typeof(KebabEnumConverter<Stage>))]
public enum Stage : byte
{
    /// <summary>Its bytes and its row are durable.</summary>
    Received = 0,
    /// <summary>A connector has proposed annotations.</summary>
    Prelabeled = 1,
    /// <summary>It has an embedding and, where the dataset has a model, scores.</summary>
    Scored = 2,
    /// <summary>A person is asked about it.</summary>
    Queued = 3,
    /// <summary>A person has decided.</summary>
    Labeled = 4,
    /// <summary>A second person agreed, or an arbitrator settled it.</summary>
    Verified = 5,
    /// <summary>It is known for certain and used to check people.</summary>
    Gold = 6,
    /// <summary>The model's answer was taken under the dataset's guarantee.</summary>
    AutoAccepted = 7,
    /// <summary>It cannot be used; the reason is kept, the bytes too.</summary>
    Quarantined = 8,
    /// <summary>People disagree about it, and nothing stands until an arbitrator settles it.</summary>
    Disputed = 9,
}

/// <summary>What an image is for.</summary>
[JsonConverter(typeof(KebabEnumConverter<Partition>))]
public enum Partition : byte
{
    /// <summary>May be asked about, trained on, audited.</summary>
    Pool = 0,
    /// <summary>Labelled beforehand and only ever used to evaluate: never selected, never trained on.</summary>
    Holdout = 1,
}

/// <summary>What the header of an image's bytes says.</summary>
/// <param name="Format">Lower-case name of the encoding, such as <c>png</c> or <c>jpeg</c>.</param>
/// <param name="Width">Pixels across.</param>
/// <param name="Height">Pixels down.</param>
/// <param name="Frames">1 unless animated; only the first is used.</param>
/// <param name="Bytes">Size of the encoded image.</param>
public sealed record ImageHeader(string Format, int Width, int Height, int Frames, long Bytes)
{
    /// <summary>
    /// How the stored pixels are to be turned to stand upright, 1 to 8 (EXIF 2.3, tag 0x0112): 5 to 8 change width for height. Annotations
    /// are in pixels of the upright picture. 0 where it was not read, as in images that an early release took in.
    /// </summary>
    public int Orientation { get; init; }
}

/// <summary>How one image of a lot was taken.</summary>
[JsonConverter(typeof(KebabEnumConverter<IngestStatus>))]
public enum IngestStatus : byte
{
    /// <summary>New, durable.</summary>
    Accepted = 0,
    /// <summary>These bytes were in the dataset already.</summary>
    Duplicate = 1,
    /// <summary>Kept, but not usable; the reason says why, also where it was there already.</summary>
    Quarantined = 2,
    /// <summary>Not in the dataset: nothing of it was kept, or it was not even sent; the reason says why.</summary>
    LeftOut = 3,
}

/// <summary>The answer for one image of a lot.</summary>
/// <param name="Name">The name under which the caller sent it.</param>
/// <param name="Id">Its identity; null only where it was left out.</param>
/// <param name="Status">How it was taken.</param>
/// <param name="Reason">Why it was quarantined or left out, or what of it was not done as asked.</param>
public sealed record IngestResult([property: Text(TextKind.Exact)] string Name, ImageId? Id, IngestStatus Status, string? Reason)
{
    /// <summary>
    /// Where a duplicate stands, if that is another partition than the one it was sent for: it stays there. Null otherwise.
    /// </summary>
    public Partition? StandsIn { get; init; }

    /// <summary>
    /// The label that it was sent with and does not bear: the schema has none of that name, or it bears another. Null otherwise.
    /// </summary>
    [Text(TextKind.Exact)]
    public string? LabelNotTaken { get; init; }

    /// <summary>
    /// The name under which it is stored, where that is another than it was sent with: see <see cref="ImageName.Kept"/>. Bytes that were
    /// there already keep the name that they have, and it is told where it is not the one that this name would have become. Null otherwise.
    /// </summary>
    public string? StoredAs { get; init; }

    /// <summary>Whether it is in the dataset as it was sent: usable, in its partition and with its label.</summary>
    [JsonIgnore]
    public bool AsSent => Status is IngestStatus.Accepted or IngestStatus.Duplicate && StandsIn is null && LabelNotTaken is null;
}

/// <summary>What an intake takes, so that whoever sends can know before the first byte.</summary>
/// <param name="Formats">Formats of images, such as <c>jpeg</c>; told by content, never by name.</param>
/// <param name="MaxImageBytes">Largest image.</param>
/// <param name="MaxLotImages">Most images of one request.</param>
/// <param name="MaxLotBytes">Largest request.</param>
public sealed record IntakeLimits(IReadOnlyList<string> Formats, long MaxImageBytes, int MaxLotImages, long MaxLotBytes);

/// <summary>One image in a listing.</summary>
public sealed record ImageSummary(
    ImageId Id, string Name, Stage Stage, Partition Partition, [property: Text(TextKind.Exact)] string? Label, string? Reason)
{
    /// <summary>
    /// Classes of the set of annotations that stands, each once; empty where it shows nothing of what was asked for. Null without a label,
    /// and where labels are one class.
    /// </summary>
    [Text(TextKind.Exact)]
    public IReadOnlyList<string>? Classes { get; init; }

    /// <summary>By what kind of machine decision it stands, as people have said nothing of it; null where it does not.</summary>
    public MachineKind? StandsBy { get; init; }
}

/// <summary>A page of a listing. <see cref="Next"/> continues it; null at the end.</summary>
public sealed record ImagePage(IReadOnlyList<ImageSummary> Images, string? Next);
