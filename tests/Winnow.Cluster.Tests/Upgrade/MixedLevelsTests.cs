using Winnow.Client;
using Winnow.Cluster.Tests.Failover;
using Winnow.Cluster.Tests.Failover.Soak;
using Winnow.Grains.Ports;
using Winnow.Model.Images;
using Winnow.Model.Labels;
using Winnow.Model.MachineDecisions;
using Winnow.Model.Prelabels;
using Winnow.Model.Review;
using Winnow.Model.Training;
using Winnow.Testing;
using Xunit.Abstractions;

namespace Winnow.Cluster.Tests.Upgrade;

/// <summary>
/// Silos that know a level and silos that do not, side by side: nothing new is written until the last old one has gone, an old one that was
/// killed comes back until then, shards are doubled and backups taken meanwhile; afterwards an old one does not start.
/// </summary>
[Collection(ProcessesCollection.Name)]
[Trait("needs", "postgres")]
[Trait("kind", "failover")]
[Trait("needs", "s3")]
public sealed class MixedLevelsTests(ITestOutputHelper output)
{
    private const string Dataset = "mixed";
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(120);

    [Fact]
    public async Task What_is_new_is_written_when_no_old_silo_is_left()
    {
        var postgres = await PostgresServer.SharedAsync();
        await using var cluster = new SiloCluster(await postgres.CreateDatabaseAsync(), await S3Server.SharedAsync(), S3Server.NewBucket());
        try
        {
            await SiloCluster.PrepareAsync();
            string[] now = ["--Scoring:Workers", "1", "--Cluster:RaiseLevelAfter", "00:00:02"];
            string[] before = [.. now, "--Cluster:HighestLevel", "0"];
            SiloProcess[] silos = [cluster.Add(before), cluster.Add(before), cluster.Add(now)];
            // A new one that sees nobody and no dataset is a cluster of its own release: the old ones are there before it.
            await Task.WhenAll(silos[..2].Select(s => s.StartAgainAsync()));
            await silos[2].StartAgainAsync();
            await CheckAsync(cluster, silos[..2], silos[2]);
        }
        catch
        {
            output.WriteLine(cluster.Output());
            throw;
        }
    }

    private static async Task CheckAsync(SiloCluster cluster, SiloProcess[] old, SiloProcess now)
    {
        using var client = cluster.NewClient("engineer", first: 2);
        await SoakDataset.CreateAsync(client, SoakDataset.Named(Dataset, 2), 60);
        var image = await FirstAsync(client);
        await RefusedAsync(client, image);
        // One that was killed in mid-upgrade comes back: the other keeps the level where it is.
        await old[0].KillAsync();
        await RefusedAsync(client, image);
        await old[0].StartAgainAsync();
        await client.SplitAsync(Dataset, 4);
        await Until.TrueAsync(
            async () => (await client.GetDatasetAsync(Dataset)).Shards is { Count: 4, Split: null }, Limit, () => "the shards are doubled");
        var round = await client.StartRoundAsync(Dataset, new StartRound(5));
        await Until.TrueAsync(async () => (await client.GetStatusAsync(Dataset)).OpenTasks >= 5, Limit, () => $"round {round.Number} asks");
        var task = Assert.Single(await client.LeaseAsync(Dataset, new LeaseRequest(1, 10_000)));
        var said = new Decision { Kind = DecisionKind.Reject };
        var answered = Assert.Single(await client.SubmitAsync(Dataset, [new(task.Image, Guid.NewGuid(), said, task.Lease)]));
        Assert.Equal(SubmitStatus.Recorded, answered.Status);
        Task<SubmitResult> TakeBackAsync() => client.TakeBackAsync(Dataset, task.Image, 1);
        var early = await TakeBackAsync();
        Assert.Equal(SubmitStatus.Refused, early.Status);
        Assert.Contains(NotYet, early.Reason, StringComparison.Ordinal);
        using var backup = new MemoryStream();
        await using (var stream = await client.OpenBackupAsync(Dataset)) await stream.CopyToAsync(backup);
        backup.Position = 0;
        Assert.Equal(60, (await client.RestoreStreamAsync(backup, "restored")).Images);
        await RefusedAsync(client, image);

        foreach (var silo in old) Assert.Equal(0, await silo.TerminateAsync());
        await Until.TrueAsync(async () => await IsTakenAsync(client, image), Limit, () => "the level is raised");
        var detail = await client.GetImageAsync(Dataset, image);
        Assert.Contains(detail.Prelabels, p => p.Source == "yolo");
        Assert.True(Assert.Single(detail.MachineDecisions).Stands);
        Assert.Equal(SubmitStatus.Recorded, (await TakeBackAsync()).Status);
        old[0].Launch();
        await Until.TrueAsync(() => Task.FromResult(old[0].HasExited), Limit, () => "the old silo does not start");
        var refused = $"The cluster is at level {ClusterLevels.Newest}, and this silo knows levels up to 0";
        Assert.Contains(refused, old[0].Output, StringComparison.Ordinal);
        Assert.False(now.HasExited);
    }

    private const string NotYet = "does not take this yet";

    private static async Task RefusedAsync(WinnowClient client, ImageId image) => Assert.False(await IsTakenAsync(client, image));

    private static async Task<bool> IsTakenAsync(WinnowClient client, ImageId image)
    {
        try
        {
            var (tag, at) = (new ClassTag(DrawnImages.Classes[0]), DateTimeOffset.UnixEpoch.AddYears(50));
            var decided = new ImageMachineDecision(image, MachineKind.AutoAccepted, "night", "yolo", [tag], at);
            // What is of a higher level waits as well.
            if ((await client.AddMachineDecisionsAsync(Dataset, [decided])).Taken != 1) return false;
            var made = new ImagePrelabel(image, "yolo", [tag], at);
            return (await client.AddPrelabelsAsync(Dataset, [made])).Taken == 1;
        }
        catch (WinnowApiException early) when (early.Message.Contains(NotYet, StringComparison.Ordinal))
        {
            return false;
        }
    }

    private static async Task<ImageId> FirstAsync(WinnowClient client)
    {
        await foreach (var image in client.ListImagesAsync(Dataset)) return image.Id;
        throw new InvalidOperationException("No image is there.");
    }
}
