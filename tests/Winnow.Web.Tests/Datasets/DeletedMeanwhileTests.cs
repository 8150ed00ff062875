using System.Net;
using Winnow.Client;
using Winnow.Model.Datasets;
using Winnow.Model.Images.Buckets;
using Winnow.Model.Labels;
using Winnow.Model.Security;
using Winnow.Model.Training;
using Winnow.Testing;
using Winnow.Web.Tests.Images.Buckets;

namespace Winnow.Web.Tests.Datasets;

/// <summary>What is under way with a dataset ends with a sentence when it is deleted, and nobody keeps anything of it.</summary>
public sealed class DeletedMeanwhileTests
{
    private const string Dataset = "shapes", Operator = "the-operators-key-of-deletions";
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);
    private static readonly LabelSchema Schema = new() { Classes = [.. DrawnImages.Classes.Select(c => new LabelClass(c))] };

    private static CreateDataset Creation { get; } =
        new(Dataset, Schema, new DatasetSettings { Shards = 2, AuditSample = 5, ProjectionDimensions = 16 });

    [Fact]
    public async Task An_import_is_told_and_leaves_nothing()
    {
        await using var server = await OwnServer.StartAsync();
        await FillAsync(server.Client, 10);
        var goOn = new TaskCompletionSource();
        async IAsyncEnumerable<ImageToImport> ImagesAsync()
        {
            await foreach (var image in DrawnImages.EnumerateAsync(20, 10)) yield return image;
            await goOn.Task;
            await foreach (var image in DrawnImages.EnumerateAsync(20, 30)) yield return image;
        }
        var import = Task.Run(async () =>
        {
            await foreach (var _ in server.Client.ImportAsync(Dataset, ImagesAsync(), new ImportOptions { LotSize = 10 })) { }
        });
        await Until.TrueAsync(async () => (await server.Client.GetStatusAsync(Dataset)).Images == 30, Patience, () => "half of it is in");
        var deletion = await server.Client.DeleteDatasetAsync(Dataset);
        goOn.SetResult();
        var told = await Assert.ThrowsAsync<WinnowApiException>(() => import);
        Assert.Equal((HttpStatusCode.NotFound, true),
            (told.Status, told.Message.Contains("There is no dataset", StringComparison.Ordinal)));
        await server.Client.WaitForDeletionAsync(deletion);
        await NothingIsLeftAsync(server.Client);
    }

    [Fact]
    public async Task Shards_that_are_doubled_and_a_round_that_waits_end_with_it()
    {
        await using var server = await OwnServer.StartAsync();
        await FillAsync(server.Client, 60);
        var round = await server.Client.StartRoundAsync(Dataset, new StartRound(5));
        var waiting = server.Client.WaitForRoundAsync(Dataset, round.Arm, round.Number);
        await server.Client.SplitAsync(Dataset, 4);
        await server.Client.WaitForDeletionAsync(await server.Client.DeleteDatasetAsync(Dataset));
        Assert.Equal(HttpStatusCode.NotFound, (await Assert.ThrowsAsync<WinnowApiException>(() => waiting)).Status);
        await NothingIsLeftAsync(server.Client);
        await FillAsync(server.Client, 10);
        var status = await server.Client.GetStatusAsync(Dataset);
        Assert.Equal((10, 2, 0, null), (status.Images, status.Shards, status.ActiveRounds.Count, status.Split));
    }

    [Fact]
    public async Task An_export_that_lost_its_dataset_is_not_taken_for_a_whole_one()
    {
        var hold = new Hold("/images/", reads: true);
        await using var server = await OwnServer.StartAsync(hold.Into);
        // Without a label they would not be in it.
        await FillAsync(server.Client, 30, labelled: true);
        await server.Client.CreateVersionAsync(Dataset, new CreateVersion());
        hold.Close();
        var folder = Path.Combine(server.Folder, "exported");
        var export = server.Client.ExportAsync(Dataset, 1, "imagenet", folder);
        await Until.TrueAsync(() => Task.FromResult(hold.Kept > 0), Patience, () => "the export reads images");
        await server.Client.WaitForDeletionAsync(await server.Client.DeleteDatasetAsync(Dataset));
        hold.LetGo();
        await Assert.ThrowsAnyAsync<Exception>(() => export);
        Assert.False(Directory.Exists(folder) && Directory.EnumerateFileSystemEntries(folder).Any());
    }

    [Fact]
    public async Task Who_had_access_has_none_to_the_next_of_that_name()
    {
        await using var server = await OwnServer.StartAsync(key: Operator);
        async Task<WinnowClient> KnownAsync(string name, string scope, Role? role)
        {
            var principal = Principal.Parse($"service:{name}");
            var key = await server.Client.CreateKeyAsync(new CreateApiKey(principal, "deletion"));
            if (role is { } granted) await server.Client.GrantAccessAsync(scope, new GrantAccess(principal, granted));
            return new WinnowClient(new WinnowClientOptions { Address = server.Address, Key = key.Key, RetryAttempts = 0 });
        }

        await server.Client.CreateDatasetAsync(Creation);
        using var ann = await KnownAsync("ann", Dataset, Role.Owner);
        using var bob = await KnownAsync("bob", Dataset, Role.Engineer);
        using var eve = await KnownAsync("eve", AccessScope.Cluster, Role.Engineer);
        var refused = await Assert.ThrowsAsync<WinnowApiException>(() => bob.DeleteDatasetAsync(Dataset));
        Assert.Equal(HttpStatusCode.Forbidden, refused.Status);
        // Its owner follows it to its end, though the end takes the owner's access too.
        var deletion = await ann.DeleteDatasetAsync(Dataset);
        await ann.WaitForDeletionAsync(deletion);
        await Until.TrueAsync(async () => (await server.Client.ListDeletionsAsync()) is [{ EndedAt: not null }], Patience,
            () => "it is gone");
        Assert.Equal((Dataset, "service:ann"), (deletion.Dataset, (await server.Client.ListDeletionsAsync())[0].DeletedBy));
        await eve.CreateDatasetAsync(Creation);
        foreach (var former in new[] { ann, bob })
        {
            Assert.Empty(await former.ListDatasetsAsync());
            var told = await Assert.ThrowsAsync<WinnowApiException>(() => former.GetDatasetAsync(Dataset));
            Assert.Equal(HttpStatusCode.NotFound, told.Status);
        }
        Assert.Equal(["service:eve"], (await eve.ListAccessAsync(Dataset)).Select(g => g.Principal.ToString()));
        await eve.DeleteDatasetAsync(Dataset);
    }

    [Fact]
    [Trait("needs", "s3")]
    public async Task A_bucket_is_read_no_more()
    {
        using var bucket = await TestBucket.MakeAsync();
        await bucket.PutImagesAsync(20, 0);
        await using var host = await BucketHost.StartAsync([.. bucket.HostOptions, "--Sources:ReconcileInterval", "00:00:01"]);
        await host.AddAsync(Dataset, bucket, atLeast: 20);
        await host.Client.WaitForDeletionAsync(await host.Client.DeleteDatasetAsync(Dataset));
        await NothingIsLeftAsync(host.Client);
        await host.Client.CreateDatasetAsync(TestBucket.Dataset(Dataset));
        Assert.Empty(await host.Client.ListSourcesAsync(Dataset));
        // The same source again knows nothing of what the first one took.
        await host.Client.AddSourceAsync(Dataset, new BucketSource("pictures", bucket.Name, "", "photos"));
        await host.UntilAsync(Dataset, s => s.Taken >= 20);
        Assert.Equal(20, (await host.Client.GetStatusAsync(Dataset)).Images);
    }

    private static async Task FillAsync(WinnowClient client, int images, bool labelled = false)
    {
        await client.CreateDatasetAsync(Creation);
        await foreach (var result in client.ImportAsync(Dataset, DrawnImages.EnumerateAsync(images, labelled: labelled))) Assert.NotNull(
            result.Id);
        await client.WaitForScoringAsync(Dataset);
    }

    private static async Task NothingIsLeftAsync(WinnowClient client)
    {
        VerificationReport? report = null;
        await foreach (var step in client.VerifyAsync(Dataset)) report = step.Report;
        Assert.True(report is { Sound: true, Objects: 0, Findings: [] }, $"{report}");
    }
}
