using Winnow.Algorithms.Evaluation;
using Winnow.Algorithms.Heads;
using Winnow.Grains.Datasets;
using Winnow.Grains.Evaluation;
using Winnow.Model.Training;

namespace Winnow.Grains.Training;

/// <summary>Measures the candidate on the audit sample and the holdout, and asks the round's promotion rule about it.</summary>
internal sealed class EvaluateStep : IRoundStep
{
    public async Task<RoundStep> TakeAsync(RoundWork round, CancellationToken cancellationToken)
    {
        var state = round.State;
        var head = await RoundHeads.ReadAsync(round, state.HeadKey!, cancellationToken);
        var audit = await RoundLabels.ReadAsync(round, Arms.Audit, int.MaxValue, cancellationToken);
        // Those that were open when this round's review ended were given up then; what another arm has asked about since is no outcome yet.
        var unlabelled = audit.Audit.Unlabelled + Math.Min(audit.Audit.Open, state.AuditOpen);
        var targets = audit.ToTargets(round.Dataset.Schema);
        AuditResult Measure(IHead model, double fallback) =>
            AuditEvaluation.Measure(model, audit.Vectors, targets, (float)fallback, unlabelled);

        var measured = Measure(head, state.OutOfFoldTemperature);
        var learning = await round.DatasetGrain.GetLearningAsync(cancellationToken);
        var bytes = head.ToBytes();
        var holdout = await round.OnShardsAsync(
            shards => shards.AllAsync(s => s.EvaluateHoldoutAsync(bytes, learning, cancellationToken)), cancellationToken);
        var metrics = ModelFigures.Of(AuditEvaluation.Figures(measured), holdout, state.CrossValidatedLogLoss);
        state.Model = state.Model! with { Metrics = metrics with { ThresholdsChosen = state.ThresholdsChosen } };

        var champion = await round.DatasetGrain.GetChampionAsync(round.Arm, cancellationToken);
        var against = champion is null || champion.Model.Round == round.Number ? null
            : Measure(await RoundHeads.ReadAsync(round, champion.HeadKey, cancellationToken), champion.Model.Temperature);
        var moreLabels = champion is null || state.Labels > champion.Model.Labels;
        var rule = PromotionRules.All.Get(state.Command!.Promotion ?? StartRound.FirstPromotion);
        var decision = rule.Decide(new PromotionCase(measured, against, moreLabels));
        (state.Better, state.Reason) = (decision.Promote, decision.Reason);
        return RoundStep.Promote;
    }
}
