using Winnow.Client;
using Winnow.Model.Acts;
using Winnow.Model.Datasets;
using Winnow.Model.Images;
using Winnow.Model.Labels;
using Winnow.Model.Policies;
using Winnow.Model.Review;
using Winnow.Model.Training;
using Winnow.Testing;
using Winnow.Web.Tests.Review;
using Winnow.Web.Tests.Training;
using static Winnow.Web.Tests.Review.Answers;

namespace Winnow.Web.Tests.Datasets;

/// <summary>
/// A version of a label schema while people label: what several said comes to the same everywhere, and an answer is read by the version
/// that its author had.
/// </summary>
public sealed class SchemaOpinionTests(Server server) : IClassFixture<Server>
{
    private WinnowClient Client => server.Client;

    private async Task<string> AskingAsync(ChangePolicies policies, int batch = 1)
    {
        var dataset = await Client.DatasetAsync(40, LearningServer.Small);
        await Client.ChangePoliciesAsync(dataset, policies);
        await Client.StartRoundAsync(dataset, new StartRound(batch));
        return dataset;
    }

    private Task<SchemaState> ChangeAsync(string dataset, int from, params SchemaChange[] changes) =>
        Client.ChangeSchemaAsync(dataset, new ChangeSchema(from, changes));

    private Task UntilAskedAsync(string dataset) => Until.TrueAsync(
        async () => (await Client.GetSchemaAsync(dataset)).Asking is null, LearningServer.Patience, () => "all is asked again");

    private async Task<(Stage Stage, string? Label)> ReadAsync(string dataset, ImageId image)
    {
        var detail = await Client.GetImageAsync(dataset, image);
        ListedImageOf(detail, await ListedAsync(dataset, image));
        return (detail.Stage, detail.Annotations.Select(a => a.Class).FirstOrDefault());
    }

    private async Task<ImageSummary> ListedAsync(string dataset, ImageId image)
    {
        await foreach (var listed in Client.ListImagesAsync(dataset))
            if (listed.Id == image) return listed;
        throw new InvalidOperationException($"{image} is not listed.");
    }

    private static void ListedImageOf(ImageDetail detail, ImageSummary listed)
    {
        Assert.Equal((detail.Stage, detail.Annotations.Select(a => a.Class).FirstOrDefault()), (listed.Stage, listed.Label));
        Assert.Equal(detail.Annotations.Count > 0, detail.Labelled);
    }

    /// <summary>The image is the same in shards that have just opened, and in a dataset that was restored.</summary>
    private async Task EverywhereAsync(string dataset, ImageId image)
    {
        var here = await ReadAsync(dataset, image);
        var shards = (await Client.GetDatasetAsync(dataset)).Shards.Count * 2;
        await Client.SplitAsync(dataset, shards);
        await Until.TrueAsync(async () => (await Client.GetDatasetAsync(dataset)).Shards is { Split: null } now && now.Count == shards,
            LearningServer.Patience, () => "the shards are doubled");
        Assert.Equal(here, await ReadAsync(dataset, image));
        var file = Path.Combine(Path.GetTempPath(), $"{dataset}.winnow");
        try
        {
            await Client.BackupAsync(dataset, file);
            await Client.RestoreAsync(file, $"{dataset}-copy");
            Assert.Equal(here, await ReadAsync($"{dataset}-copy", image));
        }
        finally
        {
            File.Delete(file);
        }
    }

    [Fact]
    public async Task What_several_said_of_a_class_that_is_split_is_void_and_they_are_asked_again()
    {
        var dataset = await AskingAsync(new ChangePolicies { LabelsPerImage = 3 });
        using var ann = server.As("ann");
        using var bob = server.As("bob");
        using var eve = server.As("eve");
        var held = await eve.TakeOneAsync(dataset);
        foreach (var person in new[] { ann, bob })
        {
            var said = Answer(await person.TakeOneAsync(dataset), "disc");
            Assert.Equal(SubmitStatus.Recorded, (await person.SayAsync(dataset, said)).Status);
        }
        await ChangeAsync(dataset, 1, new SplitClass("disc", ["coin", "ball"]));
        await UntilAskedAsync(dataset);
        Assert.Equal(SubmitStatus.Recorded, (await eve.SayAsync(dataset, Answer(held, "coin"))).Status);
        Assert.Equal((Stage.Queued, null), await ReadAsync(dataset, held.Image));
        Assert.Equal(0, (await Client.GetRoundAsync(dataset, Arms.Main, 1)).Labels);
        await EverywhereAsync(dataset, held.Image);
        foreach (var person in new[] { ann, bob })
        {
            var again = await person.TakeOneAsync(dataset);
            Assert.Equal(held.Image, again.Image);
            Assert.Equal(SubmitStatus.Recorded, (await person.SayAsync(dataset, Answer(again, "coin"))).Status);
        }
        Assert.Equal((Stage.Verified, "coin"), await ReadAsync(dataset, held.Image));
    }

    [Fact]
    public async Task A_dispute_about_a_class_that_is_retired_to_be_asked_again_is_none()
    {
        var dataset = await AskingAsync(new ChangePolicies { LabelsPerImage = 2 });
        using var ann = server.As("ann");
        using var bob = server.As("bob");
        var task = await ann.TakeOneAsync(dataset);
        await ann.SayAsync(dataset, Answer(task, "disc"));
        await bob.SayAsync(dataset, Answer(await bob.TakeOneAsync(dataset), "frame"));
        Assert.Equal((Stage.Disputed, null), await ReadAsync(dataset, task.Image));
        await ChangeAsync(dataset, 1, new RetireClass("disc", Ask: true));
        await UntilAskedAsync(dataset);
        Assert.Equal((Stage.Queued, null), await ReadAsync(dataset, task.Image));
        await EverywhereAsync(dataset, task.Image);
        // Whose word counts still is not asked; whose word is void is.
        Assert.Equal(task.Image, (await ann.TakeOneAsync(dataset, TaskKind.Label)).Image);
        Assert.Empty(await bob.LeaseAsync(dataset, new LeaseRequest(1)));
    }

    [Fact]
    public async Task A_verifier_who_differs_from_what_is_void_disputes_nothing()
    {
        var dataset = await AskingAsync(new ChangePolicies { VerifyShare = 1 });
        using var ann = server.As("ann");
        using var bob = server.As("bob");
        var task = await ann.TakeOneAsync(dataset, TaskKind.Label);
        await ann.SayAsync(dataset, Answer(task, "disc"));
        await bob.SayAsync(dataset, Answer(await bob.TakeOneAsync(dataset, TaskKind.Verify), "frame"));
        Assert.Equal((Stage.Disputed, null), await ReadAsync(dataset, task.Image));
        await ChangeAsync(dataset, 1, new SplitClass("disc", ["coin", "ball"]));
        await UntilAskedAsync(dataset);
        Assert.Equal((Stage.Queued, null), await ReadAsync(dataset, task.Image));
        Assert.Equal(task.Image, (await ann.TakeOneAsync(dataset, TaskKind.Label)).Image);
    }

    [Fact]
    public async Task A_dispute_about_two_classes_that_become_one_is_over()
    {
        var dataset = await AskingAsync(new ChangePolicies { LabelsPerImage = 2 });
        using var ann = server.As("ann");
        using var bob = server.As("bob");
        using var eve = server.As("eve");
        var task = await ann.TakeOneAsync(dataset);
        await ann.SayAsync(dataset, Answer(task, "disc"));
        await bob.SayAsync(dataset, Answer(await bob.TakeOneAsync(dataset), "frame"));
        await ChangeAsync(dataset, 1, new MergeClasses(["frame"], "disc"));
        Assert.Equal((Stage.Verified, "disc"), await ReadAsync(dataset, task.Image));
        Assert.Equal(0, (await Client.GetStatusAsync(dataset)).OpenTasks);
        Assert.Empty(await eve.LeaseAsync(dataset, new LeaseRequest(1, 0, [TaskKind.Arbitrate])));
        Assert.Equal(1, (await Client.CreateVersionAsync(dataset, new CreateVersion())).Labeled);
        await EverywhereAsync(dataset, task.Image);
    }

    [Fact]
    public async Task An_answer_is_read_by_the_version_that_its_author_had()
    {
        var dataset = await AskingAsync(new ChangePolicies(), batch: 3);
        using var ann = server.As("ann");
        var tasks = await ann.TakeAsync(dataset, 3);
        // The name of one class becomes another's; two more exchange theirs.
        await ChangeAsync(dataset, 1, new RenameClass("disc", "old-disc"), new AddClass(new LabelClass("disc")));
        await ChangeAsync(dataset, 2, new RenameClass("bars", "x"));
        await ChangeAsync(dataset, 3, new RenameClass("frame", "bars"));
        await ChangeAsync(dataset, 4, new RenameClass("x", "frame"));
        var answer = Answer(tasks[0], "disc");
        Assert.Equal(SubmitStatus.Recorded, (await ann.SayAsync(dataset, answer)).Status);
        Assert.Equal("old-disc", (await ReadAsync(dataset, tasks[0].Image)).Label);
        Assert.Equal(SubmitStatus.AlreadyRecorded, (await ann.SayAsync(dataset, answer)).Status);
        Assert.Equal(SubmitStatus.Recorded, (await ann.SayAsync(dataset, Answer(tasks[1], "bars"))).Status);
        Assert.Equal("frame", (await ReadAsync(dataset, tasks[1].Image)).Label);
        // Who has seen the newest says so.
        Assert.Equal(SubmitStatus.Recorded, (await ann.SayAsync(dataset, Answer(tasks[2], "disc") with { Schema = 5 })).Status);
        Assert.Equal("disc", (await ReadAsync(dataset, tasks[2].Image)).Label);

        // Of an image nobody has spoken of since, a correction has to say what it means.
        ImageId untouched = default;
        await foreach (var image in Client.ListImagesAsync(dataset))
            if (!tasks.Any(t => t.Image == image.Id)) untouched = image.Id;
        var unclear = await Client.CorrectAsync(dataset, untouched, [new ClassTag("disc")]);
        Assert.Equal(SubmitStatus.Refused, unclear.Status);
        Assert.Contains("'disc' is another class in version 5", unclear.Reason, StringComparison.Ordinal);
        var amend = Amend(untouched, 0, DecisionKind.Label, "disc");
        Assert.Equal(SubmitStatus.Refused, (await Client.SayAsync(dataset, amend with { Schema = 6 })).Status);
        Assert.Equal(SubmitStatus.Recorded, (await Client.SayAsync(dataset, amend with { Schema = 1 })).Status);
        Assert.Equal("old-disc", (await ReadAsync(dataset, untouched)).Label);
        // What was said last was said in the names of the newest.
        Assert.Equal(SubmitStatus.Recorded, (await Client.CorrectAsync(dataset, untouched, [new ClassTag("disc")])).Status);
        Assert.Equal("disc", (await ReadAsync(dataset, untouched)).Label);
    }

    [Fact]
    public async Task An_image_of_the_holdout_whose_class_was_split_counts_as_labelled_no_more()
    {
        var dataset = await Client.DatasetAsync(10, LearningServer.Small);
        await foreach (var result in Client.ImportAsync(dataset, DrawnImages.EnumerateAsync(6, 100, labelled: true, Partition.Holdout)))
            Assert.Equal(IngestStatus.Accepted, result.Status);
        await Client.WaitForScoringAsync(dataset);
        Assert.Equal(6, (await Client.GetStatusAsync(dataset)).Stages[Stage.Labeled]);
        await ChangeAsync(dataset, 1, new SplitClass("disc", ["coin", "ball"]));
        await UntilAskedAsync(dataset);
        Assert.Equal(4, (await Client.GetStatusAsync(dataset)).Stages[Stage.Labeled]);
        await foreach (var image in Client.ListImagesAsync(dataset))
            Assert.Equal(image.Label is not null, image.Stage == Stage.Labeled);
        Assert.Equal(4, (await Client.CreateVersionAsync(dataset, new CreateVersion())).Labeled);
    }

    [Fact]
    public async Task Who_asks_for_what_was_done_before_leaves_no_act()
    {
        var dataset = await Client.DatasetAsync(1, LearningServer.Small, scored: false);
        await Client.CreateDatasetAsync(new CreateDataset(dataset, LearningServer.Schema, LearningServer.Small));
        var (rename, operation) = (new ChangeSchema(1, [new RenameClass("disc", "round")]), Guid.NewGuid());
        for (var i = 0; i < 3; i++) await Client.ChangeSchemaAsync(dataset, rename, operation);
        var shards = (await Client.GetDatasetAsync(dataset)).Shards.Count * 2;
        for (var i = 0; i < 2; i++)
        {
            await Client.SplitAsync(dataset, shards);
            await Until.TrueAsync(async () => (await Client.GetDatasetAsync(dataset)).Shards is { Split: null } now && now.Count == shards,
                LearningServer.Patience, () => "the shards are doubled");
        }
        var acts = new List<Act>();
        await foreach (var act in Client.ListActsAsync(dataset)) acts.Add(act);
        Assert.Single(acts, a => a.What == ActKind.DatasetCreated);
        Assert.Single(acts, a => a.What == ActKind.SchemaChanged);
        Assert.Single(acts, a => a.What == ActKind.ShardsDoubled);
    }
}
