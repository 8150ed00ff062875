using Winnow.Abstractions.Review;
using Winnow.Model.Images;
using Winnow.Model.Review;

namespace Winnow.Grains.Review;

/// <summary>
/// The tasks that a queue has set aside from its shards: those it can hand out, by kind and priority, and those that people hold. Pure
/// bookkeeping under a clock that the caller reads.
/// </summary>
/// <param name="placeOf">Where an image stands among those that are worth the same; by their ids where nothing says.</param>
internal sealed partial class QueueStock(Func<ImageId, ulong>? placeOf = null)
{
    private readonly Dictionary<ImageId, HeldTask> _held = [];
    private readonly FreeTasks[] _free = [.. Enum.GetValues<TaskKind>().Select(_ => new FreeTasks())];
    private readonly PriorityQueue<(HeldTask Held, string Actor), DateTimeOffset> _leases = new();
    private readonly Queue<(HeldTask Held, DateTimeOffset OfferedAt)> _offers = new();
    private readonly Dictionary<string, int> _heldBy = new(StringComparer.Ordinal);
    private long _oldestOffer;

    /// <summary>Tasks that can be handed out.</summary>
    public int Free => _free.Sum(f => f.Count);

    /// <summary>Those of a kind.</summary>
    public int FreeOf(TaskKind kind) => _free[(int)kind].Count;

    /// <summary>All tasks set aside.</summary>
    public int Count => _held.Count;

    /// <summary>When the free task that has waited longest was offered; null when none waits.</summary>
    public DateTimeOffset? OldestOffer =>
        Interlocked.Read(ref _oldestOffer) is > 0 and var ticks ? new DateTimeOffset(ticks, TimeSpan.Zero) : null;

    /// <summary>
    /// Tasks of a kind that can be handed out and are new to this person, neither answered, skipped nor given back: so many at most are
    /// counted.
    /// </summary>
    public int NewTo(string actor, TaskKind kind, int most) => _free[(int)kind].NewTo(actor, most);

    /// <summary>What a task that is here asks; null where none is.</summary>
    public TaskKind? KindOf(ImageId image) => _held.TryGetValue(image, out var held) ? held.Kind : null;

    /// <summary>How many tasks a person holds whose leases run. Kept beside them, so that nothing is gone through.</summary>
    public int HeldBy(string actor, DateTimeOffset now)
    {
        Expire(now);
        return _heldBy.GetValueOrDefault(actor);
    }

    /// <summary>
    /// Adds what a shard set aside for so many people. What was set aside before its image's history grew is another question, and gone.
    /// </summary>
    public void Add(int shard, ReservedTask task, DateTimeOffset until, DateTimeOffset now, int slots = 1)
    {
        if (_held.TryGetValue(task.Image, out var known) && known.Task.HistoryVersion < task.HistoryVersion) Remove(task.Image);
        var held = new HeldTask(shard, task, until, slots, PlaceOf(task.Image));
        if (_held.TryAdd(task.Image, held)) Offer(held, now);
    }

    /// <summary>
    /// Adds what a shard set aside for a person who was given it by an earlier queue. Nobody else is given it before
    /// <paramref name="presentBy"/>, whatever has become of that lease: another may have been given to somebody else, who presents it yet.
    /// </summary>
    /// <param name="shard">The shard.</param>
    /// <param name="task">What it set aside.</param>
    /// <param name="until">Until when.</param>
    /// <param name="lease">What the person presented.</param>
    /// <param name="presentBy">Until when others may present theirs.</param>
    /// <param name="now">The moment.</param>
    /// <param name="letGo">Whether the person has given it back meanwhile.</param>
    /// <param name="slots">How many people are to answer it.</param>
    public void AddHeld(int shard, ReservedTask task, DateTimeOffset until, in Lease lease, DateTimeOffset presentBy, DateTimeOffset now,
        bool letGo = false, int slots = 1)
    {
        if (!_held.TryGetValue(task.Image, out var held))
            _held.Add(task.Image, held = new HeldTask(shard, task, until, slots, PlaceOf(task.Image)));
        else if (!held.IsFree || held.HoldingOf(lease.Actor) is not null || held.Holders.Count == 0) return;
        if (letGo) held.GivenBackBy(lease.Actor);
        var isTheirs = lease.Expires > presentBy && held.IsFor(lease.Actor, again: false);
        // Who presents it says when it was given.
        Hold(held, lease.Actor, Earlier(isTheirs ? lease.Expires : presentBy, until), DateTimeOffset.MinValue);
        if (held.IsFree) Offer(held, now);
    }

    /// <summary>
    /// Hands out the best task of these kinds that this person may be asked, until <paramref name="leaseEnds"/>; null when there is none.
    /// What the person gave back is passed over unless <paramref name="again"/>: by its priority it would come at once, and nothing else
    /// ever.
    /// </summary>
    public ReservedTask? Take(
        string actor, ReadOnlySpan<TaskKind> kinds, DateTimeOffset now, DateTimeOffset leaseEnds, bool again = true)
    {
        Expire(now);
        HeldTask? best = null;
        foreach (var kind in kinds)
            if (_free[(int)kind].First(actor, leaseEnds, again) is { } first && (best is null || FreeTasks.Compare(first, best) < 0))
                best = first;
        if (best is not null) Give(best, actor, leaseEnds, now);
        return best?.Task;
    }

    /// <summary>The tasks of a kind that a person may be given now, best first.</summary>
    public List<ReservedTask> FreeFor(string actor, TaskKind kind, DateTimeOffset leaseEnds, bool again) =>
        [.. _free[(int)kind].All.Where(t => t.MayTake(actor, again) && t.Until >= leaseEnds).Select(t => t.Task)];

    /// <summary>Hands out one task; null where the person may not be given it any more.</summary>
    public ReservedTask? TakeThis(ImageId image, string actor, DateTimeOffset now, DateTimeOffset leaseEnds)
    {
        Expire(now);
        if (!_held.TryGetValue(image, out var held) || !held.MayTake(actor, again: true) || held.Until < leaseEnds) return null;
        Give(held, actor, leaseEnds, now);
        return held.Task;
    }

    private void Give(HeldTask held, string actor, DateTimeOffset leaseEnds, DateTimeOffset now)
    {
        held.GivenAgainTo(actor);
        Hold(held, actor, leaseEnds, now);
        FindOldest();
    }

    private void Hold(HeldTask held, string actor, DateTimeOffset leaseEnds, DateTimeOffset givenAt)
    {
        held.Hold(new HeldTask.Holding(actor, leaseEnds, givenAt));
        if (!held.IsFree) _free[(int)held.Kind].Remove(held);
        _heldBy[actor] = _heldBy.GetValueOrDefault(actor) + 1;
        _leases.Enqueue((held, actor), leaseEnds);
    }

    /// <summary>Whether a task is here, held or not.</summary>
    public bool Has(ImageId image) => _held.ContainsKey(image);

    /// <summary>Whether a person holds a task whose lease runs.</summary>
    public bool Holds(ImageId image, string actor, DateTimeOffset now)
    {
        Expire(now);
        return _held.TryGetValue(image, out var held) && held.HoldingOf(actor) is not null;
    }

    /// <summary>
    /// A person presents a lease. The task stays theirs; once a quarter of the lease's time is over for another whole period, so that
    /// leases which are presented all the time cost nothing. One that has ended is given anew where nobody else has the task. Who was given
    /// it later than another has it: that one's lease had ended, or was given back, before the queue that knew so was lost.
    /// </summary>
    /// <param name="lease">The lease.</param>
    /// <param name="now">The moment.</param>
    /// <param name="period">How long leases run.</param>
    /// <param name="latest">No lease that follows from it ends later.</param>
    /// <returns>When the lease ends now, and since when it is held; null when the task is not theirs.</returns>
    public (DateTimeOffset Ends, DateTimeOffset Given)? Present(
        in Lease lease, DateTimeOffset now, TimeSpan period, DateTimeOffset latest)
    {
        Expire(now);
        if (!_held.TryGetValue(lease.Image, out var held) || !held.IsFor(lease.Actor, again: false)) return null;
        var (runs, given) = (lease.Expires > now, lease.GivenAt(period));
        var own = held.HoldingOf(lease.Actor);
        // It was kept for as long as anybody keeps one, or is another question by now: it is to be taken again.
        if (!runs && lease.Expires >= latest || own is null && !IsOf(held, lease)) return null;
        if (own is null && !held.IsFree)
        {
            var first = held.Holders.MinBy(h => h.Given)!;
            if (!runs || given <= first.Given) return null;
            LetGo(held, first.Actor, now);
        }
        // The reservation on disk must outlast every lease under it.
        var ends = Earlier(Earlier(now + period, held.Until), runs ? latest : DateTimeOffset.MaxValue);
        if (own is null)
        {
            if (ends <= now) return null;
            Hold(held, lease.Actor, ends, runs ? given : now);
            FindOldest();
            return (ends, runs ? given : now);
        }
        if (given > own.Given) own.Given = given;
        if (own.Ends - now < 0.75 * period && ends > own.Ends)
        {
            own.Ends = ends;
            _leases.Enqueue((held, lease.Actor), ends);
        }
        return (own.Ends, own.Given);
    }

    /// <summary>Whether a lease was given for what is asked now. Where several label an image, others' answers make it no other.</summary>
    private static bool IsOf(HeldTask held, in Lease lease) => held.Kind == lease.Kind
        && (held.Task.HistoryVersion == lease.Version || (held.Kind == TaskKind.Label && lease.Terms is { Labels: > 1 }));

    private ulong PlaceOf(ImageId image) => placeOf?.Invoke(image) ?? 0;

    private static DateTimeOffset Earlier(DateTimeOffset one, DateTimeOffset other) => one < other ? one : other;

    /// <summary>All that is here and of which something is true.</summary>
    public ImageId[] Images(Func<ImageId, bool> which) => [.. _held.Keys.Where(which)];

    /// <summary>Whether a task was set aside before an entry of its image's history was made.</summary>
    public bool IsOfBefore(ImageId image, int version) => _held.TryGetValue(image, out var held) && held.Task.HistoryVersion < version;

    /// <summary>The image was answered for good.</summary>
    public void Remove(ImageId image)
    {
        if (!_held.Remove(image, out var held)) return;
        foreach (var holding in held.Holders) NoLongerHeldBy(holding.Actor);
        _free[(int)held.Kind].Remove(held);
        FindOldest();
    }

    /// <summary>Puts a task back that a person held; with <paramref name="skipped"/>, that person is not asked again.</summary>
    /// <returns>When the lease would have ended; null when the person did not hold the task.</returns>
    public DateTimeOffset? PutBack(ImageId image, string actor, bool skipped, DateTimeOffset now)
    {
        if (!_held.TryGetValue(image, out var held)) return null;
        if (skipped) held.SkippedBy(actor);
        if (held.HoldingOf(actor) is not { } holding) return null;
        if (!skipped) held.GivenBackBy(actor);
        LetGo(held, actor, now);
        return holding.Ends;
    }

    /// <summary>A person has answered, and others are to.</summary>
    /// <param name="image">The image.</param>
    /// <param name="actor">Who answered.</param>
    /// <param name="labels">How many people label an image.</param>
    /// <param name="now">The moment.</param>
    public void Answered(ImageId image, string actor, int labels, DateTimeOffset now)
    {
        if (!_held.TryGetValue(image, out var held)) return;
        held.AnsweredBy(actor, labels);
        if (held.HoldingOf(actor) is not null) LetGo(held, actor, now);
        if (!held.IsFree) _free[(int)held.Kind].Remove(held);
    }

    /// <summary>Asking about an image is worth something else from now on. Whoever is at it goes on.</summary>
    public void Prioritize(ImageId image, double priority)
    {
        if (!_held.TryGetValue(image, out var held)) return;
        _free[(int)held.Kind].Remove(held);
        // Another, since its place among the free follows from what it is worth.
        var other = _held[image] = held.With(priority);
        foreach (var holding in other.Holders) _leases.Enqueue((other, holding.Actor), holding.Ends);
        if (!other.IsFree) return;
        _free[(int)other.Kind].Offer(other);
        _offers.Enqueue((other, other.OfferedAt));
        FindOldest();
    }

    /// <summary>A person may be asked about an image after all.</summary>
    public void MayAsk(ImageId image, string actor, int labels = 1)
    {
        if (!_held.TryGetValue(image, out var held)) return;
        held.AskAgain(actor, labels);
        if (held.IsFree) _free[(int)held.Kind].Offer(held);
    }

    /// <summary>Who holds tasks.</summary>
    public IReadOnlyList<string> Holders(DateTimeOffset now)
    {
        Expire(now);
        return [.. _heldBy.Keys];
    }

    private void Expire(DateTimeOffset now)
    {
        while (_leases.TryPeek(out var lease, out var ends) && ends <= now)
        {
            _leases.Dequeue();
            var (held, actor) = lease;
            // Given back and handed out again since: the later lease has an entry of its own.
            if (held.HoldingOf(actor) is not { } holding || holding.Ends != ends) continue;
            if (_held.TryGetValue(held.Image, out var current) && current == held) LetGo(held, actor, ends);
        }
    }

    private void NoLongerHeldBy(string actor)
    {
        if (_heldBy[actor] > 1) _heldBy[actor]--;
        else _heldBy.Remove(actor);
    }

    private void LetGo(HeldTask held, string actor, DateTimeOffset now)
    {
        if (held.LetGo(actor)) NoLongerHeldBy(actor);
        if (held.IsFree) Offer(held, now);
    }

    private void Offer(HeldTask held, DateTimeOffset now)
    {
        held.OfferedAt = now;
        _free[(int)held.Kind].Offer(held);
        _offers.Enqueue((held, now));
        FindOldest();
    }

    /// <summary>Forgets offers that were taken up. Each is looked at once, so this costs nothing beside the offer itself.</summary>
    private void FindOldest()
    {
        while (_offers.TryPeek(out var offer)
            && (!offer.Held.IsFree || offer.Held.OfferedAt != offer.OfferedAt
                || !_held.TryGetValue(offer.Held.Image, out var current) || current != offer.Held))
            _offers.Dequeue();
        Interlocked.Exchange(ref _oldestOffer, _offers.TryPeek(out var oldest) ? oldest.OfferedAt.UtcTicks : 0);
    }
}
