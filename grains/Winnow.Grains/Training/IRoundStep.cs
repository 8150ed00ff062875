using Winnow.Model.Training;

namespace Winnow.Grains.Training;

/// <summary>
/// One step of rounds: it reads what the steps before it left in the state, and leaves there what those after it need. It keeps nothing of
/// its own, and one that a crash cut off is taken again, so every effect outside the state is idempotent.
/// </summary>
internal interface IRoundStep
{
    /// <summary>Takes the step, and says which comes next. The state is written then.</summary>
    Task<RoundStep> TakeAsync(RoundWork round, CancellationToken cancellationToken);
}

/// <summary>The steps of every round.</summary>
internal static class RoundSteps
{
    private static readonly Dictionary<RoundStep, IRoundStep> All = new()
    {
        [RoundStep.Select] = new SelectStep(),
        [RoundStep.Review] = new ReviewStep(),
        [RoundStep.Train] = new TrainStep(),
        [RoundStep.Calibrate] = new CalibrateStep(),
        [RoundStep.Evaluate] = new EvaluateStep(),
        [RoundStep.Promote] = new PromoteStep(),
        [RoundStep.Rescore] = new RescoreStep(),
    };

    public static IRoundStep Of(RoundStep step) =>
        All.GetValueOrDefault(step) ?? throw new InvalidOperationException($"{step} is not a step of a round.");
}
