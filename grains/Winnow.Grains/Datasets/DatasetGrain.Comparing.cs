using System.Diagnostics;
using Winnow.Abstractions.Datasets;
using Winnow.Abstractions.Images;
using Winnow.Abstractions.Scoring;
using Winnow.Abstractions.Training;
using Winnow.Algorithms.Quality;
using Winnow.Grains.Columns;
using Winnow.Model.Datasets;
using Winnow.Model.Images;

namespace Winnow.Grains.Datasets;

/// <summary>Backbones beside each other: what their spaces are worth on the labels that are there, and what they cost.</summary>
internal sealed partial class DatasetGrain
{
    /// <summary>Labelled images that backbones are compared on, at most: beyond, the interval is narrower than what matters.</summary>
    private const int MostCompared = 2_000;

    /// <summary>Images of a lot by which a backbone's speed is measured.</summary>
    private const int TimedLot = 64;

    /// <summary>Lots that are timed, after one that is not: it loads the model.</summary>
    private const int TimedLots = 3;

    private sealed record SpaceRows(BackboneInfo Backbone, IReadOnlyDictionary<ImageId, float[]> Vectors, int Bytes, long Unusable);

    public async Task<BackboneComparison> CompareBackbonesAsync(CancellationToken cancellationToken)
    {
        if (!_dataset.Schema.IsOneClass)
            throw new RefusedException(
                "Backbones are compared by what a head of one class an image learns on them, and these labels are sets.");
        var all = await ListBackbonesAsync(cancellationToken);
        var (spaces, leftOut) = (new List<SpaceRows>(), new List<BackboneLeftOut>());
        var labels = new Dictionary<ImageId, int>();
        foreach (var backbone in all.OrderByDescending(b => b.Stage == BackboneStage.Serving))
        {
            if (backbone is not { Stage: BackboneStage.Serving or BackboneStage.Ready }) leftOut.Add(new(backbone.Name, WhyNot(backbone)));
            else if (backbone.Projected == 0) leftOut.Add(new(backbone.Name, "It has no projection before the first round."));
            else spaces.Add(await RowsOfAsync(backbone, labels, cancellationToken));
        }
        // The same images for all: what newcomers lack in one space is left out of the others.
        ImageId[] images = [.. labels.Keys.Where(i => spaces.TrueForAll(s => s.Vectors.ContainsKey(i))).Order()];
        int[] classes = [.. images.Select(i => labels[i])];
        var figures = new List<BackboneFigures>();
        CrossFitted? serving = null;
        foreach (var space in spaces)
        {
            var measured = await Task.Run(() => Measure(space, images, classes, cancellationToken), cancellationToken);
            var serves = space.Backbone.Stage == BackboneStage.Serving;
            if (serves) serving = measured;
            PairedDifference? difference = serves || measured is null || serving is null ? null : CrossFitting.Compare(measured, serving);
            figures.Add(new BackboneFigures
            {
                Name = space.Backbone.Name,
                Serves = serves,
                Accuracy = measured?.Accuracy,
                AccuracyLower = measured?.Lower,
                AccuracyUpper = measured?.Upper,
                LogLoss = measured?.LogLoss,
                Better = difference?.Better,
                Worse = difference?.Worse,
                PValue = difference?.PValue,
                ImagesPerSecond = await SpeedOfAsync(space.Backbone.Name, images, cancellationToken),
                BytesPerImage = space.Bytes,
                Unusable = space.Unusable,
            });
        }
        return new BackboneComparison(images.Length, CrossFitting.Folds, figures, leftOut);
    }

    private static string WhyNot(BackboneInfo backbone) =>
        backbone.Stage == BackboneStage.Dropped
        ? "It was dropped." : $"It is still being made.{(backbone.Stalled is { } why ? $" {why}" : "")}";

    private CrossFitted? Measure(SpaceRows space, ImageId[] images, int[] labels, CancellationToken cancellationToken)
    {
        if (images.Length == 0) return null;
        var vectors = images.SelectMany(i => space.Vectors[i]).ToArray();
        return CrossFitting.Measure(
            vectors, labels, _dataset.Schema.Classes.Count, vectors.Length / images.Length, _dataset.Settings.Seed, cancellationToken);
    }

    private async Task<SpaceRows> RowsOfAsync(BackboneInfo backbone, Dictionary<ImageId, int> labels, CancellationToken cancellationToken)
    {
        var shards = await datasets.OnShardsAsync(_dataset.Name, layout =>
        {
            var share = (MostCompared + layout.Count - 1) / layout.Count;
            return layout.Grains<IShardSpaces>(GrainFactory, _dataset.Name)
                .AllAsync(s => s.SampleLabelledAsync(backbone.Name, share, cancellationToken));
        }, cancellationToken);
        var unusable = await OnShardsAsync((IShardSpaces s) => s.CountUnusableAsync(backbone.Name, cancellationToken), cancellationToken);
        var vectors = new Dictionary<ImageId, float[]>();
        foreach (var (rows, _) in shards)
        {
            var values = rows.Vectors.ToMatrix().Values;
            for (var i = 0; i < rows.Images.Length; i++)
            {
                vectors[rows.Images[i]] = values[(i * rows.Vectors.Dimensions)..((i + 1) * rows.Vectors.Dimensions)];
                labels[rows.Images[i]] = rows.Labels[i];
            }
        }
        return new SpaceRows(backbone, vectors, shards.Max(s => s.BytesPerImage), unusable.Sum(n => (long)n));
    }

    /// <summary>Images a second of one device, as scoring goes: fetched, decoded, embedded. Null where no device can be had.</summary>
    private async Task<double?> SpeedOfAsync(string backbone, ImageId[] images, CancellationToken cancellationToken)
    {
        if (images.Length == 0) return null;
        ImageId[] lot = [.. images.Take(TimedLot)];
        try
        {
            await EmbedAsync();
            var started = Stopwatch.GetTimestamp();
            for (var i = 0; i < TimedLots; i++) await EmbedAsync();
            return TimedLots * lot.Length / Stopwatch.GetElapsedTime(started).TotalSeconds;
        }
        catch (InvalidOperationException)
        {
            return null;
        }

        Task<EmbeddedLot> EmbedAsync() => devices.SendAsync(backbone, lot.Length, device =>
            GrainFactory.GetGrain<IScoringGrain>(new DeviceKey(backbone, device.Silo, device.Slot).ToString())
                .EmbedAsync(new EmbedLot(_dataset.Name, lot), cancellationToken));
    }
}
