using Winnow.Abstractions.Datasets;
using Winnow.Grains.Ports;
using Winnow.Model.Images;

namespace Winnow.Adapters.Ledger.Postgres;

/// <summary>Names one shard as the tables do.</summary>
internal readonly record struct ShardId(int Dataset, int Shard);

/// <summary>
/// Decides what becomes of each commit of a group, from what the tables hold while their shards are locked: in the order of arrival, each
/// seeing those before it, none harmed by another. Pure: no server is asked.
/// </summary>
internal sealed class CommitPlan
{
    private readonly Dictionary<ShardId, (long Epoch, int Images)> _shards = [];
    private readonly HashSet<(ShardId, Guid)> _operations = [];
    private readonly Dictionary<(int Dataset, Guid), OperationStamp> _stamps = [];
    private readonly Dictionary<(ShardId, ImageId), int> _versions = [];
    private readonly HashSet<(ShardId, ImageId, Guid)> _entries = [];
    private readonly int _newestLevel;
    private int _level;

    /// <param name="commits">The group.</param>
    /// <param name="datasets">Number of each commit's dataset; null when there is none of its name.</param>
    /// <param name="newestLevel">The highest level that this silo knows.</param>
    public CommitPlan(IReadOnlyList<ShardCommit> commits, IReadOnlyList<int?> datasets, int newestLevel)
    {
        _newestLevel = newestLevel;
        Commits = commits;
        Statuses = new ShardCommitStatus[commits.Count];
        Stages = new int[commits.Count];
        FirstOrdinals = new int[commits.Count];
        Shards = new ShardId?[commits.Count];
        for (var i = 0; i < commits.Count; i++)
            Shards[i] = datasets[i] is { } dataset ? new ShardId(dataset, commits[i].Shard.Shard) : null;
    }

    public IReadOnlyList<ShardCommit> Commits { get; }

    /// <summary>The shard of each commit; null where its dataset is not there.</summary>
    public ShardId?[] Shards { get; }

    public ShardCommitStatus[] Statuses { get; }

    /// <summary>The ordinal at which the new rows of each commit begin.</summary>
    public int[] FirstOrdinals { get; }

    /// <summary>
    /// In which turn the work rows of a commit (tasks, reservations, quarantine, segments) are written: those of one shard build on each
    /// other, so each of its commits has a turn of its own, which it shares with commits of other shards. -1: it has none.
    /// </summary>
    public int[] Stages { get; }

    /// <summary>What the group leaves in the shards that it changes, so that it is known again.</summary>
    public Guid Mark { get; } = Guid.NewGuid();

    /// <summary>Shards that the group changes, with what stands after it.</summary>
    public IReadOnlyDictionary<ShardId, int> Changed => _changed;

    private readonly Dictionary<ShardId, int> _changed = [];

    /// <summary>Which facts are written.</summary>
    public FactPlan Facts { get; } = new();

    public void Knows(ShardId shard, long epoch, int images, int level) => (_shards[shard], _level) = ((epoch, images), level);

    public void KnowsOperation(ShardId shard, Guid operation) => _operations.Add((shard, operation));

    public void KnowsStamp(int dataset, Guid operation, OperationStamp stamp) => _stamps[(dataset, operation)] = stamp;

    public void KnowsVersion(ShardId shard, ImageId image, int version) => _versions[(shard, image)] = version;

    public void KnowsEntry(ShardId shard, ImageId image, Guid operation) => _entries.Add((shard, image, operation));

    /// <summary>Decides. Call once, when everything that is stored is known.</summary>
    public void Decide()
    {
        var turns = new Dictionary<ShardId, int>();
        for (var i = 0; i < Commits.Count; i++)
        {
            Statuses[i] = Decide(i);
            Stages[i] = -1;
            if (Statuses[i] != ShardCommitStatus.Committed || !HasWork(Commits[i])) continue;
            Stages[i] = turns.GetValueOrDefault(Shards[i]!.Value);
            turns[Shards[i]!.Value] = Stages[i] + 1;
        }
    }

    private ShardCommitStatus Decide(int index)
    {
        var commit = Commits[index];
        // The fence comes first: a writer that was replaced learns that, whatever else it brings.
        if (Shards[index] is not { } shard || !_shards.TryGetValue(shard, out var stands) || stands.Epoch != commit.Epoch)
            return ShardCommitStatus.Fenced;
        if (_level > _newestLevel) return ShardCommitStatus.SiloTooOld;
        if (commit.Level > _level) return ShardCommitStatus.LevelTooLow;
        if (commit.Stamp is { } stamp && _stamps.TryGetValue((shard.Dataset, commit.OperationId), out var known) && known != stamp)
            return ShardCommitStatus.OtherOperation;
        if (commit.OperationId != Guid.Empty && _operations.Contains((shard, commit.OperationId))) return ShardCommitStatus.AlreadyApplied;
        for (var i = 0; i < commit.Images.Count; i++)
            if (commit.Images[i].Ordinal != stands.Images + i) return ShardCommitStatus.Conflict;
        if (!CanAppend(shard, commit.History) || !Facts.TryTake(shard, commit.Facts)) return ShardCommitStatus.Conflict;
        Append(shard, commit.History);
        if (commit.OperationId != Guid.Empty) _operations.Add((shard, commit.OperationId));
        if (commit.OperationId != Guid.Empty && commit.Stamp is { } own) _stamps[(shard.Dataset, commit.OperationId)] = own;
        FirstOrdinals[index] = stands.Images;
        _shards[shard] = (stands.Epoch, _changed[shard] = stands.Images + commit.Images.Count);
        return ShardCommitStatus.Committed;
    }

    private bool CanAppend(ShardId shard, IReadOnlyList<HistoryRow> history)
    {
        if (history.Count == 0) return true;
        var versions = new Dictionary<ImageId, int>();
        var entries = new HashSet<(ImageId, Guid)>();
        foreach (var row in history)
        {
            if (!versions.TryGetValue(row.Image, out var version)) version = _versions.GetValueOrDefault((shard, row.Image));
            if (row.Version != version + 1) return false;
            if (row.OperationId != Guid.Empty
                && (_entries.Contains((shard, row.Image, row.OperationId)) || !entries.Add((row.Image, row.OperationId)))) return false;
            versions[row.Image] = row.Version;
        }
        return true;
    }

    private void Append(ShardId shard, IReadOnlyList<HistoryRow> history)
    {
        foreach (var row in history)
        {
            _versions[(shard, row.Image)] = row.Version;
            if (row.OperationId != Guid.Empty) _entries.Add((shard, row.Image, row.OperationId));
        }
    }

    private static bool HasWork(ShardCommit commit) =>
        commit.Quarantined.Count + commit.Tasks.Count + commit.WithdrawnTasks.Count + commit.Reservations.Count +
        commit.Segments.Count + commit.WithdrawnSegments.Count > 0;
}
