using Winnow.Model.Overview;
using Winnow.Model.Review;
using Winnow.Model.Training;
using Winnow.Studio.Shell;

namespace Winnow.Studio.Overview;

/// <summary>What can be done next from the overview.</summary>
internal enum NextDoes
{
    /// <summary>Nothing but wait.</summary>
    Wait,
    Import,
    Label,
    Verify,
    Arbitrate,
    StartRound,
    StartRoundOrVersion,
}

/// <summary>The one thing to do next in a dataset. It follows from what the server says and nothing else.</summary>
/// <param name="Says">In a sentence.</param>
/// <param name="Does">What is done for it.</param>
internal sealed record NextAct(string Says, NextDoes Does = NextDoes.Wait)
{
    /// <summary>The four parts of the way: images, answers, a model, a version; and how far each has come.</summary>
    public static IReadOnlyList<(string Name, string Says, bool Done, bool Now)> StepsOf(DatasetStatus status)
    {
        var (images, decided, models, versions) =
            (status.Images > 0, status.Decided > 0, status.Champions.Count > 0, status.VersionsMade is > 0);
        return
        [
            ("Images", Counted.Of(status.Images), images, !images),
            ("Answers", Counted.Of(status.Decided), decided, images && !decided),
            ("Model", status.Champions.Count == 0 ? "–" : Counted.Of(status.Champions.Max(c => c.Round)), models, decided && !models),
            ("Versions", status.VersionsMade is { } made ? Counted.Of(made) : "–", versions, models && !versions),
        ];
    }

    public static NextAct Of(DatasetStatus status)
    {
        long Open(TaskKind kind) => status.TasksByKind.GetValueOrDefault(kind);
        string Waits(long count) => $"{Counted.Of(count, "task waits", "tasks wait")} for an answer";
        if (status.Images == 0) return new("Bring images", NextDoes.Import);
        if (Open(TaskKind.Label) is > 0 and var labels) return new(Waits(labels), NextDoes.Label);
        if (Open(TaskKind.Verify) is > 0 and var verify)
            return new($"{Counted.Of(verify, "label waits", "labels wait")} to be verified", NextDoes.Verify);
        if (Open(TaskKind.Arbitrate) is > 0 and var disputes)
            return new($"{Counted.Of(disputes, "dispute waits", "disputes wait")} for an arbitrator", NextDoes.Arbitrate);
        if (status.ScoringStalled is { } stalled) return new($"Scoring stands still: {stalled}");
        if (status.ActiveRounds.FirstOrDefault() is { } round)
            return new(round.Waiting ?? $"Round {round.Number} goes on by itself: it is at the step {StepOf(round.Step)}");
        if (status.ScoringBacklog > 0) return new($"{Counted.Of(status.ScoringBacklog, "image is", "images are")} still to be scored");
        return status.Decided == 0
            ? new("Start the first round", NextDoes.StartRound)
            : new("Start another round, or make a version of what there is", NextDoes.StartRoundOrVersion);
    }

    public static string StepOf(RoundStep step) => step.ToString().ToLowerInvariant();
}
