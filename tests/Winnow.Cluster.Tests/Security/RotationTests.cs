using Winnow.Cluster.Tests.Failover;
using Winnow.Model.Datasets;
using Winnow.Model.Labels;
using Winnow.Testing;
using Xunit.Abstractions;

namespace Winnow.Cluster.Tests.Security;

/// <summary>
/// Certificates and their authority are exchanged while the silos run, by the script that operators have, and what was before opens nothing
/// any more.
/// </summary>
[Trait("kind", "security")]
[Trait("needs", "postgres")]
[Trait("needs", "s3")]
[Collection(ProcessesCollection.Name)]
public sealed class RotationTests(ITestOutputHelper output)
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    [Fact]
    [Trait("kind", "failover")]
    public async Task Certificates_are_exchanged_without_a_stop()
    {
        using var certificates = new SiloCertificateFolder();
        var connection = await (await PostgresServer.SharedAsync()).CreateDatabaseAsync();
        await using var cluster = new SiloCluster(connection, await S3Server.SharedAsync(), S3Server.NewBucket(), certificates);
        try
        {
            string[] arguments = ["--Scoring:Workers", "1", "--Logging:LogLevel:Winnow.Silo.Peers", "Information"];
            await cluster.StartAsync(2, arguments);
            int[] ids = [.. cluster.Silos.Select(s => s.Id)];
            using var stolen = Papers.Genuine(certificates);
            certificates.Renew("--authority");
            await TakenAsync(cluster, 1);
            certificates.Renew();
            await TakenAsync(cluster, 2);
            certificates.Renew("--forget");
            await TakenAsync(cluster, 3);

            // Whoever comes now needs a new one; those that are there have noticed nothing.
            Assert.False((await IntruderProcess.TryAsync(connection, stolen)).Joined);
            await cluster.Add(arguments).StartAgainAsync();
            Assert.Equal(2, (await cluster.Silos[2].ReportAsync())?.Successors);
            foreach (var silo in cluster.Silos) await silo.Client.CreateDatasetAsync(SomeDataset(silo.Url.Port));
            Assert.Equal(ids, cluster.Silos.Take(2).Select(s => s.Id));
            Assert.All(cluster.Silos, s => Assert.False(s.HasExited));
        }
        catch
        {
            output.WriteLine(cluster.Output());
            throw;
        }
    }

    private static CreateDataset SomeDataset(int number) =>
        new($"d{number}", new LabelSchema { Classes = [new LabelClass("a"), new LabelClass("b")] }, new DatasetSettings { Shards = 8 });

    private static Task TakenAsync(SiloCluster cluster, int times) => Until.TrueAsync(
        () => Task.FromResult(cluster.Silos.All(s => s.Output.Split("New certificates for the silo port are in use").Length == times + 1)),
        Limit,
        () => $"both silos have taken new certificates {times} times:\n{cluster.Output()}");
}
