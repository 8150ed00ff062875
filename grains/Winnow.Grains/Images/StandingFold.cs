using Winnow.Model.Images;
using Winnow.Model.Labels;
using Winnow.Model.Review;

namespace Winnow.Grains.Images;

/// <summary>
/// What stands of an image, entry by entry. An image is closed exactly while a label or a rejection stands, or nobody can tell; while it is
/// closed at most its verification is asked, and while people disagree an arbitrator alone. What is void by the newest schema is no
/// opinion: it neither agrees nor differs; a label that is void stands until the image is asked about again. Pure: CONTRIBUTING has the
/// table.
/// </summary>
/// <param name="inVerification">Whether somebody verifies the image's label.</param>
internal sealed class StandingFold(bool inVerification)
{
    // What each person said of an image that several label; the last word of each.
    private readonly List<HistoryEntry> _opinions = [];

    // Somebody who could not tell twice is one person. Each question has its own.
    private readonly HashSet<string> _skippers = new(StringComparer.Ordinal);

    // Whether the newest schema reads something that was said since the image was last asked about otherwise than it was said.
    private bool _readOtherwise;

    /// <summary>What people said who label the image together.</summary>
    public IReadOnlyList<HistoryEntry> Opinions => _opinions;

    /// <summary>What stands now.</summary>
    public Standing Standing { get; private set; } = Standing.Nothing;

    /// <summary>Adds an entry that was not taken back. False where it says nothing about what stands.</summary>
    public bool Add(HistoryEntry entry)
    {
        var kind = entry.Decision.Kind;
        if (kind == DecisionKind.AskAgain)
        {
            _opinions.Clear();
            _readOtherwise = false;
            Become(Standing.Nothing with { AskedAgain = true });
            return true;
        }
        _readOtherwise |= entry.IsVoid || entry.IsMerged;
        if (kind == DecisionKind.Gold)
        {
            Settle(entry, Stage.Gold);
            return true;
        }
        var asked = entry.Terms?.Kind ?? TaskKind.Label;
        // It tells how well a person does, and nothing of the image.
        if (asked == TaskKind.Qualify) return false;
        // A second opinion is kept for agreement figures; it does not replace the answer that came first, while that stands.
        if (entry.Kind == HistoryKind.SecondOpinion && (Standing.Closed || Standing.Question != asked)) return false;
        // An arbitrator settled a dispute that there was, though by the newest schema there was none.
        var settled = asked == TaskKind.Arbitrate && entry.Kind == HistoryKind.Decided && _readOtherwise;
        // Neither does an answer to what is asked no longer, as what it was about was taken back since.
        if (asked != TaskKind.Label && Standing.Question != asked && !settled) return false;
        // Nor one about another word than stands now, or about one's own.
        if (asked == TaskKind.Verify && (entry.Actor == Standing.By || (entry.Terms!.Of is { } of && of != Standing.Of))) return false;
        if (kind == DecisionKind.Skip) Skip(entry, asked);
        else if (asked == TaskKind.Verify) Verify(entry);
        else if (asked == TaskKind.Arbitrate) Settle(entry, Stage.Verified);
        else Label(entry);
        return true;
    }

    private void Label(HistoryEntry entry)
    {
        var wanted = entry.Terms?.Labels ?? 1;
        // Who corrects others says what stands; who corrects their own of several labels has one of them still.
        if (wanted == 1 && (entry.Kind == HistoryKind.Corrected || _opinions.Count == 0))
        {
            Settle(entry, Stage.Labeled);
            return;
        }
        _opinions.RemoveAll(o => o.Actor == entry.Actor);
        if (entry.IsVoid) return;
        _opinions.Add(entry);
        if (_opinions.Count >= wanted) Count();
    }

    /// <summary>What more than half of those say who could tell stands.</summary>
    private void Count()
    {
        foreach (var opinion in _opinions)
        {
            var same = _opinions.Count(o => SaySame(o.Decision, opinion.Decision));
            if (2 * same <= _opinions.Count) continue;
            Settle(opinion, same > 1 ? Stage.Verified : Stage.Labeled);
            return;
        }
        Dispute();
    }

    private void Verify(HistoryEntry entry)
    {
        var agrees = entry.Decision.Kind == DecisionKind.Label == Standing.IsLabelled
            && LabelAgreement.Agree(entry.Decision.Annotations, Standing.Annotations);
        if (entry.Decision.Kind == DecisionKind.Confirm) Become(Standing with { Stage = Stage.Verified });
        // Who agrees may have moved an edge all the same.
        else if (agrees || entry.Terms!.VerifierSettles) Settle(entry, Stage.Verified);
        // To differ from what nobody knows, or by it, is to say nothing.
        else if (!Standing.IsVoid && !entry.IsVoid) Dispute();
    }

    private void Skip(HistoryEntry entry, TaskKind asked)
    {
        if (Standing.Question != asked || !_skippers.Add(entry.Actor) || _skippers.Count < ImageHistory.MaxSkips) return;
        // Whoever verifies could not tell whether it is right, so it may be wrong.
        if (asked == TaskKind.Verify) Dispute();
        else if (asked == TaskKind.Label && _opinions.Count > 0) Count();
        else Become(Standing with
        {
            Annotations = [],
            IsLabelled = false,
            Stage = asked == TaskKind.Label ? Stage.Labeled : Stage.Verified,
            Closed = true,
            By = null,
            Of = 0,
            IsVoid = false,
        });
    }

    private void Settle(HistoryEntry entry, Stage stage)
    {
        var isLabel = entry.Decision.Kind is DecisionKind.Label or DecisionKind.Gold;
        Become(Standing with
        {
            Annotations = isLabel ? entry.Decision.Annotations : [],
            IsLabelled = isLabel,
            Stage = stage,
            Closed = true,
            By = entry.Actor,
            Of = entry.Version,
            IsVoid = entry.IsVoid,
        });
    }

    private void Dispute() => Become(Standing with
    {
        Annotations = [],
        IsLabelled = false,
        Stage = Stage.Disputed,
        Closed = false,
        By = null,
        Of = 0,
        IsVoid = false,
    });

    private void Become(Standing standing)
    {
        TaskKind? question = standing.Stage == Stage.Disputed ? TaskKind.Arbitrate
            : !standing.Closed ? TaskKind.Label
            : inVerification && standing.Stage == Stage.Labeled ? TaskKind.Verify : null;
        _skippers.Clear();
        Standing = standing with { Question = question };
    }

    private static bool SaySame(Decision one, Decision other) =>
        one.Kind == other.Kind && LabelAgreement.Agree(one.Annotations, other.Annotations);
}
