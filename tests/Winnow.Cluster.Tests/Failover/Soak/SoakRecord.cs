using System.Collections.Concurrent;
using Winnow.Model.Images;
using Winnow.Model.Review;

namespace Winnow.Cluster.Tests.Failover.Soak;

/// <summary>What the load was promised: what must be there in the end, once.</summary>
internal sealed class SoakRecord(TimeSpan leasePeriod)
{
    private readonly Lock _gate = new();
    private readonly Dictionary<ImageId, (string Actor, DateTimeOffset Until)> _held = [];

    /// <summary>Images that were acknowledged as accepted, with their names.</summary>
    public ConcurrentDictionary<ImageId, string> Images { get; } = new();

    /// <summary>Images acknowledged as accepted a second time: an import that was repeated must not count twice.</summary>
    public ConcurrentBag<ImageId> TakenTwice { get; } = [];

    /// <summary>Decisions that were acknowledged, by operation.</summary>
    public ConcurrentDictionary<Guid, (ImageId Image, string Actor, SubmitStatus Status)> Decisions { get; } = new();

    /// <summary>
    /// Tasks that a second person was given while the first one's lease ran, as far as their callers knew: the first may have answered that he cannot
    /// tell, and not have heard yet that this was recorded. The image's history says.
    /// </summary>
    public ConcurrentBag<(ImageId Image, string First, string Second, DateTimeOffset Given)> HandedTwice { get; } = [];

    public void Accepted(ImageId image, string name)
    {
        if (!Images.TryAdd(image, name)) TakenTwice.Add(image);
    }

    /// <summary>A task was given out. When is told by when its lease ends: the call itself may have been repeated, and gone on for a while.</summary>
    public void Leased(ImageId image, string actor, DateTimeOffset until)
    {
        var given = until - leasePeriod;
        lock (_gate)
        {
            if (_held.TryGetValue(image, out var other) && other.Actor != actor && other.Until > given)
                HandedTwice.Add((image, other.Actor, actor, given));
            _held[image] = (actor, until);
        }
    }

    public void Answered(Guid operation, ImageId image, string actor, SubmitStatus status)
    {
        Decisions[operation] = (image, actor, status);
        lock (_gate) _held.Remove(image);
    }
}
