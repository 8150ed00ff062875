using Winnow.Model.Images;

namespace Winnow.Grains.Images;

/// <summary>
/// Rows in the order of their images' ids. Which come after an image is a question that any activation answers alike; a place would be one
/// in a list that the next activation makes anew. Pure.
/// </summary>
internal static class IdOrder
{
    private static readonly Comparer<ImageId> LargestFirst = Comparer<ImageId>.Create(static (a, b) => b.CompareTo(a));

    /// <summary>
    /// The next rows after an image, the smallest id first: one pass over all, and as much memory as rows that are asked for.
    /// </summary>
    /// <param name="ids">The image of each row.</param>
    /// <param name="after">Only images after this one; null for all.</param>
    /// <param name="max">How many at most.</param>
    /// <param name="takes">Whether a row is wanted at all.</param>
    public static int[] Next(ReadOnlySpan<ImageId> ids, ImageId? after, int max, Func<int, bool> takes)
    {
        if (max <= 0) return [];
        var nearest = new PriorityQueue<int, ImageId>(LargestFirst);
        var farthest = default(ImageId);
        for (var row = 0; row < ids.Length; row++)
        {
            if (after is { } last && ids[row].CompareTo(last) <= 0) continue;
            if (nearest.Count == max && ids[row].CompareTo(farthest) > 0) continue;
            if (!takes(row)) continue;
            if (nearest.Count == max) nearest.DequeueEnqueue(row, ids[row]);
            else nearest.Enqueue(row, ids[row]);
            nearest.TryPeek(out _, out farthest);
        }
        var rows = new int[nearest.Count];
        for (var i = rows.Length - 1; i >= 0; i--) rows[i] = nearest.Dequeue();
        return rows;
    }
}
