using System.Globalization;
using Winnow.Abstractions.Datasets;
using Winnow.Abstractions.Images;
using Winnow.Grains.Datasets;

namespace Winnow.Grains.Training;

/// <summary>Waits for the scores that a round chooses by. Never without saying so, nor for ever.</summary>
internal static class ScoreWait
{
    private static readonly TimeSpan BackboneMayCome = TimeSpan.FromSeconds(15);

    /// <summary>
    /// Returns when the images have scores that were there when it was called, and says how many have none. Where scoring stands still, a
    /// dataset that has begun to learn goes on with what it has; what the first round draws and fits once needs all of them.
    /// </summary>
    public static async Task<long> UntilScoredAsync(RoundWork round, CancellationToken cancellationToken)
    {
        var (ports, dataset) = (round.Ports, round.Dataset);
        DateTimeOffset? unknownSince = null;
        for (var wanted = -1L; ; await round.PauseAsync(cancellationToken))
        {
            var shards = await ports.Datasets.OnShardsAsync(dataset.Name, layout =>
                layout.Grains<IShardIngest>(round.Grains, dataset.Name).AllAsync(s => s.GetSummaryAsync(cancellationToken)),
                cancellationToken);
            var images = shards.Sum(s => s.Images);
            var scored = images - shards.Sum(s => s.ScoringBacklog);
            // More are on their way where those that were there would not be enough.
            if (wanted < 0 || (scored >= wanted && scored < DatasetGrain.SmallestPool)) wanted = images;
            if (scored >= wanted) return 0;
            var stalled = shards.Select(s => s.StalledReason).FirstOrDefault(r => r is not null);
            if (stalled is not null && (await round.DatasetGrain.GetLearningAsync(cancellationToken)).ProjectionKey is not null)
                return wanted - scored;
            var serving = (await round.DatasetGrain.GetLearningAsync(cancellationToken)).Backbone ?? dataset.Settings.Backbone;
            var unknown = ports.Devices.Unknown(serving);
            unknownSince = unknown is null ? null : unknownSince ?? ports.Time.GetUtcNow();
            // Silos that know it may be starting again, and then it is not for long.
            if (ports.Time.GetUtcNow() - unknownSince >= BackboneMayCome)
                throw new RefusedException($"{scored} of {images} images have scores, and the others will have none. {unknown}");
            round.Waiting = string.Create(
                CultureInfo.InvariantCulture,
                $"It waits for scores: {scored} of {wanted} images have "
                + $"theirs.{(stalled is null ? "" : $" Scoring stands still: {stalled}")}");
        }
    }
}
