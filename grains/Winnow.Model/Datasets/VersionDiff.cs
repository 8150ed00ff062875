using System.Text.Json.Serialization;
using Winnow.Model.Images;

namespace Winnow.Model.Datasets;

/// <summary>Whose word a label is.</summary>
[JsonConverter(typeof(KebabEnumConverter<LabelSource>))]
public enum LabelSource : byte
{
    /// <summary>It came with the image.</summary>
    Imported = 0,
    /// <summary>A person said so here.</summary>
    Human = 1,
    /// <summary>A machine's decision that was accepted in the place of a person's.</summary>
    Auto = 2,
    /// <summary>A machine's guess.</summary>
    Pseudo = 3,
}

/// <summary>What became of an image from one version to another.</summary>
[JsonConverter(typeof(KebabEnumConverter<VersionChangeKind>))]
public enum VersionChangeKind : byte
{
    /// <summary>Only the later version has the image.</summary>
    Added = 0,
    /// <summary>Only the earlier version has the image.</summary>
    Removed = 1,
    /// <summary>It had no label, and has one.</summary>
    Labelled = 2,
    /// <summary>It has another label.</summary>
    Relabelled = 3,
    /// <summary>It had a label, and has none.</summary>
    Unlabelled = 4,
    /// <summary>It has the same label, by somebody else's word.</summary>
    Confirmed = 5,
}

/// <summary>One image that is not the same in two versions of a dataset.</summary>
/// <param name="Id">The image.</param>
/// <param name="Name">The name it came under.</param>
/// <param name="Kind">What became of it.</param>
/// <param name="From">
/// Its label in the earlier version; null for none. Of a set of annotations, its classes: relabelled from one to the same means that
/// something else of the set is another.
/// </param>
/// <param name="FromSource">Whose word that is; null without a label, and in versions of early releases.</param>
/// <param name="To">Its label in the later version; null for none.</param>
/// <param name="ToSource">Whose word that is.</param>
public sealed record VersionChange(
    ImageId Id, string Name, VersionChangeKind Kind, string? From, LabelSource? FromSource, string? To, LabelSource? ToSource);

/// <summary>How many images went from one label to another.</summary>
/// <param name="Kind">What became of them.</param>
/// <param name="From">Their label in the earlier version.</param>
/// <param name="FromSource">Whose word that is.</param>
/// <param name="To">Their label in the later version.</param>
/// <param name="ToSource">Whose word that is.</param>
/// <param name="Images">How many.</param>
public sealed record LabelMove(
    VersionChangeKind Kind, string? From, LabelSource? FromSource, string? To, LabelSource? ToSource, long Images);

/// <summary>What is different between two versions of a dataset, by class and by whose word the labels are.</summary>
/// <param name="From">Number of the earlier version; 0: nothing, so that all images are added.</param>
/// <param name="To">Number of the later version.</param>
/// <param name="Same">Images that are the same in both.</param>
/// <param name="Moves">All others, the most frequent first. Their images are those of the two versions that are not the same.</param>
public sealed record VersionDiff(int From, int To, long Same, IReadOnlyList<LabelMove> Moves)
{
    /// <summary>Most moves that are told apart; those of all others are joined where their labels are sets of annotations.</summary>
    public const int MostMoves = 10_000;

    /// <summary>How many images something became of.</summary>
    public long Of(VersionChangeKind kind)
    {
        long images = 0;
        foreach (var move in Moves)
            if (move.Kind == kind) images += move.Images;
        return images;
    }
}

/// <summary>What an arm had come to when a version was made.</summary>
/// <param name="Arm">The arm.</param>
/// <param name="Rounds">Its rounds that had ended, with a model or without; their answers are in the version.</param>
/// <param name="Champion">Its model, such as <c>main/3</c>; null where it had none.</param>
/// <param name="HeadSha256">SHA-256 of that model's head, lower-case hex.</param>
public sealed record VersionArm(string Arm, int Rounds, string? Champion, string? HeadSha256);
