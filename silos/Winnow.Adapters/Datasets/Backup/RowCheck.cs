using System.Globalization;
using System.Text.Json;
using Winnow.Grains.Ports;
using Winnow.Model;
using Winnow.Model.Datasets;
using Winnow.Model.Images;

namespace Winnow.Adapters.Datasets.Backup;

/// <summary>Holds the rows of one shard of a backup against each other before any of them goes to the ledger: an archive may come from anywhere.</summary>
internal sealed class RowCheck(DatasetInfo dataset, int shard)
{
    private const int MaxName = 4_096;
    private const int MaxOperation = 100_000;

    private static readonly string[] Order = [BackupFiles.Tasks, BackupFiles.History, BackupFiles.Segments, BackupFiles.Operations, BackupFiles.Images];

    private readonly Dictionary<int, ImageId> _decided = [];
    private HistoryLine? _last;
    private int _kind;
    private int _highest = -1;

    public int Shard => shard;

    /// <summary>Images so far.</summary>
    public int Images { get; private set; }

    /// <summary>A file of rows of this kind begins.</summary>
    public void Begin(string kind)
    {
        var place = Array.IndexOf(Order, kind);
        Demand(place >= _kind, $"rows of kind '{kind}' stand at a place where they do not belong");
        _kind = place;
    }

    public void Check(TaskLine line)
    {
        Refer(line.Ordinal);
        Demand(line.Round >= 1 && DatasetName.IsValid(line.Arm) && float.IsFinite(line.Priority), $"the task of row {line.Ordinal} is not sound");
    }

    public void Check(HistoryLine line)
    {
        Refer(line.Ordinal);
        Demand(ShardLayout.IndexOf(line.Image, dataset.Settings.Shards) == shard, $"an entry about {line.Image} belongs to another shard");
        Demand(!_decided.TryGetValue(line.Ordinal, out var known) || known == line.Image, $"row {line.Ordinal} is two images");
        _decided[line.Ordinal] = line.Image;
        var next = _last?.Image == line.Image ? _last.Version + 1 : 1;
        Demand(line.Version == next && (_last is null || line.Image.CompareTo(_last.Image) >= 0), $"entry {line.Version} about {line.Image} is not the next one");
        Demand(IsClass(line.Label) && Enum.IsDefined(line.Stage), $"entry {line.Version} about {line.Image} has a label or a stage that there is not");
        var entry = JsonSerializer.Deserialize(line.Entry, ModelJson.Default.HistoryEntry);
        Demand(entry?.Version == line.Version && entry.OperationId == line.Operation, $"entry {line.Version} about {line.Image} is not the one that its row names");
        _last = line;
    }

    public void Check(SegmentLine line)
    {
        Demand(line.First >= 0 && line.Count >= 1 && line.First <= int.MaxValue - line.Count, $"the segment '{line.Object}' has no sound range");
        Refer(line.First + line.Count - 1);
        Demand(line.Kind is SegmentKinds.Embedding or SegmentKinds.Projection or SegmentKinds.Scores && line.Version.Length is > 0 and <= 200, $"the segment '{line.Object}' is of no known kind");
    }

    public void Check(OperationLine line) =>
        Demand(line.Operation != Guid.Empty && line.First >= 0 && line.Count is >= 0 and <= MaxOperation, $"the operation {line.Operation} is not sound");

    public void Check(ImageLine line)
    {
        Demand(line.Ordinal == Images++, $"image row {line.Ordinal} is not the next one");
        Demand(ShardLayout.IndexOf(line.Id, dataset.Settings.Shards) == shard, $"{line.Id} belongs to another shard");
        Demand(!_decided.Remove(line.Ordinal, out var decided) || decided == line.Id, $"the history of row {line.Ordinal} is about another image");
        Demand(line.Name.Length is > 0 and <= MaxName && line.Bytes >= 0 && IsClass(line.Label) && Enum.IsDefined(line.Partition), $"the row of {line.Id} is not sound");
    }

    /// <summary>The shard is over.</summary>
    public void End() => Demand(_highest < Images, $"rows speak of row {_highest}, and there are {Images} images");

    private void Refer(int ordinal)
    {
        Demand(ordinal >= 0, "a row number is negative");
        _highest = Math.Max(_highest, ordinal);
    }

    private bool IsClass(int label) => label >= -1 && label < dataset.Schema.Classes.Count;

    private void Demand(bool sound, string what)
    {
        if (!sound) throw new InvalidDataException(string.Create(CultureInfo.InvariantCulture, $"The backup contradicts itself in shard {shard}: {what}. It was changed, or Winnow did not write it."));
    }
}
