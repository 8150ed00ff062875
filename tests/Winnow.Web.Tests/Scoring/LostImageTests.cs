using System.Net;
using Winnow.Client;
using Winnow.Model.Datasets;
using Winnow.Model.Images;
using Winnow.Model.Labels;
using Winnow.Model.Overview;
using Winnow.Testing;

namespace Winnow.Web.Tests.Scoring;

/// <summary>
/// Single images that the object store does not give are told and hold up no other; a store that gives none is waited for.
/// </summary>
[Trait("needs", "s3")]
[Trait("needs", "postgres")]
public sealed class LostImageTests
{
    private const string Dataset = "shapes";
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    private static readonly CreateDataset Shapes = new(
        Dataset, new LabelSchema { Classes = [.. DrawnImages.Classes.Select(c => new LabelClass(c))] },
        new DatasetSettings { Shards = 2, AuditSample = 0, ProjectionDimensions = 16 });

    /// <summary>Takes images in while nothing reads them, so that what happens to them happens before they are scored.</summary>
    private static async Task<ImageId[]> ImportAsync(OwnServer server, int count)
    {
        await server.Client.CreateDatasetAsync(Shapes);
        var taken = new List<ImageId>();
        await foreach (var result in server.Client.ImportAsync(Dataset, DrawnImages.EnumerateAsync(count, labelled: true)))
            taken.Add(result.Id!.Value);
        return [.. taken];
    }

    private static async Task<DatasetStatus> UntilAsync(OwnServer server, Func<DatasetStatus, bool> condition)
    {
        DatasetStatus? status = null;
        await Until.TrueAsync(async () => condition(status = await server.Client.GetStatusAsync(Dataset)), Patience,
            () => $"scoring came so far; it stands at {status}");
        return status!;
    }

    private static async Task<Dictionary<ImageId, ImageSummary>> ListAsync(OwnServer server)
    {
        var images = new Dictionary<ImageId, ImageSummary>();
        await foreach (var image in server.Client.ListImagesAsync(Dataset)) images.Add(image.Id, image);
        return images;
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task An_image_whose_bytes_are_gone_or_closed_is_put_aside_and_the_others_are_scored(bool s3)
    {
        var store = await LosableStore.OpenAsync(s3);
        var hold = new Hold("/images/", reads: true);
        hold.Close();
        await using var server = await OwnServer.StartAsync(hold.Into, null, store.Options);
        store.Found(server);
        var images = await ImportAsync(server, 40);
        foreach (var gone in images[..3]) await store.RemoveAsync(Dataset, gone);
        await store.CloseAsync(Dataset, images[3]);
        hold.LetGo();

        var status = await UntilAsync(server, s => s.ScoringBacklog == 0);
        Assert.Equal((40L, 4L, null), (status.Images, status.Stages[Stage.Quarantined], status.ScoringStalled));
        var listed = await ListAsync(server);
        foreach (var gone in images[..3]) Assert.Contains("not in the object store", listed[gone].Reason, StringComparison.Ordinal);
        Assert.Contains("cannot be read", listed[images[3]].Reason, StringComparison.Ordinal);
        Assert.All(images[..4], i => Assert.Equal(Stage.Quarantined, listed[i].Stage));
        Assert.All(images[4..], i => Assert.NotEqual(Stage.Quarantined, listed[i].Stage));
        // Whoever looks at it is told, and not asked to come again.
        foreach (var lost in images[..4])
        {
            var refused = await Assert.ThrowsAsync<WinnowApiException>(() => server.Client.GetImageContentAsync(Dataset, lost));
            Assert.Equal(HttpStatusCode.Gone, refused.Status);
            Assert.Contains($"holds {lost}, and its bytes are lost", refused.Message, StringComparison.Ordinal);
            Assert.Contains($"winnow verify {Dataset}", refused.Message, StringComparison.Ordinal);
        }
        var unknown = ImageId.Of([1]);
        var none = await Assert.ThrowsAsync<WinnowApiException>(() => server.Client.GetImageContentAsync(Dataset, unknown));
        Assert.Equal(HttpStatusCode.NotFound, none.Status);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_store_that_gives_nothing_puts_no_image_aside(bool s3)
    {
        var store = await LosableStore.OpenAsync(s3);
        var hold = new Hold("/images/", reads: true);
        hold.Close();
        await using var server = await OwnServer.StartAsync(hold.Into, null, store.Options);
        store.Found(server);
        var images = await ImportAsync(server, 12);
        await store.AwayAsync(Dataset, away: true);
        hold.LetGo();
        var waiting = await UntilAsync(server, s => s.ScoringStalled is not null);
        Assert.Contains("object", waiting.ScoringStalled, StringComparison.Ordinal);
        Assert.Equal(0, waiting.Stages.GetValueOrDefault(Stage.Quarantined));

        await store.AwayAsync(Dataset, away: false);
        var status = await UntilAsync(server, s => s.ScoringBacklog == 0);
        Assert.Equal(0, status.Stages.GetValueOrDefault(Stage.Quarantined));
        Assert.All((await ListAsync(server)).Values, i => Assert.Null(i.Reason));
        Assert.Equal(12, images.Length);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task An_export_a_backup_its_restoration_and_a_verification_name_what_is_lost_and_go_on(bool s3)
    {
        var store = await LosableStore.OpenAsync(s3);
        var files = Directory.CreateTempSubdirectory("winnow-lost-");
        await using var server = await OwnServer.StartAsync(null, null, store.Options);
        store.Found(server);
        var images = await ImportAsync(server, 30);
        await UntilAsync(server, s => s.ScoringBacklog == 0);
        await server.Client.CreateVersionAsync(Dataset, new CreateVersion());
        var (gone, closed) = (images[7], images[8]);
        await store.RemoveAsync(Dataset, gone);
        await store.CloseAsync(Dataset, closed);
        try
        {
            var folder = Path.Combine(files.FullName, "out");
            var export = await RunAsync(server, "export", Dataset, "--out", folder);
            AssertNames(export, 3, gone, closed);
            var written = Directory.EnumerateFiles(folder, "img-*", SearchOption.AllDirectories);
            Assert.Equal(images.Except([gone, closed]).Select(i => i.ToString()).Order(StringComparer.Ordinal),
                written.Select(f => Path.GetFileNameWithoutExtension(f)).Order(StringComparer.Ordinal));
            // Whoever finds the folder later finds it said.
            var told = await File.ReadAllLinesAsync(Path.Combine(folder, ExportGaps.FileName(1)));
            Assert.Equal(2, told.Length);
            Assert.All(told, line => Assert.Matches("(not in the object store|cannot be read)", line));

            var file = Path.Combine(files.FullName, "all.tar");
            AssertNames(await RunAsync(server, "backup", Dataset, file), 3, gone, closed);
            var end = await BackupFile.CheckAsync(file);
            Assert.Equal((2L, 30L), (end.Missing, end.Images));
            Assert.Equal(new[] { gone, closed }.Select(i => i.ToString()).Order(StringComparer.Ordinal),
                end.MissingObjects!.Select(m => m.Object).Order(StringComparer.Ordinal));
            AssertNames(await RunAsync(server, "restore", file, "--as", "again"), 3, gone, closed);

            var verify = await RunAsync(server, "verify", Dataset, "--hash");
            AssertNames(verify, 1, gone, closed);
            Assert.Contains("30 images", verify.Output, StringComparison.Ordinal);
        }
        finally
        {
            files.Delete(recursive: true);
        }
    }

    private static Task<CliResult> RunAsync(OwnServer server, params string[] arguments) =>
        CliProcess.RunAsync(server.Address, [], arguments);

    private static void AssertNames(CliResult result, int code, params ImageId[] lost)
    {
        Assert.True(code == result.ExitCode, $"ended with {result.ExitCode}: {result.Output}");
        foreach (var image in lost) Assert.Contains(image.ToString(), result.Output, StringComparison.Ordinal);
        Assert.Matches("(not in the object store|without their bytes)", result.Output);
    }
}
