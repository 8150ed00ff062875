using Winnow.Model.Labels;
using Winnow.Model.Review;

namespace Winnow.Grains.Images;

/// <summary>
/// Counts what each person did, and how far others agree with what they said. An answer is compared once with each word that judges it: of
/// a verifier, of most of those who labelled the image with them, of an arbitrator, or with what is known of the image. What is void by
/// the newest schema judges nobody and is not judged.
/// </summary>
internal sealed class PeopleCount(Dictionary<string, PersonWork> people)
{
    public void Add(IReadOnlyList<HistoryEntry> entries, HashSet<long>? back, bool inVerification)
    {
        var fold = new StandingFold(inVerification);
        var said = new List<HistoryEntry>();
        // Whoever thought better of it is checked by what they said last.
        var checks = new Dictionary<string, bool>(StringComparer.Ordinal);
        foreach (var entry in entries)
        {
            if (back?.Contains(entry.Version) == true || entry.Decision.Kind == DecisionKind.TakeBack) continue;
            var before = fold.Standing;
            var counts = fold.Add(entry);
            CountOwn(entry, counts);
            switch (entry.Terms?.Kind ?? TaskKind.Label)
            {
                case TaskKind.Qualify when before is { IsLabelled: true, IsVoid: false } && !entry.IsVoid
                    && entry.Decision.Kind != DecisionKind.Skip:
                    checks[entry.Actor] = Agrees(entry.Decision, before);
                    break;
                case TaskKind.Verify when counts && before is { By: { } author, IsVoid: false } && !entry.IsVoid
                    && entry.Decision.Kind != DecisionKind.Skip:
                    Judge(author, Agrees(entry.Decision, before));
                    break;
                case TaskKind.Arbitrate when counts && !entry.IsVoid && entry.Decision.Kind != DecisionKind.Skip:
                    foreach (var opinion in LastOfEach(said)) Judge(opinion.Actor, Agrees(opinion.Decision, fold.Standing));
                    break;
                case TaskKind.Label when counts && !before.Closed && fold is { Standing.Closed: true, Opinions.Count: > 1 }:
                    foreach (var opinion in fold.Opinions) Judge(opinion.Actor, Agrees(opinion.Decision, fold.Standing));
                    break;
            }
            if (entry.Decision.Kind == DecisionKind.AskAgain) said.Clear();
            else if (counts && !entry.IsVoid && entry.Decision.Kind is DecisionKind.Label or DecisionKind.Reject) said.Add(entry);
        }
        foreach (var (actor, right) in checks) CountGold(actor, right);
    }

    private void CountOwn(HistoryEntry entry, bool counts)
    {
        var person = Of(entry.Actor);
        var asked = entry.Terms?.Kind ?? TaskKind.Label;
        var corrects = entry.Kind == HistoryKind.Corrected;
        var answers = entry.Decision.Kind is DecisionKind.Label or DecisionKind.Reject or DecisionKind.Confirm;
        people[entry.Actor] = person with
        {
            Answers = person.Answers + (answers && asked == TaskKind.Label && !corrects ? 1 : 0),
            Corrected = person.Corrected + (answers && corrects ? 1 : 0),
            Skips = person.Skips + (entry.Decision.Kind == DecisionKind.Skip ? 1 : 0),
            Verified = person.Verified + (answers && counts && asked == TaskKind.Verify ? 1 : 0),
            Settled = person.Settled + (answers && counts && asked == TaskKind.Arbitrate ? 1 : 0),
        };
    }

    private void CountGold(string actor, bool right)
    {
        var person = Of(actor);
        people[actor] = person with { Gold = person.Gold + 1, GoldRight = person.GoldRight + (right ? 1 : 0) };
    }

    private void Judge(string actor, bool agreed)
    {
        var person = Of(actor);
        people[actor] = person with { Compared = person.Compared + 1, Agreed = person.Agreed + (agreed ? 1 : 0) };
    }

    private PersonWork Of(string actor) => people.TryGetValue(actor, out var known) ? known : new PersonWork(actor);

    private static IEnumerable<HistoryEntry> LastOfEach(List<HistoryEntry> said) =>
        said.GroupBy(e => e.Actor, StringComparer.Ordinal).Select(g => g.Last());

    private static bool Agrees(Decision decision, Standing standing) => decision.Kind == DecisionKind.Confirm
        || (decision.Kind == DecisionKind.Label == standing.IsLabelled && LabelAgreement.Agree(decision.Annotations, standing.Annotations));
}
