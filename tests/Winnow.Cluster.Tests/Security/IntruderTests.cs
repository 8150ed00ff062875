using System.Security.Cryptography.X509Certificates;
using Npgsql;
using Winnow.Cluster.Tests.Failover;
using Winnow.Testing;
using Xunit.Abstractions;

namespace Winnow.Cluster.Tests.Security;

/// <summary>Silos know each other by certificates of one authority: whoever comes without is refused before it is a member, and nobody is disturbed by it.</summary>
[Trait("needs", "postgres")]
[Trait("needs", "s3")]
[Collection(ProcessesCollection.Name)]
public sealed class IntruderTests(ITestOutputHelper output)
{
    private const string OperatorKey = "a key of the operator's own, 0123456789";
    private const string Mallory = "service:mallory";
    private const int Active = 3;

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
                (Papers.Genuine(certificates), false, "showed no certificate"),
                (Papers.OfItsOwn(), true, "it is of another authority"),
                (Papers.Ended(certificates), true, "not good at this time"),
                (Papers.OfAServer(certificates), true, "for servers and for clients both"),
            ];
            var tried = await Task.WhenAll(strangers.Select(s => IntruderProcess.TryAsync(connection, s.Shows, s.ToAll)));
            Assert.All(tried, t => Assert.False(t.Joined || t.OwnsAll, t.ToString()));
            foreach (var intruder in tried) Assert.NotEqual(Active, await StatusAsync(connection, intruder.Port));
            foreach (var silo in cluster.Silos)
            {
                Assert.All(strangers, s => Assert.Contains(s.Reason, silo.Output, StringComparison.Ordinal));
                Assert.Equal(1, (await silo.ReportAsync())?.Successors);
                Assert.DoesNotContain(await silo.Client.ListAccessAsync("*"), g => g.Principal.ToString() == Mallory);
            }

            // What they were refused for is their certificate, and nothing else: the same host with a good one is let in, and then nothing stops it.
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

    private static async Task<int> StatusAsync(string connection, int port)
    {
        await using var source = NpgsqlDataSource.Create(connection);
        await using var command = source.CreateCommand("SELECT status FROM orleans_membership WHERE port = $1");
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = port });
        return await command.ExecuteScalarAsync() is int status ? status : 0;
    }
}
