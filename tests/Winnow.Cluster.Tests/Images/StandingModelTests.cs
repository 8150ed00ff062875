using CsCheck;
using Winnow.Grains.Images;
using Winnow.Grains.Ports;
using Winnow.Grains.Shards;
using Winnow.Model.Images;
using Winnow.Model.Labels;
using Winnow.Model.Review;
using Winnow.Model.Training;

namespace Winnow.Cluster.Tests.Images;

/// <summary>
/// Whatever people say, take back and have said anew, in whatever order and with crashes in between: what a shard has in memory is what a
/// plain reading of the histories says.
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
        Reserve,
        Crash,
    }

    private sealed record Step(Act Act, int Image, int Person, int Said, int Which);

    private static readonly Gen<Step[]> Steps = Gen
        .Select(Gen.Int[0, 6], Gen.Int[0, Images - 1], Gen.Int[0, 3], Gen.Int[0, 3], Gen.Int[0, 9])
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

        private void Open()
        {
            _index = new ShardIndex();
            _tasks = new TaskBook(_index);
            for (var i = 0; i < Images; i++) _index.Add(IdOf(i), Partition.Pool, CameWith(i), quarantined: false);
            foreach (var row in _rows.OrderBy(r => r.Image).ThenBy(r => r.Version))
                _index.Decide(row.Ordinal, row.Version, row.Label, row.Closes, row.Stage);
            for (var i = 0; i < 2; i++) _tasks.Add(new TaskRow(i, Arms.Main, 1, i, DateTimeOffset.UnixEpoch));
        }

        public void Take(Step step)
        {
            var said = _said[step.Image];
            switch (step.Act)
            {
                case Act.Crash:
                    Open();
                    return;
                case Act.Reserve:
                    _tasks.Reserve(1, Now, Now.AddMinutes(1));
                    return;
                case Act.Answer or Act.LateAnswer:
                    // Whoever answers late was shown the image before the last of what was said.
                    var seen = step.Act == Act.Answer ? said.Count : Math.Max(0, said.Count - 1 - step.Which % 3);
                    if (ImageHistory.AnswerOf(said, People[step.Person], seen) is null) Say(step, Answered(step), seen, underLease: true);
                    return;
                case Act.Correct:
                    Say(step, Answered(step), said.Count, underLease: false);
                    return;
                case Act.TakeBack when said.Count > 0:
                    var of = 1 + step.Which % said.Count;
                    if (ImageHistory.CannotTakeBack(said, of) is null)
                        Say(step, new Decision { Kind = DecisionKind.TakeBack, Of = of }, said.Count, underLease: false);
                    return;
                case Act.AskAgain:
                    Say(step, new Decision { Kind = DecisionKind.AskAgain }, said.Count, underLease: false);
                    return;
            }
        }

        private Decision Answered(Step step) => step.Said switch
        {
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
        private void Say(Step step, Decision decision, long seen, bool underLease)
        {
            var said = _said[step.Image];
            var kind = ImageHistory.KindOf(said, decision.Kind, seen, underLease);
            var entry = new HistoryEntry(said.Count + 1, kind, People[step.Person], Now, Guid.NewGuid(), decision);
            Assert.Null(entry.Check(_schema, Now));
            said.Add(entry);
            var standing = ImageHistory.Fold(said);
            var row = new HistoryRow(IdOf(step.Image), step.Image, (int)entry.Version, entry.OperationId, [],
                standing.RowLabel(_schema), standing.Closed, standing.Stage ?? Stage.Queued);
            _rows.Add(row);
            var wasOpen = _index.IsOpen(row.Ordinal);
            _index.Decide(row.Ordinal, row.Version, row.Label, row.Closes, row.Stage);
            if (!_index.IsOpen(row.Ordinal)) _tasks.Close(row.Ordinal, wasOpen);
            else if (!wasOpen) _tasks.Reopen(row.Ordinal);
        }

        public void Check()
        {
            var open = 0;
            var reserved = 0;
            for (var i = 0; i < Images; i++)
            {
                var (label, closed, skippers, set) = Read(_said[i], CameWith(i));
                Assert.Equal((label, closed), (_index.LabelOf(i), _index.Has(i, ShardIndex.Flags.Closed)));
                Assert.Equal(i < 2 && !closed, _index.IsOpen(i));
                Assert.Equal(closed ? Stage.Labeled : i < 2 ? Stage.Queued : Stage.Received, _index.StageOf(i, 0));
                Assert.Equal(skippers.Order(StringComparer.Ordinal), ImageHistory.SkipsOf(_said[i]).People.Order(StringComparer.Ordinal));
                var standing = ImageHistory.Fold(_said[i]);
                Assert.Equal(set is not null, standing.IsLabelled);
                Assert.True(ImageHistory.AreSame(set ?? [], standing.Annotations));
                if (_index.IsOpen(i)) open++;
                if (_index.Has(i, ShardIndex.Flags.Reserved)) reserved++;
            }
            Assert.Equal((open, open - reserved), (_tasks.Open, _tasks.Free));
            Assert.Equal(_index.Has(0, ShardIndex.Flags.Closed) ? 1 : 0, _index.Decided);
            Assert.Equal(Images, _index.Stages().Sum());
        }

        /// <summary>The plain reading: an entry is in force unless one that takes it back is.</summary>
        private (int Label, bool Closed, string[] Skippers, IReadOnlyList<Annotation>? Set) Read(List<HistoryEntry> said, int cameWith)
        {
            bool InForce(HistoryEntry entry) => !said.Any(later => later.Version > entry.Version
                && later.Decision.Kind == DecisionKind.TakeBack && later.Decision.Of == entry.Version && InForce(later));
            var inForce = said.Where(e => e.Decision.Kind != DecisionKind.TakeBack && InForce(e)).ToList();
            var again = inForce.FindLastIndex(e => e.Decision.Kind == DecisionKind.AskAgain);
            var skippers = new List<string>();
            int? answer = null;
            IReadOnlyList<Annotation>? set = null;
            foreach (var entry in inForce[(again + 1)..])
            {
                if (entry.Kind == HistoryKind.SecondOpinion && answer is not null) continue;
                if (entry.Decision.Kind == DecisionKind.Label)
                {
                    set = entry.Decision.Annotations;
                    answer = _schema.IsOneClass ? _schema.IndexOf(set[0].Class) : HistoryRow.LabelSet;
                }
                else if (entry.Decision.Kind == DecisionKind.Reject) (answer, set) = (-1, null);
                else
                {
                    if (answer is null && skippers.Distinct().Count() == 2 && !skippers.Contains(entry.Actor)) answer = -1;
                    skippers.Add(entry.Actor);
                }
            }
            var people = skippers.Distinct().ToArray();
            if (answer is { } label) return (label, true, people, set);
            return again >= 0 || cameWith < 0 ? (-1, false, people, null) : (cameWith, true, people, null);
        }
    }
}
