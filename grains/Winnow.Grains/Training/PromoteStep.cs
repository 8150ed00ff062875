using Winnow.Abstractions.Datasets;
using Winnow.Model.Training;

namespace Winnow.Grains.Training;

/// <summary>Has the dataset settle what becomes of the candidate, once.</summary>
internal sealed class PromoteStep : IRoundStep
{
    public async Task<RoundStep> TakeAsync(RoundWork round, CancellationToken cancellationToken)
    {
        var state = round.State;
        // What was settled first stands, should another activation of this round have been here before it was cut off.
        var settled = await round.DatasetGrain.SettleRoundAsync(new SettleRound(state.Model!, state.HeadKey!, state.Better),
            cancellationToken);
        (state.Model, state.HeadKey, state.Promoted) = (settled.Model, settled.HeadKey, settled.Promote);
        return RoundStep.Rescore;
    }
}
