using Winnow.Abstractions.Review;
using Winnow.Grains.Datasets;
using Winnow.Grains.Ports;
using Winnow.Grains.Telemetry;
using Winnow.Model.Datasets;
using Winnow.Model.Images;
using Winnow.Model.Review;

namespace Winnow.Grains.Review;

/// <summary>How the stock of a queue is filled from the shards, and what is in it kept set aside there. One refill at a time.</summary>
internal sealed partial class QueueGrain
{
    /// <summary>Sets tasks aside until so many are wanted no more.</summary>
    /// <param name="wanted">Free tasks that are enough.</param>
    /// <param name="ofOneShard">The least that is asked of each shard: the best tasks may all be in one.</param>
    /// <param name="kinds">Tasks of which kinds.</param>
    /// <param name="actor">Whom they are for, who may have skipped what is there or given it back; null for everybody.</param>
    /// <param name="cancellationToken">Gives up.</param>
    private async Task RefillAsync(
        int wanted, int ofOneShard, TaskKind[] kinds, string? actor, CancellationToken cancellationToken)
    {
        await _refill.WaitAsync(cancellationToken);
        try
        {
            var now = time.GetUtcNow();
            var until = now + 2 * _dataset.Settings.LeasePeriod;
            foreach (var shard in _stock.ForgetRunOut(now)) _work.Add(shard);
            await Task.WhenAll(_stock.RunningOut(now + 1.5 * _dataset.Settings.LeasePeriod)
                .Select(g => ExtendAsync(g.Shard, g.Images, until, cancellationToken)));
            _extendedAt = now;
            var freed = AreFreed;
            if (freed)
            {
                if (now >= _freedAt) _freedAt = DateTimeOffset.MaxValue;
                _lookAtAll = false;
                AllMayHaveWork(await LayoutAsync(cancellationToken));
            }
            await ForgetShardsOfBeforeAsync(cancellationToken);
            foreach (var kind in kinds)
            {
                // What one person may not do is kept for others; beyond that the shards keep it.
                if (!freed && (HasEnough(kind, wanted, actor) || _stock.FreeOf(kind) >= MostOfKind)) continue;
                var asked = _work.Take(kind);
                var block = Math.Max(Math.Max(LeastOfShard, ofOneShard), BlockOf(kind) / Math.Max(1, asked.Length));
                await asked.AllAsync(shard => ReserveAsync(shard, kind, block, until, cancellationToken));
            }
        }
        finally
        {
            _refill.Release();
        }
    }

    private bool HasEnough(TaskKind kind, int wanted, string? actor) =>
        (actor is null ? _stock.FreeOf(kind) : _stock.NewTo(actor, kind, wanted)) >= wanted;

    /// <summary>
    /// Tasks set aside at a time. Of those with a history it is read, which takes the processors from whoever asks meanwhile: fewer, and
    /// more often.
    /// </summary>
    private static int BlockOf(TaskKind kind) => kind == TaskKind.Label ? Block : Block / 4;

    private static int LowOf(TaskKind kind) => kind == TaskKind.Label ? LowStock : LowStock / 4;

    private async Task ReserveAsync(int shard, TaskKind kind, int block, DateTimeOffset until, CancellationToken cancellationToken)
    {
        try
        {
            var reserved = await AskAsync(Shard(shard), kind, block, until, cancellationToken);
            foreach (var task in reserved.Tasks) _stock.Add(shard, task, until, time.GetUtcNow(), SlotsOf(task));
            if (reserved.Remaining > 0) _work.Add(shard, kind);
            if (reserved.IsNewTo) await KeepAsync(shard, until, cancellationToken);
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            // One shard that is moving must not keep the others' tasks from people.
            _work.Add(shard, kind);
            logger.QueueRefillFailed(e, _dataset.Name, shard);
        }
    }

    private Task<ReservedTasks> AskAsync(
        IShardReview shard, TaskKind kind, int block, DateTimeOffset until, CancellationToken cancellationToken)
    {
        var turn = _turn.Number;
        // What a silo of an earlier release does not know is not asked of it.
        return turn == 0 ? shard.ReserveAsync(block, until, cancellationToken)
            : level.KeepsTiers ? shard.ReserveOfKindAsync(turn, kind, block, until, cancellationToken)
            : shard.ReserveInTurnAsync(turn, block, until, cancellationToken);
    }

    private Task ExtendAsync(int shard, ImageId[] images, DateTimeOffset until, CancellationToken cancellationToken) =>
        OnTheirShardsAsync(shard, images, async (their, some) =>
        {
            if (_turn.Number == 0)
            {
                await their.ExtendAsync(some, until, cancellationToken);
                _stock.Extended(some, until);
                return;
            }
            var extended = await their.ExtendInTurnAsync(_turn.Number, some, until, cancellationToken);
            _stock.Extended(extended.Images, until);
            await LetOthersAskAsync(their, extended, cancellationToken);
            if (extended.IsNewTo) await KeepAsync(ShardKey.Parse(their.GetPrimaryKeyString()).Shard, until, cancellationToken);
        }, cancellationToken);

    /// <summary>
    /// Gives back what is asked otherwise by now than it was when it was set aside: word of that was lost, and nobody is to be asked about
    /// what has ended.
    /// </summary>
    private async Task LetOthersAskAsync(IShardReview shard, ExtendedTasks extended, CancellationToken cancellationToken)
    {
        if (extended.Kinds is not { } kinds) return;
        ImageId[] others = [.. extended.Images.Where((image, i) => _stock.KindOf(image) is { } kind && kind != kinds[i])];
        if (others.Length == 0) return;
        foreach (var image in others) _stock.Remove(image);
        RoomMade();
        await shard.ReleaseInTurnAsync(_turn.Number, others, cancellationToken);
        _work.Add(ShardKey.Parse(shard.GetPrimaryKeyString()).Shard);
        Arrived();
    }

    /// <summary>Tells the shards that hold images now, whichever they came from.</summary>
    private async Task OnTheirShardsAsync(int from, ImageId[] images, Func<IShardReview, ImageId[], Task> tell,
        CancellationToken cancellationToken)
    {
        try
        {
            await datasets.OnShardsAsync(_dataset.Name, async layout =>
            {
                foreach (var group in images.GroupBy(layout.ShardOf)) await tell(Shard(group.Key), [.. group]);
                return true;
            }, cancellationToken);
        }
        catch (Exception e)
        {
            logger.QueueRefillFailed(e, _dataset.Name, from);
        }
    }

    private void AllMayHaveWork(ShardLayout layout)
    {
        foreach (var shard in layout.Numbers()) _work.Add(shard);
    }

    /// <summary>Where shards were doubled, work that an old one had lies in any of the new ones.</summary>
    private async Task ForgetShardsOfBeforeAsync(CancellationToken cancellationToken)
    {
        var layout = await LayoutAsync(cancellationToken);
        if (_work.Forget(s => !layout.Contains(s))) AllMayHaveWork(layout);
    }

    private async Task<ShardLayout> LayoutAsync(CancellationToken cancellationToken) =>
        (await datasets.GetAsync(_dataset.Name, cancellationToken)).Shards;
}
