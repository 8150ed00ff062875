using System.Globalization;

namespace Winnow.Cluster.Tests.Failover.Soak;

/// <summary>
/// Whether each call about an image can have taken effect at one moment between its beginning and its end. The history of an image tells
/// the order of its writes, which makes the question simple: a write has its place in it, a look comes after the last entry that it shows,
/// and no call that began after another had ended may come before it. Pure.
/// </summary>
internal static class Linearizability
{
    /// <summary>A call at its place: that of an entry, or for a look that of the last entry that it shows.</summary>
    private readonly record struct Placed(int Place, bool IsWrite, long Began, long Ended)
    {
        /// <summary>Entries come before the looks that show them, and looks at the same entry in any order.</summary>
        public long Rank => (2L * Place) + (IsWrite ? 0 : 1);

        public override string ToString() =>
            string.Create(CultureInfo.InvariantCulture, $"{(IsWrite ? "the write of entry" : "a look at entry")} {Place}");
    }

    /// <summary>
    /// What is wrong with the calls about one image; null when nothing is. The last look is to come after all else, so that it shows all.
    /// </summary>
    public static string? Violation(IReadOnlyCollection<ImageCall> calls)
    {
        var writes = new Dictionary<Guid, ImageWrite>();
        foreach (var write in calls.OfType<ImageWrite>())
            if (!writes.TryAdd(write.Operation, write)) return $"operation {write.Operation} was sent twice as two";
        IReadOnlyList<Guid> history = [];
        foreach (var look in calls.OfType<ImageRead>())
        {
            var (shorter, longer) = look.History.Count < history.Count ? (look.History, history) : (history, look.History);
            for (var i = 0; i < shorter.Count; i++)
                if (shorter[i] != longer[i]) return $"entry {i + 1} was shown as {shorter[i]} and as {longer[i]}";
            history = longer;
        }
        var places = new Dictionary<Guid, int>();
        for (var i = 0; i < history.Count; i++)
        {
            if (!places.TryAdd(history[i], i + 1)) return $"{history[i]} is entry {places[history[i]]} and entry {i + 1}";
            if (!writes.TryGetValue(history[i], out var write)) return $"entry {i + 1} is {history[i]}, which nobody sent";
            if (write.Outcome == WriteOutcome.Refused) return $"entry {i + 1} is {history[i]}, which was refused";
        }
        foreach (var write in writes.Values)
        {
            if (write.Outcome == WriteOutcome.Acknowledged)
            {
                if (!places.TryGetValue(write.Operation, out var place))
                    return $"{write.Operation} was acknowledged as entry {write.Version}, and is lost";
                if (place != write.Version) return $"{write.Operation} was acknowledged as entry {write.Version}, and is entry {place}";
            }
            if (write.Expected is { } expected && places.TryGetValue(write.Operation, out var at) && at != expected + 1)
                return $"{write.Operation} was to follow entry {expected}, and is entry {at}";
        }
        return OutOfTime([.. calls.Select(c => Place(c, places)).OfType<Placed>()]);
    }

    private static Placed? Place(ImageCall call, Dictionary<Guid, int> places) => call switch
    {
        ImageRead look => new Placed(look.History.Count, IsWrite: false, look.Began, look.Ended),
        // It may have been written long after its caller gave up.
        ImageWrite write when places.TryGetValue(write.Operation, out var place) =>
            new Placed(place, IsWrite: true, write.Began, write.Outcome == WriteOutcome.Unknown ? long.MaxValue : write.Ended),
        _ => null,
    };

    /// <summary>Two calls of which the later one comes before the earlier one by their places.</summary>
    private static string? OutOfTime(Placed[] calls)
    {
        var byEnd = calls.OrderBy(c => c.Ended).ToArray();
        var (ended, highest) = (0, default(Placed));
        foreach (var call in calls.OrderBy(c => c.Began))
        {
            // The highest place of all that had ended before this one began.
            for (; ended < byEnd.Length && byEnd[ended].Ended < call.Began; ended++)
                if (ended == 0 || byEnd[ended].Rank > highest.Rank) highest = byEnd[ended];
            if (ended > 0 && call.Rank < highest.Rank) return $"{call} began after {highest} had ended";
        }
        return null;
    }
}
