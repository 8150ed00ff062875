using System.Collections.Concurrent;
using System.Diagnostics;
using Winnow.Algorithms.Numerics;
using Winnow.Model.Images;
using Winnow.Model.Review;

namespace Winnow.Cluster.Tests.Failover.Soak;

/// <summary>What the load was promised: what must be there in the end, once.</summary>
internal sealed class SoakRecord(TimeSpan leasePeriod)
{
    // Few, so that several look at one image while it changes.
    private const int Lately = 12;

    private readonly Lock _gate = new();
    private readonly List<ImageId> _lately = [];
    // All that were heard of: word of a lease may come after word of the one that followed it.
    private readonly Dictionary<ImageId, List<(string Actor, DateTimeOffset Until)>> _held = [];

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
    public void Leased(ImageId image, string actor, DateTimeOffset until)
    {
        var given = until - leasePeriod;
        lock (_gate)
        {
            if (!_held.TryGetValue(image, out var others)) _held[image] = others = [];
            foreach (var other in others)
            {
                if (other.Actor == actor || other.Until <= given || other.Until - leasePeriod >= until) continue;
                HandedTwice.Add(other.Until <= until
                    ? (image, other.Actor, other.Until - leasePeriod, actor, given)
                    : (image, actor, given, other.Actor, other.Until - leasePeriod));
            }
            others.Add((actor, until));
        }
    }

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
