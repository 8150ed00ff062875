using System.Diagnostics;
using System.Globalization;
using Winnow.Algorithms.Numerics;
using Winnow.Cluster.Tests.Failover;
using Winnow.Cluster.Tests.Failover.Soak;
using Winnow.Testing;
using Xunit.Abstractions;

namespace Winnow.Cluster.Tests.Splitting;

/// <summary>
/// Three silos on PostgreSQL and S3 whose shards are doubled under load, and doubled again, while one of them is killed at any moment of
/// it.
/// </summary>
[Trait("needs", "postgres")]
[Trait("needs", "s3")]
[Trait("kind", "failover")]
[Collection(ProcessesCollection.Name)]
public sealed class SplitUnderLoadTests(ITestOutputHelper output)
{
    private const string Dataset = "split";
    private const ulong Seed = 4;

    [Fact]
    public async Task Silos_killed_while_shards_are_doubled_lose_nothing()
    {
        await using var postgres = await PostgresServer.StartPrivateAsync();
        await using var s3 = await S3Server.StartOwnAsync();
        await using var cluster = new SiloCluster(await postgres.CreateDatabaseAsync(), s3, S3Server.NewBucket());
        try
        {
            await cluster.StartAsync(3, "--Scoring:Workers", "1", "--Shard:KeepSuperseded", "00:00:00");
            using var client = cluster.NewClient("engineer");
            var record = await SoakDataset.CreateAsync(client, SoakDataset.Named(Dataset, 2), 400);
            var load = new SoakLoad(cluster, Dataset, record);
            using var running = RunningLoad.Start(load);
            await Until.TrueAsync(running.While(() => load.Rounds > 0), TimeSpan.FromMinutes(2), () => "the first round has ended");
            var random = new SeededRandom(Seed);
            foreach (var shards in new[] { 4, 8, 16 })
            {
                var started = Stopwatch.GetTimestamp();
                await client.SplitAsync(Dataset, shards);
                var victim = random.Next(cluster.Silos.Count);
                // Some while it copies, some while it hands over, which comes after two seconds or so.
                var moment = TimeSpan.FromMilliseconds(random.Next(3_000));
                await Until.TrueAsync(running.While(() => Stopwatch.GetElapsedTime(started) > moment), moment * 2,
                    () => "the moment has come");
                await cluster.Silos[victim].KillAsync();
                await cluster.Silos[victim].StartAgainAsync();
                await Until.TrueAsync(async () =>
                {
                    await running.ThrowIfEndedAsync();
                    return await client.GetStatusAsync(Dataset) is { Split: null } status && status.Shards == shards;
                }, TimeSpan.FromMinutes(2), () => $"there are {shards} shards");
                output.WriteLine(string.Create(CultureInfo.InvariantCulture,
                    $"{shards} shards after {Stopwatch.GetElapsedTime(started).TotalSeconds:F1} s; silo {victim} was killed after "
                    + $"{moment.TotalSeconds:F1} s"));
            }
            await running.StopAsync();
            using var auditor = cluster.NewClient("auditor");
            output.WriteLine(await RecordCheck.VerifyAsync(auditor, Dataset, record));
            await Until.TrueAsync(async () => (await auditor.GetDatasetAsync(Dataset)).Layout is { Superseded: null },
                TimeSpan.FromSeconds(90), () => "the superseded shards are removed");
            var verified = await auditor.VerifyAsync(Dataset, hash: true).LastAsync();
            Assert.True(verified.Report is { Sound: true },
                string.Join("\n", verified.Report!.Findings.Where(f => !f.Expected)
                    .Select(f => $"{f.Kind}: {string.Join(", ", f.Samples)}")));
        }
        catch
        {
            output.WriteLine(cluster.Output());
            throw;
        }
    }
}
