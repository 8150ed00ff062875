using System.Diagnostics;
using Winnow.Benchmarks.Measuring;
using Winnow.Benchmarks.Seeding;
using Winnow.Client;
using Winnow.Model.Review;
using Winnow.Testing;

namespace Winnow.Benchmarks.Images;

/// <summary>
/// From the start of a process to the first task that somebody is given; beside it a silo with nothing to read, and the reading alone.
/// </summary>
internal sealed class RestartBenchmark : IBenchmark
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(10);

    public string Name => "restart";

    public string Describes =>
        "1,000,000 images, from process start to the first task served; floor: an empty silo's start, and its ledger read once";

    public async Task RunAsync(BenchmarkRun run)
    {
        var full = Directory.CreateDirectory(Path.Combine(run.Folder, "full")).FullName;
        var dataset = await SeededDataset.WriteAsync(full, new SeedPlan { Images = run.Size(1_000_000), Tasks = run.Size(16_000, 4_000) },
            run.Stop);
        run.Say($"{dataset.Plan.Images:N0} images seeded");
        var empty = Directory.CreateDirectory(Path.Combine(run.Folder, "empty")).FullName;
        var samples = await PairedSamples.TakeAsync(run.Repeats(7), () => ServeAsync(full, dataset.Plan.Name, run.Stop),
            async () => await StartAsync(empty, run.Stop) + Read(Path.Combine(full, "ledger.db")), run.Stop);
        run.Report("restart/first-task", "s", samples, "2");
    }

    private static Task<double> ServeAsync(string folder, string dataset, CancellationToken cancellationToken) =>
        TimeAsync(folder, async client => (await client.LeaseAsync(dataset, new LeaseRequest(1, 0), cancellationToken)).Count > 0,
        cancellationToken);

    private static Task<double> StartAsync(string folder, CancellationToken cancellationToken) =>
        TimeAsync(folder, async client => (await client.ListDatasetsAsync(cancellationToken)).Count == 0, cancellationToken);

    /// <summary>
    /// Seconds from the start of a silo on a folder until it answers as it should. It is killed then: the next start is one after a crash.
    /// </summary>
    private static async Task<double> TimeAsync(string folder, Func<WinnowClient, Task<bool>> answers, CancellationToken cancellationToken)
    {
        await using var silo =
            new SiloProcess(new SiloProcessOptions { Folder = folder, Arguments = ["--Logging:LogLevel:Default", "Warning"] });
        using var client = new WinnowClient(new WinnowClientOptions { Address = silo.Url, Actor = "benchmark", RetryAttempts = 0 });
        var started = Stopwatch.GetTimestamp();
        silo.Launch();
        await Until.TrueAsync(async () =>
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (silo.HasExited) throw new InvalidOperationException($"The silo ended:\n{silo.Output}");
            try
            {
                return await answers(client);
            }
            catch (Exception e) when (e is HttpRequestException or WinnowApiException)
            {
                // It does not listen yet, or not all of it is there.
                return false;
            }
        }, Patience, () => $"the silo answers:\n{silo.Output}");
        return Stopwatch.GetElapsedTime(started).TotalSeconds;
    }

    private static double Read(string path)
    {
        var started = Stopwatch.GetTimestamp();
        using var file = File.OpenHandle(path, options: FileOptions.SequentialScan);
        var buffer = new byte[1 << 16];
        long at = 0;
        for (int read; (read = RandomAccess.Read(file, buffer, at)) > 0;) at += read;
        return Stopwatch.GetElapsedTime(started).TotalSeconds;
    }
}
