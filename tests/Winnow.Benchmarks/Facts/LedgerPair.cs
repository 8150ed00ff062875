using System.Diagnostics;
using Winnow.Benchmarks.Measuring;
using Winnow.Grains.Ports;

namespace Winnow.Benchmarks.Facts;

/// <summary>
/// Two ledgers of one make, each in a database of its own: one with rows in their own tables, one with the same rows as facts.
/// </summary>
internal sealed record LedgerPair(string Name, LedgerSide Own, LedgerSide Facts) : IAsyncDisposable
{
    /// <summary>Pairs where nothing else is said.</summary>
    public const int Pairs = 15;

    private const int SeedRows = 500;

    /// <summary>
    /// Takes figures in turn, as <see cref="PairedSamples.TakeAsync"/> does, where one measurement gives several; what comes first is not
    /// counted. Facts are the product, the own table is the floor.
    /// </summary>
    public async Task PairsAsync(BenchmarkRun run, string[] figures, string unit, int pairs, Func<LedgerSide, int, Task<double[]>> take)
    {
        var samples = Array.ConvertAll(figures, _ => new PairedSamples());
        var repeats = run.Repeats(pairs);
        for (var i = 0; i <= repeats; i++)
        {
            run.Stop.ThrowIfCancellationRequested();
            var first = await take(i % 2 == 0 ? Own : Facts, i);
            var second = await take(i % 2 == 0 ? Facts : Own, i);
            if (i == 0) continue;
            var (facts, own) = i % 2 == 0 ? (second, first) : (first, second);
            for (var j = 0; j < figures.Length; j++) samples[j].Add(facts[j], own[j]);
        }
        for (var j = 0; j < figures.Length; j++)
        {
            run.Report($"facts/{Name}-{figures[j]}", unit, samples[j]);
            var (least, greatest) = samples[j].MedianInterval();
            run.Say($"  the median ratio lies between {least:F2} and {greatest:F2} (95 %)");
        }
    }

    /// <summary>Writes the same rows into both, and reports what one of them takes on disk.</summary>
    public async Task SeedAsync(BenchmarkRun run, string? figure, ContentShard shard, int count, Func<ShardCommit, int[], ShardCommit> with)
    {
        var bytes = new List<double>();
        foreach (var side in new[] { Facts, Own })
        {
            var before = await side.SizeAsync();
            foreach (var numbers in Enumerable.Range(0, count).OrderBy(ReviewContent.Scattered).Chunk(SeedRows))
                await side.WriteAsync(with(side.New(shard), numbers), run.Stop);
            bytes.Add((await side.SizeAsync() - before) / (double)count);
        }
        if (figure is null) return;
        if (bytes[1] <= 0)
        {
            run.Say($"facts/{Name}-{figure}: {bytes[0]:F0} bytes a row as facts, and no further byte in the own table");
            return;
        }
        var samples = new PairedSamples();
        samples.Add(bytes[0], bytes[1]);
        run.Report($"facts/{Name}-{figure}", "bytes/row", samples);
    }

    /// <summary>Rows a second of some work.</summary>
    public static async Task<double> RateAsync(int rows, Func<Task> work)
    {
        var started = Stopwatch.GetTimestamp();
        await work();
        return rows / Stopwatch.GetElapsedTime(started).TotalSeconds;
    }

    public async ValueTask DisposeAsync()
    {
        await Own.DisposeAsync();
        await Facts.DisposeAsync();
    }
}
