using Winnow.Abstractions.Datasets;
using Winnow.Grains.Images;
using Winnow.Grains.Ports;
using Winnow.Model.Images;
using Winnow.Model.Labels;
using Winnow.Model.Names;
using Winnow.Model.Review;

namespace Winnow.Grains.Backup;

/// <summary>
/// Puts the rows of one shard into the ledger, by the same commits that once made them: the images of each operation together and under its
/// id, so that a lot which is sent once more is still answered as it was. What people said is marked as told by the backup, and what stands
/// after it is worked out here: a row of a backup says that too, and nobody has to believe it.
/// </summary>
/// <param name="ledger">Where the rows go.</param>
/// <param name="shard">The shard.</param>
/// <param name="epoch">Its writer's epoch.</param>
/// <param name="schema">The label schema.</param>
/// <param name="restoration">The number of this restoration.</param>
internal sealed class ShardRestore(IShardLedger ledger, ShardKey shard, long epoch, LabelSchema schema, int restoration)
{
    private const int CommitsAtOnce = 64;
    private const int FactsAtOnce = 256;

    private readonly BackupCleaner _cleaner = new();
    private readonly List<HistoryEntry> _said = [];
    private ImageId _sayingOf;
    private readonly List<Task<ShardCommitStatus>> _commits = [];
    private readonly List<OperationRow> _operations = [];
    private readonly List<ImageRow> _waiting = [];
    private int _nextOperation;
    private bool _sorted;

    public Task AddAsync(IEnumerable<TaskLine> tasks) => CommitAsync(New() with { Tasks = [.. tasks.Select(t => t.ToRow())] });

    public async Task<int> AddAsync(string file, IEnumerable<(int Line, HistoryLine Record)> history)
    {
        var rows = history.Select(h => ToRow(h.Record, h.Record.ToEntry(file, h.Line))).ToArray();
        await CommitAsync(New() with { History = rows }).ConfigureAwait(false);
        return rows.Length;
    }

    private HistoryRow ToRow(HistoryLine line, HistoryEntry told)
    {
        // Entries of an image come together, oldest first.
        if (line.Image != _sayingOf) _said.Clear();
        _sayingOf = line.Image;
        var entry = _cleaner.Entry(told) with { Told = told.Told ?? restoration };
        // What was said is kept as it was, and counts as the newest schema says.
        _said.Add(ImageHistory.Mapped(entry, SchemaMap.Of(schema)));
        var standing = ImageHistory.Fold(_said);
        return new HistoryRow(line.Image, line.Ordinal, line.Version, line.Operation, ImageHistory.ToJson(entry), standing.RowLabel(
            schema), standing.Closed, standing.Stage ?? Stage.Queued)
        {
            Level = ImageHistory.LevelOf(entry, schema),
        };
    }

    public Task AddAsync(IEnumerable<SegmentRow> segments) => CommitAsync(New() with { Segments = [.. segments] });

    /// <summary>Facts, each kept as it was; whoever wrote one is marked as told by the backup.</summary>
    public async Task AddAsync(IEnumerable<FactLine> facts)
    {
        foreach (var some in facts.Chunk(FactsAtOnce))
            await CommitAsync(New() with { Facts = [.. some.Select(Told)] }).ConfigureAwait(false);
    }

    private FactRow Told(FactLine line) => ActorName.Read(line.Actor).Told is not null ? line.ToRow()
        : (line with { Actor = ActorName.WriteTold(line.Actor, restoration) }).ToRow();

    public void Add(IEnumerable<OperationLine> operations) =>
        _operations.AddRange(operations.Select(o => new OperationRow(o.Operation, new OrdinalRange(o.First, o.Count))));

    public async Task AddAsync(IEnumerable<ImageLine> images)
    {
        if (!_sorted) _operations.Sort((a, b) => (a.Rows.First, a.Rows.Count).CompareTo((b.Rows.First, b.Rows.Count)));
        _sorted = true;
        _waiting.AddRange(images.Select(ToRow));
        await CommitImagesAsync(last: false).ConfigureAwait(false);
    }

    private ImageRow ToRow(ImageLine line)
    {
        var told = ActorName.Read(line.ReceivedBy).Told is null ? ActorName.WriteTold(line.ReceivedBy, restoration) : line.ReceivedBy;
        return (line with { Name = _cleaner.Name(line.Name), Reason = _cleaner.Text(line.Reason), ReceivedBy = told }).ToRow();
    }

    /// <summary>Waits until everything is on disk.</summary>
    public async Task EndAsync()
    {
        await CommitImagesAsync(last: true).ConfigureAwait(false);
        await FlushAsync().ConfigureAwait(false);
    }

    private ShardCommit New() => new() { Shard = shard, Epoch = epoch };

    private async Task CommitImagesAsync(bool last)
    {
        var done = 0;
        while (done < _waiting.Count)
        {
            var ordinal = _waiting[done].Ordinal;
            OperationRow? operation = _nextOperation < _operations.Count ? _operations[_nextOperation] : null;
            if (operation?.Rows.First < ordinal)
                throw new InvalidDataException(
                    $"The backup contradicts itself in shard {shard.Shard}: two operations inserted row {operation.Value.Rows.First}.");
            var own = operation?.Rows.First == ordinal;
            var wanted = own ? operation!.Value.Rows.Count : (operation?.Rows.First ?? int.MaxValue) - ordinal;
            // The rest of an operation stands in the next file; rows without one may be cut anywhere.
            if (own && wanted > _waiting.Count - done && !last) break;
            if (own && wanted > _waiting.Count - done)
                throw new InvalidDataException(
                    $"The backup contradicts itself in shard {shard.Shard}: an operation inserted more rows than there are.");
            var rows = _waiting.GetRange(done,
                Math.Min(wanted, Math.Min(_waiting.Count - done, own ? int.MaxValue : BackupFiles.RowsInFile)));
            await CommitAsync(New() with { OperationId = own ? operation!.Value.OperationId : Guid.Empty, Images = rows })
                .ConfigureAwait(false);
            if (own) _nextOperation++;
            done += rows.Count;
        }
        _waiting.RemoveRange(0, done);
    }

    private async Task CommitAsync(ShardCommit commit)
    {
        _commits.Add(ledger.CommitAsync(commit, CancellationToken.None));
        if (_commits.Count >= CommitsAtOnce) await FlushAsync().ConfigureAwait(false);
    }

    private async Task FlushAsync()
    {
        var statuses = await Task.WhenAll(_commits).ConfigureAwait(false);
        _commits.Clear();
        if (Array.Exists(statuses, s => s == ShardCommitStatus.LevelTooLow))
            throw new RefusedException(
                "The backup holds what this cluster does not take yet, as some of its silos are of an earlier release. Restore it when "
                + "all are of this one.");
        if (Array.Exists(statuses, s => s != ShardCommitStatus.Committed))
            throw new InvalidDataException($"The backup contradicts itself in shard {shard.Shard}: the ledger refused some of its rows.");
    }
}
