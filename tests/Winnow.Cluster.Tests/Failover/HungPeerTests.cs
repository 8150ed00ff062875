using Winnow.Testing;
using Xunit.Abstractions;

namespace Winnow.Cluster.Tests.Failover;

/// <summary>A silo that hangs keeps its connections and takes all that is sent to it: who has given it up closes them.</summary>
[Trait("needs", "postgres")]
[Trait("needs", "s3")]
[Collection(ProcessesCollection.Name)]
public sealed class HungPeerTests(ITestOutputHelper output)
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    // Orleans itself would keep them for ten seconds.
    private static readonly TimeSpan AtOnce = TimeSpan.FromSeconds(4);

    [Fact]
    public async Task Nothing_is_sent_any_more_to_a_silo_that_was_given_up()
    {
        var postgres = await PostgresServer.SharedAsync();
        await using var cluster =
            new SiloCluster(await postgres.CreateDatabaseAsync(), await S3Server.SharedAsync(), S3Server.NewBucket());
        await cluster.StartAsync(3, "--Scoring:Workers", "1");
        var (hung, other) = (cluster.Silos[0], cluster.Silos[1]);
        var ports = cluster.Silos.Select(s => s.Silo.Port).ToHashSet();
        await SeesAsync(other, 2);
        Assert.True(ProcessSockets.Connections(hung.Id, ports) >= 2, "it is connected to both others");

        hung.Suspend();
        try
        {
            await SeesAsync(other, 1);
            var took = await Until.TrueAsync(() => Task.FromResult(ProcessSockets.Connections(hung.Id, ports) == 0), AtOnce,
                () => $"{ProcessSockets.Connections(hung.Id, ports)} connections are kept to a silo that was given up");
            output.WriteLine($"closed after {took.TotalSeconds:F2} s");
        }
        finally
        {
            hung.Resume();
        }
    }

    private static Task<TimeSpan> SeesAsync(SiloProcess silo, int others) => Until.TrueAsync(
        async () => (await silo.ReportAsync())?.Successors == others, Limit, () => $"the silo knows {others} others");
}
