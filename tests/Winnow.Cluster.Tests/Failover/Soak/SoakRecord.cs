using System.Collections.Concurrent;
using System.Diagnostics;
using Winnow.Algorithms.Numerics;
using Winnow.Grains.Settings;
using Winnow.Model.Images;
using Winnow.Model.Review;

namespace Winnow.Cluster.Tests.Failover.Soak;

/// <summary>What the load was promised: what must be there in the end, once.</summary>
internal sealed class SoakRecord(TimeSpan leasePeriod)
{
    // Few, so that several look at one image while it changes.
    private const int Lately = 12;
    private static readonly TimeSpan ClocksApart = TimeSpan.FromSeconds(1);

    private readonly Lock _gate = new();
    private readonly List<ImageId> _lately = [];
    // All that were heard of: word of a lease may come after word of the one that followed it.
    private readonly Dictionary<ImageId, List<Hold>> _held = [];
    private readonly List<DateTimeOffset> _hits = [];

    /// <param name="actor">Who was given a task.</param>
    /// <param name="from">When.</param>
    /// <param name="until">When the lease ends, or when they let it go.</param>
    /// <param name="isKept">Whether they present the lease all the while.</param>
    private sealed class Hold(string actor, DateTimeOffset from, DateTimeOffset until, bool isKept)
    {
        public string Actor => actor;
        public DateTimeOffset From => from;
        public bool IsKept => isKept;
        public DateTimeOffset Until { get; set; } = until;
    }

    /// <summary>
    /// A silo is about to be hit: the queue may be lost with it. Who does not present what they were given by it keeps that for a moment.
    /// </summary>
    public void Hit(DateTimeOffset at)
    {
        lock (_gate) _hits.Add(at);
    }

    private DateTimeOffset EndOf(Hold hold)
    {
        var end = hold.Until;
        if (hold.IsKept) return end;
        foreach (var hit in _hits)
            if (hit > hold.From - ClocksApart && hit + TurnTimes.Grace < end) end = hit + TurnTimes.Grace;
        return end;
    }

    /// <summary>Images that were acknowledged as accepted, with their names.</summary>
    public ConcurrentDictionary<ImageId, string> Images { get; } = new();

    /// <summary>Images acknowledged as accepted a second time: an import that was repeated must not count twice.</summary>
    public ConcurrentBag<ImageId> TakenTwice { get; } = [];

    /// <summary>Decisions that were acknowledged, by operation.</summary>
    public ConcurrentDictionary<Guid, (ImageId Image, string Actor, SubmitStatus Status)> Decisions { get; } = new();

    /// <summary>
    /// Tasks that a second person was given while the first one's lease ran, as far as their callers knew: the first may have answered that
    /// he cannot tell, and not have heard yet that this was recorded. The image's history says.
    /// </summary>
    public ConcurrentBag<(ImageId Image, string First, DateTimeOffset Since, string Second, DateTimeOffset Given)> HandedTwice { get; } =
        [];

    public void Accepted(ImageId image, string name)
    {
        if (!Images.TryAdd(image, name)) TakenTwice.Add(image);
    }

    /// <summary>
    /// A task was given out. When is told by when its lease ends: the call itself may have been repeated, and gone on for a while.
    /// </summary>
    public void Leased(ImageId image, string actor, DateTimeOffset until, bool isKept = false)
    {
        var mine = new Hold(actor, until - leasePeriod, until, isKept);
        lock (_gate)
        {
            if (!_held.TryGetValue(image, out var others)) _held[image] = others = [];
            foreach (var other in others)
            {
                if (other.Actor == actor || EndOf(other) <= mine.From || other.From >= EndOf(mine)) continue;
                var (first, second) = other.From <= mine.From ? (other, mine) : (mine, other);
                HandedTwice.Add((image, first.Actor, first.From, second.Actor, second.From));
            }
            others.Add(mine);
        }
    }

    /// <summary>Somebody is about to give a task back, or was told that it is not theirs any more.</summary>
    public void GaveBack(ImageId image, string actor, DateTimeOffset at)
    {
        lock (_gate)
            foreach (var hold in _held.GetValueOrDefault(image) ?? [])
                if (hold.Actor == actor && hold.Until > at) hold.Until = at;
    }

    /// <summary>
    /// Tasks that were not their holder's any more although the lease was presented all the while: somebody must have answered by the time
    /// that they heard so.
    /// </summary>
    public ConcurrentBag<(ImageId Image, string Actor, DateTimeOffset Since, DateTimeOffset Until, string Why)> Lost { get; } = [];

    /// <summary>How long leases run.</summary>
    public TimeSpan LeasePeriod => leasePeriod;

    /// <summary>Tasks that were kept by presenting their leases, to the end.</summary>
    public int Kept => _kept;

    private int _kept;

    /// <summary>Somebody kept tasks to the end.</summary>
    public void WereKept(int tasks) => Interlocked.Add(ref _kept, tasks);

    /// <summary>Decisions about which no word came back: each may have been recorded, or not.</summary>
    public ConcurrentDictionary<Guid, ImageId> Unknown { get; } = new();

    /// <summary>Every look at an image and every decision about one, as its caller saw it.</summary>
    public ConcurrentQueue<ImageCall> Calls { get; } = new();

    /// <summary>Somebody was told what became of a decision.</summary>
    public void Answered(SubmitDecision decision, SubmitResult result, string actor, long began)
    {
        var written = result.Status is not (SubmitStatus.Refused or SubmitStatus.Conflict);
        Calls.Enqueue(new ImageWrite(
            decision.Image, decision.OperationId, began, Stopwatch.GetTimestamp(),
            written ? WriteOutcome.Acknowledged : WriteOutcome.Refused,
            written ? result.Version : 0, decision.ExpectedVersion));
        if (!written) return;
        Decisions[decision.OperationId] = (decision.Image, actor, result.Status);
        LetGo(decision.Image);
    }

    /// <summary>Somebody was told nothing of a decision.</summary>
    public void NotAnswered(SubmitDecision decision, long began)
    {
        Calls.Enqueue(new ImageWrite(
            decision.Image, decision.OperationId, began, long.MaxValue, WriteOutcome.Unknown, 0, decision.ExpectedVersion));
        Unknown[decision.OperationId] = decision.Image;
        LetGo(decision.Image);
    }

    /// <summary>Somebody looked at an image. What it came with is no decision.</summary>
    public void Looked(ImageDetail detail, long began) => Calls.Enqueue(new ImageRead(
        detail.Id, began, Stopwatch.GetTimestamp(),
        [.. detail.History.Where(h => h.Kind != HistoryKind.Imported).Select(h => h.OperationId)]));

    /// <summary>An image that somebody decided about a moment ago; null while nobody has.</summary>
    public ImageId? AnsweredLately(SeededRandom random)
    {
        lock (_gate) return _lately.Count == 0 ? null : _lately[random.Next(_lately.Count)];
    }

    private void LetGo(ImageId image)
    {
        lock (_gate)
        {
            _held.Remove(image);
            if (_lately.Count == Lately) _lately.RemoveAt(0);
            _lately.Add(image);
        }
    }
}
