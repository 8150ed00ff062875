using System.Net;
using Winnow.Client;
using Winnow.Cluster.Tests.Failover;
using Winnow.Model.Security;
using Winnow.Testing;

namespace Winnow.Cluster.Tests.Security;

/// <summary>What one silo revokes, no other silo lets in any more, from that moment on.</summary>
[Trait("kind", "security")]
[Trait("needs", "postgres")]
[Trait("needs", "s3")]
[Collection(ProcessesCollection.Name)]
public sealed class RevocationTests
{
    private const string OperatorKey = "a-key-of-the-operators-own-0123456789";

    [Fact]
    public async Task A_key_that_one_silo_revoked_opens_no_other_silo()
    {
        await using var cluster =
            new SiloCluster(await (await PostgresServer.SharedAsync()).CreateDatabaseAsync(), await S3Server.SharedAsync(),
                S3Server.NewBucket());
        await SiloCluster.PrepareAsync();
        for (var i = 0; i < 2; i++)
            cluster.Add(["--Api:Key", OperatorKey, "--Scoring:Workers", "1"], new SiloProcessOptions { Key = OperatorKey });
        await Task.WhenAll(cluster.Silos.Select(s => s.StartAgainAsync()));

        var key = await cluster.Silos[0].Client.CreateKeyAsync(new CreateApiKey(Principal.Parse("service:robot")));
        WinnowClient[] robots =
            [.. cluster.Silos.Select(s => new WinnowClient(new WinnowClientOptions { Address = s.Url, Key = key.Key, RetryAttempts = 0 }))];
        foreach (var robot in robots) Assert.Equal("service:robot", (await robot.WhoamiAsync()).Principal?.ToString());

        await cluster.Silos[0].Client.RevokeKeyAsync(key.Info.Id);
        // No waiting: not one call more.
        foreach (var robot in robots.Reverse())
            Assert.Equal(HttpStatusCode.Unauthorized, (await Assert.ThrowsAsync<WinnowApiException>(() => robot.WhoamiAsync())).Status);
        foreach (var robot in robots) robot.Dispose();
    }
}
