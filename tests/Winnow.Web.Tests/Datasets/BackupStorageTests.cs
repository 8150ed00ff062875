using Winnow.Client;
using Winnow.Model.Datasets;
using Winnow.Model.Labels;
using Winnow.Model.Training;
using Winnow.Testing;
using Winnow.Web.Tests.Images.Buckets;

namespace Winnow.Web.Tests.Datasets;

/// <summary>A dataset moves from files to real servers and back, and learns on in either place.</summary>
[Trait("needs", "s3")]
[Trait("needs", "postgres")]
public sealed class BackupStorageTests(Server server) : IClassFixture<Server>
{
    [Fact]
    public async Task A_dataset_moves_to_PostgreSQL_and_S3_and_back()
    {
        var schema = new LabelSchema { Classes = [.. DrawnImages.Classes.Select(c => new LabelClass(c))] };
        await server.Client.CreateDatasetAsync(
            new CreateDataset("shapes", schema, new DatasetSettings { Shards = 2, AuditSample = 10, ProjectionDimensions = 16 }));
        await foreach (var _ in server.Client.ImportAsync("shapes", DrawnImages.EnumerateAsync(120)))
        {
        }
        await server.Client.WaitForScoringAsync("shapes");
        await LearnAsync(server.Client, "shapes");
        var version = await server.Client.CreateVersionAsync("shapes", new CreateVersion());

        var s3 = await S3Server.SharedAsync();
        await using var cluster = await BucketHost.StartAsync(
            [.. SiloCluster.Options(await (await PostgresServer.SharedAsync()).CreateDatabaseAsync(), s3, S3Server.NewBucket()),
                "--Cluster:AdvertisedAddress", "127.0.0.1"]);
        await MoveAsync(server.Client, "shapes", cluster.Client, "shapes");
        Assert.Equal([version with { Told = 1 }], await cluster.Client.ListVersionsAsync("shapes"));
        Assert.Equal(await ExportAsync(server.Client, "shapes"), await ExportAsync(cluster.Client, "shapes"));
        await LearnAsync(cluster.Client, "shapes");

        await MoveAsync(cluster.Client, "shapes", server.Client, "returned");
        Assert.Equal(await ExportAsync(server.Client, "shapes"), await ExportAsync(server.Client, "returned"));
        await LearnAsync(server.Client, "returned");
        Assert.Equal(3, (await server.Client.ListRoundsAsync("returned")).Count);
    }

    private static async Task MoveAsync(WinnowClient from, string dataset, WinnowClient to, string name)
    {
        // Straight from one server to the other: neither end needs a file.
        await using var backup = await from.OpenBackupAsync(dataset);
        var restored = await to.RestoreStreamAsync(backup, name);
        Assert.Equal((120L, 0L), (restored.Images, restored.Missing));
        VerificationReport? report = null;
        await foreach (var step in to.VerifyAsync(name, hash: true)) report = step.Report;
        Assert.True(report!.Sound, string.Join(", ", report.Findings));
    }

    private static async Task LearnAsync(WinnowClient client, string dataset)
    {
        using var stop = new CancellationTokenSource();
        var reviewing = new SimulatedReviewer(client,
            new SimulatedReviewerOptions { Dataset = dataset, Classes = DrawnImages.Classes, Truth = t => t.Name.Split('/')[0] })
            .RunAsync(stop.Token);
        var round = await client.StartRoundAsync(dataset, new StartRound(10));
        Assert.Equal(RoundStep.Done, (await client.WaitForRoundAsync(dataset, Arms.Main, round.Number)).Step);
        await stop.CancelAsync();
        await reviewing;
    }

    private static async Task<byte[]> ExportAsync(WinnowClient client, string dataset)
    {
        await using var stream = await client.OpenExportAsync(dataset, 1, "imagenet");
        using var copy = new MemoryStream();
        await stream.CopyToAsync(copy);
        return copy.ToArray();
    }
}
