using System.Collections.Concurrent;
using System.Diagnostics;
using Winnow.Client;
using Winnow.Model.Datasets;
using Winnow.Model.Images;
using Winnow.Model.Labels;
using Winnow.Model.Review;
using Winnow.Model.Training;
using Winnow.Testing;

namespace Winnow.Cluster.Tests.Failover;

/// <summary>
/// kill -9 in the middle of import, of review and of training: what was acknowledged is there once, and the work goes on to its end.
/// </summary>
[Collection(ProcessesCollection.Name)]
public sealed class KillTests
{
    private const string Dataset = "drawn";
    private static readonly DatasetSettings Settings = new()
    {
        Shards = 4,
        AuditSample = 30,
        ProjectionDimensions = 32,
        LeasePeriod = TimeSpan.FromSeconds(5),
    };
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(1);
    private static readonly CreateDataset Creation =
        new(Dataset, new LabelSchema { Classes = [.. DrawnImages.Classes.Select(c => new LabelClass(c))] }, Settings);

    [Fact]
    public async Task Killed_while_it_imports()
    {
        const int Images = 1500;
        await using var silo = await SiloProcess.StartAsync();
        await silo.Client.CreateDatasetAsync(Creation);
        var acknowledged = new List<IngestResult>();
        var kills = 0;
        await foreach (var result in silo.Client.ImportAsync(Dataset, DrawnImages.EnumerateAsync(Images),
            new ImportOptions { LotSize = 50, Concurrency = 3 }))
        {
            acknowledged.Add(result);
            if (acknowledged.Count is not (100 or 500 or 900)) continue;
            kills++;
            await silo.KillAsync();
            await silo.StartAgainAsync();
        }
        Assert.Equal(3, kills);
        Assert.Equal(Images, acknowledged.Count);
        Assert.All(acknowledged, r => Assert.Equal(IngestStatus.Accepted, r.Status));

        var status = await silo.Client.WaitForScoringAsync(Dataset);
        Assert.Equal(Images, status.Images);
        Assert.Equal(Images, status.Stages[Stage.Scored]);
        var listed = new HashSet<ImageId>();
        await foreach (var image in silo.Client.ListImagesAsync(Dataset)) Assert.True(listed.Add(image.Id), $"{image.Id} is listed twice");
        Assert.Equal(acknowledged.Select(r => r.Id!.Value).Order(), listed.Order());

        var again = new List<IngestResult>();
        await foreach (var result in silo.Client.ImportAsync(Dataset, DrawnImages.EnumerateAsync(Images))) again.Add(result);
        Assert.All(again, r => Assert.Equal(IngestStatus.Duplicate, r.Status));
        Assert.Equal(Images, (await silo.Client.GetStatusAsync(Dataset)).Images);
    }

    [Fact]
    public async Task Killed_while_people_review()
    {
        await using var silo = await SiloProcess.StartAsync();
        await PrepareAsync(silo, 400);
        var round = await silo.Client.StartRoundAsync(Dataset, new StartRound(120));
        var recorded = new ConcurrentDictionary<ImageId, (string Label, Guid Operation)>();
        var kills = 0;
        while (true)
        {
            var tasks = await silo.Client.LeaseAsync(Dataset, new LeaseRequest(10, 500));
            if (tasks.Count == 0)
            {
                if ((await silo.Client.GetRoundAsync(Dataset, round.Arm, round.Number)).Step > RoundStep.Review) break;
                continue;
            }
            Assert.All(tasks, t =>
                Assert.False(recorded.ContainsKey(t.Image), $"{t.Image} was handed out again after its answer was recorded"));
            var answers = tasks.Select(t => (Task: t, Label: t.Name.Split('/')[0], Operation: Guid.NewGuid())).ToArray();
            var submitting = silo.Client.SubmitAsync(Dataset,
                [.. answers.Select(a =>
                    new SubmitDecision(a.Task.Image, a.Operation,
                        new Decision { Kind = DecisionKind.Label, Annotations = [new ClassTag(a.Label)] }, a.Task.Lease))]);
            if (recorded.Count is >= 30 and < 50 && kills == 0 || recorded.Count >= 90 && kills == 1)
            {
                // While the answers are on their way: the client sends them again, with the same operation ids.
                kills++;
                await silo.KillAsync();
                await silo.StartAgainAsync();
            }
            foreach (var (result, answer) in (await submitting).Zip(answers))
            {
                Assert.True(result.Status is SubmitStatus.Recorded or SubmitStatus.AlreadyRecorded, $"{result.Status}: {result.Reason}");
                Assert.True(recorded.TryAdd(answer.Task.Image, (answer.Label, answer.Operation)));
            }
        }
        Assert.Equal(2, kills);
        var ended = await silo.Client.WaitForRoundAsync(Dataset, round.Arm, round.Number);
        Assert.Equal((120, 120, Settings.AuditSample), (ended.Selected, ended.Labels, ended.Model!.Metrics.AuditCount));
        Assert.Equal(120 + Settings.AuditSample, recorded.Count);
        foreach (var (image, (label, operation)) in recorded)
        {
            var detail = await silo.Client.GetImageAsync(Dataset, image);
            var entry = Assert.Single(detail.History);
            Assert.Equal((operation, "test"), (entry.OperationId, entry.Actor));
            Assert.Equal(label, Assert.IsType<ClassTag>(Assert.Single(detail.Annotations)).Class);
        }
        Assert.Equal(RoundStep.Done, ended.Step);
    }

    [Fact]
    public async Task What_was_set_aside_before_a_kill_comes_to_people_who_do_not_wait()
    {
        await using var silo = await SiloProcess.StartAsync();
        await PrepareAsync(silo, 80);
        await silo.Client.StartRoundAsync(Dataset, new StartRound(10));
        IReadOnlyList<ReviewTask> tasks = [];
        await Until.TrueAsync(async () => (tasks = await silo.Client.LeaseAsync(Dataset, new LeaseRequest(50, 1_000))).Count > 0, Limit,
            () => "there are tasks");
        var open = (await silo.Client.GetStatusAsync(Dataset)).OpenTasks;
        await silo.KillAsync();
        await silo.StartAgainAsync();
        var again = new HashSet<ImageId>();
        async Task<bool> AllCameAsync()
        {
            again.UnionWith((await silo.Client.LeaseAsync(Dataset, new LeaseRequest(50, 0))).Select(t => t.Image));
            return again.Count == open;
        }

        await Until.TrueAsync(AllCameAsync, Limit, () => $"of {open} open tasks more than {again.Count} come");
        Assert.Superset(tasks.Select(t => t.Image).ToHashSet(), again);
    }

    [Fact]
    public async Task After_a_kill_who_presents_a_lease_keeps_the_task_and_all_else_is_offered_within_15_seconds()
    {
        await using var silo = await SiloProcess.StartAsync();
        await silo.Client.CreateDatasetAsync(Creation with { Settings = Settings with { LeasePeriod = TimeSpan.FromMinutes(5) } });
        await CollectAsync(silo.Client.ImportAsync(Dataset, DrawnImages.EnumerateAsync(80)));
        await silo.Client.WaitForScoringAsync(Dataset);
        await silo.Client.StartRoundAsync(Dataset, new StartRound(40));
        using var ann = silo.As("ann");
        using var bea = silo.As("bea");
        var (anns, beas) = (new List<ReviewTask>(), new List<ReviewTask>());
        await Until.TrueAsync(async () => await TakeAsync(ann, anns, 10) && await TakeAsync(bea, beas, 10), Limit,
            () => "there are tasks");
        var open = (int)(await silo.Client.GetStatusAsync(Dataset)).OpenTasks;
        await using var keeper = new LeaseKeeper(ann, Dataset);
        var lost = new ConcurrentBag<string>();
        keeper.Lost += (_, why) => lost.Add(why);
        keeper.Keep(anns);

        await silo.KillAsync();
        await silo.StartAgainAsync();
        // Whoever asks is the first who wakes the queue, and waits for nothing but what others may be at.
        using var cem = silo.As("cem");
        var (cems, since) = (new List<ReviewTask>(), Stopwatch.StartNew());
        await Until.TrueAsync(() => TakeAsync(cem, cems, open - anns.Count), Limit,
            () => $"of {open} open tasks, {anns.Count} of which are at hand, {cems.Count} come");
        Assert.True(since.Elapsed < TimeSpan.FromSeconds(15), $"it took {since.Elapsed}");
        Assert.Superset(beas.Select(t => t.Image).ToHashSet(), cems.Select(t => t.Image).ToHashSet());
        Assert.Empty(cems.Select(t => t.Image).Intersect(anns.Select(t => t.Image)));
        Assert.Equal((10, 0), (keeper.Count, lost.Count));

        // Both who kept a task and who did not may still answer; the second of two answers is an opinion.
        SubmitDecision Answer(ReviewTask task, string? lease = null) => new(task.Image, Guid.NewGuid(),
            new Decision { Kind = DecisionKind.Label, Annotations = [new ClassTag("disc")] }, lease ?? task.Lease);
        var kept = await ann.SubmitAsync(Dataset, [.. anns.Select(t => Answer(t, keeper.LeaseOf(t.Image)))]);
        Assert.All(kept, r => Assert.Equal(SubmitStatus.Recorded, r.Status));
        var again = cems.First(t => t.Image == beas[0].Image);
        Assert.Equal(SubmitStatus.Recorded, (await cem.SubmitAsync(Dataset, [Answer(again)]))[0].Status);
        Assert.Equal(SubmitStatus.SecondOpinion, (await bea.SubmitAsync(Dataset, [Answer(beas[0])]))[0].Status);
        var renewed = await bea.RenewAsync(Dataset, [beas[1].Lease]);
        Assert.Contains("not yours any more", renewed[0].Reason, StringComparison.Ordinal);
    }

    private static async Task<bool> TakeAsync(WinnowClient person, List<ReviewTask> tasks, int count)
    {
        if (tasks.Count < count) tasks.AddRange(await person.LeaseAsync(Dataset, new LeaseRequest(count - tasks.Count, 500)));
        return tasks.Count == count;
    }

    [Fact]
    public async Task Killed_at_every_step_of_training()
    {
        await using var silo = await SiloProcess.StartAsync();
        await PrepareAsync(silo, 900);
        await CollectAsync(silo.Client.ImportAsync(Dataset, DrawnImages.EnumerateAsync(300, 5000, labelled: true, Partition.Holdout)));
        await silo.Client.WaitForScoringAsync(Dataset);
        var round = await silo.Client.StartRoundAsync(Dataset, new StartRound(500));
        using var stop = new CancellationTokenSource();
        var reviewing = new SimulatedReviewer(silo.Client,
            new SimulatedReviewerOptions
            {
                Dataset = Dataset,
                Classes = DrawnImages.Classes,
                Truth = t => t.Name.Split('/')[0],
                LeaseSize = 100
            }).RunAsync(stop.Token);
        var killedAt = new HashSet<RoundStep>();
        while (true)
        {
            var now = await silo.Client.GetRoundAsync(Dataset, round.Arm, round.Number);
            if (now.Step is RoundStep.Done or RoundStep.Failed) break;
            if (now.Step < RoundStep.Train || !killedAt.Add(now.Step)) continue;
            await silo.KillAsync();
            await silo.StartAgainAsync();
        }
        await stop.CancelAsync();
        await reviewing;
        Assert.Contains(RoundStep.Train, killedAt);

        var ended = await silo.Client.WaitForRoundAsync(Dataset, round.Arm, round.Number);
        Assert.Equal((RoundStep.Done, 500, true), (ended.Step, ended.Labels, ended.Promoted));
        Assert.True(ended.Model!.Metrics.HoldoutAccuracy > 0.6, $"{ended.Model.Metrics.HoldoutAccuracy}");
        var status = await silo.Client.GetStatusAsync(Dataset);
        Assert.Equal("main/1", Assert.Single(status.Champions).Name);
        Assert.Single(await silo.Client.ListRoundsAsync(Dataset));
        // Every image of the pool bears the scores of that one champion.
        await foreach (var image in silo.Client.ListImagesAsync(Dataset, Stage.Scored))
        {
            Assert.Equal("main/1", (await silo.Client.GetImageAsync(Dataset, image.Id)).Scores?.ModelVersion);
        }
    }

    private static async Task PrepareAsync(SiloProcess silo, int images)
    {
        await silo.Client.CreateDatasetAsync(Creation);
        await CollectAsync(silo.Client.ImportAsync(Dataset, DrawnImages.EnumerateAsync(images)));
        await silo.Client.WaitForScoringAsync(Dataset);
    }

    private static async Task CollectAsync(IAsyncEnumerable<IngestResult> results)
    {
        await foreach (var result in results) Assert.Equal(IngestStatus.Accepted, result.Status);
    }
}
