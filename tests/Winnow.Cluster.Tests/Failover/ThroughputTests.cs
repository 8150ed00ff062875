using System.Diagnostics;
using System.Globalization;
using Winnow.Client;
using Winnow.Model.Datasets;
using Winnow.Model.Labels;
using Winnow.Testing;
using Xunit.Abstractions;

namespace Winnow.Cluster.Tests.Failover;

/// <summary>
/// What distribution costs: the same images through one, two and three silos on the same processors. Run by <c>bash tests/run
/// throughput</c>.
/// </summary>
[Collection(ProcessesCollection.Name)]
[Trait("needs", "postgres")]
[Trait("needs", "s3")]
[Trait("kind", "measurement")]
public sealed class ThroughputTests(ITestOutputHelper output)
{
    private const int Images = 3_000;
    private const int Repeats = 3;

    [Fact]
    public async Task More_silos_on_the_same_processors()
    {
        await using var postgres = await PostgresServer.StartPrivateAsync();
        await using var s3 = await S3Server.StartOwnAsync();
        var taken = new Dictionary<int, List<double>> { [1] = [], [2] = [], [3] = [] };
        var scored = new Dictionary<int, List<double>> { [1] = [], [2] = [], [3] = [] };
        // Interleaved, so that what else the machine does falls on all alike.
        for (var repeat = 0; repeat < Repeats; repeat++)
            foreach (var silos in taken.Keys)
            {
                var (intake, scoring) = await MeasureAsync(postgres, s3, silos);
                taken[silos].Add(intake);
                scored[silos].Add(scoring);
            }
        foreach (var silos in taken.Keys)
        {
            Say($"{silos} silos: {Median(taken[silos]):F0} images/s taken in, {Median(taken[silos]) / Median(taken[1]):F2} of one silo");
            var ratio = Median(scored[silos]) / Median(scored[1]);
            Say($"{silos} silos: {Median(scored[silos]):F0} images/s from file to committed score, {ratio:F2} of one silo");
            Assert.True(Median(scored[silos]) > 0.2 * Median(scored[1]), $"{silos} silos score less than a fifth of what one does");
        }
    }

    private static async Task<(double Intake, double Scoring)> MeasureAsync(PostgresServer postgres, S3Server s3, int silos)
    {
        await using var cluster = new SiloCluster(await postgres.CreateDatabaseAsync(), s3, S3Server.NewBucket());
        await cluster.StartAsync(silos);
        using var client = cluster.NewClient("measure");
        await client.CreateDatasetAsync(
            new CreateDataset("measured", new LabelSchema { Classes = [.. DrawnImages.Classes.Select(c => new LabelClass(c))] },
                new DatasetSettings { Shards = 8 }));
        // Drawn before the clock runs, and the first lot opens what is opened once.
        byte[][] drawn = [.. Enumerable.Range(0, Images).Select(DrawnImages.Draw)];
        await foreach (var _ in client.ImportAsync("measured", DrawnImages.EnumerateAsync(200, 1_000_000))) { }
        await client.WaitForScoringAsync("measured");
        var started = Stopwatch.GetTimestamp();
        await Task.WhenAll(Enumerable.Range(0, silos).Select(async part =>
        {
            using var own = cluster.NewClient("measure", part);
            await foreach (var _ in own.ImportAsync("measured", Of(drawn.Skip(part * Images / silos).Take(Images / silos)),
                new ImportOptions { Concurrency = Math.Max(1, 4 / silos) })) { }
        }));
        var taken = Stopwatch.GetElapsedTime(started);
        await client.WaitForScoringAsync("measured");
        return (Images / taken.TotalSeconds, Images / Stopwatch.GetElapsedTime(started).TotalSeconds);
    }

    private static async IAsyncEnumerable<ImageToImport> Of(IEnumerable<byte[]> images)
    {
        var number = 0;
        foreach (var bytes in images)
            yield return new ImageToImport(string.Create(CultureInfo.InvariantCulture, $"{number++}.png"),
                _ => ValueTask.FromResult<ReadOnlyMemory<byte>>(bytes));
        await Task.CompletedTask;
    }

    private static double Median(List<double> values) => values.Order().ElementAt(values.Count / 2);

    private void Say(FormattableString text)
    {
        var line = text.ToString(CultureInfo.InvariantCulture);
        output.WriteLine(line);
        if (Environment.GetEnvironmentVariable("WINNOW_SOAK_PROGRESS") is { Length: > 0 } file) File.AppendAllText(file, line + "\n");
    }
}
