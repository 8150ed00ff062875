using Winnow.Abstractions.Images;
using Winnow.Abstractions.Review;
using Winnow.Abstractions.Training;
using Winnow.Grains.Ports;
using Winnow.Grains.Review;
using Winnow.Model.Training;

namespace Winnow.Grains.Images;

/// <summary>The shard as a round sees it that waits for people: how far they have come, and what nobody is asked about any more.</summary>
internal sealed partial class ShardGrain
{
    private readonly Dictionary<(string Arm, int Round), int> _openByRound = [];
    private RoundTally _tally = null!;

    public async Task<ArmProgress> GetProgressAsync(string arm, int round, CancellationToken cancellationToken)
    {
        var own = await _tally.CountAsync(_tasks.ArmRounds(arm).Where(t => t.Value == round).Select(t => t.Key), cancellationToken);
        var audit = await _tally.CountAsync(_tasks.ArmRounds(Arms.Audit).Keys, cancellationToken);
        return new ArmProgress(own.Asked, own.Decided, audit.Asked, audit.Decided, own.Counts, audit.Counts);
    }

    public async Task WithdrawAsync(string arm, int round, CancellationToken cancellationToken)
    {
        bool Unanswered(int ordinal) => _index.IsOpen(ordinal) && _index.VersionOf(ordinal) == 0;
        int[] left = [.. _tasks.ArmRounds(arm).Where(t => t.Value == round && Unanswered(t.Key)).Select(t => t.Key)];
        if (left.Length == 0) return;
        var priorities = left.ToDictionary(o => o, _tasks.PriorityOf);
        await CommitAsync(new ShardCommit { Shard = _key, Epoch = _epoch, WithdrawnTasks = [.. left.Select(o => new WithdrawnTaskRow(o, arm))] }, cancellationToken);
        // An answer may have been on its way to disk beside it: the round asked for it, and so it is the round's.
        var answered = left.Where(o => !Unanswered(o)).ToArray();
        var gone = left.Except(answered).Where(o => _tasks.Withdraw(arm, o)).Select(_index.IdOf).ToArray();
        CountOpen(arm, round);
        if (gone.Length > 0) GrainFactory.GetGrain<IQueueGrain>(_key.Dataset).WithdrawnAsync(gone, CancellationToken.None).Ignore();
        if (answered.Length == 0) return;
        var rows = answered.Select(o => new TaskRow(o, arm, round, priorities[o], DateTimeOffset.UnixEpoch));
        await CommitAsync(new ShardCommit { Shard = _key, Epoch = _epoch, Tasks = [.. rows] }, cancellationToken);
    }

    /// <summary>A round waits for its answers; it is told when this shard has given its last one.</summary>
    private void WakeRounds(int ordinal)
    {
        foreach (var (arm, round) in _tasks.AskedBy(ordinal))
        {
            if (!_openByRound.TryGetValue((arm, round), out var open)) continue;
            if (open > 1)
            {
                _openByRound[(arm, round)] = open - 1;
                continue;
            }
            _openByRound.Remove((arm, round));
            // The audit sample was asked about in some arm's round: that round's number is not the arm's own, so all that wait are woken by their own polling.
            if (arm != Arms.Audit) GrainFactory.GetGrain<IRoundGrain>(GrainKeys.Round(_key.Dataset, arm, round)).WakeAsync(CancellationToken.None).Ignore();
        }
    }

    private void CountOpen(IEnumerable<TaskRow> tasks)
    {
        foreach (var task in tasks)
        {
            if (!_index.IsOpen(task.Ordinal)) continue;
            _openByRound[(task.Arm, task.Round)] = _openByRound.GetValueOrDefault((task.Arm, task.Round)) + 1;
        }
    }

    private void CountOpen(string arm, int round)
    {
        var open = _tasks.ArmRounds(arm).Count(t => t.Value == round && _index.IsOpen(t.Key));
        if (open > 0) _openByRound[(arm, round)] = open;
        else _openByRound.Remove((arm, round));
    }
}
