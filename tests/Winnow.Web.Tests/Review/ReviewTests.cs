using System.Net;
using Winnow.Client;
using Winnow.Model.Datasets;
using Winnow.Model.Images;
using Winnow.Model.Labels;
using Winnow.Model.Review;
using Winnow.Model.Training;
using Winnow.Testing;
using static Winnow.Web.Tests.Review.Answers;

namespace Winnow.Web.Tests.Review;

/// <summary>The loop through the API: a round, its tasks, answers of several people, models, versions, exports.</summary>
public sealed class ReviewTests(Server server) : IClassFixture<Server>
{
    private static readonly LabelSchema Schema = new() { Classes = [.. DrawnImages.Classes.Select(c => new LabelClass(c))] };

    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    private async Task<string> DatasetAsync(int images, int audit = 0)
    {
        var name = "d" + Guid.NewGuid().ToString("n")[..12];
        await server.Client.CreateDatasetAsync(
            new CreateDataset(name, Schema, new DatasetSettings { Shards = 2, AuditSample = audit, ProjectionDimensions = 16 }));
        await foreach (var _ in server.Client.ImportAsync(name, DrawnImages.EnumerateAsync(images)))
        {
        }
        await server.Client.WaitForScoringAsync(name);
        return name;
    }

    [Fact]
    public async Task No_task_is_handed_out_twice_and_only_its_holder_may_answer()
    {
        var dataset = await DatasetAsync(120);
        await server.Client.StartRoundAsync(dataset, new StartRound(40));
        using var ann = server.As("ann");
        using var bob = server.As("bob");
        var taken = new List<ReviewTask>();
        while (taken.Count < 40)
        {
            var parts = await Task.WhenAll(Enumerable.Range(0, 6)
                .Select(i => (i % 2 == 0 ? ann : bob).LeaseAsync(dataset, new LeaseRequest(3, 1000))));
            taken.AddRange(parts.SelectMany(p => p));
        }
        Assert.Equal(40, taken.Select(t => t.Image).Distinct().Count());
        Assert.Empty(await ann.LeaseAsync(dataset, new LeaseRequest(5)));

        using var eve = server.As("eve");
        var stolen = await eve.SubmitAsync(dataset,
            [Answer(taken[0], "disc"), Answer(taken[1], "disc") with { Lease = taken[1].Lease[..^4] + "AAAA" },
                Answer(taken[2], "disc") with { Lease = null }, Answer(taken[3], "disc") with { Image = taken[4].Image }]);
        Assert.All(stolen, r => Assert.Equal(SubmitStatus.Refused, r.Status));
        Assert.All(stolen, r => Assert.False(string.IsNullOrWhiteSpace(r.Reason)));
        Assert.Equal(0, (await server.Client.GetStatusAsync(dataset)).Decided);
    }

    [Fact]
    public async Task Answers_are_recorded_once_and_corrections_are_fenced()
    {
        var dataset = await DatasetAsync(60);
        await server.Client.StartRoundAsync(dataset, new StartRound(5));
        var task = await server.Client.TakeOneAsync(dataset);
        var unknown = (await server.Client.SubmitAsync(dataset, [Answer(task, "bird")]))[0];
        Assert.Equal(SubmitStatus.Refused, unknown.Status);
        var answer = Answer(task, "disc");
        Assert.Equal(SubmitStatus.Recorded, (await server.Client.SubmitAsync(dataset, [answer]))[0].Status);
        Assert.Equal(SubmitStatus.AlreadyRecorded, (await server.Client.SubmitAsync(dataset, [answer]))[0].Status);
        // The same lease once more: one person has one answer to a task.
        Assert.Equal(SubmitStatus.Conflict, (await server.Client.SubmitAsync(dataset, [Answer(task, "bars")]))[0].Status);
        Assert.Equal("disc", (await server.Client.GetImageAsync(dataset, task.Image)).Annotations[0].Class);

        SubmitDecision Correction(long seen) =>
            new(task.Image, Guid.NewGuid(), new Decision { Kind = DecisionKind.Label, Annotations = [new ClassTag("frame")] },
                ExpectedVersion: seen);
        Assert.Equal(SubmitStatus.Conflict, (await server.Client.SubmitAsync(dataset, [Correction(0)]))[0].Status);
        Assert.Equal(SubmitStatus.Recorded, (await server.Client.SubmitAsync(dataset, [Correction(1)]))[0].Status);
        var detail = await server.Client.GetImageAsync(dataset, task.Image);
        Assert.Equal("frame", detail.Annotations[0].Class);
        Assert.Equal([HistoryKind.Decided, HistoryKind.Corrected], detail.History.Select(h => h.Kind));
        Assert.Equal([1L, 2], detail.History.Select(h => h.Version));
    }

    [Fact]
    public async Task A_task_that_is_given_back_or_skipped_goes_to_somebody_else()
    {
        var dataset = await DatasetAsync(60);
        await server.Client.StartRoundAsync(dataset, new StartRound(1));
        using var ann = server.As("ann");
        using var bob = server.As("bob");
        var task = await ann.TakeOneAsync(dataset);
        await ann.ReleaseAsync(dataset, [task.Image]);
        task = await bob.TakeOneAsync(dataset);
        await bob.SubmitAsync(dataset,
            [new SubmitDecision(task.Image, Guid.NewGuid(), new Decision { Kind = DecisionKind.Skip }, task.Lease)]);
        task = await ann.TakeOneAsync(dataset);
        await ann.ReleaseAsync(dataset, [task.Image]);
        Assert.Empty(await bob.LeaseAsync(dataset, new LeaseRequest(1)));
    }

    [Fact]
    public async Task Two_arms_learn_and_a_version_exports_the_same_bytes_twice()
    {
        var dataset = await DatasetAsync(300, audit: 40);
        using var stop = new CancellationTokenSource();
        var reviewer = new SimulatedReviewer(server.Client,
            new SimulatedReviewerOptions { Dataset = dataset, Classes = DrawnImages.Classes, Truth = t => t.Name.Split('/')[0] });
        var reviewing = reviewer.RunAsync(stop.Token);
        foreach (var number in new[] { 1, 2 })
            foreach (var arm in new[] { Arms.Main, Arms.Control })
            {
                var operation = Guid.NewGuid();
                var started = await server.Client.StartRoundAsync(dataset, new StartRound(30, arm), operation);
                Assert.Equal(started.Number, (await server.Client.StartRoundAsync(dataset, new StartRound(30, arm), operation)).Number);
                var ended = await server.Client.WaitForRoundAsync(dataset, arm, number);
                Assert.Equal((RoundStep.Done, number * 30, 40), (ended.Step, ended.Labels, ended.Model!.Metrics.AuditCount));
                Assert.Equal((arm, number) switch { (Arms.Control, _) => "random", (_, 1) => "k-means", _ => "herding" }, ended.Strategy);
            }
        await stop.CancelAsync();
        await reviewing;
        var curves = await server.Client.GetCurvesAsync(dataset);
        Assert.Equal([30, 60], curves.Single(c => c.Arm == Arms.Main).Points.Select(p => p.Labels));
        Assert.NotEmpty(await server.Client.GetModelAsync(dataset, Arms.Main, 1));
        Assert.Equal(HttpStatusCode.BadRequest,
            (await Assert.ThrowsAsync<WinnowApiException>(() =>
                server.Client.StartRoundAsync(dataset, new StartRound(5, Arms.Control, "herding")))).Status);

        var operationId = Guid.NewGuid();
        var version = await server.Client.CreateVersionAsync(dataset, new CreateVersion("first"), operationId);
        Assert.Equal(version, await server.Client.CreateVersionAsync(dataset, new CreateVersion("first"), operationId));
        // Nothing changed in between: another number, the same content.
        Assert.Equal(version.ManifestSha256, (await server.Client.CreateVersionAsync(dataset, new CreateVersion())).ManifestSha256);
        Assert.Equal(300, version.Images);
        Assert.Equal(reviewer.Answered, version.Labeled);
        foreach (var format in new[] { "imagenet", "csv" })
        {
            async Task<byte[]> ReadAsync()
            {
                await using var stream = await server.Client.OpenExportAsync(dataset, version.Number, format);
                using var copy = new MemoryStream();
                await stream.CopyToAsync(copy);
                return copy.ToArray();
            }

            Assert.Equal(await ReadAsync(), await ReadAsync());
        }
        var folder = Directory.CreateTempSubdirectory("winnow-export-");
        try
        {
            Assert.Equal(version.Labeled, await server.Client.ExportAsync(dataset, version.Number, "imagenet", folder.FullName));
            foreach (var file in folder.EnumerateFiles("img-*", SearchOption.AllDirectories))
                Assert.Equal(file.Name[..^4], ImageId.Of(await File.ReadAllBytesAsync(file.FullName)).ToString());
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }
}
