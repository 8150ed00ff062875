using Winnow.Grains.Ports;
using Winnow.Model.Images;
using Winnow.Model.Labels;
using Winnow.Model.Review;

namespace Winnow.Cluster.Tests.Images;

/// <summary>What stands of an image, read off its history the long way: each rule as a sentence of its table, and nothing kept.</summary>
internal sealed record PlainStanding(
    int Label, bool Closed, Stage Stage, TaskKind? Question, string[] Skippers, IReadOnlyList<Annotation>? Set, bool Again)
{
    /// <summary>The plain reading: an entry is in force unless one that takes it back is.</summary>
    public static PlainStanding Read(IReadOnlyList<HistoryEntry> said, int cameWith, LabelSchema schema)
    {
        bool InForce(HistoryEntry entry) => !said.Any(later => later.Version > entry.Version
            && later.Decision.Kind == DecisionKind.TakeBack && later.Decision.Of == entry.Version && InForce(later));
        var drawn = said.Any(e => e.Terms is { Kind: TaskKind.Label, Verify: true } or { Kind: TaskKind.Verify });
        var inForce = said.Where(e => e.Decision.Kind != DecisionKind.TakeBack && InForce(e)).ToList();
        var again = inForce.FindLastIndex(e => e.Decision.Kind == DecisionKind.AskAgain);
        var (skippers, passed) = (new List<string>(), new HashSet<string>());
        var votes = new List<(string Who, Decision What, long Entry)>();
        var stage = Stage.Queued;
        Decision? stands = null;
        var (author, entryOf) = ((string?)null, 0L);
        // Once it is settled one way or the other, whoever could not tell before is asked the next question too.
        void Settle(Decision? what, Stage at, string? by = null, long of = 0)
        {
            (stands, stage, author, entryOf) = (what, at, by, of);
            passed.Clear();
        }

        void CountVotes()
        {
            var groups = votes.Select(v => (Vote: v, For: votes.Count(o => Same(o.What, v.What)))).ToArray();
            var most = groups.MaxBy(g => g.For);
            if (2 * most.For <= votes.Count) Settle(null, Stage.Disputed);
            else Settle(most.Vote.What, most.For > 1 ? Stage.Verified : Stage.Labeled, most.Vote.Who, most.Vote.Entry);
        }

        foreach (var entry in inForce[(again + 1)..])
        {
            TaskKind? question = stage switch
            {
                Stage.Queued => TaskKind.Label,
                Stage.Disputed => TaskKind.Arbitrate,
                Stage.Labeled when drawn => TaskKind.Verify,
                _ => null,
            };
            var (asked, what) = (entry.Terms?.Kind ?? TaskKind.Label, entry.Decision);
            if (asked == TaskKind.Qualify) continue;
            if (what.Kind == DecisionKind.Gold)
            {
                Settle(what with { Kind = DecisionKind.Label }, Stage.Gold, entry.Actor, entry.Version);
                continue;
            }
            var isClosed = stage is not (Stage.Queued or Stage.Disputed);
            if (entry.Kind == HistoryKind.SecondOpinion && (isClosed || asked != question)) continue;
            if (asked != TaskKind.Label && asked != question) continue;
            if (asked == TaskKind.Verify && (entry.Actor == author || entry.Terms!.Of != entryOf)) continue;
            var wanted = entry.Terms?.Labels ?? 1;
            if (what.Kind == DecisionKind.Skip)
            {
                skippers.Add(entry.Actor);
                if (asked != question || !passed.Add(entry.Actor) || passed.Count < 3) continue;
                if (asked == TaskKind.Verify) Settle(null, Stage.Disputed);
                else if (asked == TaskKind.Label && votes.Count > 0) CountVotes();
                else Settle(null, asked == TaskKind.Label ? Stage.Labeled : Stage.Verified);
            }
            else if (asked == TaskKind.Arbitrate) Settle(what, Stage.Verified, entry.Actor, entry.Version);
            else if (asked == TaskKind.Verify)
            {
                if (what.Kind == DecisionKind.Confirm) Settle(stands, Stage.Verified, author, entryOf);
                else if (entry.Terms!.VerifierSettles || Same(what, stands ?? new Decision { Kind = DecisionKind.Reject }))
                    Settle(what, Stage.Verified, entry.Actor, entry.Version);
                else Settle(null, Stage.Disputed);
            }
            else if (wanted == 1 && (entry.Kind == HistoryKind.Corrected || votes.Count == 0))
                Settle(what, Stage.Labeled, entry.Actor, entry.Version);
            else
            {
                votes.RemoveAll(v => v.Who == entry.Actor);
                votes.Add((entry.Actor, what, entry.Version));
                if (votes.Count >= wanted) CountVotes();
            }
        }
        var people = skippers.Distinct().ToArray();
        var set = stands?.Kind == DecisionKind.Label ? stands.Annotations : null;
        var closed = stage is Stage.Labeled or Stage.Verified or Stage.Gold;
        if (!closed && stage != Stage.Disputed && again < 0 && cameWith >= 0)
            return new PlainStanding(cameWith, true, Stage.Labeled, null, people, null, false);
        var label = set is null ? -1 : schema.IsOneClass ? schema.IndexOf(set[0].Class) : HistoryRow.LabelSet;
        TaskKind? next = stage switch
        {
            Stage.Queued => TaskKind.Label,
            Stage.Disputed => TaskKind.Arbitrate,
            Stage.Labeled when drawn => TaskKind.Verify,
            _ => null,
        };
        return new PlainStanding(label, closed, stage, next, people, set, again >= 0);
    }

    private static bool Same(Decision one, Decision other) => one.Kind == other.Kind && one.Annotations.Count == other.Annotations.Count
        && (one.Annotations.Count == 0 || LabelAgreement.Agree(one.Annotations, other.Annotations));
}
