using Winnow.Grains.Ports;
using Winnow.Model.Images;

namespace Winnow.Adapters.Tests.Ledger;

/// <summary>What a shard of a ledger is, in plain lists: the twin that a real ledger is compared with.</summary>
internal sealed class NaiveShard(ShardKey key)
{
    public ShardKey Key { get; } = key;
    public long Epoch { get; private set; }
    public List<ImageRow> Images { get; private set; } = [];
    public Dictionary<Guid, OperationRow> Operations { get; private set; } = [];
    public Dictionary<(int Ordinal, string Arm), TaskRow> Tasks { get; private set; } = [];
    public List<HistoryRow> History { get; private set; } = [];
    public Dictionary<(string Kind, string Version, int First), SegmentRow> Segments { get; private set; } = [];

    public List<FactRow> Facts { get; private set; } = [];

    public OpenedShard Open() => new(++Epoch, Images.Count);

    public int VersionOf(ImageId image) => History.Count(h => h.Image == image);

    /// <summary>Whether the last entry of a row's history leaves nothing to ask.</summary>
    public bool IsClosed(int ordinal) => History.FindLast(h => h.Ordinal == ordinal).Closes;

    public ShardCommitStatus Commit(ShardCommit commit)
    {
        if (commit.Epoch != Epoch) return ShardCommitStatus.Fenced;
        if (Operations.TryGetValue(commit.OperationId, out var known))
        {
            var other = known.Stamp is { } its && commit.Stamp is { } mine && its != mine;
            return other ? ShardCommitStatus.OtherOperation : ShardCommitStatus.AlreadyApplied;
        }
        var (images, history) = (Images.ToList(), History.ToList());
        foreach (var row in commit.Images)
        {
            if (row.Ordinal != images.Count) return ShardCommitStatus.Conflict;
            images.Add(row);
        }
        foreach (var row in commit.History)
        {
            var entries = history.Where(h => h.Image == row.Image).ToList();
            if (row.Version != entries.Count + 1 || entries.Any(e => e.OperationId == row.OperationId)) return ShardCommitStatus.Conflict;
            history.Add(row);
        }
        if (Put(commit.Facts) is not { } facts) return ShardCommitStatus.Conflict;
        if (commit.OperationId != Guid.Empty)
        {
            var range = new OrdinalRange(Images.Count, commit.Images.Count);
            Operations.Add(commit.OperationId, new OperationRow(commit.OperationId, range, commit.Stamp));
        }
        (Images, History, Facts) = (images, history, facts);
        foreach (var (ordinal, reason) in commit.Quarantined)
            Images = [.. Images.Select(i => i.Ordinal == ordinal ? i with { Row = i.Row with { Reason = reason } } : i)];
        foreach (var (ordinal, arm) in commit.WithdrawnTasks) Tasks.Remove((ordinal, arm));
        foreach (var task in commit.Tasks) Tasks.TryAdd((task.Ordinal, task.Arm), task);
        foreach (var (ordinal, until) in commit.Reservations)
            Tasks = Tasks.ToDictionary(t => t.Key, t => t.Key.Ordinal == ordinal ? t.Value with { ReservedUntil = until } : t.Value);
        foreach (var (kind, version) in commit.WithdrawnSegments)
            Segments = Segments.Where(s => (s.Key.Kind, s.Key.Version) != (kind, version)).ToDictionary();
        foreach (var segment in commit.Segments) Segments[(segment.Kind, segment.Version, segment.First)] = segment;
        return ShardCommitStatus.Committed;
    }

    private List<FactRow>? Put(IReadOnlyList<FactRow> rows)
    {
        var facts = Facts.ToList();
        foreach (var row in rows)
        {
            var known = facts.Where(f => f.Id == row.Id).ToList();
            if (known.Exists(f => f.Version == row.Version && f.Sha256.AsSpan().SequenceEqual(row.Sha256))) continue;
            if (row.AppendOnly && row.Version != known.Count + 1) return null;
            if (!row.AppendOnly && known.Exists(f => f.Version > row.Version)) continue;
            if (!row.AppendOnly) facts.RemoveAll(f => f.Id == row.Id);
            facts.Add(row);
        }
        return facts;
    }
}
