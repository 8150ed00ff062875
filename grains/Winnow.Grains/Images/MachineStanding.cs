using Winnow.Model.Images;
using Winnow.Model.MachineDecisions;

namespace Winnow.Grains.Images;

/// <summary>
/// What stands of an image by machines, beside what stands by people: a pure function of both. Neither changes the other, so nothing
/// depends on which of them came first. CONTRIBUTING.md has its cases as a table, and a test walks it.
/// </summary>
public static class MachineStanding
{
    /// <summary>
    /// The decision that stands; null where none does. Where people have said what holds, or are to say it anew, none does: that they label
    /// an image, reject it, differ about it, or that so many could not tell that it is asked about no more.
    /// </summary>
    /// <param name="human">What stands by people.</param>
    /// <param name="cameWithLabel">Whether a label came with the image.</param>
    /// <param name="isInPool">Whether the image is of the pool, and not put aside.</param>
    /// <param name="decisions">All that machines decided about it, in any order.</param>
    public static MachineDecision? Of(Standing human, bool cameWithLabel, bool isInPool, IEnumerable<MachineDecision> decisions) =>
        human.Closed || human.TakesNoOther || cameWithLabel || !isInPool ? null : Candidate(decisions);

    /// <summary>
    /// The decision that stands where people leave room for one: accepted ones before guesses, and of each kind the one that was made last.
    /// One that was taken back does not, nor one that the newest label schema cannot say.
    /// </summary>
    public static MachineDecision? Candidate(IEnumerable<MachineDecision> decisions)
    {
        MachineDecision? best = null;
        foreach (var decision in decisions)
            if (decision is { TakenBack: null, Outdated: false } && (best is null || GoesBefore(decision, best))) best = decision;
        return best;
    }

    // Two of the same moment are told apart by their runs, so that the order in which they came says nothing.
    private static bool GoesBefore(MachineDecision one, MachineDecision other) =>
        one.Kind != other.Kind ? one.Kind == MachineKind.AutoAccepted
        : one.MadeAt != other.MadeAt ? one.MadeAt > other.MadeAt
        : string.CompareOrdinal(one.Run, other.Run) > 0;
}
