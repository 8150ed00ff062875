using Winnow.Abstractions.Datasets;
using Winnow.Abstractions.Security;
using Winnow.Grains.Placement;
using Winnow.Grains.Settings;
using Winnow.Grains.Telemetry;
using Winnow.Model.Images;
using Winnow.Model.Review;

namespace Winnow.Grains.Review;

/// <summary>
/// How a queue follows another, and how people keep what they were given meanwhile. A lease that is presented here is good here, whoever
/// gave it: its signature says that the person was given the task, and the shard whether it is a task still.
/// </summary>
internal sealed partial class QueueGrain
{
    /// <summary>How long whoever presents leases waits for shards that do not answer; what they say later counts all the same.</summary>
    private static readonly TimeSpan WaitForShards = TimeSpan.FromSeconds(2);

    /// <summary>For how many periods a task is kept for somebody who presents its lease all the time.</summary>
    private const int MostPeriods = 24;

    /// <summary>When shards have given up what others had set aside, so that all of them may have work.</summary>
    private DateTimeOffset _freedAt = DateTimeOffset.MaxValue;

    /// <summary>What came while a shard was asked for what people hold: its answer may be of before.</summary>
    private sealed class Meanwhile
    {
        public HashSet<ImageId> Settled { get; } = [];
        public HashSet<(ImageId Image, string Actor)> LetGo { get; } = [];
    }

    private readonly List<Meanwhile> _asking = [];
    private bool _lookAtAll;

    private bool AreFreed => _lookAtAll || time.GetUtcNow() >= _freedAt;

    /// <summary>Whether something may be handed out at this moment. A cluster of a lower level knows no turns.</summary>
    private bool MayHand => _turn.Number == 0 ? !level.TakesTurns : _turn.IsOn;

    private async ValueTask TakeTurnAsync(CancellationToken cancellationToken)
    {
        if (!level.TakesTurns) return;
        try
        {
            await _turn.EnsureAsync(cancellationToken);
        }
        finally
        {
            if (_turn.IsOver) DeactivateOnIdle();
        }
    }

    /// <summary>
    /// A shard has just opened, or was doubled, and does not know that what is set aside there is this queue's. It says so until it does.
    /// </summary>
    /// <param name="shard">The shard.</param>
    /// <param name="until">Until when at least it is to be set aside. What it gave a moment ago is: that costs nothing.</param>
    /// <param name="cancellationToken">Gives up.</param>
    private async Task KeepAsync(int shard, DateTimeOffset until, CancellationToken cancellationToken)
    {
        try
        {
            _lookAtAll |= AreFreed;
            _freedAt = time.GetUtcNow() + TurnTimes.Grace;
            var layout = await LayoutAsync(cancellationToken);
            // It may have been another activation that gave them.
            var images = _stock.Images(i => layout.ShardOf(i) == shard);
            var kept = await Shard(shard).KeepAsync(_turn.Number, images, until, cancellationToken);
            _stock.Extended(kept.Where(i => _stock.UntilOf(i) < until), until);
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            logger.QueueRefillFailed(e, _dataset.Name, shard);
        }
    }

    public async Task<RenewedLease[]> RenewAsync(string[] leases, string actor, CancellationToken cancellationToken)
    {
        if (leases.Length > RenewedLease.MostAtOnce)
            throw new RefusedException($"At most {RenewedLease.MostAtOnce} leases at once, not {leases.Length}.");
        if (!level.TakesTurns) throw new RefusedException(KnownLevel.TooLow);
        await TakeTurnAsync(cancellationToken);
        var now = time.GetUtcNow();
        _people.Heard(actor, now);
        var read = leases.Select(l => (Text: l, Is: _leases.TryRead(l, out var lease), Lease: lease)).ToArray();
        Lease[] sound =
            [.. read.Where(r => r.Is && WrongWith(r.Lease, actor) is null && r.Lease.Kind != TaskKind.Qualify).Select(r => r.Lease)];
        // Of one that has ended the shard may have given the task to others.
        var silent = sound.Where(l => l.Expires > now && !_stock.Has(l.Image)).Select(l => l.Image).ToHashSet();
        await Task.WhenAny(AskShardsAsync(sound, silent), Task.Delay(WaitForShards, time, cancellationToken));
        cancellationToken.ThrowIfCancellationRequested();
        await TakeTurnAsync(cancellationToken);
        if (!MayHand) throw new OrleansException($"It is not known whose turn it is in dataset '{_dataset.Name}'. Repeat the call.");
        return [.. read.Select(r => Presented(r.Text, r.Is ? r.Lease : null, actor, silent))];
    }

    /// <summary>Fetches what is not here, and has all of it set aside for long enough.</summary>
    private async Task AskShardsAsync(Lease[] leases, HashSet<ImageId> silent)
    {
        await TakeOverAsync([.. leases.Where(l => silent.Contains(l.Image))], silent);
        await ExtendAsync(leases, CancellationToken.None);
    }

    private string? WrongWith(in Lease lease, string actor) =>
        lease.Dataset != _dataset.Name || !lease.IsOf(_dataset) ? "The lease is of another dataset. Take the task again."
        : lease.Actor != actor ? "The lease was given to somebody else."
        : CallerContext.Kinds is { } may && !may.Contains(lease.Kind) ? "You may not do such a task any more." : null;

    /// <summary>
    /// Fetches what people were given by an earlier queue, and takes those images off <paramref name="silent"/> of which something could be
    /// learnt. One shard that does not answer keeps nobody from the tasks of others.
    /// </summary>
    private async Task TakeOverAsync(Lease[] leases, HashSet<ImageId> silent)
    {
        if (leases.Length == 0) return;
        var layout = await LayoutAsync(CancellationToken.None);
        await Task.WhenAll(leases.DistinctBy(l => l.Image).GroupBy(l => layout.ShardOf(l.Image)).Select(async some =>
        {
            if (await TakeOverAsync(some.Key, [.. some])) silent.ExceptWith(some.Select(l => l.Image));
        }));
    }

    private async Task<bool> TakeOverAsync(int shard, Lease[] leases)
    {
        var meanwhile = new Meanwhile();
        _asking.Add(meanwhile);
        try
        {
            var until = time.GetUtcNow() + 2 * _dataset.Settings.LeasePeriod;
            ImageId[] images = [.. leases.Select(l => l.Image)];
            var taken = await Shard(shard).TakeOverAsync(_turn.Number, images, until, CancellationToken.None);
            var found = taken.Tasks.ToDictionary(t => t.Image);
            var presentBy = time.GetUtcNow() + TurnTimes.Grace;
            foreach (var lease in leases)
            {
                if (!found.TryGetValue(lease.Image, out var task)) continue;
                // Something else is asked by now, of whoever may answer that.
                if (task.Kind != lease.Kind) _stock.Add(shard, task, until, time.GetUtcNow(), SlotsOf(task));
                else if (!meanwhile.Settled.Contains(lease.Image))
                    _stock.AddHeld(shard, task, until, lease, presentBy, time.GetUtcNow(),
                        meanwhile.LetGo.Contains((lease.Image, lease.Actor)), SlotsOf(task));
            }
            if (taken.IsNewTo) await KeepAsync(shard, until, CancellationToken.None);
            return true;
        }
        catch (Exception e)
        {
            logger.QueueRefillFailed(e, _dataset.Name, shard);
            return false;
        }
        finally
        {
            _asking.Remove(meanwhile);
        }
    }

    private void Settled(ImageId image)
    {
        foreach (var meanwhile in _asking) meanwhile.Settled.Add(image);
    }

    private void LetGo(ImageId image, string actor)
    {
        foreach (var meanwhile in _asking) meanwhile.LetGo.Add((image, actor));
    }

    /// <summary>Has shards set aside for long enough what is to be held for another period.</summary>
    private async Task ExtendAsync(Lease[] leases, CancellationToken cancellationToken)
    {
        var ends = time.GetUtcNow() + _dataset.Settings.LeasePeriod;
        ImageId[] brief = [.. leases.Select(l => l.Image).Distinct().Where(i => _stock.Has(i) && _stock.UntilOf(i) < ends)];
        if (brief.Length == 0) return;
        var layout = await LayoutAsync(cancellationToken);
        await Task.WhenAll(brief.GroupBy(layout.ShardOf)
            .Select(g => ExtendAsync(g.Key, [.. g], ends + _dataset.Settings.LeasePeriod, cancellationToken)));
    }

    private RenewedLease Presented(string text, Lease? sent, string actor, HashSet<ImageId> silent)
    {
        if (sent is not { } lease)
            return new RenewedLease(null, null, null, "The lease is not one that this cluster gave. Take the task again.");
        if (WrongWith(lease, actor) is { } wrong) return new RenewedLease(lease.Image, null, null, wrong);
        var (now, period) = (time.GetUtcNow(), _dataset.Settings.LeasePeriod);
        // It is set aside for nobody, and goes by the same rules as one that is: none of them tells which it is.
        var checks = lease.Kind == TaskKind.Qualify;
        if (silent.Contains(lease.Image))
            return new RenewedLease(lease.Image, text, null,
                "What holds the image does not answer just now. Present the lease again soon.");
        var isNew = lease.Expires <= now;
        var isHeld = checks ? _checks.Holds(lease.Image, actor, now) : !_stock.Has(lease.Image) || _stock.Holds(lease.Image, actor, now);
        if (isNew && RoomOf(actor) <= 0 && !isHeld)
            return new RenewedLease(lease.Image, null, null, Full(actor).Message);
        var latest = lease.GivenAt(period) + MostPeriods * period;
        var presented = checks
            ? _gold.IsKnownTo(lease.Image, actor) ? null : _checks.Present(lease, now, period, latest)
            : _stock.Present(lease, now, period, latest);
        if (presented is not { } held)
            return new RenewedLease(lease.Image, null, null,
                "The task is not yours any more: it was answered, given back or withdrawn, or your lease ended and somebody else has it. "
                + "An answer of yours still counts as an opinion.");
        if (InMilliseconds(held.Ends) == InMilliseconds(lease.Expires)) return new RenewedLease(lease.Image, text, lease.Expires);
        DelayDeactivation(held.Ends - now);
        var renewed = lease with { Expires = held.Ends, Since = _dataset.Since, Given = held.Given };
        return new RenewedLease(lease.Image, _leases.Sign(renewed), held.Ends);
    }

    private static long InMilliseconds(DateTimeOffset moment) => moment.ToUnixTimeMilliseconds();
}
