using Winnow.Abstractions.Review;
using Winnow.Model.Images;

namespace Winnow.Grains.Review;

/// <summary>
/// The tasks that a queue has set aside from its shards: those it can hand out, by priority, and those that people hold. Pure bookkeeping
/// under a clock that the caller reads.
/// </summary>
internal sealed class QueueStock
{
    private sealed class Held(int shard, ReservedTask task, DateTimeOffset until)
    {
        public int Shard => shard;
        public ReservedTask Task => task;
        public DateTimeOffset Until { get; set; } = until;
        public string? Holder { get; set; }
        public DateTimeOffset LeaseEnds { get; set; }
        public DateTimeOffset GivenAt { get; set; }
        public DateTimeOffset OfferedAt { get; set; }
        public HashSet<string>? SkippedBy { get; set; }
        public HashSet<string>? GivenBackBy { get; set; }

        /// <summary>Whether this person may be asked: who could not tell never again, who gave it back where nothing else is.</summary>
        public bool MayAsk(string actor, bool again) =>
            SkippedBy?.Contains(actor) != true && (again || GivenBackBy?.Contains(actor) != true);
    }

    private readonly Dictionary<ImageId, Held> _held = [];
    private readonly PriorityQueue<Held, (double NegatedPriority, ImageId Image)> _free = new();
    private readonly PriorityQueue<Held, DateTimeOffset> _leases = new();
    private readonly Queue<(Held Held, DateTimeOffset OfferedAt)> _offers = new();
    private readonly Dictionary<string, int> _heldBy = new(StringComparer.Ordinal);
    private long _oldestOffer;

    /// <summary>Tasks that can be handed out.</summary>
    public int Free { get; private set; }

    /// <summary>All tasks set aside.</summary>
    public int Count => _held.Count;

    /// <summary>When the free task that has waited longest was offered; null when none waits.</summary>
    public DateTimeOffset? OldestOffer =>
        Interlocked.Read(ref _oldestOffer) is > 0 and var ticks ? new DateTimeOffset(ticks, TimeSpan.Zero) : null;

    /// <summary>Tasks that can be handed out and are new to this person: neither skipped nor given back.</summary>
    public int NewTo(string actor) => _held.Values.Count(h => h.Holder is null && h.MayAsk(actor, again: false));

    /// <summary>How many tasks a person holds whose leases run. Kept beside them, so that nothing is gone through.</summary>
    public int HeldBy(string actor, DateTimeOffset now)
    {
        Expire(now);
        return _heldBy.GetValueOrDefault(actor);
    }

    /// <summary>Adds what a shard set aside.</summary>
    public void Add(int shard, ReservedTask task, DateTimeOffset until, DateTimeOffset now)
    {
        var held = NewHeld(shard, task, until);
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
    /// <param name="letGo">Whether the person has given it back meanwhile.</param>
    public void AddHeld(
        int shard, ReservedTask task, DateTimeOffset until, in Lease lease, DateTimeOffset presentBy, bool letGo = false)
    {
        var held = NewHeld(shard, task, until);
        if (letGo) held.GivenBackBy = new HashSet<string>(StringComparer.Ordinal) { lease.Actor };
        if (!_held.TryAdd(task.Image, held)) return;
        Free++;
        var isTheirs = lease.Expires > presentBy && held.MayAsk(lease.Actor, again: false);
        // Who presents it says when it was given.
        Hold(held, lease.Actor, Earlier(isTheirs ? lease.Expires : presentBy, until), DateTimeOffset.MinValue);
    }

    private static Held NewHeld(int shard, ReservedTask task, DateTimeOffset until) => new(shard, task, until)
    {
        SkippedBy = task.SkippedBy is { } people ? new HashSet<string>(people, StringComparer.Ordinal) : null,
    };

    /// <summary>
    /// Hands out the best task that this person may be asked, until <paramref name="leaseEnds"/>; null when there is none. What the person
    /// gave back is passed over unless <paramref name="again"/>: by its priority it would come at once, and nothing else ever.
    /// </summary>
    public ReservedTask? Take(string actor, DateTimeOffset now, DateTimeOffset leaseEnds, bool again = true)
    {
        Expire(now);
        List<Held>? passedOver = null;
        ReservedTask? taken = null;
        while (_free.TryDequeue(out var held, out _))
        {
            // Left in the heap when it was answered, or handed out since.
            if (held.Holder is not null || !_held.TryGetValue(held.Task.Image, out var current) || current != held) continue;
            // The reservation on disk must outlast every lease under it.
            if (held.Until < leaseEnds || !held.MayAsk(actor, again))
            {
                (passedOver ??= []).Add(held);
                continue;
            }
            Hold(held, actor, leaseEnds, now);
            taken = held.Task;
            break;
        }
        if (passedOver is not null)
            foreach (var held in passedOver) _free.Enqueue(held, (-held.Task.Priority, held.Task.Image));
        FindOldest();
        return taken;
    }

    private void Hold(Held held, string actor, DateTimeOffset leaseEnds, DateTimeOffset givenAt)
    {
        (held.Holder, held.LeaseEnds, held.GivenAt) = (actor, leaseEnds, givenAt);
        _heldBy[actor] = _heldBy.GetValueOrDefault(actor) + 1;
        Free--;
        _leases.Enqueue(held, leaseEnds);
    }

    /// <summary>Whether a task is here, held or not.</summary>
    public bool Has(ImageId image) => _held.ContainsKey(image);

    /// <summary>Whether a person holds a task whose lease runs.</summary>
    public bool Holds(ImageId image, string actor, DateTimeOffset now)
    {
        Expire(now);
        return _held.TryGetValue(image, out var held) && held.Holder == actor;
    }

    /// <summary>Until when a task is set aside; long ago where it is not here.</summary>
    public DateTimeOffset UntilOf(ImageId image) => _held.TryGetValue(image, out var held) ? held.Until : DateTimeOffset.MinValue;

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
        if (!_held.TryGetValue(lease.Image, out var held) || !held.MayAsk(lease.Actor, again: false)) return null;
        var (runs, given) = (lease.Expires > now, lease.GivenAt(period));
        // It was kept for as long as anybody keeps one, or is another question by now: it is to be taken again.
        if (!runs && lease.Expires >= latest || held.Holder is null && held.Task.HistoryVersion != lease.Version) return null;
        if (held.Holder is { } other && other != lease.Actor)
        {
            if (!runs || given <= held.GivenAt) return null;
            Offer(held, now);
        }
        // The reservation on disk must outlast every lease under it.
        var ends = Earlier(Earlier(now + period, held.Until), runs ? latest : DateTimeOffset.MaxValue);
        if (held.Holder is null)
        {
            if (ends <= now) return null;
            Hold(held, lease.Actor, ends, runs ? given : now);
            FindOldest();
        }
        else
        {
            if (given > held.GivenAt) held.GivenAt = given;
            if (held.LeaseEnds - now < 0.75 * period && ends > held.LeaseEnds)
            {
                held.LeaseEnds = ends;
                _leases.Enqueue(held, ends);
            }
        }
        return (held.LeaseEnds, held.GivenAt);
    }

    private static DateTimeOffset Earlier(DateTimeOffset one, DateTimeOffset other) => one < other ? one : other;

    /// <summary>All that is here and of which something is true.</summary>
    public ImageId[] Images(Func<ImageId, bool> which) => [.. _held.Keys.Where(which)];

    /// <summary>Whether a task was set aside before an entry of its image's history was made.</summary>
    public bool IsOfBefore(ImageId image, int version) => _held.TryGetValue(image, out var held) && held.Task.HistoryVersion < version;

    /// <summary>The image was answered for good.</summary>
    public void Remove(ImageId image)
    {
        if (!_held.Remove(image, out var held)) return;
        if (held.Holder is not null)
        {
            NoLongerHeldBy(held.Holder);
            return;
        }
        Free--;
        FindOldest();
    }

    /// <summary>Puts a task back that a person held; with <paramref name="skipped"/>, that person is not asked again.</summary>
    /// <returns>When the lease would have ended; null when the person did not hold the task.</returns>
    public DateTimeOffset? PutBack(ImageId image, string actor, bool skipped, DateTimeOffset now)
    {
        if (!_held.TryGetValue(image, out var held)) return null;
        if (skipped) (held.SkippedBy ??= new HashSet<string>(StringComparer.Ordinal)).Add(actor);
        if (held.Holder != actor) return null;
        if (!skipped) (held.GivenBackBy ??= new HashSet<string>(StringComparer.Ordinal)).Add(actor);
        Offer(held, now);
        return held.LeaseEnds;
    }

    /// <summary>A person may be asked about an image after all.</summary>
    public void MayAsk(ImageId image, string actor)
    {
        if (!_held.TryGetValue(image, out var held)) return;
        held.SkippedBy?.Remove(actor);
        held.GivenBackBy?.Remove(actor);
    }

    /// <summary>
    /// Forgets the tasks whose reservation has run out: they may be another queue's by now. The shards that they came from, which offer
    /// them again.
    /// </summary>
    public IReadOnlyCollection<int> ForgetRunOut(DateTimeOffset now)
    {
        Held[] gone = [.. _held.Values.Where(h => h.Until <= now)];
        foreach (var held in gone) Remove(held.Task.Image);
        return [.. gone.Select(h => h.Shard).Distinct()];
    }

    /// <summary>
    /// Tasks whose reservation runs out before <paramref name="before"/>, by shard: to be extended while the queue still wants them.
    /// </summary>
    public IReadOnlyList<(int Shard, ImageId[] Images)> RunningOut(DateTimeOffset before) =>
        [.. _held.Values.Where(h => h.Until < before).GroupBy(h => h.Shard, h => h.Task.Image).Select(g => (g.Key, g.ToArray()))];

    public void Extended(IEnumerable<ImageId> images, DateTimeOffset until)
    {
        foreach (var image in images)
            if (_held.TryGetValue(image, out var held)) held.Until = until;
    }

    /// <summary>Who holds tasks.</summary>
    public IReadOnlyList<string> Holders(DateTimeOffset now)
    {
        Expire(now);
        return [.. _heldBy.Keys];
    }

    /// <summary>
    /// Everything that is not held by a person, taken out of the stock; by shard, what stays set aside until <paramref name="atLeast"/>.
    /// What does not could be another queue's before its shard hears of it.
    /// </summary>
    public IReadOnlyList<(int Shard, ImageId[] Images)> TakeAllFree(DateTimeOffset atLeast)
    {
        var free = _held.Values.Where(h => h.Holder is null).ToArray();
        foreach (var held in free) Remove(held.Task.Image);
        return [.. free.Where(h => h.Until >= atLeast).GroupBy(h => h.Shard, h => h.Task.Image).Select(g => (g.Key, g.ToArray()))];
    }

    private void Expire(DateTimeOffset now)
    {
        while (_leases.TryPeek(out var held, out var ends) && ends <= now)
        {
            _leases.Dequeue();
            // Given back and handed out again since: the later lease has an entry of its own.
            if (held.Holder is null || held.LeaseEnds != ends) continue;
            if (_held.TryGetValue(held.Task.Image, out var current) && current == held) Offer(held, ends);
        }
    }

    private void NoLongerHeldBy(string actor)
    {
        if (_heldBy[actor] > 1) _heldBy[actor]--;
        else _heldBy.Remove(actor);
    }

    private void Offer(Held held, DateTimeOffset now)
    {
        if (held.Holder is { } holder) NoLongerHeldBy(holder);
        (held.Holder, held.OfferedAt) = (null, now);
        Free++;
        _free.Enqueue(held, (-held.Task.Priority, held.Task.Image));
        _offers.Enqueue((held, now));
        FindOldest();
    }

    /// <summary>Forgets offers that were taken up. Each is looked at once, so this costs nothing beside the offer itself.</summary>
    private void FindOldest()
    {
        while (_offers.TryPeek(out var offer)
            && (offer.Held.Holder is not null || offer.Held.OfferedAt != offer.OfferedAt
                || !_held.TryGetValue(offer.Held.Task.Image, out var current) || current != offer.Held))
            _offers.Dequeue();
        Interlocked.Exchange(ref _oldestOffer, _offers.TryPeek(out var oldest) ? oldest.OfferedAt.UtcTicks : 0);
    }
}
