using System.Globalization;
using Winnow.Abstractions.Datasets;
using Winnow.Grains.Datasets;
using Winnow.Model.Training;

namespace Winnow.Grains.Training;

/// <summary>Learns a head from what the arm's people said.</summary>
internal sealed class TrainStep : IRoundStep
{
    public async Task<RoundStep> TakeAsync(RoundWork round, CancellationToken cancellationToken)
    {
        var labels = await RoundLabels.ReadAsync(round, round.Arm, round.Number, cancellationToken);
        if (labels.Images.Length < 2) throw new RefusedException(TooFew(round, labels.Images.Length));
        if (labels.Sets is { } sets && Array.TrueForAll(sets, s => s.Length == 0)) throw new RefusedException(NothingThere(round));
        var state = round.State;
        var trainer = Learnable.TrainerOf(state.Command!.Trainer, round.Dataset.Schema);
        var (examples, seed) = (labels.ToExamples(round.Dataset.Schema), round.Seed);
        var trained = await Task.Run(() => trainer.Train(examples, seed, null, cancellationToken), cancellationToken);
        // A head stands for classes, whatever the schema became while it was trained.
        state.Schema = labels.Schema;
        var head = trained.Head.Without(round.Dataset.Schema.RetiredPlaces());
        state.HeadKey = (await RoundHeads.StoreAsync(round, head, cancellationToken)).Key;
        (state.Labels, state.DataSha256) = (labels.Images.Length, labels.Sha256());
        (state.Regularisation, state.CrossValidatedLogLoss) = (trained.Regularisation, trained.CrossValidatedLogLoss);
        (state.OutOfFoldTemperature, state.ThresholdsChosen) = (trained.OutOfFoldTemperature, trained.Thresholds);
        return RoundStep.Calibrate;
    }

    private static string NothingThere(RoundWork round) => string.Create(
        CultureInfo.InvariantCulture,
        $"No label of arm '{round.Arm}' after round {round.Number} names a class that people may say: there is nothing to learn. Have "
        + $"images labelled that show one.");

    private static string TooFew(RoundWork round, int labels)
    {
        var few = string.Create(
            CultureInfo.InvariantCulture,
            $"Arm '{round.Arm}' has {labels} usable labels after round {round.Number}; at least 2 are needed.");
        if (round.State.Outcomes is not { } o) return few;
        return few + string.Create(
            CultureInfo.InvariantCulture,
            $" Of its {round.State.Chosen} images {o.Labelled} were labelled, {o.Rejected} rejected, {o.Skipped} skipped, " +
            $"{o.Withdrawn} withdrawn and {o.Unanswered} left without an "
            + $"answer{(round.State.EndedBy is { } who ? $" when {who} ended it" : "")}.");
    }
}
