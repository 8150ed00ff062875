using System.Text.Json.Serialization;
using Winnow.Model.Images;
using Winnow.Model.Labels;
using Winnow.Model.Names;

namespace Winnow.Model.MachineDecisions;

/// <summary>
/// A machine's decision about one image on its way in. It never enters what people said, and stands only where they said nothing. A run
/// decides about an image once.
/// </summary>
/// <param name="Image">The image.</param>
/// <param name="Kind">What it is worth.</param>
/// <param name="Run">The run that it belongs to, by which all of it can be taken back: at most 100 characters.</param>
/// <param name="Source">The model or tool that decided: at most 100 characters; <c>model:…</c> is Winnow's own.</param>
/// <param name="Annotations">All that the image shows.</param>
/// <param name="MadeAt">When it was made.</param>
public sealed record ImageMachineDecision(
    ImageId Image, MachineKind Kind, string Run, string Source, IReadOnlyList<Annotation> Annotations, DateTimeOffset MadeAt)
{
    /// <summary>Most bytes of one decision, as JSON.</summary>
    public const int MaxBytes = 256 << 10;

    /// <summary>Most characters of the names of a run and of a source, and of its version.</summary>
    public const int MaxName = 100;

    /// <summary>What the names of Winnow's own models begin with.</summary>
    public const string OwnSource = "model:";

    /// <summary>Which state of the source it was; null where it says nothing of it.</summary>
    public string? Version { get; init; }

    /// <summary>The source's confidence in the whole of it, in [0, 1]; null where it says nothing of it.</summary>
    public double? Confidence { get; init; }

    /// <summary>
    /// The version of the label schema in whose names it is, as the server took it; null for the first. What a caller names is replaced.
    /// </summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public int? Schema { get; init; }

    /// <summary>The first thing that is wrong with one that comes from outside, as a sentence; null when nothing is.</summary>
    /// <param name="schema">The dataset's.</param>
    /// <param name="latest">The latest time that is believed.</param>
    public string? Check(LabelSchema schema, DateTimeOffset latest) =>
        CheckNames()
        ?? (Source.StartsWith(OwnSource, StringComparison.Ordinal)
            ? $"source begins with '{OwnSource}', which names Winnow's own models." : null)
        ?? CheckRest(latest)
        ?? (Annotations.Count == 0 && !schema.TakesNone ? "A decision needs at least one annotation." : null)
        ?? AnnotationRules.Check(Annotations, schema);

    /// <summary>The same of one as it is stored: it may be of an earlier version of the schema, and of Winnow's own models.</summary>
    public string? CheckStored(LabelSchema schema, DateTimeOffset latest) =>
        CheckNames()
        ?? CheckRest(latest)
        ?? (Schema is { } version ? MemberRules.Number("schema", version, 2, schema.Number) : null)
        ?? ((Schema ?? 1) == schema.Number ? AnnotationRules.Check(Annotations, schema)
            : AnnotationRules.CheckEarlier(SchemaMap.Of(schema).Map(Annotations, Schema ?? 1).Annotations, schema));

    private string? CheckNames() =>
        MemberRules.Word("kind", Kind)
        ?? MemberRules.Text("run", Run, MaxName, least: 1)
        ?? (ShownText.IsClean(Run) ? null : "run has characters that cannot be shown.")
        ?? MemberRules.Text("source", Source, MaxName, least: 1)
        ?? (ShownText.IsClean(Source) ? null : "source has characters that cannot be shown.");

    private string? CheckRest(DateTimeOffset latest) =>
        MemberRules.TextOrNone("version", Version, MaxName)
        ?? MemberRules.Share("confidence", Confidence)
        ?? MemberRules.Date("madeAt", MadeAt, latest)
        ?? (Annotations is null || Annotations.Any(a => a is null) ? "annotations are missing, or hold one that is null." : null);
}

/// <summary>What became of a lot of machine decisions: all that are not refused are on disk.</summary>
/// <param name="Taken">How many were taken, or were there already.</param>
/// <param name="Refused">Those that were put aside, each with its reason.</param>
public sealed record MachineDecisionsResult(int Taken, IReadOnlyList<RefusedMachineDecision> Refused);

/// <summary>A machine decision that was put aside.</summary>
/// <param name="Index">Its place in the lot, from 0.</param>
/// <param name="Image">The image that it names.</param>
/// <param name="Reason">Why, as a sentence.</param>
public sealed record RefusedMachineDecision(int Index, ImageId Image, string Reason);
