using Winnow.Benchmarks.Measuring;
using Winnow.Grains.Ports;
using Winnow.Model.Training;

namespace Winnow.Benchmarks.Facts;

/// <summary>Writes rows of each kind in the lots in which the product writes them, into both ledgers in turn.</summary>
internal sealed class FactWrites(BenchmarkRun run, LedgerPair pair)
{
    private const int People = 64;

    // Where a disk's flush is most of the time, single measurements differ more than what is measured.
    private const int Many = 31;

    // Far from what was seeded, whose rows stand in other shards.
    private int _numbered;

    public async Task MeasureAsync()
    {
        await HistoryAsync("history-one", Many, callers: 1, each: 50);
        await HistoryAsync("history-64", LedgerPair.Pairs, callers: People, each: 24);
        await TasksAsync();
        await ReservationsAsync();
        await LotsAsync("quarantine", lots: 10, lot: 8, (commit, numbers) => commit with
        {
            Quarantined = Array.ConvertAll(numbers, n => ReviewContent.Quarantine(ReviewContent.Scattered(n))),
        });
        await LotsAsync("segment", lots: 20, lot: 1,
            (commit, numbers) => commit with { Segments = Array.ConvertAll(numbers, ReviewContent.Segment) });
    }

    /// <summary>Each caller has one decision on its way at a time, as a person has; what waits at once goes to disk together.</summary>
    private Task HistoryAsync(string figure, int pairs, int callers, int each)
    {
        var (first, count) = (_numbered, callers * each);
        _numbered += count * (run.Repeats(pairs) + 1);
        return pair.PairsAsync(run, [figure], "rows/s", pairs, async (side, repeat) =>
        {
            var numbers = Enumerable.Range(first + (repeat * count), count);
            HistoryRow[] rows = [.. numbers.Select(n => ReviewContent.History(ReviewContent.Scattered(n)))];
            return [await LedgerPair.RateAsync(count, () => Task.WhenAll(Enumerable.Range(0, callers).Select(SayAsync)))];

            async Task SayAsync(int caller)
            {
                for (var i = caller; i < rows.Length; i += callers)
                    await side.WriteAsync(side.New(ContentShard.Written) with { History = [rows[i]] }, run.Stop);
            }
        });
    }

    /// <summary>A round asks, a later one asks instead of it, and what nobody answered is withdrawn.</summary>
    private Task TasksAsync()
    {
        const int Lots = 6, Lot = 100;
        var first = _numbered;
        _numbered += Lots * Lot * (run.Repeats(LedgerPair.Pairs) + 1);
        return pair.PairsAsync(run, ["task-insert", "task-replace", "task-close"], "rows/s", LedgerPair.Pairs, async (side, repeat) =>
        {
            int[][] lots = [.. Enumerable.Range(first + (repeat * Lots * Lot), Lots * Lot).Select(ReviewContent.Scattered).Chunk(Lot)];
            var ended = Array.ConvertAll(lots, lot => Array.ConvertAll(lot, o => new WithdrawnTaskRow(o, Arms.Main)));
            return
            [
                await EachAsync(i => side.New(ContentShard.Written) with { Tasks = Of(lots[i], 1) }),
                await EachAsync(i => side.New(ContentShard.Written) with { Tasks = Of(lots[i], 2), WithdrawnTasks = ended[i] }),
                await EachAsync(i => side.New(ContentShard.Written) with { WithdrawnTasks = ended[i] }),
            ];

            Task<double> EachAsync(Func<int, ShardCommit> commit) => LedgerPair.RateAsync(Lots * Lot, async () =>
            {
                for (var i = 0; i < Lots; i++) await side.WriteAsync(commit(i), run.Stop);
            });
        });

        static TaskRow[] Of(int[] ordinals, int round) => Array.ConvertAll(ordinals, o => ReviewContent.Task(o, round));
    }

    /// <summary>Blocks of open tasks are set aside, held for longer, and given back: the tasks of the seeded shard.</summary>
    private Task ReservationsAsync()
    {
        const int Blocks = 6, Block = 64;
        return pair.PairsAsync(run, ["reservation"], "rows/s", LedgerPair.Pairs, async (side, repeat) =>
        {
            var tasks = run.Size(FactsBenchmark.Images, 500);
            var ordinals = Enumerable.Range(0, Blocks * Block).Select(n => ReviewContent.Scattered(n) % tasks).Distinct();
            int[][] blocks = [.. ordinals.Chunk(Block)];
            return [await LedgerPair.RateAsync(blocks.Sum(b => b.Length) * 3, async () =>
            {
                foreach (var step in new[] { 0, 1, -1 })
                    foreach (var block in blocks)
                        await side.WriteAsync(side.New(ContentShard.Tasks) with
                        {
                            Reservations = Array.ConvertAll(block, o => ReviewContent.Reservation(o, step < 0 ? step : step + repeat)),
                        }, run.Stop);
            })];
        });
    }

    private Task LotsAsync(string figure, int lots, int lot, Func<ShardCommit, int[], ShardCommit> with) =>
        pair.PairsAsync(run, [figure], "rows/s", Many, async (side, repeat) => [await LedgerPair.RateAsync(lots * lot, async () =>
        {
            foreach (var numbers in Enumerable.Range(repeat * lots * lot, lots * lot).Chunk(lot))
                await side.WriteAsync(with(side.New(ContentShard.Written), numbers), run.Stop);
        })]);
}
