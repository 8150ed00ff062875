using System.Diagnostics;
using System.Globalization;
using Winnow.Benchmarks.Measuring;
using Winnow.Benchmarks.Seeding;
using Winnow.Testing;

namespace Winnow.Benchmarks.Images;

/// <summary>What a silo holds for each image while nothing happens: its resident memory with a pool, less that of an empty one.</summary>
internal sealed class MemoryBenchmark : IBenchmark
{
    /// <summary>
    /// Fields that a shard cannot do without: id, flags, label, history version, the stage that people brought it to, and its place in a
    /// hash table half full.
    /// </summary>
    private const double FieldBytes = 32 + 1 + 2 + 4 + 1 + (2 * sizeof(int));

    private static readonly TimeSpan Calm = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    public string Name => "memory";

    public string Describes => "resident bytes per image of an idle silo with 1,000,000, segments mapped; floor: the sum of the fields";

    public async Task RunAsync(BenchmarkRun run)
    {
        var full = Directory.CreateDirectory(Path.Combine(run.Folder, "full")).FullName;
        var dataset = await SeededDataset.WriteAsync(full, new SeedPlan { Images = run.Size(1_000_000), Tasks = run.Size(10_000) },
            run.Stop);
        run.Say($"{dataset.Plan.Images:N0} images seeded");
        var empty = Directory.CreateDirectory(Path.Combine(run.Folder, "empty")).FullName;
        var (all, own) = (new PairedSamples(), new PairedSamples());
        for (var i = 0; i < run.Repeats(5); i++)
        {
            var without = await MeasureAsync(empty, null, run);
            var with = await MeasureAsync(full, dataset.Plan, run);
            all.Add((with.All - without.All) / (double)dataset.Plan.Images, FieldBytes);
            own.Add((with.Own - without.Own) / (double)dataset.Plan.Images, FieldBytes);
        }
        run.Report("memory/resident", "B/image", all, "160 B");
        // Without pages of files, which the system takes back when somebody needs them.
        run.Report("memory/private", "B/image", own);
    }

    private static async Task<(long All, long Own)> MeasureAsync(string folder, SeedPlan? plan, BenchmarkRun run)
    {
        await using var silo =
            new SiloProcess(new SiloProcessOptions { Folder = folder, Arguments = ["--Logging:LogLevel:Default", "Warning"] });
        await silo.StartAgainAsync();
        if (plan is not null)
            await Until.TrueAsync(async () => (await silo.Client.GetStatusAsync(plan.Name, run.Stop)).Images == plan.Images, Patience,
                () => "all shards are open");
        // Idle is what no longer changes.
        var seen = (All: 0L, Own: 0L);
        var started = Stopwatch.GetTimestamp();
        while (true)
        {
            var now = Resident(silo.Id);
            if (Math.Abs(now.All - seen.All) < 1 << 20) return now;
            if (Stopwatch.GetElapsedTime(started) > Patience) throw new TimeoutException("The silo's memory did not come to rest.");
            seen = now;
            await Task.Delay(Calm, TimeProvider.System, run.Stop);
        }
    }

    private static (long All, long Own) Resident(int process)
    {
        var lines = File.ReadAllLines(string.Create(CultureInfo.InvariantCulture, $"/proc/{process}/status"));
        return (Bytes("VmRSS:"), Bytes("RssAnon:"));

        long Bytes(string field) =>
            1024 * long.Parse(lines.First(l => l.StartsWith(field, StringComparison.Ordinal)).AsSpan(field.Length).Trim().TrimEnd(" kB"),
                CultureInfo.InvariantCulture);
    }
}
