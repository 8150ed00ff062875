using Winnow.Model.Datasets;

namespace Winnow.Model.Training;

/// <summary>A request for a round.</summary>
/// <param name="BatchSize">How many images to ask about, 1 to 100,000.</param>
/// <param name="Arm">The arm it belongs to: its own labels, its own models. Default <c>main</c>.</param>
/// <param name="Strategy">The query strategy; default as the dataset's policies say, and <c>random</c> in the arm <c>control</c>.</param>
/// <param name="ColdStart">
/// The strategy while the arm has no model; default as the dataset's policies say, and <c>random</c> in the arm <c>control</c>.
/// </param>
public sealed record StartRound(int BatchSize, string Arm = Arms.Main, string? Strategy = null, string? ColdStart = null)
{
    /// <summary>Most images that one round asks about.</summary>
    public const int MaxBatch = 100_000;

    /// <summary>What chooses in a dataset whose policies nobody has changed.</summary>
    public const string FirstStrategy = "herding";

    /// <summary>What chooses there while an arm has no model.</summary>
    public const string FirstColdStart = "k-means";

    /// <summary>What learns there, and in rounds that do not say.</summary>
    public const string FirstTrainer = "logistic-regression";

    /// <summary>What decides there about candidates, and in rounds that do not say.</summary>
    public const string FirstPromotion = "unless-worse";

    /// <summary>
    /// How long the round waits for a further answer before it goes on with those it has, 1 second to 365 days. Default: as the dataset's
    /// policies say.
    /// </summary>
    public TimeSpan? AnswerWithin { get; init; }

    /// <summary>What learns from the labels. Default: as the dataset's policies say.</summary>
    public string? Trainer { get; init; }

    /// <summary>What decides whether the candidate replaces the champion. Default: as the dataset's policies say.</summary>
    public string? Promotion { get; init; }

    /// <summary>The version of the dataset's policies that says what this leaves open. Default: the newest.</summary>
    public int? Policies { get; init; }

    /// <summary>Most characters of a strategy's name.</summary>
    public const int MaxStrategy = 100;

    /// <summary>
    /// The first thing that is wrong, as a sentence with the member's name; null when all is sound. Whether there is a strategy of that
    /// name is not asked.
    /// </summary>
    public string? Check() =>
        MemberRules.Number("batchSize", BatchSize, 1, MaxBatch)
        ?? Arms.Check("arm", Arm)
        ?? MemberRules.TextOrNone("strategy", Strategy, MaxStrategy)
        ?? MemberRules.TextOrNone("coldStart", ColdStart, MaxStrategy)
        ?? MemberRules.TextOrNone("trainer", Trainer, MaxStrategy)
        ?? MemberRules.TextOrNone("promotion", Promotion, MaxStrategy)
        ?? (Policies is { } policies ? MemberRules.Number("policies", policies, 1, int.MaxValue) : null)
        ?? (AnswerWithin is { } within && !DatasetSettings.MayAnswerWithin(within)
        ? $"answerWithin must be 1 second to 365 days, not {within}." : null);
}
