using Winnow.Abstractions.Images;
using Winnow.Abstractions.Review;
using Winnow.Abstractions.Training;
using Winnow.Grains.Images;
using Winnow.Grains.Ports;
using Winnow.Model.Training;

namespace Winnow.Grains.Shards;

/// <summary>
/// The shard as a round sees it that waits for people: how far they have come, and what nobody is asked about any more. A round is told
/// once, when this shard has given its last answer.
/// </summary>
internal sealed class ShardRounds(ShardWriter writer, ShardIndex index, TaskBook tasks, RoundTally tally, IGrainFactory grains)
{
    // Open tasks of each round that asked since the shard opened: never zero.
    private readonly Dictionary<(string Arm, int Round), int> _open = [];

    public async Task<ArmProgress> GetProgressAsync(string arm, int round, CancellationToken cancellationToken)
    {
        var own = await tally.CountAsync(tasks.ArmRounds(arm).Where(t => t.Value == round).Select(t => t.Key), cancellationToken);
        var audit = await tally.CountAsync(tasks.ArmRounds(Arms.Audit).Keys, cancellationToken);
        return new ArmProgress(own.Asked, own.Decided, audit.Asked, audit.Decided, own.Counts, audit.Counts);
    }

    public Task WithdrawAsync(string arm, int round, CancellationToken cancellationToken) =>
        WithdrawAsync(arm, round, [.. tasks.ArmRounds(arm).Where(t => t.Value == round).Select(t => t.Key)], cancellationToken);

    /// <summary>The same of some images.</summary>
    public async Task WithdrawAsync(string arm, int round, IReadOnlyList<int> asked, CancellationToken cancellationToken)
    {
        var seen = new Dictionary<int, int>();
        foreach (var ordinal in asked.Where(index.IsOpen).ToArray())
        {
            // Of what was taken back, or is asked about again, nothing counts as an answer. What somebody could not tell stays open, and so
            // does what some have labelled of several, or people disagree about.
            var version = index.VersionOf(ordinal);
            if (version == 0 || await tally.SkipsOfAsync(ordinal, cancellationToken) is { People.Length: 0, Answered: false })
                seen[ordinal] = version;
        }
        bool Unanswered(int ordinal) => index.IsOpen(ordinal) && index.VersionOf(ordinal) == seen[ordinal];
        int[] left = [.. seen.Keys.Where(Unanswered)];
        if (left.Length == 0) return;
        var priorities = left.ToDictionary(o => o, tasks.PriorityOf);
        WithdrawnTaskRow[] withdrawn = [.. left.Select(o => new WithdrawnTaskRow(o, arm))];
        await writer.CommitAsync(writer.New() with { WithdrawnTasks = withdrawn }, cancellationToken);
        // An answer may have been on its way to disk beside it: the round asked for it, and so it is the round's.
        var answered = left.Where(o => !Unanswered(o)).ToArray();
        var gone = left.Except(answered).Where(o => tasks.Withdraw(arm, o)).Select(index.IdOf).ToArray();
        CountAnew(arm, round);
        if (gone.Length > 0) grains.GetGrain<IQueueGrain>(writer.Key.Dataset).WithdrawnAsync(gone, CancellationToken.None).Ignore();
        if (answered.Length == 0) return;
        var rows = answered.Select(o => new TaskRow(o, arm, round, priorities[o], tasks.WrittenUntil(o)));
        await writer.CommitAsync(writer.New() with { Tasks = [.. rows] }, cancellationToken);
    }

    /// <summary>Rounds have asked.</summary>
    public void Asked(IEnumerable<TaskRow> asked)
    {
        foreach (var task in asked)
            if (index.IsOpen(task.Ordinal)) _open[(task.Arm, task.Round)] = _open.GetValueOrDefault((task.Arm, task.Round)) + 1;
    }

    /// <summary>An image that was open is not any more: whoever waited for it last is told.</summary>
    public void Answered(int ordinal)
    {
        foreach (var (arm, round) in tasks.AskedBy(ordinal))
        {
            if (!_open.TryGetValue((arm, round), out var open)) continue;
            if (open > 1)
            {
                _open[(arm, round)] = open - 1;
                continue;
            }
            _open.Remove((arm, round));
            // The audit sample was asked about in some arm's round: that round's number is not the arm's own, so all that wait are woken by
            // their own polling. Of what policies ask nobody waits.
            if (!Arms.IsOfRounds(arm)) continue;
            grains.GetGrain<IRoundGrain>(GrainKeys.Round(writer.Key.Dataset, arm, round)).WakeAsync(CancellationToken.None).Ignore();
        }
    }

    /// <summary>An image that was answered is open again: the rounds that asked wait for it, where they still wait.</summary>
    public void Reopened(int ordinal)
    {
        foreach (var (arm, round) in tasks.AskedBy(ordinal).ToArray()) CountAnew(arm, round);
    }

    private void CountAnew(string arm, int round)
    {
        var open = tasks.ArmRounds(arm).Count(t => t.Value == round && index.IsOpen(t.Key));
        if (open > 0) _open[(arm, round)] = open;
        else _open.Remove((arm, round));
    }
}
