using Winnow.Abstractions.Review;
using Winnow.Grains.Datasets;
using Winnow.Grains.Ports;
using Winnow.Grains.Telemetry;
using Winnow.Model.Datasets;
using Winnow.Model.Images;

namespace Winnow.Grains.Review;

/// <summary>How the stock of a queue is filled from the shards, and what is in it kept set aside there. One refill at a time.</summary>
internal sealed partial class QueueGrain
{
    /// <summary>Sets tasks aside until so many are wanted no more.</summary>
    /// <param name="wanted">Free tasks that are enough.</param>
    /// <param name="ofOneShard">The least that is asked of each shard: the best tasks may all be in one.</param>
    /// <param name="actor">Whom they are for, who may have skipped what is there or given it back; null for everybody.</param>
    /// <param name="cancellationToken">Gives up.</param>
    private async Task RefillAsync(int wanted, int ofOneShard, string? actor, CancellationToken cancellationToken)
    {
        await _refill.WaitAsync(cancellationToken);
        try
        {
            var now = time.GetUtcNow();
            var until = now + 2 * _dataset.Settings.LeasePeriod;
            foreach (var shard in _stock.ForgetRunOut(now)) _shardsWithWork.Add(shard);
            await Task.WhenAll(_stock.RunningOut(now + 1.5 * _dataset.Settings.LeasePeriod)
                .Select(g => ExtendAsync(g.Shard, g.Images, until, cancellationToken)));
            _extendedAt = now;
            if (AreFreed)
            {
                if (now >= _freedAt) _freedAt = DateTimeOffset.MaxValue;
                _lookAtAll = false;
                AllMayHaveWork(await LayoutAsync(cancellationToken));
            }
            else if ((actor is null ? _stock.Free : _stock.NewTo(actor)) >= wanted) return;
            await ForgetShardsOfBeforeAsync(cancellationToken);
            var asked = _shardsWithWork.ToArray();
            _shardsWithWork.Clear();
            var block = Math.Max(Math.Max(LeastOfShard, ofOneShard), Block / Math.Max(1, asked.Length));
            await asked.AllAsync(shard => ReserveAsync(shard, block, until, cancellationToken));
        }
        finally
        {
            _refill.Release();
        }
    }

    private async Task ReserveAsync(int shard, int block, DateTimeOffset until, CancellationToken cancellationToken)
    {
        try
        {
            var turn = _turn.Number;
            var reserved = turn == 0 ? await Shard(shard).ReserveAsync(block, until, cancellationToken)
                : await Shard(shard).ReserveInTurnAsync(turn, block, until, cancellationToken);
            foreach (var task in reserved.Tasks) _stock.Add(shard, task, until, time.GetUtcNow());
            if (reserved.Remaining > 0) _shardsWithWork.Add(shard);
            if (reserved.IsNewTo) await KeepAsync(shard, until, cancellationToken);
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            // One shard that is moving must not keep the others' tasks from people.
            _shardsWithWork.Add(shard);
            logger.QueueRefillFailed(e, _dataset.Name, shard);
        }
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
            if (extended.IsNewTo) await KeepAsync(ShardKey.Parse(their.GetPrimaryKeyString()).Shard, until, cancellationToken);
        }, cancellationToken);

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
        foreach (var shard in layout.Numbers()) _shardsWithWork.Add(shard);
    }

    /// <summary>Where shards were doubled, work that an old one had lies in any of the new ones.</summary>
    private async Task ForgetShardsOfBeforeAsync(CancellationToken cancellationToken)
    {
        var layout = await LayoutAsync(cancellationToken);
        if (_shardsWithWork.RemoveWhere(s => !layout.Contains(s)) > 0) AllMayHaveWork(layout);
    }

    private async Task<ShardLayout> LayoutAsync(CancellationToken cancellationToken) =>
        (await datasets.GetAsync(_dataset.Name, cancellationToken)).Shards;
}
