using System.Security.Cryptography.X509Certificates;
using Npgsql;
using Winnow.Cluster.Tests.Failover;
using Winnow.Testing;
using Xunit.Abstractions;

namespace Winnow.Cluster.Tests.Security;

/// <summary>
/// Silos know each other by certificates of one authority: whoever comes without is refused before it is a member, and nobody is disturbed
/// by it.
/// </summary>
[Trait("kind", "security")]
[Trait("needs", "postgres")]
[Trait("needs", "s3")]
[Collection(ProcessesCollection.Name)]
public sealed class IntruderTests(ITestOutputHelper output)
{
    private const string OperatorKey = "a-key-of-the-operators-own-0123456789";
    private const string Mallory = "service:mallory";

    [Fact]
    public async Task Strangers_are_refused_before_they_are_members()
    {
        var certificates = SiloCertificateFolder.Shared;
        var connection = await (await PostgresServer.SharedAsync()).CreateDatabaseAsync();
        await using var cluster = new SiloCluster(connection, await S3Server.SharedAsync(), S3Server.NewBucket());
        await SiloCluster.PrepareAsync();
        string[] arguments = ["--Api:Key", OperatorKey, "--Scoring:Workers", "1", "--Logging:LogLevel:Winnow.Silo.Peers", "Debug"];
        for (var i = 0; i < 2; i++) cluster.Add(arguments, new SiloProcessOptions { Key = OperatorKey });
        try
        {
            await Task.WhenAll(cluster.Silos.Select(s => s.StartAgainAsync()));
            // They have the database's password, so they can write that they want to join; nobody answers them.
            (X509Certificate2? Shows, bool ToAll, string Reason)[] strangers =
            [
                (null, true, "spoke something else than TLS"),
                (Papers.OfItsOwn(), false, "showed no certificate"),
                (Papers.OfItsOwn(), true, "it is of another authority"),
                (Papers.Ended(certificates), true, "not good at this time"),
                // Which would do for those who call it: the members do, to learn what it is.
                (Papers.OfAServer(certificates), true, "for servers and for clients both"),
            ];
            var tried = await Task.WhenAll(strangers.Select(s => IntruderProcess.TryAsync(connection, s.Shows, s.ToAll)));
            Assert.All(tried, t => Assert.False(t.Joined || t.OwnsAll, t.ToString()));
            Assert.Equal(cluster.Silos.Select(s => s.Silo.Port).Order(), await MembersAsync(connection));
            foreach (var silo in cluster.Silos)
            {
                Assert.All(strangers, s => Assert.Contains(s.Reason, silo.Output, StringComparison.Ordinal));
                Assert.DoesNotContain(await silo.Client.ListAccessAsync("*"), g => g.Principal.ToString() == Mallory);
            }

            // What they were refused for is their certificate, and nothing else: the same host with a good one is let in, and then nothing
            // stops it.
            var member = await IntruderProcess.TryAsync(connection, Papers.Genuine(certificates));
            Assert.True(member.Joined && member.OwnsAll, member.ToString());
            Assert.Contains(await cluster.Silos[0].Client.ListAccessAsync("*"), g => g.Principal.ToString() == Mallory);
        }
        catch
        {
            output.WriteLine(cluster.Output());
            throw;
        }
    }

    /// <summary>The ports of those that the cluster's own list of members calls active.</summary>
    private static async Task<List<int>> MembersAsync(string connection)
    {
        await using var source = NpgsqlDataSource.Create(connection);
        await using var command = source.CreateCommand("SELECT port FROM orleans_membership WHERE status = 3 ORDER BY port");
        await using var rows = await command.ExecuteReaderAsync();
        var ports = new List<int>();
        while (await rows.ReadAsync()) ports.Add(rows.GetInt32(0));
        return ports;
    }
}
