using Winnow.Abstractions.Prelabels;
using Winnow.Grains.Ports;
using Winnow.Model.Prelabels;

namespace Winnow.Grains.Shards;

/// <summary>
/// How much may still be proposed for images: so many sources, of so many bytes together. What takes the place of an earlier one of its
/// source takes its room too. Pure.
/// </summary>
internal sealed class PrelabelRoom
{
    private readonly Dictionary<int, Dictionary<string, (long Version, int Size)>> _known = [];

    public PrelabelRoom(IEnumerable<FactRow> known)
    {
        foreach (var fact in known) Of(fact)[fact.Id.Key] = (fact.Version, fact.Size);
    }

    /// <summary>Takes one more, where there is room.</summary>
    public PrelabelOutcome Take(FactRow fact)
    {
        var theirs = Of(fact);
        var before = theirs.TryGetValue(fact.Id.Key, out var of);
        // What was made later stands, and this one takes no room.
        if (before && of.Version > fact.Version) return PrelabelOutcome.Taken;
        if (!before && theirs.Count >= ImagePrelabel.MostSources) return PrelabelOutcome.TooManySources;
        var bytes = theirs.Values.Sum(k => (long)k.Size) - (before ? of.Size : 0) + fact.Size;
        // What is there already in more room, as an earlier release took it, may become smaller.
        if (bytes > ImagePrelabel.MostBytesOfImage && !(before && fact.Size <= of.Size)) return PrelabelOutcome.TooManyBytes;
        theirs[fact.Id.Key] = (fact.Version, fact.Size);
        return PrelabelOutcome.Taken;
    }

    private Dictionary<string, (long Version, int Size)> Of(FactRow fact)
    {
        if (!_known.TryGetValue(fact.Id.Ordinal, out var theirs))
            _known.Add(fact.Id.Ordinal, theirs = new Dictionary<string, (long, int)>(StringComparer.Ordinal));
        return theirs;
    }
}
