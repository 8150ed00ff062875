using Winnow.Cluster.Tests.Failover;
using Winnow.Cluster.Tests.Failover.Soak;
using Winnow.Cluster.Tests.Security;
using Winnow.Model.Datasets;
using Winnow.Testing;
using Xunit.Abstractions;

namespace Winnow.Cluster.Tests.Upgrade;

/// <summary>
/// Silos of the last release are replaced by new ones, one at a time, while people work: nobody's call fails for good, nothing is lost. The
/// last release knows no TLS, so the new ones take it in at first, and are replaced once more by those that do not.
/// </summary>
[Collection(ProcessesCollection.Name)]
[Trait("needs", "postgres")]
[Trait("kind", "failover")]
[Trait("needs", "s3")]
[Trait("needs", "last-release")]
public sealed class RollingUpgradeTests(ITestOutputHelper output)
{
    private const string Dataset = "upgraded";
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(90);

    private static readonly CreateDataset Creation = SoakDataset.Named(Dataset, 4);

    [Fact]
    public async Task New_silos_take_over_from_the_last_release()
    {
        var old = await LastRelease.SiloAsync();
        var postgres = await PostgresServer.SharedAsync();
        var connection = await postgres.CreateDatabaseAsync();
        await using var cluster = new SiloCluster(connection, await S3Server.SharedAsync(), S3Server.NewBucket());
        try
        {
            await SiloCluster.PrepareAsync();
            string[] arguments = ["--Scoring:Workers", "1"];
            SiloProcess[] before =
                [cluster.Add(arguments, new SiloProcessOptions { Program = old }),
                    cluster.Add(arguments, new SiloProcessOptions { Program = old })];
            string[] open = [.. arguments, "--Cluster:Tls:AllowPlain", "true"];
            SiloProcess[] between = [cluster.Add(open), cluster.Add(open)];
            SiloProcess[] after = [cluster.Add(arguments), cluster.Add(arguments)];
            await Task.WhenAll(before.Select(s => s.StartAgainAsync()));
            await UpgradeAsync(cluster, before, between, after);
            // Said at each start of those that were open, and by no other.
            Assert.All(between, s => Assert.Contains("Cluster:Tls:AllowPlain is set", s.Output, StringComparison.Ordinal));
            Assert.All(after, s => Assert.DoesNotContain("AllowPlain", s.Output, StringComparison.Ordinal));
            Assert.False((await IntruderProcess.TryAsync(connection, shows: null)).Joined);
        }
        catch
        {
            output.WriteLine(cluster.Output());
            throw;
        }
    }

    private async Task UpgradeAsync(SiloCluster cluster, params SiloProcess[][] generations)
    {
        using var client = cluster.NewClient("engineer");
        var record = await SoakDataset.CreateAsync(client, Creation, 200);
        using var running = RunningLoad.Start(new SoakLoad(cluster, Dataset, record));
        foreach (var (leaves, comes) in generations.Zip(generations.Skip(1)).SelectMany(g => g.First.Zip(g.Second)))
        {
            // Both kinds side by side, each holding a part, and work goes on.
            await comes.StartAgainAsync();
            await GoesOnAsync(running, record);
            await EachReadsTheOtherAsync(record, leaves, comes);
            Assert.Equal(0, await leaves.TerminateAsync());
            await GoesOnAsync(running, record);
        }
        await running.StopAsync();
        output.WriteLine(await RecordCheck.VerifyAsync(client, Dataset, record));
    }

    /// <summary>
    /// Whichever silo holds a dataset's or an image's grain, either answers what the other tells it: records of the model cross under names
    /// that both know.
    /// </summary>
    private static async Task EachReadsTheOtherAsync(SoakRecord record, params SiloProcess[] silos)
    {
        foreach (var silo in silos)
        {
            Assert.Equal(Dataset, (await silo.Client.GetStatusAsync(Dataset)).Name);
            foreach (var image in record.Images.Keys.Take(40))
                Assert.Equal(image, (await silo.Client.GetImageAsync(Dataset, image)).Id);
        }
    }

    private static async Task GoesOnAsync(RunningLoad running, SoakRecord record)
    {
        var (images, decisions) = (record.Images.Count, record.Decisions.Count);
        await Until.TrueAsync(running.While(() => record.Images.Count > images + 80 && record.Decisions.Count > decisions + 15), Limit,
            () => "imports and reviews go on");
    }
}
