using CsCheck;
using Winnow.Cluster.Tests.Images;

namespace Winnow.Cluster.Tests.Failover.Soak;

/// <summary>The checker accepts every history that a correct register made, and none that one with a fault made.</summary>
public sealed class LinearizabilityTests
{
    private enum Fault { None, LosesWrite, ShowsOld, WritesTwice, WritesRefused, IgnoresExpected, TellsWrongVersion, Reorders }

    /// <summary>What a caller is about to do: <c>Moment</c> is when it takes effect, in thousandths of its time.</summary>
    private sealed record Plan(bool IsWrite, int Began, int Lasts, int Moment, int Luck);

    private static readonly Gen<Plan[]> Plans = Gen.Select(Gen.Bool, Gen.Int[0, 400], Gen.Int[1, 80], Gen.Int[0, 999], Gen.Int[0, 99])
        .Select((write, began, lasts, moment, luck) => new Plan(write, began, lasts, moment, luck)).Array[1, 40];

    [Fact]
    public void What_a_correct_register_did_is_accepted() =>
        Plans.Sample(plans => Assert.Null(Linearizability.Violation(Run(plans, Fault.None, out _))), iter: 4_000);

    [Theory]
    [InlineData(nameof(Fault.LosesWrite))]
    [InlineData(nameof(Fault.ShowsOld))]
    [InlineData(nameof(Fault.WritesTwice))]
    [InlineData(nameof(Fault.WritesRefused))]
    [InlineData(nameof(Fault.IgnoresExpected))]
    [InlineData(nameof(Fault.TellsWrongVersion))]
    [InlineData(nameof(Fault.Reorders))]
    public void What_a_faulty_register_did_is_refused(string fault)
    {
        var wrong = 0;
        Plans.Sample(plans =>
        {
            var calls = Run(plans, Enum.Parse<Fault>(fault), out var happened);
            if (!happened) return;
            Interlocked.Increment(ref wrong);
            Assert.NotNull(Linearizability.Violation(calls));
        }, iter: 4_000);
        Assert.True(wrong > 100, $"the fault came about {wrong} times");
    }

    [Fact]
    public void A_write_whose_answer_was_lost_may_come_late_once_or_never()
    {
        var image = ShardIndexTests.IdOf(1);
        var (lost, known) = (Id(1), Id(2));
        ImageWrite Lost() => new(image, lost, 0, 5, WriteOutcome.Unknown, 0);
        ImageWrite Known(int version) => new(image, known, 10, 15, WriteOutcome.Acknowledged, version);
        ImageRead Look(int began, params Guid[] history) => new(image, began, began + 2, history);
        Assert.Null(Linearizability.Violation([Lost(), Known(1), Look(20, known)]));
        Assert.Null(Linearizability.Violation([Lost(), Known(1), Look(20, known), Look(30, known, lost)]));
        Assert.Null(Linearizability.Violation([Lost(), Known(2), Look(20, lost, known)]));
        Assert.NotNull(Linearizability.Violation([Lost(), Known(1), Look(20, known, lost), Look(30, known)]));
        Assert.NotNull(Linearizability.Violation([Lost(), Known(2), Look(20, lost, known), Look(30, lost, known, lost)]));
        // Before it was sent it cannot be there.
        Assert.NotNull(Linearizability.Violation([Lost() with { Began = 25 }, Known(1), Look(20, known, lost)]));
    }

    private static Guid Id(int n) => new(n + 1, 1, 2, new byte[8]);

    /// <summary>
    /// What callers see of a register that does all at the planned moments, but for one fault; whether that has come about.
    /// </summary>
    private static List<ImageCall> Run(Plan[] plans, Fault fault, out bool happened)
    {
        var image = ShardIndexTests.IdOf(1);
        var log = new List<Guid>();
        var calls = new List<ImageCall>();
        happened = false;
        var moments = plans.Select((p, i) => (Plan: p, Number: i, At: At(p))).OrderBy(p => p.At).ThenBy(p => p.Number);
        foreach (var (plan, number, _) in moments)
        {
            var (began, ended) = (1_000L * plan.Began, 1_000L * (plan.Began + plan.Lasts));
            if (!plan.IsWrite)
            {
                var told = calls.OfType<ImageWrite>().Where(w => w.Outcome == WriteOutcome.Acknowledged && w.Ended < began);
                var required = told.Select(w => w.Version).DefaultIfEmpty().Max();
                var shown = !happened && fault == Fault.ShowsOld && required > 0 ? (int)required - 1 : log.Count;
                happened |= shown < required;
                calls.Add(new ImageRead(image, began, ended, [.. log.Take(shown)]));
                continue;
            }
            long? expected = plan.Luck % 4 == 0 ? Math.Max(0, log.Count - (plan.Luck % 3 == 0 ? 1 : 0)) : null;
            var refused = expected is { } e && e != log.Count;
            var unknown = plan.Luck >= 80;
            var (lost, twice, wrong) = (false, false, false);
            if (!happened)
            {
                lost = fault == Fault.LosesWrite && !refused && !unknown;
                twice = fault == Fault.WritesTwice && !refused;
                wrong = fault == Fault.TellsWrongVersion && !refused && !unknown;
                happened |= lost || twice || wrong;
                if (fault is Fault.IgnoresExpected or Fault.WritesRefused && refused && !unknown)
                {
                    happened = true;
                    log.Add(Id(number));
                    var (said, at) = fault == Fault.WritesRefused ? (WriteOutcome.Refused, 0) : (WriteOutcome.Acknowledged, log.Count);
                    calls.Add(new ImageWrite(image, Id(number), began, ended, said, at, expected));
                    continue;
                }
            }
            var never = unknown && plan.Luck % 2 == 0;
            if (!refused && !lost && !never) log.Add(Id(number));
            if (twice && !never) log.Add(Id(number));
            happened &= !(twice && never);
            var outcome = unknown ? WriteOutcome.Unknown : refused ? WriteOutcome.Refused : WriteOutcome.Acknowledged;
            var version = outcome == WriteOutcome.Acknowledged ? log.Count + (lost ? 1 : 0) + (wrong ? 1 : 0) : 0;
            calls.Add(new ImageWrite(image, Id(number), began, ended, outcome, version, expected));
        }
        if (fault == Fault.Reorders) happened = Reorder(calls, log);
        calls.Add(new ImageRead(image, long.MaxValue - 1, long.MaxValue, [.. log]));
        return calls;
    }

    /// <summary>When it takes effect: half of those whose answer is lost long after anybody waits for it.</summary>
    private static double At(Plan plan) =>
        plan is { IsWrite: true, Luck: >= 90 } ? plan.Began + 1_000 + plan.Moment : plan.Began + (plan.Lasts * plan.Moment / 1_000.0);

    /// <summary>Exchanges two entries everywhere, of which one was acknowledged before the other was sent.</summary>
    private static bool Reorder(List<ImageCall> calls, List<Guid> log)
    {
        var writes = calls.OfType<ImageWrite>().Where(w => w is { Outcome: WriteOutcome.Acknowledged, Expected: null }).ToArray();
        foreach (var first in writes)
            foreach (var second in writes)
            {
                if (first.Ended >= second.Began) continue;
                (log[(int)first.Version - 1], log[(int)second.Version - 1]) = (second.Operation, first.Operation);
                for (var i = 0; i < calls.Count; i++)
                {
                    calls[i] = calls[i] switch
                    {
                        ImageRead look => look with { History = [.. log.Take(look.History.Count)] },
                        var call when call == first => first with { Version = second.Version },
                        var call when call == second => second with { Version = first.Version },
                        var call => call,
                    };
                }
                return true;
            }
        return false;
    }
}
