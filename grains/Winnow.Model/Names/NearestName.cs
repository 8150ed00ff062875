namespace Winnow.Model.Names;

/// <summary>What a person most likely meant by a name that nobody knows.</summary>
public static class NearestName
{
    /// <summary>The known name that is at most a third of its letters away, whatever their case; null when none is.</summary>
    public static string? Of(string name, IEnumerable<string> known)
    {
        var (nearest, least) = ((string?)null, int.MaxValue);
        // Whoever sends megabytes as a name meant none of these.
        if (name.Length > 200) return null;
        foreach (var candidate in known)
        {
            var distance = Distance(name, candidate);
            if (distance < least && distance <= Math.Max(1, candidate.Length / 3)) (nearest, least) = (candidate, distance);
        }
        return nearest;
    }

    /// <summary>A sentence's end: what is meant where that is near, else all that there is.</summary>
    public static string Suggest(string name, IReadOnlyCollection<string> known)
    {
        if (Of(name, known) is { } near) return $"Is '{near}' meant?";
        return known.Count == 0 ? "There are none." : $"Known are: {string.Join(", ", known)}.";
    }

    /// <summary>Letters to insert, remove, replace, or swap with their neighbour.</summary>
    private static int Distance(string left, string right)
    {
        var (a, b) = (left.ToLowerInvariant(), right.ToLowerInvariant());
        var rows = new int[a.Length + 1, b.Length + 1];
        for (var i = 0; i <= a.Length; i++) rows[i, 0] = i;
        for (var j = 0; j <= b.Length; j++) rows[0, j] = j;
        for (var i = 1; i <= a.Length; i++)
            for (var j = 1; j <= b.Length; j++)
            {
                var replaced = rows[i - 1, j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
                rows[i, j] = Math.Min(replaced, 1 + Math.Min(rows[i - 1, j], rows[i, j - 1]));
                var swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
                if (swapped) rows[i, j] = Math.Min(rows[i, j], rows[i - 2, j - 2] + 1);
            }
        return rows[a.Length, b.Length];
    }
}
