using System.Diagnostics;
using Microsoft.Extensions.Logging;
using Winnow.Abstractions.Training;
using Winnow.Grains.Images;
using Winnow.Grains.Telemetry;
using Winnow.Grains.Work;
using Winnow.Model.Images;
using Winnow.Model.Training;

namespace Winnow.Grains.Shards;

/// <summary>
/// What is asked of people without any round: each image of which the model, or where that has not scored it a prelabel, is less sure than
/// the policy says. It follows scores, prelabels and the policy as they come. An image that is not asked about costs a look at its score
/// and no row; what a crash interrupts is looked at anew.
/// </summary>
internal sealed class ShardThreshold(
    ShardWriter writer, ShardIndex index, TaskBook tasks, ShardColumns columns, ShardSpaces spaces, ShardPrelabels prelabels,
    ShardReviewDesk desk, ShardRounds rounds, TimeProvider time, ILogger logger)
{
    /// <summary>The arm's only round.</summary>
    private const int Round = 1;
    private const int ScoresAtOnce = 16_384;
    private const int FactsAtOnce = 512;
    private static readonly (TimeSpan, TimeSpan) Pauses = (TimeSpan.FromMilliseconds(500), TimeSpan.FromSeconds(30));

    // Ends when there may be something to do; another one before each look, so that nothing is missed which comes meanwhile.
    private TaskCompletionSource _woken = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Task _work = Task.CompletedTask;

    // Under which policy and which scores rows were looked at, up to where by their scores, and up to where, of those that there were then,
    // by their prelabels.
    private StandingPolicy _policy = StandingPolicy.None;
    private string? _scores;
    private int _scored;
    private int _prelabelled;
    private int _prelabelledTo;

    // Rows whose prelabels have come since.
    private readonly HashSet<int> _arrived = [];

    /// <summary>Begins. Ends with the shard.</summary>
    public void Start() => _work = RunAsync(writer.Closing);

    /// <summary>Waits for its end, which the shard's closing brings.</summary>
    public Task EndAsync() => _work;

    /// <summary>There may be something to do.</summary>
    public void Wake() => _woken.TrySetResult();

    /// <summary>Prelabels of some rows have come.</summary>
    public void Arrived(IReadOnlyList<int> ordinals)
    {
        if (_policy.AskBelow <= 0) return;
        _arrived.UnionWith(ordinals);
        Wake();
    }

    /// <summary>Images may be asked about again that were not: all are looked at once more.</summary>
    public void LookAgain()
    {
        if (_policy.AskBelow <= 0) return;
        (_scored, _prelabelled, _prelabelledTo) = (0, 0, index.Count);
        Wake();
    }

    private async Task RunAsync(CancellationToken cancellationToken)
    {
        // The call that opened the shard is over; its trace must not go on for as long as the shard lives.
        Activity.Current = null;
        await RetryLoop.RunAsync(async ct =>
        {
            _woken = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            if (!await StepAsync(ct)) await _woken.Task.WaitAsync(ct);
            return true;
        }, (e, pause) => logger.BackgroundStalled(e, writer.Key.ToString(), pause), Pauses, time, cancellationToken);
    }

    /// <summary>Looks at the next rows; false when all have been looked at.</summary>
    private async Task<bool> StepAsync(CancellationToken cancellationToken)
    {
        // Until the dataset was asked nothing is known of its policies, nor before columns are there of their scores.
        if (spaces.State.Standing is not { } policy || !columns.AreLoaded) return false;
        if (policy != _policy || columns.Serving.ScoresVersion != _scores)
        {
            (_policy, _scores, _scored) = (policy, columns.Serving.ScoresVersion, 0);
            (_prelabelled, _prelabelledTo) = (0, index.Count);
            _arrived.Clear();
        }
        if (policy.AskBelow <= 0)
        {
            if (tasks.ArmRounds(Arms.Standing).Count > 0) await rounds.WithdrawAsync(Arms.Standing, Round, cancellationToken);
            return false;
        }
        var scores = columns.Serving.Scores?.Count ?? 0;
        if (_scored < scores)
        {
            var to = Math.Min(scores, _scored + ScoresAtOnce);
            await LookAsync(Enumerable.Range(_scored, to - _scored), o => columns.ScoreOf(o) is { } s ? 1 - s.LeastConfidence : null,
                cancellationToken);
            _scored = to;
            return true;
        }
        if (NextByPrelabel(scores) is not { Count: > 0 } rows) return false;
        // What comes while they are read is looked at again.
        _arrived.ExceptWith(rows);
        try
        {
            var sure = await prelabels.LeastSureAsync(rows, cancellationToken);
            await LookAsync(rows, o => sure.TryGetValue(o, out var least) ? least : null, cancellationToken);
        }
        catch
        {
            _arrived.UnionWith(rows);
            throw;
        }
        return true;
    }

    /// <summary>
    /// The next rows that no model has scored: those that were there when the policy was taken up, and where prelabels came.
    /// </summary>
    private List<int> NextByPrelabel(int scores)
    {
        var rows = new List<int>(FactsAtOnce);
        for (_prelabelled = Math.Max(_prelabelled, scores); _prelabelled < _prelabelledTo && rows.Count < FactsAtOnce; _prelabelled++)
            if (MayAsk(_prelabelled)) rows.Add(_prelabelled);
        if (rows.Count > 0) return rows;
        _arrived.RemoveWhere(o => o < scores);
        return [.. _arrived.Take(FactsAtOnce)];
    }

    // What a machine's decision was accepted for is asked about where somebody asks, or of the audit sample.
    private bool MayAsk(int ordinal) => index.InPool(ordinal) && !index.Has(ordinal, ShardIndex.Flags.Closed)
        && index.StandsByMachine(ordinal) != MachineKind.AutoAccepted
        && !index.IsAudit(ordinal, writer.Dataset.Settings.Seed, spaces.State.AuditThreshold);

    /// <summary>Asks about what is not sure enough, and no more about what is by now and nobody has said anything of.</summary>
    private async Task LookAsync(IEnumerable<int> rows, Func<int, double?> sureOf, CancellationToken cancellationToken)
    {
        var asked = tasks.ArmRounds(Arms.Standing);
        var (ask, priorities, withdraw) = (new List<int>(), new List<float>(), new List<int>());
        foreach (var o in rows)
        {
            if (sureOf(o) is not { } sure) continue;
            if (sure >= _policy.AskBelow)
            {
                if (asked.ContainsKey(o) && index.IsOpen(o)) withdraw.Add(o);
            }
            else if (!asked.ContainsKey(o) && MayAsk(o))
            {
                ask.Add(o);
                priorities.Add((float)(1 - sure));
            }
        }
        if (withdraw.Count > 0) await rounds.WithdrawAsync(Arms.Standing, Round, withdraw, cancellationToken);
        if (ask.Count > 0)
            await desk.EnqueueAsync(new EnqueueTasks(Arms.Standing, Round, [.. ask], [.. priorities]), cancellationToken);
    }
}
