using Winnow.Grains.Ports;

namespace Winnow.Grains.Splitting;

/// <summary>What a commit of a shard is in its halves.</summary>
internal static class HalfCommits
{
    /// <summary>
    /// The part of a commit that belongs to one half, but for its images, which are copied as rows, and its segments, which are made anew.
    /// An entry of history that the half has already is left out.
    /// </summary>
    /// <param name="commit">The shard's commit.</param>
    /// <param name="ranks">Of all rows that it names.</param>
    /// <param name="half">0 or 1.</param>
    /// <param name="versionOf">Entries that the half has of the image at an ordinal of its own.</param>
    /// <param name="into">Names the half and its writer.</param>
    public static ShardCommit PartOf(ShardCommit commit, HalfRanks ranks, int half, Func<int, int> versionOf, ShardCommit into)
    {
        List<T> Mine<T>(IReadOnlyList<T> rows, Func<T, int> ordinalOf, Func<T, int, T> at)
        {
            var mine = new List<T>();
            foreach (var row in rows)
                if (ranks.PlaceOf(ordinalOf(row)) is var (its, ordinal) && its == half) mine.Add(at(row, ordinal));
            return mine;
        }

        var history = Mine(commit.History, h => h.Ordinal, (h, o) => h with { Ordinal = o });
        history.RemoveAll(h => h.Version <= versionOf(h.Ordinal));
        return into with
        {
            Operations = OperationOf(commit, ranks, half) is { } operation ? [operation] : [],
            Quarantined = Mine(commit.Quarantined, q => q.Ordinal, (q, o) => q with { Ordinal = o }),
            Tasks = Mine(commit.Tasks, t => t.Ordinal, (t, o) => t with { Ordinal = o }),
            WithdrawnTasks = Mine(commit.WithdrawnTasks, t => t.Ordinal, (t, o) => t with { Ordinal = o }),
            Reservations = Mine(commit.Reservations, r => r.Ordinal, (r, o) => r with { Ordinal = o }),
            History = history,
            Facts = Mine(commit.Facts, f => f.Id.Ordinal, (f, o) => f with { Id = f.Id with { Ordinal = o } }),
        };
    }

    /// <summary>Whether there is anything in it.</summary>
    public static bool IsEmpty(ShardCommit commit) =>
        commit.Operations.Count + commit.Images.Count + commit.Quarantined.Count + commit.Tasks.Count + commit.WithdrawnTasks.Count +
        commit.Reservations.Count + commit.History.Count + commit.Segments.Count + commit.WithdrawnSegments.Count + commit.Facts.Count == 0;

    /// <summary>An operation as a half knows it: by the rows that came there. One that inserted facts alone is known in both.</summary>
    private static OperationRow? OperationOf(ShardCommit commit, HalfRanks ranks, int half)
    {
        if (commit.OperationId == Guid.Empty || commit.Images.Count + commit.Facts.Count == 0) return null;
        var rows = commit.Images.Count == 0
            ? new OrdinalRange(ranks.Count, 0) : new OrdinalRange(commit.Images[0].Ordinal, commit.Images.Count);
        var range = ranks.RangeOf(half, rows);
        return range.Count == 0 && commit.Images.Count > 0 ? null : new OperationRow(commit.OperationId, range, commit.Stamp);
    }
}
