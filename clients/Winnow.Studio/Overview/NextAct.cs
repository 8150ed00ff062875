using Winnow.Model.Overview;
using Winnow.Model.Review;
using Winnow.Model.Training;
using Winnow.Studio.Shell;

namespace Winnow.Studio.Overview;

/// <summary>The one thing to do next in a dataset. It follows from what the server says and nothing else.</summary>
/// <param name="Says">In a sentence.</param>
/// <param name="Labels">Whether it is to be done on the label page.</param>
/// <param name="Command">How it is done elsewhere; null where the page does it, or where there is nothing to do but wait.</param>
internal sealed record NextAct(string Says, bool Labels = false, string? Command = null)
{
    public static NextAct Of(DatasetStatus status)
    {
        var open = status.TasksByKind.GetValueOrDefault(TaskKind.Label);
        if (status.Images == 0) return new("Bring images", Command: $"winnow import FOLDER --dataset {status.Name}");
        if (open > 0) return new($"{Counted.Of(open, "task waits", "tasks wait")} for an answer", Labels: true);
        if (status.ScoringStalled is { } stalled) return new($"Scoring stands still: {stalled}");
        if (status.ActiveRounds.FirstOrDefault() is { } round)
            return new(round.Waiting ?? $"Round {round.Number} goes on by itself: it is at the step {StepOf(round.Step)}");
        if (status.ScoringBacklog > 0) return new($"{Counted.Of(status.ScoringBacklog, "image is", "images are")} still to be scored");
        return status.Decided == 0
            ? new("Start the first round", Command: $"winnow rounds start {status.Name} --batch 50")
            : new("Start another round, or make a version of what there is",
                Command: $"winnow rounds start {status.Name} --batch 50\nwinnow versions create {status.Name}");
    }

    public static string StepOf(RoundStep step) => step.ToString().ToLowerInvariant();
}
