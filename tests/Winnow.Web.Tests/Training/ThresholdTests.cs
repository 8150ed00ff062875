using Winnow.Model.Images;
using Winnow.Model.Labels;
using Winnow.Model.Policies;
using Winnow.Model.Prelabels;
using Winnow.Model.Review;
using Winnow.Model.Training;
using Winnow.Testing;

namespace Winnow.Web.Tests.Training;

/// <summary>A policy asks about every image of which a machine is less sure, without any round, as scores and prelabels come.</summary>
public sealed class ThresholdTests
{
    private static readonly DateTimeOffset Made = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);

    /// <summary>Images that nobody has labelled, with how sure the model of the dataset is of them.</summary>
    private static async Task<List<(ImageId Image, double Sure)>> SureAsync(OwnServer server)
    {
        var sure = new List<(ImageId, double)>();
        await foreach (var image in server.Client.ListImagesAsync(SmallLearning.Name))
        {
            if (image.Partition != Partition.Pool || image.Stage is Stage.Labeled) continue;
            var detail = await server.Client.GetImageAsync(SmallLearning.Name, image.Id);
            sure.Add((image.Id, detail.Scores!.Confidence));
        }
        return sure;
    }

    private static async Task<ImageId[]> UnsureAsync(OwnServer server, double below) =>
        [.. (await SureAsync(server)).Where(i => i.Sure < below).Select(i => i.Image).Order()];

    private static async Task<ImageId[]> QueuedAsync(OwnServer server, string dataset)
    {
        var queued = new List<ImageId>();
        await foreach (var image in server.Client.ListImagesAsync(dataset, Stage.Queued)) queued.Add(image.Id);
        return [.. queued.Order()];
    }

    private static Task UntilQueuedAsync(OwnServer server, string dataset, Func<Task<ImageId[]>> expected, string what) => Until.TrueAsync(
        async () =>
        {
            var (queued, wanted) = (await QueuedAsync(server, dataset), await expected());
            return queued.SequenceEqual(wanted);
        }, LearningServer.Patience, () => what);

    [Fact]
    public async Task What_the_model_is_unsure_of_is_asked_and_what_it_is_sure_of_by_now_is_asked_no_more()
    {
        await using var server = await OwnServer.StartAsync();
        var learning = new SmallLearning(server);
        await learning.CreateAsync();
        // People who say anything teach a model that is unsure of everything.
        static Decision Anything(ReviewTask task) => new()
        {
            Kind = DecisionKind.Label,
            Annotations = [new ClassTag(DrawnImages.Classes[(int)(task.Image.B % (ulong)DrawnImages.Classes.Length)])],
        };
        Assert.Equal(RoundStep.Done, (await learning.RoundAsync(Anything)).Step);
        // The audit sample was asked about and answered by the round; all else that the model is unsure of is now.
        var sure = (await SureAsync(server)).Select(i => i.Sure).Order().ToArray();
        var below = (sure[sure.Length / 3] + sure[(sure.Length / 3) + 1]) / 2;
        await server.Client.ChangePoliciesAsync(SmallLearning.Name, new ChangePolicies { AskBelow = below });
        var unsure = await UnsureAsync(server, below);
        Assert.InRange(unsure.Length, 1, sure.Length - 1);
        await UntilQueuedAsync(server, SmallLearning.Name, () => Task.FromResult(unsure), "what the model is unsure of is asked");

        // A shard that opens asks the same, and nothing twice.
        await learning.ReopenAsync();
        Assert.Equal(unsure, await QueuedAsync(server, SmallLearning.Name));
        var task = Assert.Single(await server.Client.LeaseAsync(SmallLearning.Name, new LeaseRequest(1, 5_000)));
        Assert.Contains(task.Image, unsure);
        var scores = (await server.Client.GetImageAsync(SmallLearning.Name, task.Image)).Scores!;
        Assert.Equal(1 - scores.Confidence, task.Priority, 1e-4);

        // Answers are learned from with the next round of the arm whose model it is.
        Decision said = new() { Kind = DecisionKind.Label, Annotations = [new ClassTag(task.Name.Split('/')[0])] };
        await server.Client.SubmitAsync(SmallLearning.Name, [new SubmitDecision(task.Image, Guid.NewGuid(), said, task.Lease)]);
        var before = (await server.Client.GetRoundAsync(SmallLearning.Name, Arms.Main, 1)).Labels;
        var round = await learning.RoundAsync();
        Assert.Equal(RoundStep.Done, round.Step);
        // The reviewer of the round answered what the policy asked too.
        Assert.True(round.Labels >= before + 11, $"{round.Labels} labels after {before}");

        // Whatever the next model is unsure of; and with the policy gone nothing.
        await UntilQueuedAsync(server, SmallLearning.Name, () => UnsureAsync(server, below), "what the new model is unsure of is asked");
        await server.Client.ChangePoliciesAsync(SmallLearning.Name, new ChangePolicies { AskBelow = 0 });
        await UntilQueuedAsync(server, SmallLearning.Name, () => Task.FromResult<ImageId[]>([]), "nothing is asked");
    }

    [Fact]
    public async Task Where_no_model_is_the_least_sure_prelabel_tells()
    {
        await using var server = await OwnServer.StartAsync();
        var dataset = await server.Client.DatasetAsync(30, LearningServer.Small);
        var images = new List<ImageId>();
        await foreach (var image in server.Client.ListImagesAsync(dataset)) images.Add(image.Id);
        ImagePrelabel Of(int image, double confidence, string source = "yolo") =>
            new(images[image], source, [new ClassTag("disc") { Confidence = confidence }], Made);

        // Some were there before the policy, some come after it.
        await server.Client.AddPrelabelsAsync(dataset, [Of(0, 0.4), Of(1, 0.9), Of(2, 0.9), Of(2, 0.3, "other")]);
        await server.Client.ChangePoliciesAsync(dataset, new ChangePolicies { AskBelow = 0.7 });
        await UntilQueuedAsync(server, dataset, () => Expect(0, 2), "what a prelabel is unsure of is asked");
        await server.Client.AddPrelabelsAsync(dataset, [Of(3, 0.69), Of(4, 0.7), Of(5, 0.1)]);
        await UntilQueuedAsync(server, dataset, () => Expect(0, 2, 3, 5), "and what comes");
        var first = Assert.Single(await server.Client.LeaseAsync(dataset, new LeaseRequest(1, 5_000)));
        Assert.Equal(images[5], first.Image);
        await server.Client.ReleaseAsync(dataset, [first.Image]);

        // A source may be unsure of the whole, and say nothing of the parts.
        await server.Client.AddPrelabelsAsync(dataset,
            [new ImagePrelabel(images[6], "yolo", [new ClassTag("disc")], Made) { Confidence = 0.6 }]);
        await UntilQueuedAsync(server, dataset, () => Expect(0, 2, 3, 5, 6), "and what the whole is unsure of");
        await server.Client.AddPrelabelsAsync(dataset,
            [new ImagePrelabel(images[6], "yolo", [new ClassTag("disc")], Made.AddHours(1)) { Confidence = 0.8 }]);

        // A newer word of a source takes the place of the older.
        await server.Client.AddPrelabelsAsync(dataset,
            [new ImagePrelabel(images[3], "yolo", [new ClassTag("disc") { Confidence = 0.95 }], Made.AddHours(1))]);
        await UntilQueuedAsync(server, dataset, () => Expect(0, 2, 5), "what is sure by now is asked no more");
        Task<ImageId[]> Expect(params int[] numbers) => Task.FromResult<ImageId[]>([.. numbers.Select(n => images[n]).Order()]);
        Assert.Equal((3L, 3L), ((await server.Client.GetStatusAsync(dataset)).OpenTasks,
            (await server.Client.GetStatusAsync(dataset)).TasksByKind[TaskKind.Label]));
        await server.Client.ChangePoliciesAsync(dataset, new ChangePolicies { AskBelow = 0.2 });
        await UntilQueuedAsync(server, dataset, () => Expect(5), "a lower threshold asks less");
    }
}
