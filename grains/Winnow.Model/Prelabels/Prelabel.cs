using System.Text.Json.Serialization;
using Winnow.Model.Images;
using Winnow.Model.Labels;
using Winnow.Model.Names;

namespace Winnow.Model.Prelabels;

/// <summary>What a machine proposed for an image. A machine fact: it can be made again.</summary>
/// <param name="Source">The connector or model that proposed it, such as <c>model:main/3</c>.</param>
/// <param name="Annotations">The proposal.</param>
public sealed record Prelabel(string Source, IReadOnlyList<Annotation> Annotations)
{
    /// <summary>Which state of the source it was, in the source's own words; null where it says nothing of it.</summary>
    public string? Version { get; init; }

    /// <summary>The source's confidence in the whole of it, in [0, 1]; null where it says nothing of it.</summary>
    public double? Confidence { get; init; }

    /// <summary>When it was made; null for what the current model says now.</summary>
    public DateTimeOffset? MadeAt { get; init; }
}

/// <summary>A prelabel of one image on its way in. Of several of one source the one that was made last is kept.</summary>
/// <param name="Image">The image.</param>
/// <param name="Source">Who proposes, such as <c>yolo</c>: at most 100 characters; <c>model:…</c> is Winnow's own.</param>
/// <param name="Annotations">The proposal; none: the source found nothing.</param>
/// <param name="MadeAt">When it was made.</param>
public sealed record ImagePrelabel(ImageId Image, string Source, IReadOnlyList<Annotation> Annotations, DateTimeOffset MadeAt)
{
    /// <summary>Most bytes of one prelabel, as JSON.</summary>
    public const int MaxBytes = 256 << 10;

    /// <summary>Most characters of a source's name, and of its version.</summary>
    public const int MaxSource = 100;

    /// <summary>Most sources that propose something for one image.</summary>
    public const int MostSources = 32;

    /// <summary>Most bytes, as JSON, of all that is proposed for one image.</summary>
    public const int MostBytesOfImage = 1 << 20;

    /// <summary>What the names of Winnow's own models begin with.</summary>
    public const string OwnSource = "model:";

    /// <summary>Which state of the source it was; null where it says nothing of it.</summary>
    public string? Version { get; init; }

    /// <summary>The source's confidence in the whole of it, in [0, 1].</summary>
    public double? Confidence { get; init; }

    /// <summary>
    /// The version of the label schema in whose names it is, as the server took it; null for the first. What a caller names is replaced.
    /// </summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public int? Schema { get; init; }

    /// <summary>The first thing that is wrong with it under a schema, as a sentence; null when nothing is.</summary>
    /// <param name="schema">The dataset's.</param>
    /// <param name="latest">The latest time that is believed.</param>
    public string? Check(LabelSchema schema, DateTimeOffset latest) =>
        (Source is not null && LooksOwn(Source) ? NotOwn : null) ?? CheckMembers(schema, latest);

    private const string NotOwn = $"source begins with '{OwnSource}', or looks as if it did, which names Winnow's own models.";

    /// <summary>Whether a name looks like one of Winnow's own models, in whatever case, width or with marks that are not seen.</summary>
    private static bool LooksOwn(string source)
    {
        // Letters of full width are others to Unicode, and the same to whoever reads them.
        var narrow = string.Create(source.Length, source, static (text, from) =>
        {
            for (var i = 0; i < text.Length; i++)
                text[i] = from[i] is >= '\uFF01' and <= '\uFF5E' ? (char)(from[i] - 0xFEE0) : from[i];
        });
        return TextForm.Folded(narrow).StartsWith(TextForm.Folded(OwnSource), StringComparison.Ordinal);
    }

    private string? CheckMembers(LabelSchema schema, DateTimeOffset latest) =>
        MemberRules.Text("source", Source, MaxSource, least: 1)
        ?? (ShownText.IsClean(Source) ? null : "source has characters that cannot be shown.")
        ?? (Source.StartsWith(OwnSource, StringComparison.Ordinal)
            ? NotOwn : null)
        ?? MemberRules.TextOrNone("version", Version, MaxSource)
        ?? MemberRules.Share("confidence", Confidence)
        ?? MemberRules.Date("madeAt", MadeAt, latest)
        ?? (Annotations is null || Annotations.Any(a => a is null) ? "annotations are missing, or hold one that is null."
            : AnnotationRules.Check(Annotations, schema));

    /// <summary>The same of one as it is stored: it may be of an earlier version of the schema.</summary>
    public string? CheckStored(LabelSchema schema, DateTimeOffset latest) =>
        (Schema is { } version ? MemberRules.Number("schema", version, 2, schema.Number) : null)
        ?? ((Schema ?? 1) == schema.Number || Annotations is null || Annotations.Any(a => a is null) ? CheckMembers(schema, latest)
            : (this with { Annotations = [] }).CheckMembers(schema, latest)
                ?? AnnotationRules.CheckEarlier(SchemaMap.Of(schema).Map(Annotations, Schema ?? 1).Annotations, schema));

    /// <summary>As it is shown under a schema; null where it is of classes that nobody says any more.</summary>
    public Prelabel? ToPrelabel(LabelSchema schema)
    {
        var now = SchemaMap.Of(schema).Map(Annotations, Schema ?? 1).Annotations;
        if (schema.Version is not null && AnnotationRules.Check(now, schema) is not null) return null;
        return new Prelabel(Source, now) { Version = Version, Confidence = Confidence, MadeAt = MadeAt };
    }
}

/// <summary>What became of a lot of prelabels: all that are not refused are on disk.</summary>
/// <param name="Taken">How many were taken, or were there already.</param>
/// <param name="Refused">Those that were put aside, each with its reason.</param>
public sealed record PrelabelsResult(int Taken, IReadOnlyList<RefusedPrelabel> Refused);

/// <summary>A prelabel that was put aside.</summary>
/// <param name="Index">Its place in the lot, from 0.</param>
/// <param name="Image">The image that it names.</param>
/// <param name="Source">Its source.</param>
/// <param name="Reason">Why, as a sentence.</param>
public sealed record RefusedPrelabel(int Index, ImageId Image, string Source, string Reason);
