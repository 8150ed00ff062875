using System.Text;
using System.Text.Json.Serialization;
using Winnow.Abstractions.Images;
using Winnow.Grains.Ports;
using Winnow.Model.Images;

namespace Winnow.Adapters.Datasets.Backup;

/// <summary>An image row as a backup writes it. A later quarantine stands in the row's reason.</summary>
internal sealed record ImageLine(
    int Ordinal, ImageId Id, string Name, string Format, int Width, int Height, int Frames, long Bytes, Partition Partition, int Label, string? Reason, DateTimeOffset ReceivedAt, string ReceivedBy)
{
    public static ImageLine Of(in ImageRow row) => new(
        row.Ordinal, row.Row.Id, row.Row.Name, row.Row.Format, row.Row.Width, row.Row.Height, row.Row.Frames, row.Row.Bytes, row.Row.Partition, row.Row.Label, row.Row.Reason, row.ReceivedAt, row.ReceivedBy);

    public ImageRow ToRow() => new(Ordinal, new IngestRow(Id, Name, Format, Width, Height, Frames, Bytes, Partition, Label, Reason), ReceivedAt, ReceivedBy);
}

/// <summary>A task. Who holds it is not kept: leases end with the dataset that gave them.</summary>
internal sealed record TaskLine(int Ordinal, string Arm, int Round, float Priority)
{
    public static TaskLine Of(in TaskRow row) => new(row.Ordinal, row.Arm, row.Round, row.Priority);

    public TaskRow ToRow() => new(Ordinal, Arm, Round, Priority, DateTimeOffset.UnixEpoch);
}

/// <summary>An entry of history. Its JSON is kept as text, so that it comes back to the byte.</summary>
internal sealed record HistoryLine(ImageId Image, int Ordinal, int Version, Guid Operation, int Label, bool Closes, Stage Stage, string Entry)
{
    public static HistoryLine Of(in HistoryRow row) =>
        new(row.Image, row.Ordinal, row.Version, row.OperationId, row.Label, row.Closes, row.Stage, Encoding.UTF8.GetString(row.EntryJson));

    public HistoryRow ToRow() => new(Image, Ordinal, Version, Operation, Encoding.UTF8.GetBytes(Entry), Label, Closes, Stage);
}

/// <summary>A published segment. Its object is named without the dataset.</summary>
internal sealed record SegmentLine(string Kind, string Version, int First, int Count, string Object);

/// <summary>The rows that an operation inserted.</summary>
internal sealed record OperationLine(Guid Operation, int First, int Count);

/// <summary>Which object the parts that follow belong to.</summary>
internal sealed record ObjectName(string Object);

/// <summary>An object of the backup that is no image.</summary>
internal sealed record ObjectLine(string Object, long Bytes, string Sha256);

[JsonSourceGenerationOptions(System.Text.Json.JsonSerializerDefaults.Web, RespectNullableAnnotations = true, RespectRequiredConstructorParameters = true)]
[JsonSerializable(typeof(ImageLine))]
[JsonSerializable(typeof(TaskLine))]
[JsonSerializable(typeof(HistoryLine))]
[JsonSerializable(typeof(SegmentLine))]
[JsonSerializable(typeof(OperationLine))]
[JsonSerializable(typeof(ObjectName))]
[JsonSerializable(typeof(ObjectLine))]
internal sealed partial class BackupJson : JsonSerializerContext;
