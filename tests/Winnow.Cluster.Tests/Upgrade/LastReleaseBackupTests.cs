using Winnow.Client;
using Winnow.Cluster.Tests.Failover;
using Winnow.Model.Datasets;
using Winnow.Model.Images;
using Winnow.Model.Labels;
using Winnow.Model.Review;
using Winnow.Testing;

namespace Winnow.Cluster.Tests.Upgrade;

/// <summary>
/// A backup that the last release wrote is restored by this one, with all that it tells; and so is the folder of its server taken over.
/// </summary>
[Collection(ProcessesCollection.Name)]
[Trait("kind", "failover")]
[Trait("needs", "last-release")]
public sealed class LastReleaseBackupTests
{
    private const string Dataset = "of-the-last-release";

    [Fact]
    public async Task A_backup_of_the_last_release_is_restored()
    {
        var folder = Directory.CreateTempSubdirectory("winnow-last-release-");
        try
        {
            using var backup = new MemoryStream();
            var before = new SiloProcessOptions { Program = await LastRelease.SiloAsync(), Folder = folder.FullName };
            await using (var old = await SiloProcess.StartAsync(before))
            {
                await FillAsync(old.Client);
                await using var stream = await old.Client.OpenBackupAsync(Dataset);
                await stream.CopyToAsync(backup);
                Assert.Equal(0, await old.TerminateAsync());
            }
            await using var silo = await SiloProcess.StartAsync(new SiloProcessOptions { Folder = folder.FullName });
            backup.Position = 0;
            var restored = await silo.Client.RestoreStreamAsync(backup, "restored");
            Assert.Equal((6L, 1L, 0L, 0L), (restored.Images, restored.History, restored.Missing, restored.Cleaned));
            Assert.Empty(await silo.Client.ListSetAsideAsync());
            foreach (var name in new[] { Dataset, "restored" }) await CheckAsync(silo.Client, name, name == "restored");
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private static async Task FillAsync(WinnowClient client)
    {
        var schema = new LabelSchema { Classes = [.. DrawnImages.Classes.Select(c => new LabelClass(c))] };
        await client.CreateDatasetAsync(new CreateDataset(Dataset, schema, new DatasetSettings { Shards = 2, AuditSample = 0 }));
        await foreach (var result in client.ImportAsync(Dataset, DrawnImages.EnumerateAsync(6))) Assert.NotNull(result.Id);
        await client.WaitForScoringAsync(Dataset);
        var decision = new Decision { Kind = DecisionKind.Label, Annotations = [new ClassTag(DrawnImages.Classes[1])] };
        var answer = new SubmitDecision(await FirstAsync(client, Dataset), Guid.NewGuid(), decision, ExpectedVersion: 0);
        Assert.Equal(SubmitStatus.Recorded, (await client.SubmitAsync(Dataset, [answer]))[0].Status);
        await client.CreateVersionAsync(Dataset, new CreateVersion("of the last release"));
    }

    private static async Task CheckAsync(WinnowClient client, string dataset, bool told)
    {
        Assert.Equal(6, (await client.GetStatusAsync(dataset)).Images);
        var image = await client.GetImageAsync(dataset, await FirstAsync(client, dataset));
        Assert.Equal(told ? 1 : null, Assert.Single(image.History).Told);
        Assert.Equal(DrawnImages.Classes[1], Assert.IsType<ClassTag>(Assert.Single(image.Annotations)).Class);
        var version = Assert.Single(await client.ListVersionsAsync(dataset));
        await using var export = await client.OpenExportAsync(dataset, version.Number, "csv");
        using var text = new StreamReader(export);
        Assert.Contains(DrawnImages.Classes[1], await text.ReadToEndAsync(), StringComparison.Ordinal);
    }

    private static async Task<ImageId> FirstAsync(WinnowClient client, string dataset)
    {
        ImageId? first = null;
        await foreach (var image in client.ListImagesAsync(dataset))
            if (first is null || image.Id.CompareTo(first.Value) < 0) first = image.Id;
        return first!.Value;
    }
}
