using Winnow.Abstractions.Training;
using Winnow.Model.Training;

namespace Winnow.Grains.Training;

/// <summary>
/// How far people have come with what a round asked, over all shards, and whether it has to wait for them any longer. Pure.
/// </summary>
internal sealed record ReviewProgress
{
    /// <summary>What became of the round's images. Together they are all that it chose.</summary>
    public required RoundOutcomes Own { get; init; }

    /// <summary>What became of the audit sample's.</summary>
    public required RoundOutcomes Audit { get; init; }

    /// <summary>Images of the round that nobody needs to be asked about any more.</summary>
    public required int Decided { get; init; }

    /// <summary>Images that somebody may still be asked about.</summary>
    public required int Open { get; init; }

    /// <summary>Those of them that somebody could not tell.</summary>
    public required int OpenSkipped { get; init; }

    /// <summary>Who could not tell of any of those.</summary>
    public required IReadOnlySet<string> SkippedBy { get; init; }

    /// <summary>Grows with every word that people say of these images.</summary>
    public required int Heard { get; init; }

    /// <param name="shards">What each shard says.</param>
    /// <param name="selected">How many images the round chose: what no shard asks about any more got no answer.</param>
    public static ReviewProgress Of(IReadOnlyList<ArmProgress> shards, int selected)
    {
        var counts = shards.Select(s => s.Counts).OfType<OutcomeCounts>().ToArray();
        var auditCounts = shards.Select(s => s.AuditCounts).OfType<OutcomeCounts>().ToArray();
        var (decided, auditDecided) = (shards.Sum(s => s.Decided), shards.Sum(s => s.AuditDecided));
        var (asked, auditAsked) = (shards.Sum(s => s.Asked), shards.Sum(s => s.AuditAsked));
        OutcomeCounts[] all = [.. counts, .. auditCounts];
        return new ReviewProgress
        {
            Own = Outcomes(selected, decided, counts),
            Audit = Outcomes(auditAsked, auditDecided, auditCounts),
            Decided = decided,
            Open = asked - decided + auditAsked - auditDecided,
            OpenSkipped = all.Sum(c => c.OpenSkipped),
            SkippedBy = Everywhere([.. all.Where(c => c.OpenSkipped > 0).Select(c => c.SkippedBy)]),
            Heard = decided + auditDecided + all.Sum(c => c.Skips + c.Said),
        };
    }

    private static RoundOutcomes Outcomes(int all, int decided, OutcomeCounts[] counts)
    {
        var (rejected, skipped, withdrawn) = (counts.Sum(c => c.Rejected), counts.Sum(c => c.Skipped), counts.Sum(c => c.Withdrawn));
        var open = counts.Sum(c => c.OpenSkipped);
        return new RoundOutcomes(decided - rejected - skipped - withdrawn, rejected, skipped + open, withdrawn,
            Math.Max(0, all - decided - open));
    }

    private static HashSet<string> Everywhere(string[][] people)
    {
        var everywhere = new HashSet<string>(people.Length == 0 ? [] : people[0], StringComparer.Ordinal);
        foreach (var some in people) everywhere.IntersectWith(some);
        return everywhere;
    }

    /// <summary>Whether each image got an answer, or so many people could not tell that nobody is asked.</summary>
    public bool AllDecided => Open == 0;

    /// <summary>Whether all that is left was shown to people who could not tell.</summary>
    public bool OnlySkippedLeft => Open > 0 && Open == OpenSkipped;

    /// <summary>Whether everybody who is at work has been asked about all that is left, and could not tell.</summary>
    public bool SkippedByAll(IReadOnlyCollection<string> atWork) => OnlySkippedLeft && atWork.Count > 0 && atWork.All(SkippedBy.Contains);
}
