using System.Collections.Concurrent;
using System.Diagnostics;
using Winnow.Client;
using Winnow.Model.Datasets;
using Winnow.Model.Images;
using Winnow.Model.Labels;
using Winnow.Model.Review;
using Winnow.Model.Training;
using Winnow.Testing;

namespace Winnow.Cluster.Tests.Splitting;

/// <summary>Shards doubled while they are worked with: nothing is lost, nothing is done again, and who reads does not notice.</summary>
public sealed class SplitTests
{
    private const string Dataset = "drawn";
    private static readonly DatasetSettings Settings = new() { Shards = 2, AuditSample = 30, ProjectionDimensions = 32 };
    private static readonly CreateDataset Creation =
        new(Dataset, new LabelSchema { Classes = [.. DrawnImages.Classes.Select(c => new LabelClass(c))] }, Settings);

    [Fact]
    public async Task What_is_known_of_images_is_the_same_before_and_after()
    {
        await using var silo = await SiloProcess.StartAsync(new SiloProcessOptions { Arguments = ["--Shard:KeepSuperseded", "00:00:00"] });
        await PrepareAsync(silo.Client, 600);
        await ReviewRoundAsync(silo.Client, 100);
        // A round that waits for people, and a person who holds some of its tasks.
        var round = await silo.Client.StartRoundAsync(Dataset, new StartRound(60));
        IReadOnlyList<ReviewTask> held = [];
        await Until.TrueAsync(async () => (held = await silo.Client.LeaseAsync(Dataset, new LeaseRequest(10, 1000))).Count > 0,
            TimeSpan.FromSeconds(20), () => "the second round asks");
        var before = await silo.Client.GetStatusAsync(Dataset);
        var manifest = (await silo.Client.CreateVersionAsync(Dataset, new CreateVersion("before"))).ManifestSha256;
        var details = await DetailsAsync(silo.Client);

        foreach (var shards in new[] { 4, 8 })
        {
            await SplitAsync(silo.Client, shards);
            var after = await silo.Client.GetStatusAsync(Dataset);
            Assert.Equal((before.Images, before.OpenTasks, before.Decided, 0),
                (after.Images, after.OpenTasks, after.Decided, after.ScoringBacklog));
            Assert.Equal(before.Stages, after.Stages);
            // It lists every image with its stage, label and history in the order of ids.
            Assert.Equal(manifest, (await silo.Client.CreateVersionAsync(Dataset, new CreateVersion($"{shards} shards"))).ManifestSha256);
            Assert.Equal(details, await DetailsAsync(silo.Client));
            var again = new List<IngestResult>();
            await foreach (var result in silo.Client.ImportAsync(Dataset, DrawnImages.EnumerateAsync(600))) again.Add(result);
            Assert.All(again, r => Assert.Equal(IngestStatus.Duplicate, r.Status));
        }

        // The person answers what was taken before, and the others are asked about the rest, once.
        await AnswerAsync(silo.Client, held, []);
        var seen = new HashSet<ImageId>(held.Select(t => t.Image));
        while ((await silo.Client.GetRoundAsync(Dataset, round.Arm, round.Number)).Step == RoundStep.Review)
            await AnswerAsync(silo.Client, await silo.Client.LeaseAsync(Dataset, new LeaseRequest(20, 500)), seen);
        var ended = await silo.Client.WaitForRoundAsync(Dataset, round.Arm, round.Number);
        Assert.Equal((RoundStep.Done, 60, 160), (ended.Step, ended.Selected, ended.Labels));
        Assert.Equal(60, seen.Count);

        await Until.TrueAsync(async () => (await silo.Client.GetDatasetAsync(Dataset)).Layout is { Superseded: null },
            TimeSpan.FromSeconds(20), () => "the superseded shards are removed");
        var verified = await silo.Client.VerifyAsync(Dataset, hash: true).LastAsync();
        Assert.True(verified.Report is { Sound: true },
            string.Join("\n", verified.Report!.Findings.Where(f => !f.Expected).Select(f => f.ToString())));

        // All of it is on disk.
        await silo.KillAsync();
        await silo.StartAgainAsync();
        Assert.Equal((600, 0),
            ((await silo.Client.GetStatusAsync(Dataset)).Images, (await silo.Client.GetStatusAsync(Dataset)).ScoringBacklog));
        Assert.Equal(8, (await silo.Client.GetDatasetAsync(Dataset)).Shards.Count);
    }

    [Fact]
    public async Task Work_goes_on_meanwhile_and_reads_do_not_wait()
    {
        const int Before = 1_500, Meanwhile = 1_500;
        await using var silo = await SiloProcess.StartAsync();
        await PrepareAsync(silo.Client, Before);
        await silo.Client.StartRoundAsync(Dataset, new StartRound(600));
        using var stop = new CancellationTokenSource();
        var slowest = new ConcurrentBag<TimeSpan>();
        var reading = Task.Run(async () =>
        {
            for (var i = 0; !stop.IsCancellationRequested; i++)
            {
                var started = Stopwatch.GetTimestamp();
                Assert.NotNull(await silo.Client.GetImageAsync(Dataset, ImageId.Of(DrawnImages.Draw(i % Before))));
                slowest.Add(Stopwatch.GetElapsedTime(started));
            }
        });
        var answered = new HashSet<ImageId>();
        var reviewing = Task.Run(async () =>
        {
            while (!stop.IsCancellationRequested)
                await AnswerAsync(silo.Client, await silo.Client.LeaseAsync(Dataset, new LeaseRequest(5, 200)), answered);
        });
        var acknowledged = new List<IngestResult>();
        var importing = Task.Run(async () =>
        {
            await foreach (var result in silo.Client.ImportAsync(Dataset, DrawnImages.EnumerateAsync(Meanwhile, Before),
                new ImportOptions { LotSize = 20, Concurrency = 2 })) acknowledged.Add(result);
        });
        await SplitAsync(silo.Client, 4);
        await SplitAsync(silo.Client, 8);
        await importing;
        await stop.CancelAsync();
        await Task.WhenAll(reading, reviewing);

        Assert.Equal(Meanwhile, acknowledged.Count);
        Assert.All(acknowledged, r => Assert.Equal(IngestStatus.Accepted, r.Status));
        var status = await silo.Client.WaitForScoringAsync(Dataset);
        Assert.Equal((Before + Meanwhile, answered.Count), (status.Images, status.Decided));
        var listed = new HashSet<ImageId>();
        await foreach (var image in silo.Client.ListImagesAsync(Dataset)) Assert.True(listed.Add(image.Id), $"{image.Id} is listed twice");
        Assert.Equal(Before + Meanwhile, listed.Count);
        foreach (var image in answered) Assert.Single((await silo.Client.GetImageAsync(Dataset, image)).History);
        // Beside an import, on two processors: what a person takes for no wait at all is a fraction of what a handover may take.
        Assert.True(slowest.Max() < TimeSpan.FromSeconds(5), $"a read took {slowest.Max()}");
    }

    private static async Task PrepareAsync(WinnowClient client, int images)
    {
        await client.CreateDatasetAsync(Creation);
        await foreach (var result in client.ImportAsync(Dataset, DrawnImages.EnumerateAsync(images))) Assert.Equal(IngestStatus.Accepted,
            result.Status);
        await client.WaitForScoringAsync(Dataset);
    }

    private static async Task ReviewRoundAsync(WinnowClient client, int size)
    {
        var round = await client.StartRoundAsync(Dataset, new StartRound(size));
        while ((await client.GetRoundAsync(Dataset, round.Arm, round.Number)).Step <= RoundStep.Review)
            await AnswerAsync(client, await client.LeaseAsync(Dataset, new LeaseRequest(50, 500)), []);
        Assert.Equal(RoundStep.Done, (await client.WaitForRoundAsync(Dataset, round.Arm, round.Number)).Step);
    }

    private static async Task AnswerAsync(WinnowClient client, IReadOnlyList<ReviewTask> tasks, HashSet<ImageId> seen)
    {
        if (tasks.Count == 0) return;
        foreach (var task in tasks) Assert.True(seen.Add(task.Image), $"{task.Image} was handed out twice");
        var results = await client.SubmitAsync(Dataset,
            [.. tasks.Select(t =>
                new SubmitDecision(t.Image, Guid.NewGuid(),
                    new Decision { Kind = DecisionKind.Label, Annotations = [new ClassTag(t.Name.Split('/')[0])] }, t.Lease))]);
        Assert.All(results, r => Assert.True(r.Status is SubmitStatus.Recorded or SubmitStatus.AlreadyRecorded, $"{r.Status}: {r.Reason}"));
    }

    private static async Task SplitAsync(WinnowClient client, int shards)
    {
        await client.SplitAsync(Dataset, shards);
        await Until.TrueAsync(async () => (await client.GetStatusAsync(Dataset)) is { Split: null } status && status.Shards == shards,
            TimeSpan.FromSeconds(60), () => $"there are {shards} shards");
    }

    /// <summary>All that is known of each image, as text: prelabels, scores, annotations, history.</summary>
    private static async Task<SortedDictionary<ImageId, string>> DetailsAsync(WinnowClient client)
    {
        var details = new SortedDictionary<ImageId, string>();
        await foreach (var image in client.ListImagesAsync(Dataset)) details.Add(image.Id,
            System.Text.Json.JsonSerializer.Serialize(await client.GetImageAsync(Dataset, image.Id), Model.ModelJson.Default.ImageDetail));
        return details;
    }
}
