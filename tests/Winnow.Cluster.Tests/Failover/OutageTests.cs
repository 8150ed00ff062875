using System.Diagnostics;
using System.Net.Http.Json;
using Winnow.Adapters.Tests.Support;
using Winnow.Client;
using Winnow.Cluster.Tests.Failover.Soak;
using Winnow.Model;
using Winnow.Model.Datasets;
using Winnow.Model.Health;
using Winnow.Model.Images;
using Winnow.Testing;
using Xunit.Abstractions;

namespace Winnow.Cluster.Tests.Failover;

/// <summary>
/// A store that is away for a while: the health page names it, nothing acknowledged is lost, and all goes on by itself when it is back.
/// </summary>
[Trait("needs", "postgres")]
[Trait("needs", "s3")]
[Collection(ProcessesCollection.Name)]
public sealed class OutageTests(ITestOutputHelper output)
{
    private const string Dataset = "outage";
    private static readonly TimeSpan Outage = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan Noticed = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan Recovered = TimeSpan.FromSeconds(60);

    private static readonly CreateDataset Creation = SoakDataset.Named(Dataset, 4);

    [Fact]
    [Trait("kind", "failover")]
    public async Task PostgreSQL_is_away_for_twenty_seconds()
    {
        await using var postgres = await PostgresServer.StartPrivateAsync();
        await AwayAsync("ledger", postgres, await S3Server.SharedAsync(), postgres.StopAsync, postgres.StartAsync);
    }

    [Fact]
    [Trait("kind", "failover")]
    public async Task S3_is_away_for_twenty_seconds()
    {
        await using var s3 = await S3Server.StartOwnAsync();
        await AwayAsync("objects", await PostgresServer.SharedAsync(), s3, s3.DownAsync, s3.UpAsync);
    }

    private async Task AwayAsync(string part, PostgresServer postgres, S3Server s3, Func<Task> stop, Func<Task> start)
    {
        await using var cluster = new SiloCluster(await postgres.CreateDatabaseAsync(), s3, S3Server.NewBucket());
        try
        {
            await cluster.StartAsync(2, "--Scoring:Workers", "1");
            using var client = cluster.NewClient("engineer");
            var record = await SoakDataset.CreateAsync(client, Creation, 200);
            var load = new SoakLoad(cluster, Dataset, record);
            using var running = RunningLoad.Start(load);
            await Until.TrueAsync(running.While(() => record.Decisions.Count > 20), Recovered, () => "people review");
            var stopped = Stopwatch.GetTimestamp();
            await stop();
            var noticed = await Until.TrueAsync(async () => await ProblemOfAsync(cluster.Silos[0].Url, part) is not null, Noticed,
                () => $"the health page names '{part}'");
            output.WriteLine($"health page after {noticed.TotalSeconds:F1} s: {await ProblemOfAsync(cluster.Silos[0].Url, part)}");
            await Until.TrueAsync(running.While(() => Stopwatch.GetElapsedTime(stopped) > Outage), Outage * 2,
                () => "the time of the outage has passed");
            await start();
            var back = Stopwatch.GetTimestamp();
            await Until.TrueAsync(async () => (await HealthAsync(cluster.Silos[0].Url)).Ready
                && (await HealthAsync(cluster.Silos[1].Url)).Ready, Recovered, () => "both silos are ready again");
            var (images, decisions) = (record.Images.Count, record.Decisions.Count);
            await Until.TrueAsync(running.While(() => record.Images.Count > images + 80 && record.Decisions.Count > decisions + 10),
                Recovered, () => "imports and reviews go on");
            output.WriteLine($"imports and reviews went on {Stopwatch.GetElapsedTime(back).TotalSeconds:F1} s after '{part}' was back");
            await running.StopAsync();
            output.WriteLine(await RecordCheck.VerifyAsync(client, Dataset, record));
            Assert.All(cluster.Silos, s => Assert.False(s.HasExited));
        }
        catch
        {
            output.WriteLine(cluster.Output());
            throw;
        }
    }

    [SmallDiskFact]
    public async Task A_full_disk_is_named_refused_and_survived()
    {
        using var disk = new SmallDisk(96);
        await using var silo = await SiloProcess.StartAsync(new SiloProcessOptions { Folder = disk.At("data") });
        using var impatient = new WinnowClient(new WinnowClientOptions { Address = silo.Url, Actor = "importer", RetryAttempts = 0 });
        await silo.Client.CreateDatasetAsync(Creation);
        var record = new SoakRecord(Creation.Settings!.LeasePeriod);
        await ImportAsync(silo.Client, record, 0);
        await silo.Client.WaitForScoringAsync(Dataset);
        using (disk.Fill())
        {
            await Assert.ThrowsAsync<WinnowApiException>(async () => await ImportAsync(impatient, record, 1_000));
            string[] problems = [];
            await Until.TrueAsync(async () =>
            {
                string?[] told = [await ProblemOfAsync(silo.Url, "ledger"), await ProblemOfAsync(silo.Url, "objects")];
                return (problems = [.. told.OfType<string>()]).Length > 0;
            }, Noticed, () => "the health page names the full disk");
            Assert.All(problems, p => Assert.Contains("full", p, StringComparison.OrdinalIgnoreCase));
            foreach (var problem in problems) output.WriteLine(problem);
            // What is there can still be read.
            Assert.Equal(record.Images.Count, (await silo.Client.GetStatusAsync(Dataset)).Images);
        }
        await Until.TrueAsync(async () => (await HealthAsync(silo.Url)).Ready, Recovered, () => "the silo is ready again");
        // What was not acknowledged may be there or not; sending it again settles that, and counts it once.
        await ImportAsync(silo.Client, record, 1_000);
        output.WriteLine(await RecordCheck.VerifyAsync(silo.Client, Dataset, record));
    }

    private static async Task ImportAsync(WinnowClient client, SoakRecord record, int from)
    {
        await foreach (var result in client.ImportAsync(Dataset, DrawnImages.EnumerateAsync(100, from),
            new ImportOptions { Concurrency = 1 }))
        {
            Assert.NotEqual(IngestStatus.Quarantined, result.Status);
            record.Accepted(result.Id!.Value, result.Name);
        }
    }

    private static async Task<HealthReport> HealthAsync(Uri silo)
    {
        using var http = new HttpClient { Timeout = TimeSpan.FromSeconds(10) };
        using var response = await http.GetAsync(new Uri(silo, "/health/ready"));
        return (await response.Content.ReadFromJsonAsync(ModelJson.Default.HealthReport))!;
    }

    private static async Task<string?> ProblemOfAsync(Uri silo, string part) =>
        (await HealthAsync(silo)).Parts.SingleOrDefault(p => p.Name == part)?.Problem;
}
