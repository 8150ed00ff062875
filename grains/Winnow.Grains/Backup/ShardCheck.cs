using System.Globalization;
using Winnow.Grains.Datasets;
using Winnow.Model;
using Winnow.Model.Datasets;
using Winnow.Model.Images;
using Winnow.Model.Names;
using Winnow.Model.Review;

namespace Winnow.Grains.Backup;

/// <summary>
/// Holds the rows of one shard of a backup against their own rules and against each other before any of them goes to the ledger: an archive
/// may come from anywhere. Each check answers with a sentence, or with null.
/// </summary>
internal sealed class ShardCheck(
    DatasetInfo dataset, IReadOnlyList<string> backbones, int shard, SelectedImages selected, DateTimeOffset latest, BackupCleaner cleaner)
{
    private static readonly string[] Order =
        [
            BackupFiles.Tasks, BackupFiles.History, BackupFiles.Segments, BackupFiles.Facts, BackupFiles.Operations, BackupFiles.Images,
        ];

    /// <summary>Columns of a shard, at most: of each kind one a backbone.</summary>
    private const int MostColumns = 3 * BackboneBook.Most;

    private readonly List<TaskLine> _tasks = [];
    private readonly HashSet<string> _arms = new(StringComparer.Ordinal);
    private readonly Dictionary<int, ImageId> _decided = [];
    private readonly HashSet<Guid> _said = [];
    private readonly Dictionary<(string Kind, string Version), int> _columns = [];
    private readonly List<OperationLine> _operations = [];
    private readonly HashSet<ImageId> _images = [];
    private readonly List<int> _quarantined = [];
    private HistoryLine? _last;
    private FactLine? _lastFact;
    private int _kind;
    private int _highest = -1;
    private int _task;

    public int Shard => shard;

    /// <summary>Rows of images that cannot be used, in order.</summary>
    public IReadOnlyList<int> Quarantined => _quarantined;

    /// <summary>Images so far.</summary>
    public int Images { get; private set; }

    private int Classes => dataset.Schema.Classes.Count;

    private int Told => dataset.Restored.Count;

    /// <summary>A file of rows of this kind begins.</summary>
    public string? Begin(string kind)
    {
        var place = Array.IndexOf(Order, kind);
        if (place < _kind) return "rows of this kind stand at a place where they do not belong.";
        _kind = place;
        return kind == BackupFiles.Images && Images == 0 ? CheckOperations() : null;
    }

    public string? Check(TaskLine task)
    {
        if (task.Check() is { } wrong) return wrong;
        if (!selected.Asks(task.Arm, task.Round))
            return string.Create(CultureInfo.InvariantCulture, $"round is none of arm '{task.Arm}' that asks: {task.Round}.");
        if (_tasks.Count > 0 && _tasks[^1].Ordinal > task.Ordinal) return "ordinal is lower than that of the line before.";
        if (_tasks.Count == 0 || _tasks[^1].Ordinal != task.Ordinal) _arms.Clear();
        if (!_arms.Add(task.Arm)) return "arm asks about this row twice.";
        _tasks.Add(task);
        return Refer(task.Ordinal);
    }

    public string? Check(HistoryLine line, HistoryEntry entry)
    {
        if (line.Check(Classes) is { } wrong) return wrong;
        if (ShardLayout.IndexOf(line.Image, dataset.Settings.Shards) != shard) return $"image belongs to another shard: {line.Image}.";
        var same = _last?.Image == line.Image;
        if (!same) _said.Clear();
        if (same ? _last!.Ordinal != line.Ordinal : !_decided.TryAdd(line.Ordinal, line.Image))
            return "ordinal is that of two images, or an image has two.";
        var next = same ? _last!.Version + 1 : 1;
        if (line.Version != next || (!same && _last is not null && line.Image.CompareTo(_last.Image) < 0))
            return $"version of {line.Image} is not the next one.";
        if (!_said.Add(line.Operation)) return "operation recorded an entry before.";
        if (entry.Version != line.Version) return "entry.version is not that of its line.";
        if (entry.OperationId != line.Operation) return "entry.operationId is not that of its line.";
        if (entry.Told > Told) return "entry.told names a restoration that the dataset does not remember.";
        _last = line;
        return MemberRules.Within("entry", cleaner.Entry(entry).Check(dataset.Schema, latest)) ?? Refer(line.Ordinal);
    }

    public string? Check(SegmentLine line)
    {
        if (line.Check(backbones) is { } wrong) return wrong;
        var next = _columns.GetValueOrDefault((line.Kind, line.Version));
        if (line.First != next)
            return string.Create(CultureInfo.InvariantCulture,
                $"first must be {next}, where the segment before it ends, not {line.First}.");
        _columns[(line.Kind, line.Version)] = line.First + line.Count;
        if (_columns.Count > MostColumns) return "version is one of more columns than a dataset can have.";
        return Refer(line.First + line.Count - 1);
    }

    public string? Check(FactLine line)
    {
        if (line.Check(dataset, latest) is { } wrong) return wrong;
        if (ActorName.Read(line.Actor).Told > Told) return "actor names a restoration that the dataset does not remember.";
        if (line.Ordinal >= 0 && ShardLayout.IndexOf(line.Image, dataset.Settings.Shards) != shard)
            return $"image belongs to another shard: {line.Image}.";
        if (line.Ordinal >= 0 && !_decided.TryAdd(line.Ordinal, line.Image) && _decided[line.Ordinal] != line.Image)
            return "ordinal is that of two images, or an image has two.";
        var same = _lastFact is { } last && (last.Ordinal, last.Kind, last.Key) == (line.Ordinal, line.Kind, line.Key);
        if (same && !line.AppendOnly) return "a fact of this key stands before it, and one alone can stand.";
        if (line.AppendOnly && line.Version != (same ? _lastFact!.Version : 0) + 1) return "version is not the next one of its key.";
        if (!same && _lastFact is not null && Compare(_lastFact, line) >= 0) return "the fact before it belongs behind it.";
        _lastFact = line;
        return line.Ordinal < 0 ? null : Refer(line.Ordinal);
    }

    private static int Compare(FactLine a, FactLine b) =>
        a.Ordinal != b.Ordinal ? a.Ordinal.CompareTo(b.Ordinal)
        : a.Kind != b.Kind ? BytesOf(a.Kind).SequenceCompareTo(BytesOf(b.Kind)) : BytesOf(a.Key).SequenceCompareTo(BytesOf(b.Key));

    // Ledgers order texts by their bytes.
    private static ReadOnlySpan<byte> BytesOf(string text) => System.Text.Encoding.UTF8.GetBytes(text);

    public string? Check(OperationLine line)
    {
        _operations.Add(line);
        return line.Check();
    }

    public string? Check(ImageLine line)
    {
        if (line.Ordinal != Images)
            return string.Create(CultureInfo.InvariantCulture, $"ordinal is not the next one, which is {Images}: {line.Ordinal}.");
        if (ShardLayout.IndexOf(line.Id, dataset.Settings.Shards) != shard) return $"id belongs to another shard: {line.Id}.";
        if (!_images.Add(line.Id)) return $"id stands twice: {line.Id}.";
        if (_decided.Remove(line.Ordinal, out var decided) && decided != line.Id)
            return $"id is not the image that the history of this row is about, {decided}.";
        for (; _task < _tasks.Count && _tasks[_task].Ordinal == line.Ordinal; _task++)
            if (!selected.Asks(_tasks[_task].Arm, _tasks[_task].Round, line.Id))
                return $"id is asked about in a round of arm '{_tasks[_task].Arm}' that did not choose it.";
            else if (line.Partition == Partition.Holdout) return $"partition is holdout, and a task asks about the image: {line.Id}.";
        if (ActorName.Read(line.ReceivedBy).Told > Told) return "receivedBy names a restoration that the dataset does not remember.";
        if ((line with { Name = cleaner.Name(line.Name), Reason = cleaner.Text(line.Reason) }).Check(Classes, latest) is { } wrong)
            return wrong;
        selected.Seen(line.Id);
        if (line.Reason is not null) _quarantined.Add(line.Ordinal);
        Images++;
        return null;
    }

    /// <summary>The shard is over.</summary>
    public string? End()
    {
        if (_highest >= Images)
            return string.Create(CultureInfo.InvariantCulture, $"rows speak of row {_highest}, and there are {Images} images.");
        var last = _operations.Count == 0 ? 0 : _operations[^1].First + _operations[^1].Count;
        return last > Images ? string.Create(CultureInfo.InvariantCulture,
            $"an operation inserted row {last - 1}, and there are {Images} images.") : null;
    }

    /// <summary>No two operations inserted one row, and none is there twice.</summary>
    private string? CheckOperations()
    {
        _operations.Sort((a, b) => (a.First, a.Count).CompareTo((b.First, b.Count)));
        var ids = new HashSet<Guid>();
        for (var i = 0; i < _operations.Count; i++)
        {
            if (!ids.Add(_operations[i].Operation)) return $"operation {_operations[i].Operation} stands twice before it.";
            if (i > 0 && _operations[i - 1].First + _operations[i - 1].Count > _operations[i].First)
                return string.Create(CultureInfo.InvariantCulture, $"two operations inserted row {_operations[i].First}.");
        }
        return null;
    }

    private string? Refer(int ordinal)
    {
        _highest = Math.Max(_highest, ordinal);
        return null;
    }
}
