using Winnow.Model.Images;

namespace Winnow.Grains.Review;

/// <summary>
/// Who is at an image by which people are checked. Any number of people may be at one, so nothing is set aside for them; but each holds it,
/// keeps it and gives it back by the rules of every other task, since a rule of its own would tell that they are checked. Pure bookkeeping.
/// </summary>
internal sealed class HeldChecks
{
    private sealed class Holding(DateTimeOffset ends, DateTimeOffset given)
    {
        public DateTimeOffset Ends { get; set; } = ends;
        public DateTimeOffset Given { get; set; } = given;
    }

    private readonly Dictionary<string, Dictionary<ImageId, Holding>> _held = new(StringComparer.Ordinal);

    // Who answered one or gave it back has it no more, whatever lease they present.
    private readonly HashSet<(ImageId Image, string Actor)> _over = [];

    /// <summary>How many a person holds whose leases run.</summary>
    public int HeldBy(string actor, DateTimeOffset now)
    {
        if (!_held.TryGetValue(actor, out var theirs)) return 0;
        foreach (var (image, holding) in theirs)
            if (holding.Ends <= now) theirs.Remove(image);
        if (theirs.Count == 0) _held.Remove(actor);
        return theirs.Count;
    }

    /// <summary>Whether a person holds one whose lease runs.</summary>
    public bool Holds(ImageId image, string actor, DateTimeOffset now) => HeldBy(actor, now) > 0 && _held[actor].ContainsKey(image);

    /// <summary>A person is given one.</summary>
    public void Hold(ImageId image, string actor, DateTimeOffset ends, DateTimeOffset now)
    {
        _over.Remove((image, actor));
        Of(actor)[image] = new Holding(ends, now);
    }

    /// <summary>A person has answered one, or could not tell.</summary>
    public void Answered(ImageId image, string actor)
    {
        _over.Add((image, actor));
        if (_held.TryGetValue(actor, out var theirs)) theirs.Remove(image);
    }

    /// <summary>A person gives one back; when its lease would have ended, null where they did not hold it.</summary>
    public DateTimeOffset? PutBack(ImageId image, string actor, DateTimeOffset now)
    {
        if (!Holds(image, actor, now) || !_held[actor].Remove(image, out var holding)) return null;
        _over.Add((image, actor));
        return holding.Ends;
    }

    /// <summary>A person presents a lease; see <see cref="QueueStock.Present"/>.</summary>
    public (DateTimeOffset Ends, DateTimeOffset Given)? Present(in Lease lease, DateTimeOffset now, TimeSpan period, DateTimeOffset latest)
    {
        if (_over.Contains((lease.Image, lease.Actor))) return null;
        var (runs, given) = (lease.Expires > now, lease.GivenAt(period));
        // It was kept for as long as anybody keeps one.
        if (!runs && lease.Expires >= latest) return null;
        var ends = runs && latest < now + period ? latest : now + period;
        if (!Holds(lease.Image, lease.Actor, now))
        {
            if (ends <= now) return null;
            Of(lease.Actor)[lease.Image] = new Holding(ends, runs ? given : now);
            return (ends, runs ? given : now);
        }
        var own = _held[lease.Actor][lease.Image];
        if (given > own.Given) own.Given = given;
        if (own.Ends - now < 0.75 * period && ends > own.Ends) own.Ends = ends;
        return (own.Ends, own.Given);
    }

    private Dictionary<ImageId, Holding> Of(string actor)
    {
        if (!_held.TryGetValue(actor, out var theirs)) _held.Add(actor, theirs = []);
        return theirs;
    }
}
