using Winnow.Benchmarks.Measuring;
using Winnow.Grains.Ports;

namespace Winnow.Benchmarks.Facts;

/// <summary>Reads what a shard reads when it opens, from both ledgers in turn: every row, into the record that the shard takes.</summary>
/// <remarks>Facts stand in shards that hold no other kind, so that their sweep over a shard reads nothing in vain.</remarks>
internal sealed class FactReads(BenchmarkRun run, LedgerPair pair)
{
    public async Task MeasureAsync()
    {
        await ReadAsync("open-history", ContentShard.History, HistoryAsync);
        await ReadAsync("open-tasks", ContentShard.Tasks, TasksAsync);
        // Where an image was put aside is part of reading the images.
        await ReadAsync("open-quarantine", ContentShard.Quarantine, IndexAsync);
        await ReadAsync("open-segments", ContentShard.Segments, SegmentsAsync);
        await ReadAsync("open-all", ContentShard.All, async shard =>
            await IndexAsync(shard) + await HistoryAsync(shard) + await TasksAsync(shard) + await SegmentsAsync(shard));
    }

    private Task ReadAsync(string figure, ContentShard shard, Func<ShardKey, Task<int>> own)
    {
        var rows = new Dictionary<bool, int>();
        return pair.PairsAsync(run, [figure], "opens/s", LedgerPair.Pairs, async (side, _) =>
        {
            var rate = await LedgerPair.RateAsync(1, async () => rows[side.Generic] = side.Generic
                ? await FactsAsync(LedgerSide.Key(shard), images: shard is ContentShard.All or ContentShard.Quarantine)
                : await own(LedgerSide.Key(shard)));
            if (rows.Count == 2 && rows[true] != rows[false])
                throw new InvalidOperationException($"{figure}: {rows[false]} rows were read, and {rows[true]} of the same from facts.");
            return [rate];
        });
    }

    /// <summary>All facts in one sweep, each as the row that it was; images from their table.</summary>
    private async Task<int> FactsAsync(ShardKey shard, bool images)
    {
        var index = new List<IndexRow>();
        if (images) await foreach (var page in pair.Facts.Rows.ReadIndexAsync(shard, run.Stop)) index.AddRange(page);
        var (rows, tasks, reserved) = (index.Count, new List<TaskRow>(), new Dictionary<int, DateTimeOffset>());
        await foreach (var fact in pair.Facts.Rows.ReadFactsAsync(shard, run.Stop))
        {
            switch (fact.Id.Kind)
            {
                case "history":
                    rows += GenericForm.ToHistory(fact).Version;
                    break;
                case "task":
                    if (GenericForm.ToTask(fact) is { } task) tasks.Add(task);
                    break;
                case "reservation":
                    reserved.Add(fact.Id.Ordinal, GenericForm.ToReservation(fact).Until);
                    break;
                case "segment":
                    rows += GenericForm.ToSegment(fact).Count > 0 ? 1 : 0;
                    break;
                case "quarantine":
                    index[fact.Id.Ordinal] = index[fact.Id.Ordinal] with { Quarantined = true };
                    break;
            }
        }
        for (var i = 0; i < tasks.Count; i++)
            if (reserved.TryGetValue(tasks[i].Ordinal, out var until)) tasks[i] = tasks[i] with { ReservedUntil = until };
        return rows + Weight(tasks) + Weight(index);
    }

    private async Task<int> IndexAsync(ShardKey shard)
    {
        var index = new List<IndexRow>();
        await foreach (var page in pair.Own.Rows.ReadIndexAsync(shard, run.Stop)) index.AddRange(page);
        return index.Count + Weight(index);
    }

    private async Task<int> HistoryAsync(ShardKey shard)
    {
        var rows = 0;
        await foreach (var row in pair.Own.Rows.ReadShardHistoryAsync(shard, run.Stop)) rows += row.Version;
        return rows;
    }

    private async Task<int> TasksAsync(ShardKey shard)
    {
        var tasks = new List<TaskRow>();
        await foreach (var task in pair.Own.Rows.ReadTasksAsync(shard, run.Stop)) tasks.Add(task);
        return Weight(tasks);
    }

    private async Task<int> SegmentsAsync(ShardKey shard) => (await pair.Own.Rows.ReadSegmentsAsync(shard, run.Stop)).Count;

    // What is read counts for more where something is said of it, so that both must say the same.
    private static int Weight(List<TaskRow> tasks) => tasks.Count + tasks.Count(t => t.ReservedUntil > ReviewContent.Noon);

    private static int Weight(List<IndexRow> index) => index.Count(i => i.Quarantined);
}
