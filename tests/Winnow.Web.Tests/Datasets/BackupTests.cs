using System.Collections.Concurrent;
using System.Net;
using System.Text.Json;
using Winnow.Client;
using Winnow.Model;
using Winnow.Model.Datasets;
using Winnow.Model.Images;
using Winnow.Model.Labels;
using Winnow.Model.Review;
using Winnow.Model.Training;
using Winnow.Testing;

namespace Winnow.Web.Tests.Datasets;

/// <summary>The way out and in again over HTTP, while people and imports work on the dataset.</summary>
public sealed class BackupTests(Server server) : IClassFixture<Server>, IDisposable
{
    private static readonly LabelSchema Schema = new() { Classes = [.. DrawnImages.Classes.Select(c => new LabelClass(c))] };
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);

    private readonly DirectoryInfo _files = Directory.CreateTempSubdirectory("winnow-backups-");

    public void Dispose() => _files.Delete(recursive: true);

    private string NewFile() => Path.Combine(_files.FullName, $"{Guid.NewGuid():n}.tar");

    private static string NewName() => "b" + Guid.NewGuid().ToString("n")[..12];

    private async Task<string> DatasetAsync(int images, int audit = 0)
    {
        var name = NewName();
        await server.Client.CreateDatasetAsync(
            new CreateDataset(name, Schema, new DatasetSettings { Shards = 2, AuditSample = audit, ProjectionDimensions = 16 }));
        await foreach (var _ in server.Client.ImportAsync(name, DrawnImages.EnumerateAsync(images)))
        {
        }
        await server.Client.WaitForScoringAsync(name);
        return name;
    }

    private async Task<VerificationReport> VerifyAsync(string dataset, bool hash = false, bool repair = false)
    {
        VerificationReport? report = null;
        await foreach (var step in server.Client.VerifyAsync(dataset, hash, repair)) report = step.Report;
        return report!;
    }

    private static SimulatedReviewer Reviewer(WinnowClient client, string dataset) =>
        new(client, new SimulatedReviewerOptions
        {
            Dataset = dataset,
            Classes = DrawnImages.Classes,
            Truth = t => t.Name.Split('/')[0],
            LeaseSize = 3
        });

    private static async Task<RoundInfo> RoundAsync(WinnowClient client, string dataset, string arm,
        CancellationToken cancellationToken = default)
    {
        var started = await client.StartRoundAsync(dataset, new StartRound(20, arm), cancellationToken: cancellationToken);
        return await client.WaitForRoundAsync(dataset, arm, started.Number, cancellationToken: cancellationToken);
    }

    private static async Task<byte[]> ExportAsync(WinnowClient client, string dataset, string format)
    {
        await using var stream = await client.OpenExportAsync(dataset, 1, format);
        using var copy = new MemoryStream();
        await stream.CopyToAsync(copy);
        return copy.ToArray();
    }

    /// <param name="image">The image.</param>
    /// <param name="told">Whether it is one of before, whose history a restoration is to have told.</param>
    private static string[] Texts(ImageDetail image, bool told = false) =>
        [.. image.History.Select(h => JsonSerializer.Serialize(told ? h with { Told = h.Told ?? 1 } : h, ModelJson.Default.HistoryEntry))];

    [Fact]
    public async Task A_dataset_in_full_work_comes_back_with_all_that_was_acknowledged()
    {
        var dataset = await DatasetAsync(240, audit: 30);
        using var stop = new CancellationTokenSource();
        var reviewing = Reviewer(server.Client, dataset).RunAsync(stop.Token);
        Assert.Equal(RoundStep.Done, (await RoundAsync(server.Client, dataset, Arms.Main)).Step);
        Assert.Equal(RoundStep.Done, (await RoundAsync(server.Client, dataset, Arms.Control)).Step);
        var version = await server.Client.CreateVersionAsync(dataset, new CreateVersion("before"));

        // From here on images come, and a round asks and learns, for as long as the backup takes.
        var taken = new ConcurrentQueue<ImageId>();
        async Task ImportAsync()
        {
            await foreach (var result in server.Client.ImportAsync(dataset, DrawnImages.EnumerateAsync(100_000, from: 1_000),
                new ImportOptions { LotSize = 20, Concurrency = 2 }, cancellationToken: stop.Token))
                taken.Enqueue(result.Id!.Value);
        }

        async Task LearnAsync()
        {
            while (!stop.IsCancellationRequested) await RoundAsync(server.Client, dataset, Arms.Main, stop.Token);
        }

        var work = Task.WhenAll(ImportAsync(), Task.Run(LearnAsync));
        await Until.TrueAsync(() => Task.FromResult(taken.Count > 60), Patience, () => "images come in");
        var acknowledged = taken.ToArray();
        var decided = new List<ImageDetail>();
        await foreach (var image in server.Client.ListImagesAsync(dataset, Stage.Labeled)) decided.Add(
            await server.Client.GetImageAsync(dataset, image.Id));
        var learned = (await server.Client.ListRoundsAsync(dataset)).Where(r => r.Step == RoundStep.Done).ToArray();
        var file = NewFile();
        var end = await server.Client.BackupAsync(dataset, file);
        Assert.Equal(0, end.Missing);
        Assert.True(taken.Count > acknowledged.Length, "nothing came in while the backup was written");
        await stop.CancelAsync();
        await reviewing;
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () =>
        {
            await work;
            throw new OperationCanceledException();
        });

        var copy = NewName();
        var restored = await server.Client.RestoreAsync(file, copy);
        Assert.Equal((copy, end.Images, end.History, 0L), (restored.Dataset.Name, restored.Images, restored.History, restored.Missing));
        Assert.Contains(copy, (await server.Client.ListDatasetsAsync()).Select(d => d.Name));
        var images = new HashSet<ImageId>();
        await foreach (var image in server.Client.ListImagesAsync(copy)) images.Add(image.Id);
        Assert.Equal(end.Images, images.Count);
        Assert.Empty(acknowledged.Except(images));
        Assert.True(decided.Count >= 60);
        foreach (var image in decided)
        {
            var now = await server.Client.GetImageAsync(copy, image.Id);
            Assert.Equal(Texts(image, told: true), Texts(now).Take(image.History.Count));
            Assert.Equal((image.Name, image.ReceivedAt, image.Partition, image.Header),
                (now.Name, now.ReceivedAt, now.Partition, now.Header));
        }
        Assert.Equal([version with { Told = 1 }], await server.Client.ListVersionsAsync(copy));
        foreach (var format in new[] { "imagenet", "csv" })
            Assert.Equal(await ExportAsync(server.Client, dataset, format), await ExportAsync(server.Client, copy, format));
        var rounds = await server.Client.ListRoundsAsync(copy);
        foreach (var was in learned)
        {
            Assert.Equal(was with { Told = 1 }, rounds.Single(r => (r.Arm, r.Number) == (was.Arm, was.Number)));
            Assert.Equal(await server.Client.GetModelAsync(dataset, was.Arm, was.Number),
                await server.Client.GetModelAsync(copy, was.Arm, was.Number));
        }
        await LearnOnAsync(copy, rounds);
    }

    /// <summary>What was under way in the backup goes on and ends, and what comes after it too.</summary>
    private async Task LearnOnAsync(string dataset, IReadOnlyList<RoundInfo> rounds)
    {
        using var stop = new CancellationTokenSource();
        var reviewing = Reviewer(server.Client, dataset).RunAsync(stop.Token);
        var last = rounds.Where(r => r.Arm == Arms.Main).Max(r => r.Number);
        Assert.Equal(RoundStep.Done, (await server.Client.WaitForRoundAsync(dataset, Arms.Main, last)).Step);
        var next = await RoundAsync(server.Client, dataset, Arms.Main);
        Assert.Equal((RoundStep.Done, last + 1, 20), (next.Step, next.Number, next.Selected));
        Assert.True((await server.Client.GetStatusAsync(dataset)).Champions.Single(c => c.Arm == Arms.Main).Round >= 1);
        await server.Client.WaitForScoringAsync(dataset);
        await stop.CancelAsync();
        await reviewing;
        var report = await VerifyAsync(dataset, hash: true);
        Assert.True(report.Sound, string.Join(", ", report.Findings));
    }

    [Fact]
    public async Task Another_server_takes_it_under_the_same_name_and_exports_the_same_bytes()
    {
        var dataset = await DatasetAsync(60);
        var version = await server.Client.CreateVersionAsync(dataset, new CreateVersion());
        var file = NewFile();
        await server.Client.BackupAsync(dataset, file);
        await Assert.ThrowsAsync<IOException>(() => server.Client.BackupAsync(dataset, file));
        if (!OperatingSystem.IsWindows()) Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(file));
        var other = new Server();
        await other.InitializeAsync();
        try
        {
            Assert.Equal(dataset, (await other.Client.RestoreAsync(file)).Dataset.Name);
            Assert.Equal([version with { Told = 1 }], await other.Client.ListVersionsAsync(dataset));
            foreach (var format in new[] { "imagenet", "csv" })
                Assert.Equal(await ExportAsync(server.Client, dataset, format), await ExportAsync(other.Client, dataset, format));
            // Nothing needs to be scored once more, and what comes later is taken as ever.
            Assert.Equal(0, (await other.Client.GetStatusAsync(dataset)).ScoringBacklog);
            await foreach (var result in other.Client.ImportAsync(dataset, DrawnImages.EnumerateAsync(80)))
                Assert.Equal(int.Parse(result.Name[^9..^4]) < 60 ? IngestStatus.Duplicate : IngestStatus.Accepted, result.Status);
            Assert.Equal(80, (await other.Client.WaitForScoringAsync(dataset)).Images);
        }
        finally
        {
            await other.DisposeAsync();
        }
    }

    [Fact]
    public async Task What_is_damaged_or_taken_is_refused_with_its_reason_and_leaves_nothing()
    {
        var dataset = await DatasetAsync(30);
        var file = NewFile();
        await server.Client.BackupAsync(dataset, file);
        var taken = await Assert.ThrowsAsync<WinnowApiException>(() => server.Client.RestoreAsync(file));
        Assert.Equal(HttpStatusCode.BadRequest, taken.Status);
        Assert.Contains("already", taken.Message, StringComparison.Ordinal);
        var bytes = await File.ReadAllBytesAsync(file);
        var copy = NewName();
        foreach (var (damaged, why) in new[] { (bytes[..(bytes.Length / 2)], "cut off"), (Flip(bytes), "damaged"),
            (bytes[512..], "no backup"), ([.. bytes, .. "more"u8], "goes on after its end"),
            ([.. bytes, .. new byte[20 * 512], 0], "goes on after its end"), ([.. bytes, .. bytes], "goes on after its end") })
        {
            var refused = await Assert.ThrowsAsync<WinnowApiException>(() =>
                server.Client.RestoreStreamAsync(new MemoryStream(damaged), copy));
            Assert.Equal(HttpStatusCode.BadRequest, refused.Status);
            Assert.Contains(why, refused.Message, StringComparison.Ordinal);
            Assert.Equal(HttpStatusCode.NotFound,
                (await Assert.ThrowsAsync<WinnowApiException>(() => server.Client.GetDatasetAsync(copy))).Status);
            Assert.DoesNotContain(copy, (await server.Client.ListDatasetsAsync()).Select(d => d.Name));
            await Assert.ThrowsAsync<InvalidDataException>(() => BackupFile.CheckStreamAsync(new MemoryStream(damaged)));
        }
        // Tar fills its last record with zeros.
        byte[] filled = [.. bytes, .. new byte[18 * 512]];
        await BackupFile.CheckStreamAsync(new MemoryStream(filled));
        Assert.Equal(30, (await server.Client.RestoreStreamAsync(new MemoryStream(filled), NewName())).Images);
        // What the refused tries have left does not stand in the way of a good one.
        Assert.Equal(30, (await server.Client.RestoreAsync(file, copy)).Images);
        Assert.True((await VerifyAsync(copy, hash: true)).Sound);
    }

    private static byte[] Flip(byte[] bytes)
    {
        var changed = bytes.ToArray();
        var at = bytes.AsSpan().IndexOf("receivedBy"u8);
        changed[at + 14] ^= 1;
        return changed;
    }

    [Fact]
    public async Task A_segment_that_was_lost_is_made_again_where_asked()
    {
        var dataset = await DatasetAsync(60);
        var segment = Directory.EnumerateFiles(Path.Combine(server.Folder, "objects", "datasets", dataset, "segments"), "*",
            SearchOption.AllDirectories).First();
        File.Delete(segment);
        var image = Directory.EnumerateFiles(Path.Combine(server.Folder, "objects", "datasets", dataset, "images"), "*",
            SearchOption.AllDirectories).First();
        File.Move(image, image[..^8] + "aaaaaaaa");
        var found = await VerifyAsync(dataset, repair: true);
        Assert.False(found.Sound);
        Assert.Equal([FindingKind.ImageBytesMissing, FindingKind.ImageBytesWithoutRow, FindingKind.SegmentMissing],
            found.Findings.Where(f => !f.Expected).Select(f => f.Kind));
        Assert.Equal(1, found.Findings.Single(f => f.Kind == FindingKind.SegmentMissing).Repaired);
        File.Move(image[..^8] + "aaaaaaaa", image);
        await Until.TrueAsync(async () => (await server.Client.GetStatusAsync(dataset)).ScoringBacklog == 0
            && (await VerifyAsync(dataset, hash: true)).Sound, Patience, () => "the segment is made again");
    }
}
