using Winnow.Abstractions.Review;
using Winnow.Grains.Datasets;
using Winnow.Grains.Telemetry;
using Winnow.Model.Training;

namespace Winnow.Grains.Training;

/// <summary>
/// Waits for people, no longer than it must: until everything is decided, everybody at work has said of the rest that they cannot tell,
/// nobody has said anything for as long as was set, or somebody ended it.
/// </summary>
internal sealed class ReviewStep : IRoundStep
{
    public async Task<RoundStep> TakeAsync(RoundWork round, CancellationToken cancellationToken)
    {
        var progress = await ProgressAsync(round, cancellationToken);
        for (; !await IsOverAsync(round, progress, cancellationToken); progress = await ProgressAsync(round, cancellationToken))
        {
            round.Waiting = null;
            await HearAsync(round, progress);
            await round.PauseAsync(cancellationToken);
        }
        if (progress.Own.Unanswered > 0)
        {
            await round.WithdrawAsync(cancellationToken);
            progress = await ProgressAsync(round, cancellationToken);
        }
        var own = progress.Own;
        round.Ports.Logger.RoundAsked(round.Name, own.Labelled, own.Rejected, own.Skipped, own.Withdrawn, own.Unanswered);
        if (round.WhyNothingIsLearnt is not { } why) return RoundStep.Train;
        var labels = await round.OnShardsAsync(
            shards => shards.AllAsync(s => s.CountLabelledAsync(round.Arm, round.Number, cancellationToken)), cancellationToken);
        (round.State.Labels, round.State.Reason) = (labels.Sum(), $"Its answers are kept; {why}");
        return RoundStep.Done;
    }

    private static TimeSpan AnswerWithin(RoundWork round) => round.State.Command!.AnswerWithin ?? round.Dataset.Settings.AnswerWithin;

    private static async Task<ReviewProgress> ProgressAsync(RoundWork round, CancellationToken cancellationToken)
    {
        var (arm, number, state) = (round.Arm, round.Number, round.State);
        var shards = await round.OnShardsAsync(s => s.AllAsync(shard => shard.GetProgressAsync(arm, number, cancellationToken)),
            cancellationToken);
        var progress = ReviewProgress.Of(shards, state.Chosen);
        (state.Outcomes, state.AuditOutcomes, state.Decided) = (progress.Own, progress.Audit, progress.Decided);
        state.AuditOpen = shards.Sum(p => p.AuditAsked - p.AuditDecided);
        return progress;
    }

    private static async Task<bool> IsOverAsync(RoundWork round, ReviewProgress progress, CancellationToken cancellationToken)
    {
        var state = round.State;
        if (progress.AllDecided || state.EndedBy is not null) return true;
        var silent = progress.Heard == state.Heard && state.HeardAt is { } heardAt
            && round.Ports.Time.GetUtcNow() - heardAt >= AnswerWithin(round);
        return silent || (progress.OnlySkippedLeft && progress.SkippedByAll(await AtWorkAsync(round, cancellationToken)));
    }

    /// <summary>Who is at work. A queue that cannot say, because it moves or is of an older release, is asked again soon enough.</summary>
    private static async Task<string[]> AtWorkAsync(RoundWork round, CancellationToken cancellationToken)
    {
        try
        {
            return await round.Grains.GetGrain<IQueueGrain>(round.Dataset.Name).GetAtWorkAsync(cancellationToken);
        }
        catch (Exception e) when (!cancellationToken.IsCancellationRequested)
        {
            round.Ports.Logger.QueueSilent(e, round.Name);
            return [];
        }
    }

    /// <summary>Remembers when people last said something. It is written seldom: a restart forgets a tenth of the wait at most.</summary>
    private static async Task HearAsync(RoundWork round, ReviewProgress progress)
    {
        var state = round.State;
        if (progress.Heard == state.Heard && state.HeardAt is not null) return;
        var now = round.Ports.Time.GetUtcNow();
        (state.Heard, state.HeardAt) = (progress.Heard, now);
        if (now - round.HeardWrittenAt < AnswerWithin(round) / 10) return;
        round.HeardWrittenAt = now;
        await round.WriteAsync();
    }
}
