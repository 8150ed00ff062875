using System.Diagnostics;
using Winnow.Abstractions.Review;
using Winnow.Abstractions.Telemetry;
using Winnow.Grains.Ports;
using Winnow.Model.Images;

namespace Winnow.Grains.Images;

/// <summary>The shard as review sees it: open tasks set aside for the queue, human facts committed.</summary>
internal sealed partial class ShardGrain
{
    public async Task<ReservedTasks> ReserveAsync(int max, DateTimeOffset until, CancellationToken cancellationToken)
    {
        var ordinals = _tasks.Reserve(max, time.GetUtcNow(), until);
        if (ordinals.Count == 0) return new ReservedTasks([], _tasks.Free, _tasks.NextExpiry);
        try
        {
            // On disk before a lease can be given: after a crash nobody else is asked while such a lease may still run.
            var rows = ordinals.Select(o => new ReservationRow(o, until)).ToArray();
            await CommitAsync(new ShardCommit { Shard = _key, Epoch = _epoch, Reservations = rows }, cancellationToken);
            return new ReservedTasks(await DescribeAsync(ordinals, cancellationToken), _tasks.Free, _tasks.NextExpiry);
        }
        catch
        {
            foreach (var ordinal in ordinals) _tasks.Release(ordinal);
            throw;
        }
    }

    private async Task<ReservedTask[]> DescribeAsync(List<int> ordinals, CancellationToken cancellationToken)
    {
        var rows = await ledger.ReadImagesAsync(_key, ordinals, cancellationToken);
        await ScoresLoadedAsync(cancellationToken);
        var tasks = new ReservedTask[ordinals.Count];
        for (var i = 0; i < tasks.Length; i++)
        {
            var o = ordinals[i];
            var score = ScoreOf(o);
            var version = _index.VersionOf(o);
            var skippedBy = version == 0 ? null : (await _tally.SkipsOfAsync(o, cancellationToken)).People;
            tasks[i] = new ReservedTask(
                rows[i].Row.Id, rows[i].Row.Name, _tasks.PriorityOf(o), version,
                score?.Predicted ?? -1, score is { } s ? 1 - s.LeastConfidence : 0, ModelName, skippedBy);
        }
        return tasks;
    }

    public async Task ReleaseAsync(ImageId[] images, CancellationToken cancellationToken)
    {
        var rows = new List<ReservationRow>(images.Length);
        foreach (var image in images)
            if (_index.TryFind(image, out var ordinal) && _index.Has(ordinal, ShardIndex.Flags.Reserved)) rows.Add(new ReservationRow(ordinal, DateTimeOffset.UnixEpoch));
        if (rows.Count == 0) return;
        await CommitAsync(new ShardCommit { Shard = _key, Epoch = _epoch, Reservations = rows }, cancellationToken);
        foreach (var row in rows) _tasks.Release(row.Ordinal);
    }

    public async Task ExtendAsync(ImageId[] images, DateTimeOffset until, CancellationToken cancellationToken)
    {
        var rows = new List<ReservationRow>(images.Length);
        foreach (var image in images)
            if (_index.TryFind(image, out var ordinal) && _index.Has(ordinal, ShardIndex.Flags.Reserved)) rows.Add(new ReservationRow(ordinal, until));
        if (rows.Count == 0) return;
        await CommitAsync(new ShardCommit { Shard = _key, Epoch = _epoch, Reservations = rows }, cancellationToken);
        foreach (var row in rows) _tasks.Extend(row.Ordinal, until);
    }

    public async Task<CommitOutcome> CommitAsync(HumanFact fact, CancellationToken cancellationToken)
    {
        if (!_index.TryFind(fact.Image, out var ordinal)) return CommitOutcome.Conflict;
        var row = new HistoryRow(fact.Image, ordinal, fact.Version, fact.OperationId, fact.EntryJson, fact.Label, fact.Closes, fact.Stage);
        if (await TryCommitAsync(new ShardCommit { Shard = _key, Epoch = _epoch, History = [row] }, cancellationToken) == ShardCommitStatus.Conflict) return CommitOutcome.Conflict;
        if (fact.Label >= 0 && fact.Label != _index.LabelOf(ordinal) && ScoreOf(ordinal) is { } score)
            WinnowTelemetry.ModelAgreement.Add(1, new TagList { { "dataset", _key.Dataset }, { "status", score.Predicted == fact.Label ? "agree" : "differ" } });
        var wasOpen = _index.IsOpen(ordinal);
        _index.Decide(ordinal, fact.Version, fact.Label, fact.Closes, fact.Stage);
        if (!_index.IsOpen(ordinal)) _tasks.Close(ordinal, wasOpen);
        if (wasOpen && !_index.IsOpen(ordinal)) WakeRounds(ordinal);
        return CommitOutcome.Committed;
    }
}
