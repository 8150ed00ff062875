using CsCheck;
using Winnow.Grains.Images;
using Winnow.Grains.Ports;
using Winnow.Grains.Shards;
using Winnow.Model.Images;
using Winnow.Model.Labels;
using Winnow.Model.MachineDecisions;
using Winnow.Model.Review;
using Winnow.Model.Training;

namespace Winnow.Cluster.Tests.Images;

/// <summary>
/// Whatever people say, take back and have said anew, in whatever order and with crashes in between: what a shard has in memory is what a
/// plain reading of the histories says; and what machines decide and is taken back changes nothing of that, nor is it changed by it.
/// </summary>
public sealed class StandingModelTests
{
    private const int Images = 3;
    private static readonly LabelSchema OneClass = new() { Classes = [new("cat"), new("dog")] };
    private static readonly LabelSchema Sets = OneClass with { Geometries = [Geometry.Class, Geometry.Box], MultiLabel = true };
    private static readonly DateTimeOffset Now = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private static readonly string[] People = ["ann", "bob", "eve", "max"];

    private enum Act
    {
        Answer,
        LateAnswer,
        Correct,
        TakeBack,
        AskAgain,
        Gold,
        Qualify,
        Reserve,
        Crash,
        Machine,
        MachineTakenBack,
    }

    /// <param name="Which">Which entry or decision, and on which terms.</param>
    private sealed record Step(Act Act, int Image, int Person, int Said, int Which);

    private static readonly Gen<Step[]> Steps = Gen
        .Select(Gen.Int[0, 10], Gen.Int[0, Images - 1], Gen.Int[0, 3], Gen.Int[0, 4], Gen.Int[0, 9])
        .Select(s => new Step((Act)s.Item1, s.Item2, s.Item3, s.Item4, s.Item5)).Array[0, 60];

    /// <summary>About 100,000 steps over both kinds of labels; <c>WINNOW_STANDING=50</c> makes them five million.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void What_a_shard_has_in_memory_is_what_its_histories_say(bool sets)
    {
        var times = Environment.GetEnvironmentVariable("WINNOW_STANDING") is { } asked
            ? int.Parse(asked, System.Globalization.CultureInfo.InvariantCulture) : 1;
        Steps.Sample(steps =>
        {
            var world = new World(sets ? Sets : OneClass);
            foreach (var step in steps)
            {
                world.Take(step);
                world.Check();
            }
        }, iter: 1_700 * times);
    }

    /// <summary>One shard: the rows that are on disk, what is in memory of them, and the plain reading.</summary>
    private sealed class World
    {
        private readonly List<HistoryRow> _rows = [];
        private readonly List<HistoryEntry>[] _said = [[], [], []];
        private readonly List<MachineDecision>[] _decided = [[], [], []];
        private readonly HashSet<int> _drawn = [];
        private readonly HashSet<int> _again = [];
        private readonly LabelSchema _schema;
        private ShardIndex _index = null!;
        private TaskBook _tasks = null!;

        public World(LabelSchema schema)
        {
            _schema = schema;
            Open();
        }

        // Of the first nothing is known, the second came with a label, and the third as well, and nobody was asked about it.
        private static int CameWith(int image) => image == 0 ? -1 : 1;

        private static ImageId IdOf(int image) => ImageId.Of([(byte)image]);

        private static TaskRow VerificationOf(int image) => new(image, Arms.Verification, 1, image, DateTimeOffset.UnixEpoch);

        private static TaskRow AgainOf(int image) => new(image, Arms.Again, 1, image, DateTimeOffset.UnixEpoch);

        private void Open()
        {
            _index = new ShardIndex();
            _tasks = new TaskBook(_index);
            for (var i = 0; i < Images; i++) _index.Add(IdOf(i), Partition.Pool, CameWith(i), quarantined: false);
            for (var i = 0; i < Images; i++) _index.SetMachine(i, MachineStanding.Candidate(_decided[i])?.Kind);
            foreach (var row in _rows.OrderBy(r => r.Image).ThenBy(r => r.Version))
                _index.Decide(row.Ordinal, row.Version, row.Label, row.Closes, row.Stage);
            for (var i = 0; i < 2; i++) _tasks.Add(new TaskRow(i, Arms.Main, 1, i, DateTimeOffset.UnixEpoch));
            foreach (var image in _drawn) _tasks.Add(VerificationOf(image));
            foreach (var image in _again) _tasks.Add(AgainOf(image));
        }

        public void Take(Step step)
        {
            var said = _said[step.Image];
            switch (step.Act)
            {
                case Act.Crash:
                    Open();
                    return;
                case Act.Machine:
                    // Later ones may say that they were made before.
                    _decided[step.Image].Add(new MachineDecision(
                        (MachineKind)(step.Person % 2), $"run {_decided[step.Image].Count:D3}", "yolo", [new ClassTag("dog")])
                    {
                        MadeAt = Now.AddMinutes(step.Which),
                        Outdated = step.Said == 4,
                    });
                    _index.SetMachine(step.Image, MachineStanding.Candidate(_decided[step.Image])?.Kind);
                    return;
                case Act.MachineTakenBack when _decided[step.Image] is { Count: > 0 } decided:
                    decided[step.Which % decided.Count] = decided[step.Which % decided.Count] with
                    {
                        TakenBack = new TakenBackDecision("ann", Now, "wrong"),
                    };
                    _index.SetMachine(step.Image, MachineStanding.Candidate(decided)?.Kind);
                    return;
                case Act.Reserve:
                    _tasks.Reserve((TaskKind)(step.Which % 3), 1, Now, Now.AddMinutes(1));
                    return;
                case Act.Answer or Act.LateAnswer:
                    // Whoever answers late was shown the image before the last of what was said.
                    var seen = step.Act == Act.Answer ? said.Count : Math.Max(0, said.Count - 1 - step.Which % 3);
                    var asked = ImageHistory.Fold(said[..seen]).Question ?? TaskKind.Label;
                    if (ImageHistory.AnswerOf(said, People[step.Person], seen) is null)
                        Say(step, Answered(step, asked), seen, TermsOf(step, asked));
                    return;
                case Act.Correct:
                    // Some may correct everybody, others themselves.
                    var correction = Answered(step, null);
                    var own = step.Which % 2 == 0;
                    if (own && !ImageHistory.MayAmend(said, People[step.Person], correction)) return;
                    if (ImageHistory.SettlesOwnDispute(said, People[step.Person], correction)) return;
                    Say(step, correction, said.Count, null, ImageHistory.TermsOfOwn(said, People[step.Person], own));
                    return;
                case Act.TakeBack when said.Count > 0:
                    var of = 1 + step.Which % said.Count;
                    if (ImageHistory.CannotTakeBack(said, of) is null)
                        Say(step, new Decision { Kind = DecisionKind.TakeBack, Of = of }, said.Count, null);
                    return;
                case Act.Gold when ImageHistory.Fold(said).IsLabelled || step.Said == 1:
                    var told = ImageHistory.Fold(said).IsLabelled ? ImageHistory.Fold(said).Annotations : Answered(step, null).Annotations;
                    Say(step, new Decision { Kind = DecisionKind.Gold, Annotations = told }, said.Count, null);
                    return;
                case Act.Qualify when !ImageHistory.KnownTo(said).Contains(People[step.Person]):
                    Say(step, Answered(step, TaskKind.Qualify), said.Count, new TaskTerms(TaskKind.Qualify));
                    return;
                case Act.AskAgain:
                    Say(step, new Decision { Kind = DecisionKind.AskAgain }, said.Count, null);
                    return;
            }
        }

        private static TaskTerms TermsOf(Step step, TaskKind asked) => asked switch
        {
            TaskKind.Label => new TaskTerms(asked, step.Which < 6 ? 1 : step.Which - 5, step.Which % 2 == 0),
            _ => new TaskTerms(asked, VerifierSettles: asked == TaskKind.Verify && step.Which < 3),
        };

        private Decision Answered(Step step, TaskKind? asked) => step.Said switch
        {
            4 => new Decision { Kind = asked == TaskKind.Verify ? DecisionKind.Confirm : DecisionKind.Skip },
            0 or 1 when _schema.IsOneClass =>
                new Decision { Kind = DecisionKind.Label, Annotations = [new ClassTag(_schema.Classes[step.Said].Name)] },
            0 => new Decision { Kind = DecisionKind.Label },
            1 => new Decision
            {
                Kind = DecisionKind.Label,
                Annotations = [new ClassTag("cat"), new BoxAnnotation("dog", new Box(step.Which, 0, 5, 5))],
            },
            2 => new Decision { Kind = DecisionKind.Reject },
            _ => new Decision { Kind = DecisionKind.Skip },
        };

        /// <summary>As the image's grain and its shard do it.</summary>
        private void Say(Step step, Decision decision, long seen, TaskTerms? terms, TaskTerms? own = null)
        {
            var said = _said[step.Image];
            var kind = ImageHistory.KindOf(said, decision.Kind, seen, terms?.Kind);
            terms ??= own;
            // Nobody is given a task that would have them judge their own word.
            var judges = kind == HistoryKind.Decided && terms!.Kind != TaskKind.Qualify;
            if (judges && ImageHistory.AnsweredBy(said).Contains(People[step.Person])) return;
            if (kind == HistoryKind.Decided && terms!.Kind == TaskKind.Verify)
            {
                // What is confirmed is what was shown.
                var stands = ImageHistory.Fold(said).Of;
                if (ImageHistory.Fold(said[..(int)seen]).Of != stands) return;
                terms = terms with { Of = stands };
            }
            var entry = new HistoryEntry(said.Count + 1, kind, People[step.Person], Now, Guid.NewGuid(), decision, Terms: terms);
            Assert.Null(entry.Check(_schema, Now));
            said.Add(entry);
            var standing = ImageHistory.Fold(said);
            var row = new HistoryRow(IdOf(step.Image), step.Image, (int)entry.Version, entry.OperationId, [],
                standing.RowLabel(_schema), standing.Closed, standing.Stage ?? Stage.Queued);
            _rows.Add(row);
            if (decision.Kind == DecisionKind.AskAgain && _again.Add(step.Image)) _tasks.Add(AgainOf(step.Image));
            var (asked, wasOpen) = (_index.QuestionOf(row.Ordinal), _index.IsOpen(row.Ordinal));
            _index.Decide(row.Ordinal, row.Version, row.Label, row.Closes, row.Stage);
            if (_index.IsOpen(row.Ordinal) && !wasOpen) _tasks.Reopen(row.Ordinal, asked);
            else _tasks.Follow(row.Ordinal, asked);
            if (!ImageHistory.DrawsForVerification(entry)) return;
            _drawn.Add(step.Image);
            _tasks.Add(VerificationOf(step.Image));
        }

        public void Check()
        {
            var open = new int[4];
            var reserved = 0;
            for (var i = 0; i < Images; i++)
            {
                var plain = PlainStanding.Read(_said[i], CameWith(i), _schema);
                Assert.Equal((plain.Label, plain.Closed), (_index.LabelOf(i), _index.Has(i, ShardIndex.Flags.Closed)));
                var isAsked = i < 2 || _again.Contains(i);
                Assert.Equal(isAsked && !plain.Closed, _index.IsOpen(i));
                var stage = plain.Closed || plain.Stage == Stage.Disputed ? plain.Stage : isAsked ? Stage.Queued : Stage.Received;
                Assert.Equal(stage, _index.StageOf(i, 0));
                Assert.Equal(plain.Skippers.Order(StringComparer.Ordinal),
                    ImageHistory.SkipsOf(_said[i]).People.Order(StringComparer.Ordinal));
                var standing = ImageHistory.Fold(_said[i]);
                Assert.Equal(plain.Set is not null, standing.IsLabelled);
                Assert.True(ImageHistory.AreSame(plain.Set ?? [], standing.Annotations));
                // No round asked about the third: only whoever is to verify it, or to look at it again.
                var asked = plain.Closed || isAsked || (plain.Stage == Stage.Disputed && _drawn.Contains(i)) ? plain.Question : null;
                Assert.Equal(asked, _index.QuestionOf(i));
                if (asked is { } kind) open[(int)kind]++;
                if (_index.Has(i, ShardIndex.Flags.Reserved)) reserved++;
                CheckMachines(i, plain);
            }
            foreach (var kind in Enum.GetValues<MachineKind>())
                Assert.Equal(Enumerable.Range(0, Images).Count(i => _index.StandsByMachine(i) == kind), _index.StandingBy(kind));
            Assert.Equal((open.Sum(), open.Sum() - reserved), (_tasks.Open, _tasks.Free));
            Assert.Equal(open, _tasks.OpenOfEach());
            Assert.Equal(_index.Has(0, ShardIndex.Flags.Closed) ? 1 : 0, _index.Decided);
            Assert.Equal(Images, _index.Stages().Sum());
        }

        /// <summary>By a plain reading too: nothing where people closed it, differ or are asked anew; else the newest accepted one, else
        /// the newest guess.</summary>
        private void CheckMachines(int image, PlainStanding plain)
        {
            var decided = _decided[image];
            var isLeft = !plain.Closed && plain.Stage != Stage.Disputed && !plain.Again;
            var counting = isLeft ? decided.Where(d => d.TakenBack is null && !d.Outdated).ToArray() : [];
            var expected = counting.OrderBy(d => d.Kind == MachineKind.Pseudo).ThenByDescending(d => d.MadeAt)
                .ThenByDescending(d => d.Run, StringComparer.Ordinal).FirstOrDefault();
            var human = ImageHistory.Fold(_said[image]);
            Assert.Same(expected, MachineStanding.Of(human, CameWith(image) >= 0, true, decided));
            // In whatever order they are read.
            Assert.Same(expected, MachineStanding.Of(human, CameWith(image) >= 0, true, Enumerable.Reverse(decided)));
            Assert.Equal(expected?.Kind, _index.StandsByMachine(image));
        }
    }
}
