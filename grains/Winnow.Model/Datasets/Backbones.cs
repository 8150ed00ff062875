using System.Text.Json.Serialization;
using Winnow.Model.Names;

namespace Winnow.Model.Datasets;

/// <summary>How far a backbone of a dataset has come.</summary>
[JsonConverter(typeof(KebabEnumConverter<BackboneStage>))]
public enum BackboneStage : byte
{
    /// <summary>Its embeddings and their projection are being made, beside those that serve.</summary>
    Making = 0,
    /// <summary>It can be switched to.</summary>
    Ready = 1,
    /// <summary>Scores, rounds and selection are on its embeddings.</summary>
    Serving = 2,
    /// <summary>What it made is being removed.</summary>
    Dropped = 3,
}

/// <summary>Names of backbones.</summary>
public static class BackboneName
{
    /// <summary>What a name must look like, as a sentence.</summary>
    public const string Rule = "A backbone's name has 1 to 100 characters of a–z, A–Z, 0–9, '-', '_' and '.', and begins with no '.'.";

    /// <summary>Whether a backbone of this name may be added. Names become folder names and URL segments, so the rule is strict.</summary>
    public static bool IsValid(string? name) =>
        name is { Length: >= 1 and <= 100 } && name[0] != '.' && name.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.');

    /// <summary>What is wrong with a name, as a sentence; null when nothing is.</summary>
    public static string? Check(string member, string? name) =>
        IsValid(name) ? null : $"{member} cannot be {ShownText.Quote(name)}. {Rule}";
}

/// <summary>A request for a further backbone.</summary>
/// <param name="Name">Its name, as the silos that score know it.</param>
public sealed record AddBackbone(string Name);

/// <summary>A backbone of a dataset, and how far it has come.</summary>
public sealed record BackboneInfo
{
    /// <summary>Its name.</summary>
    public required string Name { get; init; }
    /// <summary>How far it has come.</summary>
    public required BackboneStage Stage { get; init; }
    /// <summary>Images of the dataset, as of now.</summary>
    public long Images { get; init; }
    /// <summary>Those that have its embedding.</summary>
    public long Embedded { get; init; }
    /// <summary>Those whose embedding is projected: what heads and strategies work on.</summary>
    public long Projected { get; init; }
    /// <summary>Those that have a score of its own model.</summary>
    public long Scored { get; init; }
    /// <summary>Its model of the main arm, such as <c>main/3</c>; null before one was promoted.</summary>
    public string? Model { get; init; }
    /// <summary>Why it does not go on; null while it does.</summary>
    public string? Stalled { get; init; }
    /// <summary>Who added it; null for the one that the dataset was created with.</summary>
    public string? AddedBy { get; init; }
    /// <summary>When it was added; null for the one that the dataset was created with.</summary>
    public DateTimeOffset? AddedAt { get; init; }
    /// <summary>Number of the restoration that told who added it. Null: it was added here.</summary>
    public int? Told { get; init; }
}

/// <summary>Backbones beside each other, on the labels that are there.</summary>
/// <param name="Labels">Labelled images that each of them was measured on, the same for all.</param>
/// <param name="Folds">Folds of the cross-fitting.</param>
/// <param name="Backbones">One for each that can be compared, the one that serves first.</param>
/// <param name="LeftOut">Those that cannot yet, each with the reason.</param>
public sealed record BackboneComparison(
    int Labels, int Folds, IReadOnlyList<BackboneFigures> Backbones, IReadOnlyList<BackboneLeftOut> LeftOut);

/// <summary>A backbone that could not be compared.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Reason">Why.</param>
public sealed record BackboneLeftOut(string Name, string Reason);

/// <summary>What a backbone is worth on the labels that are there, and what it costs.</summary>
public sealed record BackboneFigures
{
    /// <summary>Its name.</summary>
    public required string Name { get; init; }
    /// <summary>Whether it serves.</summary>
    public bool Serves { get; init; }
    /// <summary>
    /// Share of the labelled images that heads got right which were trained on the other folds; null where there are too few.
    /// </summary>
    public double? Accuracy { get; init; }
    /// <summary>Clopper–Pearson lower bound of the accuracy at 95 %.</summary>
    public double? AccuracyLower { get; init; }
    /// <summary>Clopper–Pearson upper bound of the accuracy at 95 %.</summary>
    public double? AccuracyUpper { get; init; }
    /// <summary>Mean log-loss of the same heads, in nats.</summary>
    public double? LogLoss { get; init; }
    /// <summary>Images that it got right and the one that serves did not; null for that one.</summary>
    public int? Better { get; init; }
    /// <summary>Images that the one that serves got right and it did not; null for that one.</summary>
    public int? Worse { get; init; }
    /// <summary>
    /// How often chance alone makes a difference so large, either way (McNemar's exact test); null for the one that serves.
    /// </summary>
    public double? PValue { get; init; }
    /// <summary>Images that one device embeds in a second, fetching and decoding included; null where none could be tried.</summary>
    public double? ImagesPerSecond { get; init; }
    /// <summary>Bytes that it keeps of an image: embedding, projection and score.</summary>
    public int BytesPerImage { get; init; }
    /// <summary>Images that it makes nothing of: they are put aside when it is switched to.</summary>
    public long Unusable { get; init; }
}
