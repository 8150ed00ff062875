using System.Reflection;
using Winnow.Grains.Images;
using Winnow.Model.Images;
using Winnow.Model.Labels;
using Winnow.Model.MachineDecisions;
using Winnow.Model.Review;
using Winnow.Testing;

namespace Winnow.Cluster.Tests.Images;

/// <summary>
/// What stands of an image by people and by machines: each row of the table in CONTRIBUTING.md, by the pure function and by what a shard
/// has in memory, whichever of them came first.
/// </summary>
public sealed class MachineStandingTests
{
    private const string Head = "| People | Machines | What stands | Why |";
    private static readonly DateTimeOffset Now = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private static readonly LabelSchema Schema = new() { Classes = [new("A"), new("B"), new("C"), new("D")] };

    public static TheoryData<string, string, string> Rows()
    {
        var rows = new TheoryData<string, string, string>();
        foreach (var line in Table())
            if (line.Split('|', StringSplitOptions.TrimEntries) is [_, var people, var machines, var stands, ..])
                rows.Add(people, machines, stands);
        return rows;
    }

    private static IEnumerable<string> Table()
    {
        var root = typeof(SiloProcess).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().Single(a => a.Key == "Repository").Value!;
        return File.ReadLines(Path.Join(root, "CONTRIBUTING.md")).Select(l => l.Trim()).SkipWhile(l => l != Head).Skip(2)
            .TakeWhile(l => l.StartsWith('|'));
    }

    [Fact]
    public void The_table_has_a_row_for_each_way_in_which_people_and_machines_meet()
    {
        string[] people = [.. Table().Select(l => l.Split('|')[1].Trim())];
        Assert.Equal(36, people.Length);
        string[] ways = ["nothing", "label", "gold", "verified", "reject", "skip", "vote", "dispute", "ask-again", "came-with", "holdout",
            "put-aside"];
        Assert.All(ways, w => Assert.Contains(people, p => p.StartsWith(w, StringComparison.Ordinal)));
    }

    [Theory]
    [MemberData(nameof(Rows))]
    public void What_the_table_says_is_what_stands(string people, string machines, string stands)
    {
        var (said, decided) = (new Image(people), Decided(machines));
        var human = ImageHistory.Fold(said.History);
        var machine = MachineStanding.Of(human, said.CameWith >= 0, said.IsInPool, decided);
        Assert.Equal(stands, Told(said, human, machine));
        Assert.Same(machine, MachineStanding.Of(human, said.CameWith >= 0, said.IsInPool, decided.Reverse()));
        // In memory: machines first, people first, and one after the other.
        foreach (var at in Enumerable.Range(0, said.History.Count + 1))
        {
            var index = new ShardIndex();
            index.Add(ImageId.Of("1"u8), said.Partition, said.CameWith, said.IsPutAside);
            for (var i = 0; i <= said.History.Count; i++)
            {
                if (i == at) index.SetMachine(0, MachineStanding.Candidate(decided)?.Kind);
                if (i == said.History.Count) break;
                var after = ImageHistory.Fold([.. said.History.Take(i + 1)]);
                index.Decide(0, i + 1, after.RowLabel(Schema), after.Closed, after.Stage ?? Stage.Queued);
            }
            Assert.Equal(machine?.Kind, index.StandsByMachine(0));
            // What machines decided is never a label of people, nor does it close anything.
            Assert.Equal(human.IsLabelled ? human.LabelIndex(Schema) : index.StandsAsItCame(0) ? said.CameWith : -1, index.LabelOf(0));
            Assert.Equal((machine?.Kind == MachineKind.AutoAccepted ? 1 : 0, machine?.Kind == MachineKind.Pseudo ? 1 : 0),
                (index.StandingBy(MachineKind.AutoAccepted), index.StandingBy(MachineKind.Pseudo)));
        }
    }

    private static string Told(Image image, Standing human, MachineDecision? machine)
    {
        if (human.IsLabelled) return $"label {human.Annotations[0].Class}";
        if (!human.Closed && !human.TakesNoOther && image.CameWith >= 0) return $"label {Schema.Classes[image.CameWith].Name}";
        return machine is null ? "nothing" : $"{(machine.Kind == MachineKind.Pseudo ? "pseudo" : "auto")} {machine.Annotations[0].Class}";
    }

    /// <summary>Decisions, each by a run of its own and made after the one before; <c>taken-back</c> takes that back.</summary>
    private static MachineDecision[] Decided(string words)
    {
        var decided = new List<MachineDecision>();
        foreach (var word in words.Split(", ").Where(w => w != "nothing"))
        {
            if (word == "taken-back")
            {
                decided[^1] = decided[^1] with { TakenBack = new TakenBackDecision("bob", Now, "wrong") };
                continue;
            }
            var kind = word.Split(' ')[0] switch
            {
                "auto" => MachineKind.AutoAccepted,
                "pseudo" => MachineKind.Pseudo,
                var other => throw new ArgumentException($"'{other}' is no word of the table."),
            };
            decided.Add(new MachineDecision(kind, $"run {decided.Count}", "yolo", [new ClassTag(word.Split(' ')[1])])
            {
                MadeAt = Now.AddMinutes(decided.Count),
                Outdated = word.EndsWith('D'),
            });
        }
        return [.. decided];
    }

    /// <summary>An image with what people said of it, in the table's words.</summary>
    private sealed class Image
    {
        public Image(string words)
        {
            foreach (var word in words.Split(", ")) Say(word);
        }

        public List<HistoryEntry> History { get; } = [];

        public int CameWith { get; private set; } = -1;

        public Partition Partition { get; private set; } = Partition.Pool;

        public bool IsPutAside { get; private set; }

        public bool IsInPool => Partition == Partition.Pool && !IsPutAside;

        private void Say(string word)
        {
            switch (word)
            {
                case "nothing": break;
                case "holdout": Partition = Partition.Holdout; break;
                case "put-aside": IsPutAside = true; break;
                case "came-with C": CameWith = Schema.IndexOf("C"); break;
                case "label C": Add(DecisionKind.Label, "C", HistoryKind.Corrected); break;
                case "gold C": Add(DecisionKind.Gold, "C", HistoryKind.Corrected); break;
                case "verified C": Add(DecisionKind.Label, "C", terms: new TaskTerms(Verify: true)); break;
                case "vote C": Add(DecisionKind.Label, "C", terms: new TaskTerms(Labels: 3)); break;
                case "dispute":
                    Add(DecisionKind.Label, "A", terms: new TaskTerms(Labels: 2));
                    Add(DecisionKind.Label, "B", terms: new TaskTerms(Labels: 2));
                    Assert.Equal(Stage.Disputed, ImageHistory.Fold(History).Stage);
                    break;
                case "reject": Add(DecisionKind.Reject); break;
                case "skip": Add(DecisionKind.Skip); break;
                case "ask-again": Add(DecisionKind.AskAgain, kind: HistoryKind.AskedAgain); break;
                case "taken-back" or "restored": Add(DecisionKind.TakeBack, kind: HistoryKind.TakenBack, of: History.Count); break;
                default: throw new ArgumentException($"'{word}' is no word of the table.");
            }
        }

        private void Add(
            DecisionKind what, string? name = null, HistoryKind kind = HistoryKind.Decided, TaskTerms? terms = null, long? of = null)
        {
            var decision = new Decision { Kind = what, Annotations = name is null ? [] : [new ClassTag(name)], Of = of };
            var entry = new HistoryEntry(History.Count + 1, kind, $"person:{History.Count}", Now, Guid.NewGuid(), decision, Terms: terms);
            Assert.Null(entry.Check(Schema, Now));
            History.Add(entry);
        }
    }
}
