using Winnow.Grains.Ports;
using Winnow.Model.Images;
using Winnow.Model.Labels;
using Winnow.Model.Review;

namespace Winnow.Grains.Images;

/// <summary>What stands of an image after its history.</summary>
/// <param name="Annotations">By the latest entry that counts.</param>
/// <param name="Stage">The stage that people have brought it to; null while they have not.</param>
/// <param name="Closed">Whether nobody needs to be asked.</param>
public sealed record Standing(IReadOnlyList<Annotation> Annotations, Stage? Stage, bool Closed)
{
    public static readonly Standing Nothing = new([], null, false);

    /// <summary>Who said what stands, be it that the image is of no use; null where nothing does that a person said.</summary>
    public string? By { get; init; }

    /// <summary>Version of the entry by which it stands; 0 where nothing does.</summary>
    public long Of { get; init; }

    /// <summary>
    /// Whether nobody knows by the newest schema what the label that stands counts as: the image is about to be asked about again.
    /// </summary>
    public bool IsVoid { get; init; }

    /// <summary>Whether it is asked about again, so that what came with the image does not stand either.</summary>
    public bool AskedAgain { get; init; }

    /// <summary>What is asked about the image, once anybody asks; null where nothing is.</summary>
    public TaskKind? Question { get; init; } = TaskKind.Label;

    /// <summary>Whether somebody said what the image shows, be it nothing of what the schema asks for.</summary>
    public bool IsLabelled { get; init; }

    /// <summary>What a row keeps of the label: the class's index, <see cref="HistoryRow.LabelSet"/>, or -1 where there is none.</summary>
    public int LabelIndex(LabelSchema schema)
    {
        if (!schema.IsOneClass) return IsLabelled ? HistoryRow.LabelSet : -1;
        foreach (var annotation in Annotations)
            if (annotation is ClassTag tag) return schema.IndexOf(tag.Class);
        return -1;
    }

    /// <summary>The label as the row of an entry has it.</summary>
    public int RowLabel(LabelSchema schema) => !Closed && TakesNoOther ? HistoryRow.AskedAgain : LabelIndex(schema);

    /// <summary>Whether what came with the image does not stand where nothing that people said does.</summary>
    public bool TakesNoOther => AskedAgain || Stage == Model.Images.Stage.Disputed;
}
