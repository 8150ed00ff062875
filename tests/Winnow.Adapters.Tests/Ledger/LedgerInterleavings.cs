using CsCheck;
using Winnow.Abstractions.Datasets;
using Winnow.Grains.Ports;
using static Winnow.Adapters.Tests.Ledger.LedgerRows;

namespace Winnow.Adapters.Tests.Ledger;

/// <summary>One step of one shard, with numbers relative to where the shard stands when the step comes.</summary>
internal sealed record LedgerStep(int Action, int Operation, int Gap, int Count, (int Image, int Ahead, int Operation)[] History,
    (int Ordinal, int Arm)[] Work, int Segment);

/// <summary>
/// Random steps of several shards at once, against the naive twin: same answers, same rows afterwards. Inherit it for a new ledger.
/// </summary>
public abstract class LedgerInterleavings<TFixture> : IAsyncLifetime
    where TFixture : ILedgerFixture, new()
{
    private const int Shards = 3;
    private static readonly CancellationToken Never = CancellationToken.None;
    private static readonly string[] Arms = ["main", "random"];

    private static readonly Gen<LedgerStep> Step = Gen.Select(
        Gen.Int[0, 19], Gen.Int[0, 6], Gen.Frequency((12, Gen.Const(0)), (1, Gen.Const(-1)), (1, Gen.Const(1))), Gen.Int[0, 3],
        Gen.Select(Gen.Int[0, 3], Gen.Frequency((8, Gen.Const(1)), (1, Gen.Const(0)), (1, Gen.Const(2))), Gen.Int[0, 30]).Array[0, 3],
        Gen.Select(Gen.Int[0, 5], Gen.Int[0, 1]).Array[0, 3], Gen.Int[0, 5],
        (action, operation, gap, count, history, work, segment) => new LedgerStep(action, operation, gap, count, history, work, segment));

    private readonly TFixture _fixture = new();
    private ILedgerPorts _ports = null!;

    private IShardLedger Ledger => _ports.Shards;

    public async Task InitializeAsync() => _ports = await _fixture.OpenAsync();

    public async Task DisposeAsync()
    {
        await _fixture.CloseAsync();
        await _fixture.RemoveAsync();
    }

    [Fact]
    public async Task Random_commits_of_several_shards_agree_with_the_naive_ledger()
    {
        var run = 0;
        await Step.Array[Shards].Array[1, 25].SampleAsync(async waves =>
        {
            var dataset = $"run-{Interlocked.Increment(ref run)}";
            await _ports.Datasets.AddDatasetAsync(Dataset(dataset), Never);
            var twins = Enumerable.Range(0, Shards).Select(s => new NaiveShard(new ShardKey(dataset, s))).ToArray();
            foreach (var twin in twins) Assert.Equal(twin.Open(), await Ledger.OpenShardAsync(twin.Key, Never));
            // The shards of a wave commit at the same time; a shard's own steps follow each other, as its grain's do.
            foreach (var wave in waves) await Task.WhenAll(twins.Select((twin, s) => TakeAsync(twin, wave[s])));
            foreach (var twin in twins) await CompareAsync(twin);
        }, iter: 60, threads: 2);
    }

    private async Task TakeAsync(NaiveShard twin, LedgerStep step)
    {
        if (step.Action == 0)
        {
            var opened = await Ledger.OpenShardAsync(twin.Key, Never);
            Assert.Equal(twin.Open(), opened);
            return;
        }
        var commit = CommitOf(twin, step);
        var status = await Ledger.CommitAsync(commit, Never);
        Assert.Equal(twin.Commit(commit), status);
    }

    private static ShardCommit CommitOf(NaiveShard twin, LedgerStep step)
    {
        // Versions count on within the commit, so that several entries of one image can follow each other.
        var ahead = new Dictionary<int, int>();
        var history = new List<HistoryRow>();
        foreach (var (image, next, operation) in step.History)
        {
            var id = (twin.Key.Shard * 100) + image;
            var version = twin.VersionOf(Id(id)) + ahead.GetValueOrDefault(id) + next;
            ahead[id] = ahead.GetValueOrDefault(id) + 1;
            history.Add(History(id, version, operation, $"{{\"v\":{version}}}"));
        }
        return new ShardCommit
        {
            Shard = twin.Key,
            Epoch = step.Action == 1 ? twin.Epoch - 1 : twin.Epoch,
            OperationId = OperationOf(twin, step),
            Stamp = IsStamped(step) ? new OperationStamp(step.Count % 2 == 0 ? "ann" : "bob", Operation(step.Segment % 2)) : null,
            Images = Rows(Math.Max(0, twin.Images.Count + step.Gap), step.Count),
            History = history,
            Facts = FactsOf(twin, step),
            Quarantined = step.Action == 2 && twin.Images.Count > 0
                ? [new QuarantineRow(twin.Images.Count - 1, $"reason {step.Operation}")] : [],
            WithdrawnTasks = step.Action is > 3 and < 8 ? [.. step.Work.Select(w => new WithdrawnTaskRow(w.Ordinal, Arms[1 - w.Arm]))] : [],
            Tasks = [.. step.Work.Select(w => new TaskRow(w.Ordinal, Arms[w.Arm], step.Action, step.Operation, Noon))],
            Reservations = step.Action > 15
                ? [.. step.Work.Select(w => new ReservationRow(w.Ordinal, Noon.AddSeconds(step.Operation)))] : [],
            Segments = step.Segment > 2
                ? [new SegmentRow(SegmentKinds.Scores, $"main/{step.Segment}", step.Count, step.Operation, $"object-{step.Action}")] : [],
            WithdrawnSegments = step.Segment is 1 or 4 ? [(SegmentKinds.Scores, "main/4")] : [],
        };
    }

    /// <summary>
    /// Of a kind that grows and of one that does not; the next version mostly, and now and then one that is taken or too high.
    /// </summary>
    private static FactRow[] FactsOf(NaiveShard twin, LedgerStep step) => step.Action % 3 != 0 ? [] : [.. step.Work.Select(w =>
    {
        var grows = w.Arm == 0;
        var stands = twin.Facts.Where(f => f.AppendOnly == grows && f.Id.Ordinal == w.Ordinal).Select(f => f.Version).DefaultIfEmpty()
            .Max();
        return Fact(w.Ordinal, Math.Max(1, stands + 1 + (step.Gap < 0 ? -1 : step.Gap)), $"{step.Operation % 3}", grows);
    })];

    /// <summary>
    /// What bears a stamp is one operation in the whole dataset, so each shard has ids of its own for it here: its twin knows no other.
    /// </summary>
    private static bool IsStamped(LedgerStep step) => step.Operation > 3;

    private static Guid OperationOf(NaiveShard twin, LedgerStep step) => step.Operation == 0 ? Guid.Empty
        // Of the others some are without a stamp, and under the same ids.
        : step.Operation > 2 ? Operation(5 + (step.Action % 4 * 10) + (1_000 * (1 + twin.Key.Shard)))
        : Operation(step.Operation + (step.Action * 10));

    private async Task CompareAsync(NaiveShard twin)
    {
        Assert.Equal(twin.Images, await ToListAsync(Ledger.ReadImagesAsync(twin.Key, 0, int.MaxValue, Never)));
        var closed = twin.History.Where(h => h.Closes).Select(h => h.Ordinal).ToHashSet();
        IEnumerable<TaskRow> Told(IEnumerable<TaskRow> tasks) =>
            tasks.Select(t => closed.Contains(t.Ordinal) ? t with { ReservedUntil = Noon } : t).OrderBy(t => t.Ordinal)
            .ThenBy(t => t.Arm, StringComparer.Ordinal);
        Assert.Equal(Told(twin.Tasks.Values), Told(await ToListAsync(Ledger.ReadTasksAsync(twin.Key, Never))));
        var history = await ToListAsync(Ledger.ReadShardHistoryAsync(twin.Key, Never));
        AssertEqual(twin.History.Select(h => h with { EntryJson = [] }).OrderBy(h => h.Image).ThenBy(h => h.Version),
            history.OrderBy(h => h.Image).ThenBy(h => h.Version));
        foreach (var image in twin.History.Select(h => h.Image).Distinct())
            AssertEqual(twin.History.Where(h => h.Image == image), await Ledger.ReadHistoryAsync(twin.Key, image, Never));
        Assert.Equal(twin.Segments.Values.OrderBy(s => s.Version, StringComparer.Ordinal).ThenBy(s => s.First),
            await Ledger.ReadSegmentsAsync(twin.Key, Never));
        Assert.Equal(
            twin.Facts.Select(Line).Order(StringComparer.Ordinal),
            (await ToListAsync(Ledger.ReadFactsAsync(twin.Key, Never))).Select(Line).Order(StringComparer.Ordinal));
        foreach (var (operation, row) in twin.Operations) Assert.Equal(row, await Ledger.FindOperationAsync(twin.Key, operation, Never));
    }
}
