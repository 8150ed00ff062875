namespace Winnow.Studio.Outbox;

/// <summary>Which entries may go together.</summary>
internal static class OutboxOrder
{
    /// <summary>
    /// The longest beginning of what waits that one request can carry: one dataset, no image twice, since what was said first of an image
    /// must be recorded before what was said next. What takes something back is looked up first, and so goes alone.
    /// </summary>
    public static IReadOnlyList<OutboxEntry> NextOf(IReadOnlyList<OutboxEntry> waiting)
    {
        var together = new List<OutboxEntry>();
        foreach (var entry in waiting)
        {
            if (together.Count > 0 && (entry.TakesBack is not null || entry.Dataset != together[0].Dataset
                || together.Exists(e => e.Image == entry.Image))) break;
            together.Add(entry);
            if (entry.TakesBack is not null) break;
        }
        return together;
    }
}
