using Winnow.Abstractions.Datasets;
using Winnow.Abstractions.Security;
using Winnow.Grains.Telemetry;
using Winnow.Model.Names;
using Winnow.Model.Training;

namespace Winnow.Grains.Training;

/// <summary>
/// Ending a round by hand. Whoever ends it leaves word and waits until that is written; the round's own work comes to it at once, out of
/// whatever step or pause it is in, and decides. So nothing is written from two sides, and an answer means that it is on disk.
/// </summary>
internal sealed partial class RoundGrain
{
    private sealed class EndRequest(Guid operation, string? actor)
    {
        public Guid Operation => operation;
        public string Actor => actor ?? "somebody";
        public TaskCompletionSource Noted { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }

    private TaskCompletionSource _endAsked = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private EndRequest? _end;
    private CancellationTokenSource? _step;

    public async Task<RoundInfo> EndAsync(Guid operationId, CancellationToken cancellationToken)
    {
        if (state.State.Command is null) throw new RefusedException($"Round {Name} was never started.");
        var actor = CallerContext.Actor;
        while (!HasEnded && state.State.EndOperation != operationId)
        {
            var end = _end ??= new EndRequest(operationId, actor);
            Interrupt();
            await end.Noted.Task.WaitAsync(cancellationToken);
            if (end.Operation != operationId) continue;
            if (actor is not null && end.Actor != actor) throw TakenEnd(operationId);
            return Describe();
        }
        // What has ended is answered with its end, whoever asks and under whichever id.
        var by = state.State.EndOperationBy;
        if (!HasEnded && actor is not null && by is not null && ActorName.Read(by).Actor != actor) throw TakenEnd(operationId);
        return Describe();
    }

    private static RefusedException TakenEnd(Guid operationId) => OperationStamp.Conflict(operationId, "for the end of a round");

    private void Interrupt()
    {
        Work();
        // Promotion is a moment's work, and another grain's: whether it took place has to be known.
        if (state.State.Step != RoundStep.Promote) _step?.Cancel();
        _endAsked.TrySetResult();
        _round.Wake();
    }

    private Task EndIsAsked() => _endAsked.Task;

    private async Task NoteEndAsync(EndRequest end)
    {
        // From here on a pause is a pause again, should this fail.
        _endAsked = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        if (!HasEnded)
        {
            state.State.EndedBy ??= end.Actor;
            (state.State.EndOperation, state.State.EndOperationBy) = (end.Operation, end.Actor);
            await (state.State.Step switch
            {
                RoundStep.Select => FinishAsync(RoundStep.Failed, $"Ended by {end.Actor} before anybody was asked."),
                RoundStep.Train or RoundStep.Calibrate or RoundStep.Evaluate =>
                    FinishAsync(RoundStep.Failed, $"Ended by {end.Actor} while it learned. What people said stays."),
                // The model is what it is by now; the scores that are still of the one before are renewed when the next round begins.
                RoundStep.Rescore => FinishAsync(RoundStep.Done, null),
                // While people are asked it ends their part alone.
                _ => _round.WriteAsync(),
            });
            logger.RoundEndedByHand(Name, end.Actor, state.State.Step);
        }
        _end = null;
        end.Noted.TrySetResult();
    }

    private void GiveUpEnding() =>
        _end?.Noted.TrySetException(new OrleansException($"Round {Name} moves to another silo. Repeat the call."));
}
