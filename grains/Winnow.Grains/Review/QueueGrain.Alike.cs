using Winnow.Abstractions.Datasets;
using Winnow.Abstractions.Review;
using Winnow.Algorithms.Numerics;
using Winnow.Algorithms.Selection;
using Winnow.Grains.Columns;
using Winnow.Grains.Datasets;
using Winnow.Grains.Telemetry;
using Winnow.Model.Images;
using Winnow.Model.Review;

namespace Winnow.Grains.Review;

/// <summary>
/// Tasks that are alike: of those that are set aside, what the model takes for one class, and of these what lies closest together. They are
/// leased as any other is; what a person is not shown stays in the stock.
/// </summary>
internal sealed partial class QueueGrain
{
    /// <summary>Tasks that are compared with one another at most: a moment of one processor.</summary>
    private const int MostCompared = 512;

    private async Task<List<ReviewTask>> HandAlikeAsync(int max, LeaseRequest request, string actor, CancellationToken cancellationToken)
    {
        if (LabelsPerImage > 1)
            throw new RefusedException(
                "Several people label each image of this dataset, each without a hint: none is shown what the model takes images for.");
        await LookEverywhereAsync(cancellationToken);
        await RefillAsync(LowStock, LeastOfShard, FirstLabels, actor, cancellationToken);
        var candidates = AlikeTo(request.Class, actor);
        if (candidates.Count == 0) return [];
        var near = await NearestFirstAsync(candidates, cancellationToken);
        await TakeTurnAsync(cancellationToken);
        return HandThese(near, max, actor);
    }

    /// <summary>
    /// Free tasks that the model takes for the class, the surest first; where none is named, for the one that most are taken for. Without a
    /// model there is no class, and all are compared.
    /// </summary>
    private List<ReservedTask> AlikeTo(string? named, string actor)
    {
        var ends = time.GetUtcNow() + _dataset.Settings.LeasePeriod;
        var free = _stock.FreeFor(actor, TaskKind.Label, ends, again: false);
        if (free.Count == 0) free = _stock.FreeFor(actor, TaskKind.Label, ends, again: true);
        var wanted = named is null ? -1 : _dataset.Schema.IndexOf(named);
        if (named is null && free.Where(IsPredicted).GroupBy(t => t.Predicted).MaxBy(g => g.Count()) is { } most) wanted = most.Key;
        return
        [
            .. free.Where(t => wanted < 0 ? !IsPredicted(t) : IsPredicted(t) && t.Predicted == wanted)
                .OrderByDescending(t => t.Confidence).ThenBy(t => t.Image).Take(MostCompared),
        ];
    }

    private static bool IsPredicted(ReservedTask task) => task is { ModelName: not null, Predicted: >= 0 };

    /// <summary>Those that lie closest together first. Where that cannot be told now, the surest do.</summary>
    private async Task<List<ImageId>> NearestFirstAsync(List<ReservedTask> candidates, CancellationToken cancellationToken)
    {
        ImageId[] images = [.. candidates.Select(c => c.Image)];
        LyingImages[] lying;
        try
        {
            lying = await datasets.OnShardsAsync(_dataset.Name,
                layout => images.GroupBy(layout.ShardOf).ToArray()
                    .AllAsync(g => Shard(g.Key).GetLyingAsync([.. g], cancellationToken)), cancellationToken);
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            // A shard that is moving, or one of the last release, which cannot be asked that.
            logger.LyingUnknown(e, _dataset.Name);
            return [.. images];
        }
        var known = lying.Where(l => l.Images.Length > 0).ToArray();
        if (known.Length == 0 || known.Select(l => l.Rows.Dimensions).Distinct().Count() > 1) return [.. images];
        ImageId[] placed = [.. known.SelectMany(l => l.Images)];
        var rows = new RowMatrix(known[0].Rows.Dimensions, [.. known.SelectMany(l => l.Rows.ToMatrix().Values)]);
        var order = await Task.Run(() => Closest.Order(rows, Math.Min(placed.Length, 24)), cancellationToken);
        return [.. order.Select(i => placed[i]), .. images.Except(placed)];
    }

    /// <summary>Leases these, as far as nobody took them meanwhile.</summary>
    private List<ReviewTask> HandThese(IEnumerable<ImageId> images, int max, string actor)
    {
        if (!MayHand) throw new OrleansException($"It is not known whose turn it is in dataset '{_dataset.Name}'. Repeat the call.");
        var now = time.GetUtcNow();
        var ends = now + _dataset.Settings.LeasePeriod;
        DateTimeOffset? since = level.MarksLeases ? _dataset.Since : null;
        max = Math.Min(max, RoomOf(actor));
        var tasks = new List<ReviewTask>();
        foreach (var image in images)
        {
            if (tasks.Count >= max) break;
            if (_stock.TakeThis(image, actor, now, ends) is { } task) tasks.Add(Give(task, actor, ends, since));
        }
        if (tasks.Count > 0) DelayDeactivation(_dataset.Settings.LeasePeriod);
        return tasks;
    }
}
