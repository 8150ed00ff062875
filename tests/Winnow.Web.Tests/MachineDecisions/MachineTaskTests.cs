using Winnow.Model.Images;
using Winnow.Model.Labels;
using Winnow.Model.MachineDecisions;
using Winnow.Model.Policies;
using Winnow.Model.Prelabels;
using Winnow.Model.Review;
using Winnow.Model.Training;
using Winnow.Testing;
using Winnow.Web.Tests.Training;
using static Winnow.Web.Tests.MachineDecisions.Deciding;

namespace Winnow.Web.Tests.MachineDecisions;

/// <summary>
/// What was accepted is asked about where somebody asks, and of the audit sample; a guess is asked about as if there were none; and models
/// learn from people alone.
/// </summary>
public sealed class MachineTaskTests
{
    [Fact]
    public async Task A_round_asks_about_what_no_machine_was_accepted_for_and_learns_from_people_alone()
    {
        await using var server = await OwnServer.StartAsync();
        var learning = new SmallLearning(server);
        await learning.CreateAsync();
        ImageId[] images = [.. Enumerable.Range(0, 100).Select(i => ImageId.Of(DrawnImages.Draw(i)))];
        ImageMachineDecision[] sent =
            [.. images[..80].Select(i => Of(i, "disc")), .. images[80..].Select(i => Of(i, "disc", MachineKind.Pseudo))];
        await Until.TrueAsync(() => IsDoneAsync(() => server.Client.AddMachineDecisionsAsync(SmallLearning.Name, sent)),
            LearningServer.Patience, () => "the level is raised");
        Assert.Equal((80, 20), await CountsAsync());
        var (audit, chosen) = (new HashSet<ImageId>(), new HashSet<ImageId>());
        Decision? Note(ReviewTask task)
        {
            (SmallLearning.IsAudit(task) ? audit : chosen).Add(task.Image);
            return null;
        }
        var round = await learning.RoundAsync(Note);
        Assert.Equal((RoundStep.Done, 10, SmallLearning.Audit), (round.Step, round.Labels, round.Model!.Metrics.AuditCount));
        // All of the audit sample was asked, whatever machines decided; of the others what was guessed alone.
        Assert.Equal(SmallLearning.Audit, audit.Count);
        Assert.Contains(audit, images[..80].Contains);
        Assert.Equal(10, chosen.Count);
        Assert.All(chosen, i => Assert.Contains(i, images[80..]));
        // Both kinds of answers went before the machine's.
        var answered = audit.Union(chosen).ToHashSet();
        Assert.Equal((80 - images[..80].Count(answered.Contains), 20 - images[80..].Count(answered.Contains)), await CountsAsync());
        Assert.Equal(answered.Count, (await server.Client.GetStatusAsync(SmallLearning.Name)).Decided);

        // Taken back, they are as any other that nobody labelled.
        await server.Client.TakeBackMachineDecisionsAsync(SmallLearning.Name, new("drift", "night"));
        Assert.Equal((0, 0), await CountsAsync());
        chosen.Clear();
        var next = await learning.RoundAsync(Note);
        Assert.Equal((RoundStep.Done, 20), (next.Step, next.Labels));
        await learning.ReopenAsync();
        Assert.Equal((0, 0), await CountsAsync());

        async Task<(long, long)> CountsAsync()
        {
            var status = await server.Client.GetStatusAsync(SmallLearning.Name);
            return (status.AutoAccepted, status.Pseudo);
        }
    }

    [Fact]
    public async Task A_threshold_passes_over_what_was_accepted_until_that_is_taken_back_and_an_open_task_stays_open()
    {
        await using var server = await OwnServer.StartAsync();
        var (dataset, images) = await server.Client.DatasetAsync(4);
        await server.Client.AddPrelabelsAsync(dataset, [.. images.Select(i =>
            new ImagePrelabel(i, "yolo", [new ClassTag("disc") { Confidence = 0.4 }], Made))]);
        await server.Client.AddMachineDecisionsAsync(dataset, [Of(images[0], "disc"), Of(images[1], "disc", MachineKind.Pseudo)]);
        await server.Client.ChangePoliciesAsync(dataset, new ChangePolicies { AskBelow = 0.7 });
        await UntilQueuedAsync(images[1..]);
        // It was asked before: the task stays, and whoever answers it is heard.
        await server.Client.AddMachineDecisionsAsync(dataset, [Of(images[2], "bars")]);
        Assert.Equal((2, Stage.Queued),
            ((await server.Client.GetStatusAsync(dataset)).AutoAccepted, (await server.Client.GetImageAsync(dataset, images[2])).Stage));
        var tasks = await server.Client.LeaseAsync(dataset, new LeaseRequest(3, 5_000));
        var open = tasks.Single(t => t.Image == images[2]);
        var result = Assert.Single(await server.Client.SubmitAsync(
            dataset, [new SubmitDecision(open.Image, Guid.NewGuid(), Label("frame"), open.Lease)]));
        Assert.Equal(SubmitStatus.Recorded, result.Status);
        Assert.Null(await server.Client.StandsAsync(dataset, images[2]));
        await server.Client.TakeBackMachineDecisionsAsync(dataset, new("drift", Image: images[0]));
        await UntilQueuedAsync([images[0], images[1], images[3]]);

        Task UntilQueuedAsync(ImageId[] wanted) => Until.TrueAsync(async () =>
        {
            var queued = new List<ImageId>();
            await foreach (var image in server.Client.ListImagesAsync(dataset, Stage.Queued)) queued.Add(image.Id);
            return queued.Order().SequenceEqual(wanted.Order());
        }, LearningServer.Patience, () => "what is to be asked is asked");
    }
}
