using Winnow.Client;
using Winnow.Cluster.Tests.Failover.Soak;
using Winnow.Model.Images;
using Winnow.Model.Labels;
using Winnow.Model.Review;
using Winnow.Testing;
using Xunit.Abstractions;

namespace Winnow.Cluster.Tests.Failover;

/// <summary>
/// A silo that hung, was given up and goes on believes for a moment that it is still one of the cluster, and has in memory what was so
/// before. Whoever asks it then is told nothing that is older than what others were told meanwhile.
/// </summary>
[Trait("needs", "postgres")]
[Trait("needs", "s3")]
[Collection(ProcessesCollection.Name)]
public sealed class ResumedSiloTests(ITestOutputHelper output)
{
    private const string Dataset = "resumed";
    private const int Images = 60;
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task Nothing_is_told_from_before()
    {
        var postgres = await PostgresServer.SharedAsync();
        await using var cluster =
            new SiloCluster(await postgres.CreateDatabaseAsync(), await S3Server.SharedAsync(), S3Server.NewBucket());
        await cluster.StartAsync(3, "--Scoring:Workers", "1");
        var (hung, other) = (cluster.Silos[0], cluster.Silos[1]);
        using var there = ClientOf(hung);
        using var elsewhere = ClientOf(other, retries: 20);
        var record = await SoakDataset.CreateAsync(elsewhere, SoakDataset.Named(Dataset, 8), Images);
        ImageId[] images = [.. record.Images.Keys];
        foreach (var image in images) Assert.Equal(0, (await there.GetImageAsync(Dataset, image)).Version);
        await Until.TrueAsync(async () => (await hung.ReportAsync())?.Grains.GetValueOrDefault("shard") > 0, Limit,
            () => "the silo holds shards");

        hung.Suspend();
        Task<long?>[] looks;
        try
        {
            await Until.TrueAsync(async () => (await other.ReportAsync())?.Successors == 1, Limit, () => "the silo is given up");
            var decision = new Decision { Kind = DecisionKind.Label, Annotations = [new ClassTag(DrawnImages.Classes[0])] };
            foreach (var image in images)
            {
                var told = await elsewhere.SubmitAsync(Dataset, [new SubmitDecision(image, Guid.NewGuid(), decision, ExpectedVersion: 0)]);
                Assert.Equal(SubmitStatus.Recorded, told[0].Status);
            }
            looks = [.. images.Select(i => VersionAsync(there, i))];
        }
        finally
        {
            hung.Resume();
        }
        var versions = await Task.WhenAll(looks);
        output.WriteLine($"{versions.Count(v => v is null)} looks of {versions.Length} were not answered");
        Assert.All(versions, v => Assert.True(v is null or 1, $"an image is shown with {v} entries, long after its first was told"));
    }

    private static async Task<long?> VersionAsync(WinnowClient client, ImageId image)
    {
        try
        {
            return (await client.GetImageAsync(Dataset, image)).Version;
        }
        catch (Exception e) when (e is HttpRequestException or WinnowApiException or TaskCanceledException or IOException)
        {
            return null;
        }
    }

    private static WinnowClient ClientOf(SiloProcess silo, int retries = 0) =>
        new(new WinnowClientOptions { Address = silo.Url, Actor = "looker", RetryAttempts = retries });
}
