using System.Globalization;
using Winnow.Abstractions.Datasets;
using Winnow.Algorithms;
using Winnow.Algorithms.Evaluation;
using Winnow.Algorithms.Selection;
using Winnow.Algorithms.Training;
using Winnow.Model.Datasets;
using Winnow.Model.Labels;
using Winnow.Model.Names;
using Winnow.Model.Policies;
using Winnow.Model.Training;

namespace Winnow.Grains.Datasets;

/// <summary>
/// What a round may be told to do. Whatever it names is settled here, before there is a round: one that began with a name that
/// nothing bears could only fail later, when nobody looks. Pure.
/// </summary>
internal static class RoundCommand
{
    /// <summary>The command with its defaults filled in.</summary>
    /// <param name="command">As it was sent.</param>
    /// <param name="arms">Arms that the dataset has.</param>
    /// <param name="cold">Whether the arm has no model yet, so that its cold start is what will choose.</param>
    /// <param name="policies">The dataset's: what the command leaves open follows them.</param>
    /// <param name="schema">The dataset's.</param>
    /// <param name="learnsSets">Whether models may be trained from sets of classes.</param>
    /// <exception cref="RefusedException">It names something that there is not; the message lists what there is.</exception>
    public static StartRound Accept(StartRound command, IReadOnlyList<string> arms, bool cold, DatasetPolicies policies,
        LabelSchema schema, bool learnsSets = true)
    {
        var whyNot = Learnable.WhyNot(schema, learnsSets);
        if (command.BatchSize is < 1 or > StartRound.MaxBatch)
            throw new RefusedException($"batchSize must be 1 to {StartRound.MaxBatch}, not {command.BatchSize}.");
        if (!DatasetName.IsValid(command.Arm) || command.Arm == Arms.Audit)
            throw new RefusedException($"'{command.Arm}' cannot be an arm. {ArmsThereAre(arms)}");
        var control = command.Arm == Arms.Control;
        var accepted = command with
        {
            Strategy = command.Strategy ?? (control ? "random" : ByDefault(policies.Strategy, whyNot)),
            ColdStart = command.ColdStart ?? (control ? "random" : policies.ColdStart),
            AnswerWithin = command.AnswerWithin ?? policies.AnswerWithin,
            Trainer = command.Trainer ?? Learnable.TrainerOf(policies.Trainer, schema).Name,
            Promotion = command.Promotion ?? policies.Promotion,
            Policies = policies.Version,
        };
        if (!DatasetSettings.MayAnswerWithin(accepted.AnswerWithin.Value))
            throw new RefusedException($"answerWithin must be 1 second to 365 days, not {accepted.AnswerWithin}.");
        var strategy = Find(QueryStrategies.All, accepted.Strategy, "strategy");
        var coldStart = FindColdStart(accepted.ColdStart);
        var trainer = Find(Trainers.All, accepted.Trainer, "trainer");
        if (whyNot is null && Learnable.NotFor(trainer, schema) is { } unfit) throw new RefusedException(unfit);
        Find(PromotionRules.All, accepted.Promotion, "promotion");
        // Only the main arm's model scores the pool, so only there can a strategy lean on scores.
        if (accepted.Arm != Arms.Main && strategy.NeedsModel)
            throw new RefusedException(
                $"Strategy '{strategy.Name}' needs scores, which only arm '{Arms.Main}' keeps. " +
                $"In arm '{accepted.Arm}' name one that needs none: {Listed(Modelless())}. {ArmsThereAre(arms)}");
        if (whyNot is not null && strategy.NeedsModel)
            throw new RefusedException(
                $"Strategy '{strategy.Name}' needs a model's scores, and {whyNot} "
                + $"Name one that needs none: {Listed(Modelless())}.");
        cold &= whyNot is null;
        var chooses = cold ? coldStart : strategy;
        if (accepted.BatchSize > chooses.LargestBatch)
            throw new RefusedException(
                $"Strategy '{chooses.Name}' takes batches of up to {chooses.LargestBatch} images, not {accepted.BatchSize}. " +
                $"For larger ones name as {(cold ? "coldStart" : "strategy")}: {Listed(Larger(accepted, cold || whyNot is not null))}.");
        return accepted;
    }

    /// <summary>The policy's strategy; where it needs scores and there will be none, the one that needs diversity alone.</summary>
    /// <param name="strategy">The policy's.</param>
    /// <param name="whyNot">Why no model is trained; null where one is.</param>
    public static string ByDefault(string strategy, string? whyNot) =>
        whyNot is null || !Find(QueryStrategies.All, strategy, "strategy").NeedsModel ? strategy : new MaximumCoverage().Name;

    /// <summary>An accepted command as the last release knew it, where that says the same.</summary>
    public static StartRound WithoutDefaults(StartRound accepted) => accepted with
    {
        Trainer = accepted.Trainer == StartRound.FirstTrainer ? null : accepted.Trainer,
        Promotion = accepted.Promotion == StartRound.FirstPromotion ? null : accepted.Promotion,
        Policies = accepted.Policies == 1 ? null : accepted.Policies,
    };

    /// <summary>What a command asks for, as it was sent: its operation id belongs to that.</summary>
    public static Guid ContentOf(StartRound command)
    {
        string?[] parts =
        [
            command.BatchSize.ToString(CultureInfo.InvariantCulture), command.Arm, command.Strategy, command.ColdStart,
            command.AnswerWithin?.Ticks.ToString(CultureInfo.InvariantCulture),
        ];
        string?[] newer = [command.Trainer, command.Promotion, command.Policies?.ToString(CultureInfo.InvariantCulture)];
        // A command of the last release that is repeated after an upgrade is the same.
        return OperationStamp.ContentOf(newer.All(p => p is null) ? parts : [.. parts, .. newer]);
    }

    /// <summary>What bears a name.</summary>
    /// <exception cref="RefusedException">Nothing does; the message lists what there is.</exception>
    public static T Find<T>(Registry<T> known, string name, string member) where T : INamed =>
        known.Find(name) ?? throw new RefusedException($"{member}: there is no '{name}'. There are: {Listed(known.Select(s => s.Name))}.");

    /// <summary>A strategy that works before there is a model.</summary>
    /// <exception cref="RefusedException">There is none of that name, or it needs a model.</exception>
    public static IQueryStrategy FindColdStart(string name)
    {
        var coldStart = Find(QueryStrategies.All, name, "coldStart");
        return !coldStart.NeedsModel ? coldStart : throw new RefusedException(
            $"Strategy '{name}' cannot start cold: it needs a model's scores. Those that need none: {Listed(Modelless())}.");
    }

    private static IEnumerable<string> Modelless() => QueryStrategies.All.Where(s => !s.NeedsModel).Select(s => s.Name);

    private static IEnumerable<string> Larger(StartRound command, bool cold) => QueryStrategies.All
        .Where(s => s.LargestBatch >= command.BatchSize && !(s.NeedsModel && (cold || command.Arm != Arms.Main)))
        .Select(s => s.Name);

    private static string ArmsThereAre(IReadOnlyList<string> arms) =>
        $"Arms are {Listed(new[] { Arms.Main, Arms.Control }.Union(arms))}, or a new name of 1 to 63 characters of a–z, 0–9 and '-'.";

    private static string Listed(IEnumerable<string> names) => string.Join(", ", names);
}
