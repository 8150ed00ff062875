using System.Diagnostics;
using Microsoft.Extensions.Logging;
using Orleans.Concurrency;
using Winnow.Abstractions.Datasets;
using Winnow.Abstractions.Health;
using Winnow.Abstractions.Security;
using Winnow.Abstractions.Telemetry;
using Winnow.Abstractions.Training;
using Winnow.Grains.Placement;
using Winnow.Grains.Ports;
using Winnow.Grains.Telemetry;
using Winnow.Grains.Work;
using Winnow.Model.Names;
using Winnow.Model.Training;

namespace Winnow.Grains.Training;

/// <summary>
/// One round: select → review → train → calibrate → evaluate → promote → rescore. What each of them does stands in a class of its own
/// (<see cref="IRoundStep"/>); here is when: each ends with a write of the state, one that a crash cut off is taken again, and what fails
/// is tried again or ends the round.
/// </summary>
/// <remarks>Reentrant, and yet one piece of work alone steps and writes: see <see cref="AdvanceAsync"/>. Everybody else asks, or leaves
/// word.</remarks>
[Reentrant, SiloRole(SiloTraits.Core), GrainType(ControlStorage.Round)]
internal sealed partial class RoundGrain(
    [PersistentState(ControlStorage.Round, ControlStorage.Name)] IPersistentState<RoundState> state,
    RoundPorts ports, ILogger<RoundGrain> logger)
    : Grain, IRoundGrain, IRemindable
{
    private static readonly (TimeSpan, TimeSpan) Pauses = (TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(30));
    private static readonly TimeSpan RemindEvery = TimeSpan.FromMinutes(1);
    private const string Unfinished = "unfinished";

    /// <summary>How often a step is tried that fails as if by a fault of the program, should it have met a grain that moved.</summary>
    private const int TriesOfAFault = 3;

    private readonly CancellationTokenSource _closing = new();
    private RoundWork _round = null!;
    private Task? _work;
    private bool _doubtful;
    private int _faults;

    private string Name => this.GetPrimaryKeyString();

    private bool HasEnded => state.State.Step is RoundStep.Done or RoundStep.Failed;

    public override async Task OnActivateAsync(CancellationToken cancellationToken)
    {
        var parts = Name.Split('/');
        if (parts.Length != 3 || !int.TryParse(parts[2], System.Globalization.CultureInfo.InvariantCulture, out var number))
            throw new RefusedException($"'{Name}' does not name a round.");
        var dataset = await ports.Datasets.GetAsync(parts[0], cancellationToken);
        _round = new RoundWork(ports, GrainFactory, dataset, parts[1], number, state);
        if (state.State.Command is not null) Work();
    }

    public override async Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken)
    {
        await _closing.CancelAsync();
        if (_work is not null) await _work;
        GiveUpEnding();
    }

    public async Task<RoundInfo> StartAsync(StartRound? command, CancellationToken cancellationToken)
    {
        if (state.State.Command is null)
        {
            if (command is null) throw new RefusedException($"Round {Name} was never started.");
            state.State.Command = command;
            state.State.Strategy = command.Strategy!;
            state.State.StartedBy = CallerContext.Actor;
            state.State.StartedAt = ports.Time.GetUtcNow();
            // Before the state: a reminder of a round that never began finds nothing to do, a round without one might never be woken.
            await this.RegisterOrUpdateReminder(Unfinished, RemindEvery, RemindEvery, cancellationToken);
            await _round.WriteAsync();
        }
        Work();
        return Describe();
    }

    /// <summary>A round outlives every silo: while it is unfinished, a reminder wakes it wherever it may live next.</summary>
    public Task ReceiveReminder(string reminderName, TickStatus status)
    {
        Work();
        return Task.CompletedTask;
    }

    public Task<RoundInfo> GetAsync(CancellationToken cancellationToken) => Task.FromResult(Describe());

    public Task WakeAsync(CancellationToken cancellationToken)
    {
        _round.Wake();
        return Task.CompletedTask;
    }

    private RoundInfo Describe()
    {
        var (startedBy, told) = state.State.StartedBy is { } by ? ActorName.Read(by) : (null, (int?)null);
        return Describe(startedBy, told);
    }

    private RoundInfo Describe(string? startedBy, int? told) => new()
    {
        Arm = _round.Arm,
        Number = _round.Number,
        Step = state.State.Step,
        Strategy = state.State.Strategy,
        BatchSize = state.State.Command?.BatchSize ?? 0,
        Selected = state.State.Chosen,
        Decided = state.State.Decided,
        Outcomes = state.State.Outcomes,
        AuditOutcomes = state.State.AuditOutcomes,
        Unscored = state.State.Unscored,
        AnswerWithin = state.State.Command?.AnswerWithin,
        Policies = state.State.Command?.Policies,
        Labels = state.State.Labels,
        Model = state.State.Model,
        Promoted = state.State.Promoted,
        Reason = state.State.Reason,
        Waiting = HasEnded ? null : _round.Waiting,
        StartedBy = startedBy,
        StartedAt = state.State.StartedAt,
        EndedBy = state.State.EndedBy,
        EndedAt = state.State.EndedAt,
        Told = told,
    };

    private void Work()
    {
        if (_work is { IsCompleted: false } || state.State.Command is null) return;
        // A round lives as long as it works: people may take days.
        DelayDeactivation(TimeSpan.FromDays(365));
        // A counter that first appears at 1 looks to Prometheus as if it had never risen.
        CountEnd("failed", 0);
        _work = RunAsync(_closing.Token);
    }

    private async Task RunAsync(CancellationToken cancellationToken)
    {
        await RetryLoop.RunAsync(AdvanceAsync, Stall, Pauses, ports.Time, cancellationToken, EndIsAsked);
        if (!cancellationToken.IsCancellationRequested) DelayDeactivation(TimeSpan.Zero);
    }

    private void Stall(Exception reason, TimeSpan pause)
    {
        logger.RoundRetries(reason, Name, state.State.Step, pause);
        _doubtful = true;
        _round.Waiting = $"{FailureText.Told(reason)} It is tried again.";
    }

    /// <summary>
    /// Does what is next: notes that somebody ends the round, takes its next step, or, when it has ended, clears up behind it.
    /// </summary>
    private async Task<bool> AdvanceAsync(CancellationToken cancellationToken)
    {
        // After a failure memory may be ahead of what was written.
        if (_doubtful) await state.ReadStateAsync(CancellationToken.None);
        _doubtful = false;
        if (_end is { } end)
        {
            await NoteEndAsync(end);
            return true;
        }
        if (HasEnded)
        {
            await ClearUpAsync(cancellationToken);
            return false;
        }
        using var step = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        _step = step;
        try
        {
            await TakeStepAsync(state.State.Step, step.Token);
            (_round.Waiting, _faults) = (null, 0);
        }
        catch (OperationCanceledException) when (_end is not null && !cancellationToken.IsCancellationRequested)
        {
            // Cut off as by a crash; what comes of it is decided next.
            _doubtful = true;
        }
        finally
        {
            _step = null;
        }
        return true;
    }

    private async Task TakeStepAsync(RoundStep step, CancellationToken cancellationToken)
    {
        try
        {
            logger.RoundStep(Name, step);
            await _round.FollowSchemaAsync(cancellationToken);
            // What was promoted is promoted; of scores the dataset knows which serve.
            if (step < RoundStep.Rescore) _round.ThrowIfOtherClasses();
            // One that an earlier release began, or that comes from a backup.
            if (step is not (RoundStep.Select or RoundStep.Review) && _round.WhyNothingIsLearnt is { } why)
                throw new RefusedException($"The round ends here: {why}");
            using var activity = WinnowTelemetry.Activities.StartActivity($"round {step}");
            activity?.SetTag("winnow.round", Name);
            var started = Stopwatch.GetTimestamp();
            var next = await RoundSteps.Of(step).TakeAsync(_round, cancellationToken);
            if (next == RoundStep.Done) await FinishAsync(next, null);
            else await GoOnAsync(next);
            WinnowTelemetry.RoundStepDuration.Record(
                Stopwatch.GetElapsedTime(started).TotalSeconds,
                new TagList { { "dataset", _round.Dataset.Name }, { "arm", _round.Arm }, { "step", step.ToString() } });
        }
        catch (Exception e) when (IsFinal(e))
        {
            // Nothing that time mends: a person is told why.
            if (e is RefusedException) logger.RoundRefused(Name, step, e.Message);
            else logger.RoundFailed(e, Name, step);
            await FinishAsync(RoundStep.Failed, e is RefusedException ? ShownText.Told(e.Message) : FaultAt(step, e));
        }
    }

    /// <summary>
    /// Whether to give up on a step that failed: a refusal holds at once, a fault when it is met again and again. While silos of an earlier
    /// release are about it may be theirs, and goes with them.
    /// </summary>
    private bool IsFinal(Exception failure) => failure is RefusedException
        || (!PassingFailure.Is(failure) && ++_faults >= TriesOfAFault && ports.Level.Value >= ports.Newest.Value);

    private static string FaultAt(RoundStep step, Exception fault) =>
        $"It could not take its step '{step.ToString().ToLowerInvariant()}', and would not at another try: "
        + $"{FailureText.Told(fault)} The server's log has the details.";

    private async Task FinishAsync(RoundStep step, string? reason)
    {
        state.State.Step = step;
        state.State.Reason = reason ?? state.State.Reason;
        state.State.EndedAt = ports.Time.GetUtcNow();
        await _round.WriteAsync();
        CountEnd(step == RoundStep.Failed ? "failed" : state.State.Promoted == true ? "promoted" : "kept", 1);
    }

    /// <summary>Tells the dataset, and takes from people what a round that failed still asks of them. Harmless to do twice.</summary>
    private async Task ClearUpAsync(CancellationToken cancellationToken)
    {
        await _round.DatasetGrain.RoundEndedAsync(Describe(), cancellationToken);
        if (state.State.Step == RoundStep.Failed && state.State.Chosen > 0) await _round.WithdrawAsync(cancellationToken);
        if (await this.GetReminder(Unfinished, cancellationToken) is { } reminder)
            await this.UnregisterReminder(reminder, cancellationToken);
    }

    private void CountEnd(string status, int count) =>
        WinnowTelemetry.Rounds.Add(count, new TagList { { "dataset", _round.Dataset.Name }, { "arm", _round.Arm }, { "status", status } });

    private async Task GoOnAsync(RoundStep step)
    {
        // Whatever it waited for is past: nobody may be told both.
        (state.State.Step, _round.Waiting) = (step, null);
        await _round.WriteAsync();
    }
}
