using System.Globalization;
using Winnow.Abstractions.Datasets;
using Winnow.Algorithms.Selection;
using Winnow.Model.Datasets;
using Winnow.Model.Names;
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
    /// <param name="settings">How the dataset is set: what the command leaves open follows it.</param>
    /// <exception cref="RefusedException">It names something that there is not; the message lists what there is.</exception>
    public static StartRound Accept(StartRound command, IReadOnlyList<string> arms, bool cold, DatasetSettings settings)
    {
        if (command.BatchSize is < 1 or > StartRound.MaxBatch)
            throw new RefusedException($"batchSize must be 1 to {StartRound.MaxBatch}, not {command.BatchSize}.");
        if (!DatasetName.IsValid(command.Arm) || command.Arm == Arms.Audit)
            throw new RefusedException($"'{command.Arm}' cannot be an arm. {ArmsThereAre(arms)}");
        var control = command.Arm == Arms.Control;
        var accepted = command with
        {
            Strategy = command.Strategy ?? (control ? "random" : "herding"),
            ColdStart = command.ColdStart ?? (control ? "random" : "k-means"),
            AnswerWithin = command.AnswerWithin ?? settings.AnswerWithin,
        };
        if (!DatasetSettings.MayAnswerWithin(accepted.AnswerWithin.Value))
            throw new RefusedException($"answerWithin must be 1 second to 365 days, not {accepted.AnswerWithin}.");
        var strategy = Find(accepted.Strategy, "strategy");
        var coldStart = Find(accepted.ColdStart, "coldStart");
        // Only the main arm's model scores the pool, so only there can a strategy lean on scores.
        if (accepted.Arm != Arms.Main && strategy.NeedsModel)
            throw new RefusedException(
                $"Strategy '{strategy.Name}' needs scores, which only arm '{Arms.Main}' keeps. " +
                $"In arm '{accepted.Arm}' name one that needs none: {Listed(Modelless())}. {ArmsThereAre(arms)}");
        if (coldStart.NeedsModel)
            throw new RefusedException(
                $"Strategy '{coldStart.Name}' cannot start cold: it needs a model's scores. Those that need none: {Listed(Modelless())}.");
        var chooses = cold ? coldStart : strategy;
        if (accepted.BatchSize > chooses.LargestBatch)
            throw new RefusedException(
                $"Strategy '{chooses.Name}' takes batches of up to {chooses.LargestBatch} images, not {accepted.BatchSize}. " +
                $"For larger ones name as {(cold ? "coldStart" : "strategy")}: {Listed(Larger(accepted, cold))}.");
        return accepted;
    }

    /// <summary>What a command asks for, as it was sent: its operation id belongs to that.</summary>
    public static Guid ContentOf(StartRound command) => OperationStamp.ContentOf(
        command.BatchSize.ToString(CultureInfo.InvariantCulture), command.Arm, command.Strategy, command.ColdStart,
        command.AnswerWithin?.Ticks.ToString(CultureInfo.InvariantCulture));

    private static IQueryStrategy Find(string name, string member) =>
        QueryStrategies.All.Find(name)
        ?? throw new RefusedException($"{member}: there is no '{name}'. There are: {Listed(QueryStrategies.All.Select(s => s.Name))}.");

    private static IEnumerable<string> Modelless() => QueryStrategies.All.Where(s => !s.NeedsModel).Select(s => s.Name);

    private static IEnumerable<string> Larger(StartRound command, bool cold) => QueryStrategies.All
        .Where(s => s.LargestBatch >= command.BatchSize && !(s.NeedsModel && (cold || command.Arm != Arms.Main)))
        .Select(s => s.Name);

    private static string ArmsThereAre(IReadOnlyList<string> arms) =>
        $"Arms are {Listed(new[] { Arms.Main, Arms.Control }.Union(arms))}, or a new name of 1 to 63 characters of a–z, 0–9 and '-'.";

    private static string Listed(IEnumerable<string> names) => string.Join(", ", names);
}
