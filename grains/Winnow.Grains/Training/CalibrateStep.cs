using Winnow.Algorithms.Evaluation;
using Winnow.Algorithms.Heads;
using Winnow.Model.Training;

namespace Winnow.Grains.Training;

/// <summary>Fits the temperature on the audit sample, and makes the model that is measured and perhaps promoted.</summary>
internal sealed class CalibrateStep : IRoundStep
{
    public async Task<RoundStep> TakeAsync(RoundWork round, CancellationToken cancellationToken)
    {
        var state = round.State;
        var head = (await RoundHeads.ReadAsync(round, state.HeadKey!, cancellationToken)).At(1);
        var audit = await RoundLabels.ReadAsync(round, Arms.Audit, int.MaxValue, cancellationToken);
        var temperature = AuditEvaluation.Temperature(
            HeadRows.Logits(head, audit.Vectors), audit.ToTargets(round.Dataset.Schema), (float)state.OutOfFoldTemperature);
        var calibrated = head.At(temperature);
        var learning = await round.DatasetGrain.GetLearningAsync(cancellationToken);
        var (key, sha256) = await RoundHeads.StoreAsync(round, calibrated, cancellationToken);
        await RoundHeads.ExportAsync(round, calibrated, sha256, cancellationToken);
        state.HeadKey = key;
        state.Model = new ModelVersion
        {
            Arm = round.Arm,
            Round = round.Number,
            Backbone = learning.Backbone ?? round.Dataset.Settings.Backbone,
            ProjectionSha256 = state.ProjectionKey![(state.ProjectionKey!.LastIndexOf('/') + 1)..],
            DataSha256 = state.DataSha256!,
            HeadSha256 = sha256,
            Labels = state.Labels,
            Schema = state.Schema,
            Regularisation = state.Regularisation,
            Temperature = temperature,
            TrainedAt = round.Ports.Time.GetUtcNow(),
        };
        return RoundStep.Evaluate;
    }
}
