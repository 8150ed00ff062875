using System.Globalization;
using Winnow.Grains.Images;
using Winnow.Grains.Ports;
using Winnow.Model;
using Winnow.Model.Images;
using Winnow.Model.Labels;
using Winnow.Model.Names;
using Winnow.Model.Training;

namespace Winnow.Grains.Shards;

/// <summary>
/// What the rows of a shard must keep to, so that it can be opened. A row of an image, or of what people said, cannot be left out: the
/// shard would answer wrongly. A task can, and so can a column, which is made again. Pure.
/// </summary>
/// <param name="index">The images read so far.</param>
/// <param name="schema">What the dataset's people are asked to say.</param>
internal sealed class ShardRows(ShardIndex index, LabelSchema schema)
{
    private int Classes => schema.Classes.Count;

    /// <summary>The first thing that is wrong with the next image row; null when nothing is.</summary>
    public string? WrongWith(in IndexRow row) =>
        row.Partition is Partition.Pool or Partition.Holdout && row.Label >= -1 && row.Label < Classes
            ? null : string.Create(CultureInfo.InvariantCulture,
                $"Image row {index.Count} has label {row.Label} and partition {(int)row.Partition}; there are {Classes} classes.");

    /// <summary>The first thing that is wrong with an entry of history; null when nothing is.</summary>
    public string? WrongWith(in HistoryRow row) =>
        row.Ordinal < 0 || row.Ordinal >= index.Count
            ? At(row, string.Create(CultureInfo.InvariantCulture, $"is about image row {row.Ordinal} of {index.Count}."))
        : index.IdOf(row.Ordinal) != row.Image ? At(row, $"is about image row {row.Ordinal}, which is another image.")
        : row.Version < 1 ? At(row, "has a version that none can have.")
        : !HistoryRow.MayBe(row.Label, schema) ? At(row, $"has label {row.Label}; there are {Classes} classes.")
        : row.Stage <= Stage.Disputed ? null : At(row, $"leaves the image at stage {(int)row.Stage}, which there is not.");

    /// <summary>The first thing that is wrong with a task; null when nothing is.</summary>
    public string? WrongWith(in TaskRow task) =>
        task.Ordinal < 0 || task.Ordinal >= index.Count
            ? string.Create(CultureInfo.InvariantCulture, $"it asks about image row {task.Ordinal} of {index.Count}.")
        : Arms.IsOfRounds(task.Arm) && Arms.Check("arm", task.Arm) is { } arm ? arm
        : MemberRules.Number("round", task.Round, 0, Arms.MaxRounds)
            ?? MemberRules.Number("priority", task.Priority, float.MinValue, float.MaxValue);

    /// <summary>
    /// The columns that can be used: each from row 0 on without a gap, within the shard's images and the dataset's objects.
    /// </summary>
    public IReadOnlyList<SegmentRow> Usable(IReadOnlyList<SegmentRow> published, string dataset) =>
        [.. published.GroupBy(s => (s.Kind, s.Version)).Where(c => IsUsable([.. c.OrderBy(s => s.First)], dataset)).SelectMany(c => c)];

    private bool IsUsable(SegmentRow[] column, string dataset)
    {
        if (column[0].Kind is not (SegmentKinds.Embedding or SegmentKinds.Projection or SegmentKinds.Scores)) return false;
        var next = 0L;
        foreach (var segment in column)
        {
            if (segment.First != next || segment.Count < 1) return false;
            if (!segment.ObjectKey.StartsWith($"datasets/{dataset}/", StringComparison.Ordinal)) return false;
            if (segment.ObjectKey.Contains("..", StringComparison.Ordinal) || !ShownText.IsClean(segment.ObjectKey)) return false;
            next += segment.Count;
        }
        return next <= index.Count;
    }

    private static string At(in HistoryRow row, string what) =>
        string.Create(CultureInfo.InvariantCulture, $"Entry {row.Version} of the history of {row.Image} {what}");

    /// <summary>Whether an exception comes of rows that are not what they should be, where it was thrown by who reads them.</summary>
    public static bool IsFault(Exception problem) =>
        problem is ArgumentException or FormatException or InvalidCastException or OverflowException or InvalidDataException
            or KeyNotFoundException;
}
