using Winnow.Grains.Datasets;
using Winnow.Model.Training;

namespace Winnow.Grains.Training;

/// <summary>Renews the scores of the pool under a new champion.</summary>
internal sealed class RescoreStep : IRoundStep
{
    public async Task<RoundStep> TakeAsync(RoundWork round, CancellationToken cancellationToken)
    {
        // Only the main arm's champion scores the pool: another arm's would have no reader.
        if (round.State.Promoted != true || round.Arm != Arms.Main) return RoundStep.Done;
        var learning = await round.DatasetGrain.GetLearningAsync(cancellationToken);
        await round.OnShardsAsync(async shards =>
        {
            await shards.AllAsync(s => s.RescoreAsync(learning, cancellationToken));
            return true;
        }, cancellationToken);
        return RoundStep.Done;
    }
}
