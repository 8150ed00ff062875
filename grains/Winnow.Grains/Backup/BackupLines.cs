using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.RegularExpressions;
using Winnow.Abstractions.Images;
using Winnow.Grains.Columns;
using Winnow.Grains.Ports;
using Winnow.Model;
using Winnow.Model.Images;
using Winnow.Model.Names;
using Winnow.Model.Review;
using Winnow.Model.Training;

namespace Winnow.Grains.Backup;

/// <summary>An image row as a backup writes it. A later quarantine stands in the row's reason.</summary>
internal sealed record ImageLine(
    int Ordinal, ImageId Id, string Name, string Format, int Width, int Height, int Frames, long Bytes, Partition Partition, int Label,
    string? Reason, DateTimeOffset ReceivedAt, string ReceivedBy)
{
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public byte Orientation { get; init; }

    public static ImageLine Of(in ImageRow row) => new(
        row.Ordinal, row.Row.Id, row.Row.Name, row.Row.Format, row.Row.Width, row.Row.Height, row.Row.Frames, row.Row.Bytes,
        row.Row.Partition, row.Row.Label, row.Row.Reason, row.ReceivedAt, row.ReceivedBy)
    {
        Orientation = row.Row.Orientation,
    };

    public ImageRow ToRow() =>
        new(Ordinal, new IngestRow(Id, Name, Format, Width, Height, Frames, Bytes, Partition, Label, Reason) { Orientation = Orientation },
            ReceivedAt, ReceivedBy);

    public string? Check(int classes, DateTimeOffset latest) => ToRow().Row.Check(classes)
        ?? MemberRules.Date("receivedAt", ReceivedAt, latest) ?? ActorName.Check("receivedBy", ReceivedBy);
}

/// <summary>A task. Who holds it is not kept: leases end with the dataset that gave them.</summary>
internal sealed record TaskLine(int Ordinal, string Arm, int Round, float Priority)
{
    public static TaskLine Of(in TaskRow row) => new(row.Ordinal, row.Arm, row.Round, row.Priority);

    public TaskRow ToRow() => new(Ordinal, Arm, Round, Priority, DateTimeOffset.UnixEpoch);

    public string? Check() =>
        MemberRules.Number("ordinal", Ordinal, 0, int.MaxValue - 1)
        ?? (Arms.IsOfRounds(Arm) ? Arms.Check("arm", Arm) : null)
        ?? MemberRules.Number("round", Round, 1, Arms.MaxRounds)
        ?? MemberRules.Number("priority", Priority, float.MinValue, float.MaxValue);
}

/// <summary>
/// An entry of history. Its JSON is a text of its own. What stands beside it and follows from it (label, closes, stage) is there for
/// readers of earlier releases; it is worked out anew where a backup is restored.
/// </summary>
internal sealed record HistoryLine(ImageId Image, int Ordinal, int Version, Guid Operation, int Label, bool Closes, Stage Stage,
    string Entry)
{
    public static HistoryLine Of(in HistoryRow row) =>
        new(row.Image, row.Ordinal, row.Version, row.OperationId, row.Label, row.Closes, row.Stage, Encoding.UTF8.GetString(row.EntryJson));

    public string? Check(int classes) =>
        MemberRules.Number("ordinal", Ordinal, 0, int.MaxValue - 1)
        ?? MemberRules.Number("version", Version, 1, int.MaxValue - 1)
        ?? MemberRules.Id("operation", Operation)
        ?? (Label == HistoryRow.LabelSet ? null : MemberRules.Number("label", Label, HistoryRow.AskedAgain, classes - 1))
        ?? MemberRules.Word("stage", Stage);

    /// <summary>What was said.</summary>
    public HistoryEntry ToEntry(string file, int line) => BackupText.Read<HistoryEntry>(file, Encoding.UTF8.GetBytes(Entry), line, "entry");
}

/// <summary>A published segment. Its object is named without the dataset.</summary>
internal sealed partial record SegmentLine(string Kind, string Version, int First, int Count, string Object)
{
    /// <param name="backbones">Whose embeddings the dataset keeps.</param>
    public string? Check(IReadOnlyList<string> backbones) =>
        (Kind is SegmentKinds.Embedding or SegmentKinds.Projection or SegmentKinds.Scores ? null
            : $"kind {ShownText.Quote(Kind)} is none that is known.")
        ?? (IsVersion(backbones) ? null : $"version {ShownText.Quote(Version)} is none of this kind of segment.")
        ?? MemberRules.Number("first", First, 0, int.MaxValue - 1)
        ?? MemberRules.Number("count", Count, 1, int.MaxValue - First)
        ?? (ObjectNames.IsSegment(Object, Kind) ? null : $"object {ShownText.Quote(Object)} is none of a dataset.");

    private bool IsVersion(IReadOnlyList<string> backbones) => Kind switch
    {
        SegmentKinds.Embedding => backbones.Any(b => EmbeddingVersion.IsOf(Version, b)) && KeyPart().IsMatch(Version),
        SegmentKinds.Projection => MemberRules.Sha256("version", Version) is null,
        _ => ModelName().IsMatch(Version),
    };

    // A segment of a key once '/' has become '-'.
    [GeneratedRegex(@"\A[A-Za-z0-9_-][A-Za-z0-9_./-]{0,199}\z", RegexOptions.CultureInvariant)]
    private static partial Regex KeyPart();

    [GeneratedRegex(@"\A[a-z0-9-]{1,63}/[0-9]{1,6}\z", RegexOptions.CultureInvariant)]
    private static partial Regex ModelName();
}

/// <summary>The rows that an operation inserted.</summary>
internal sealed record OperationLine(Guid Operation, int First, int Count)
{
    /// <summary>Rows of one operation, at most.</summary>
    public const int MostRows = 100_000;

    public string? Check() =>
        MemberRules.Id("operation", Operation) ?? MemberRules.Number("first", First, 0, int.MaxValue - MostRows)
            ?? MemberRules.Number("count", Count, 0, MostRows);
}

/// <summary>Which object the parts that follow belong to.</summary>
internal sealed record ObjectName(string Object);

/// <summary>An object of the backup that is no image.</summary>
internal sealed record ObjectLine(string Object, long Bytes, string Sha256);

[JsonSourceGenerationOptions(JsonSerializerDefaults.Web, RespectNullableAnnotations = true, RespectRequiredConstructorParameters = true)]
[JsonSerializable(typeof(ImageLine))]
[JsonSerializable(typeof(TaskLine))]
[JsonSerializable(typeof(HistoryLine))]
[JsonSerializable(typeof(SegmentLine))]
[JsonSerializable(typeof(OperationLine))]
[JsonSerializable(typeof(FactLine))]
[JsonSerializable(typeof(ActLine))]
[JsonSerializable(typeof(ObjectName))]
[JsonSerializable(typeof(ObjectLine))]
internal sealed partial class BackupJson : JsonSerializerContext;
