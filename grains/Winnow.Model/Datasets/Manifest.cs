using System.Text.Json.Serialization;
using Winnow.Model.Images;
using Winnow.Model.Labels;
using Winnow.Model.Names;

namespace Winnow.Model.Datasets;

/// <summary>The first line of a version's manifest.</summary>
/// <param name="Format">Always <c>winnow-manifest</c>.</param>
/// <param name="Layout">
/// <see cref="OneClassLayout"/>, <see cref="LabelSetLayout"/> or <see cref="MachineLayout"/>; a change that old readers would misread
/// adds one.
/// </param>
/// <param name="Dataset">Name of the dataset.</param>
/// <param name="Schema">Its label schema.</param>
public sealed record ManifestHeader(string Format, int Layout, string Dataset, LabelSchema Schema)
{
    /// <summary>What it names as its format.</summary>
    public const string FormatName = "winnow-manifest";

    /// <summary>The layout whose rows have one class each; of early releases also under other schemas, with the first of each.</summary>
    public const int OneClassLayout = 1;

    /// <summary>The layout whose rows have sets of annotations, and the size of the picture they are drawn on.</summary>
    public const int LabelSetLayout = 2;

    /// <summary>
    /// The layout whose rows may have labels by machines. Otherwise they are those of one of the other two, whichever the schema asks for:
    /// a reader that knows these alone would take such labels for people's.
    /// </summary>
    public const int MachineLayout = 3;

    /// <summary>The layout in which a manifest under a schema is written that has labels by people alone.</summary>
    public static int LayoutOf(LabelSchema schema) => schema.IsOneClass ? OneClassLayout : LabelSetLayout;

    /// <summary>Whether its rows have one class each.</summary>
    [JsonIgnore]
    public bool HasOneClass => Layout == OneClassLayout || (Layout == MachineLayout && Schema.IsOneClass);

    /// <summary>The first thing that is wrong, as a sentence with the member's name; null when all is sound.</summary>
    public string? Check() =>
        (Format == FormatName ? null : $"format must be '{FormatName}', not {ShownText.Quote(Format)}.")
        ?? MemberRules.Number("layout", Layout, OneClassLayout, MachineLayout)
        ?? DatasetName.Check("dataset", Dataset)
        ?? (Schema is null ? "schema is missing." : MemberRules.Within("schema", Schema.CheckStored()));
}

/// <summary>One line of a version's manifest.</summary>
/// <param name="Id">The image; its SHA-256, so the hash of its bytes.</param>
/// <param name="Name">The name it came under.</param>
/// <param name="Partition">What it is for.</param>
/// <param name="Stage">How far it had come.</param>
/// <param name="Label">Class of the whole image, when it has one; null where labels are sets of annotations.</param>
/// <param name="HistoryVersion">Version of its human facts.</param>
/// <param name="Audit">Whether it belongs to the audit sample.</param>
public sealed record ManifestRow(ImageId Id, string Name, Partition Partition, Stage Stage, string? Label, long HistoryVersion, bool Audit)
{
    /// <summary>Whose word the label is; null without one, and in manifests of early releases.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public LabelSource? Source { get; init; }

    /// <summary>
    /// What the image shows, where labels are sets of annotations: empty where it shows nothing of what was asked for. Null without a
    /// label.
    /// </summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<Annotation>? Annotations { get; init; }

    /// <summary>Who said so; null where it came with the image, and in layout 1.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    [Text(TextKind.Exact)]
    public string? By { get; init; }

    /// <summary>Which decision of a machine the label is; null where it is no machine's.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public ManifestMachine? Machine { get; init; }

    /// <summary>Pixels across as the picture stands upright; null in layout 1, and where that is not known.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public int? Width { get; init; }

    /// <summary>Pixels down as the picture stands upright; null in layout 1, and where that is not known.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public int? Height { get; init; }

    /// <summary>Whether it has a label, of whichever kind.</summary>
    [JsonIgnore]
    public bool IsLabelled => Label is not null || Annotations is not null;

    /// <summary>Most characters of a name.</summary>
    public const int MaxName = 4_096;

    /// <summary>The first thing that is wrong, as a sentence with the member's name; null when all is sound.</summary>
    /// <param name="header">The manifest's first line, which is sound.</param>
    /// <param name="classes">Names of the classes of its label schema.</param>
    public string? Check(ManifestHeader header, IReadOnlySet<string> classes) =>
        MemberRules.Text("name", Name, MaxName, least: 1)
        ?? MemberRules.Word("partition", Partition)
        ?? MemberRules.Word("stage", Stage)
        ?? (Label is null || classes.Contains(Label) ? null : $"label {ShownText.Quote(Label)} is not in the label schema.")
        ?? MemberRules.Number("historyVersion", HistoryVersion, 0, int.MaxValue)
        ?? (Source is { } source ? MemberRules.Word("source", source) : null)
        ?? (Source is null || IsLabelled ? null : "source is given, and there is no label.")
        ?? ((Source is LabelSource.Auto or LabelSource.Pseudo) == (Machine is not null) ? null
            : "machine goes with the sources 'auto' and 'pseudo', and with no other.")
        ?? (Machine is null || header.Layout == ManifestHeader.MachineLayout ? null : "machine belongs to layout 3.")
        ?? (Machine is null || By is null ? null : "by names a person, and the label is a machine's.")
        ?? MemberRules.Within("machine", Machine?.Check())
        ?? (header.HasOneClass ? CheckOneClass() : CheckSet(header.Schema));

    private string? CheckOneClass() => Annotations is null && By is null && Width is null && Height is null ? null
        : "annotations, by, width and height belong to layout 2.";

    /// <summary>An early release took a class with an image whatever else its schema asked for.</summary>
    private bool CameSo(LabelSchema schema) => Source == LabelSource.Imported
        && Annotations is [ClassTag { Id: null, Confidence: null, Source: null, Crowd: false, Attributes: null, Class: { } name }]
        && schema.IndexOf(name) >= 0;

    private string? CheckSet(LabelSchema schema) =>
        (Label is null ? null : "label belongs to layout 1.")
        ?? (Annotations is null || CameSo(schema) ? null
            : AnnotationRules.CheckEarlier(Annotations, schema) is { } wrong ? $"annotations: {wrong}" : null)
        ?? (By is null ? null : Annotations is null ? "by is given, and there is no label." : ActorName.Check("by", By))
        ?? (Width is { } width ? MemberRules.Number("width", width, 0, int.MaxValue) : null)
        ?? (Height is { } height ? MemberRules.Number("height", height, 0, int.MaxValue) : null);
}
