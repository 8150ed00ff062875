using Winnow.Model.Datasets;
using Winnow.Model.Images;
using Winnow.Model.Labels;
using Winnow.Model.Policies;
using Winnow.Model.Review;
using Winnow.Model.Training;
using Winnow.Testing;
using Winnow.Web.Tests.Training;
using static Winnow.Web.Tests.Review.Answers;

namespace Winnow.Web.Tests.Review;

/// <summary>What was said can be taken back, said anew and asked about again, and everything that rests on it follows.</summary>
public sealed class AmendTests(Server server) : IClassFixture<Server>
{
    private Task<string> AskingAsync(int images = 40, int batch = 5) => AskingAsync(server, images, batch);

    /// <summary>A dataset that asks about so many of its images.</summary>
    internal static async Task<string> AskingAsync(Server server, int images, int batch)
    {
        var dataset = await server.Client.DatasetAsync(images, LearningServer.Small);
        await server.Client.StartRoundAsync(dataset, new StartRound(batch));
        await Until.TrueAsync(
            async () => (await server.Client.GetStatusAsync(dataset)).OpenTasks == batch, LearningServer.Patience, () => "all shards ask");
        return dataset;
    }

    private async Task<(int Decided, long Open)> CountAsync(string dataset)
    {
        var status = await server.Client.GetStatusAsync(dataset);
        return ((int)status.Decided, status.OpenTasks);
    }

    [Fact]
    public async Task What_is_taken_back_was_never_said_and_the_round_waits_for_it()
    {
        var dataset = await AskingAsync();
        using var ann = server.As("ann");
        using var bob = server.As("bob");
        var tasks = await ann.TakeAsync(dataset, 4);
        var answered = await ann.SubmitAsync(dataset, [.. tasks.Select(t => Answer(t, "disc"))]);
        Assert.All(answered, r => Assert.Equal(SubmitStatus.Recorded, r.Status));
        var image = tasks[0].Image;
        Assert.Equal((4, 1), await CountAsync(dataset));

        var taken = await ann.TakeBackAsync(dataset, image);
        Assert.Equal((SubmitStatus.Recorded, 2), (taken.Status, taken.Version));
        Assert.Equal((3, 2), await CountAsync(dataset));
        var detail = await ann.GetImageAsync(dataset, image);
        Assert.Equal((Stage.Queued, 0, 2L), (detail.Stage, detail.Annotations.Count, detail.Version));
        Assert.Equal([HistoryKind.Decided, HistoryKind.TakenBack], detail.History.Select(h => h.Kind));

        // Both that are left are given out, and the round ends with the last of them only.
        var left = await bob.TakeAsync(dataset, 2);
        Assert.Contains(image, left.Select(t => t.Image));
        await bob.SubmitAsync(dataset, [.. left.Select(t => Answer(t, "frame"))]);
        var round = await server.Client.WaitForRoundAsync(dataset, Arms.Main, 1);
        Assert.Equal((RoundStep.Done, 5), (round.Step, round.Labels));
        Assert.Equal("frame", Assert.Single((await ann.GetImageAsync(dataset, image)).Annotations).Class);

        // It can be taken back after the round too: whoever makes a version then finds no label.
        Assert.Equal(SubmitStatus.Recorded, (await bob.TakeBackAsync(dataset, image)).Status);
        Assert.Equal((4, 1), await CountAsync(dataset));
        Assert.Equal(4, (await server.Client.CreateVersionAsync(dataset, new CreateVersion())).Labeled);
        // Taking back is taken back.
        Assert.Equal(SubmitStatus.Recorded, (await bob.TakeBackAsync(dataset, image)).Status);
        Assert.Equal((5, 0), await CountAsync(dataset));
        Assert.Equal(5, (await server.Client.CreateVersionAsync(dataset, new CreateVersion())).Labeled);
    }

    [Fact]
    public async Task Nobody_is_asked_what_was_opened_and_closed_again()
    {
        // She keeps another task, so that the round goes on waiting.
        var dataset = await AskingAsync(batch: 2);
        using var ann = server.As("ann");
        using var bob = server.As("bob");
        var task = (await ann.TakeAsync(dataset, 2))[0];
        Assert.Equal(SubmitStatus.Recorded, (await ann.SayAsync(dataset, Answer(task, "disc"))).Status);
        Assert.Equal(SubmitStatus.Recorded, (await ann.TakeBackAsync(dataset, task.Image)).Status);
        // The queue has it, and bob gives it back.
        Assert.Equal(task.Image, Assert.Single(await bob.TakeAsync(dataset, 1)).Image);
        await bob.ReleaseAsync(dataset, [task.Image]);
        Assert.Equal(SubmitStatus.Recorded, (await ann.TakeBackAsync(dataset, task.Image)).Status);
        Assert.Equal((1, 1), await CountAsync(dataset));
        await Until.TrueAsync(async () => (await bob.LeaseAsync(dataset, new LeaseRequest(1))).Count == 0, LearningServer.Patience,
            () => "the queue has heard of it");
    }

    [Fact]
    public async Task Who_takes_back_that_they_cannot_tell_is_asked()
    {
        var dataset = await AskingAsync(batch: 2);
        using var ann = server.As("ann");
        var task = (await ann.TakeAsync(dataset, 2))[0];
        await ann.AnswerAsync(dataset, [task], LearningServer.Skip);
        Assert.Empty(await ann.LeaseAsync(dataset, new LeaseRequest(1)));
        Assert.Equal(SubmitStatus.Recorded, (await ann.TakeBackAsync(dataset, task.Image)).Status);
        Assert.Equal(task.Image, Assert.Single(await ann.TakeAsync(dataset, 1)).Image);
    }

    [Fact]
    public async Task What_is_asked_again_is_a_task_whatever_else_asks()
    {
        var name = "d" + Guid.NewGuid().ToString("n")[..12];
        await server.Client.CreateDatasetAsync(new CreateDataset(name, LearningServer.Schema, LearningServer.Small));
        await foreach (var _ in server.Client.ImportAsync(name, DrawnImages.EnumerateAsync(30, labelled: true)))
        {
        }
        await server.Client.WaitForScoringAsync(name);
        // One came with its label, and one was given another by whoever corrects: no round has asked about either.
        var (first, second) = (ImageId.Of(DrawnImages.Draw(0)), ImageId.Of(DrawnImages.Draw(1)));
        await server.Client.CorrectAsync(name, second, [new ClassTag("disc")]);
        foreach (var image in new[] { first, second })
            Assert.Equal(SubmitStatus.Recorded, (await server.Client.AskAgainAsync(name, image)).Status);
        Assert.Equal(2, (await server.Client.GetStatusAsync(name)).OpenTasks);
        // What a policy asks besides is withdrawn with the policy, and a round has nothing to choose of them.
        await server.Client.ChangePoliciesAsync(name, new ChangePolicies { AskBelow = 1 });
        await server.Client.ChangePoliciesAsync(name, new ChangePolicies { AskBelow = 0 });
        await server.Client.StartRoundAsync(name, new StartRound(1));
        await server.Client.EndOfAsync(name);
        using var ann = server.As("ann");
        var tasks = await ann.TakeAsync(name, 2);
        Assert.Equal(new[] { first, second }.Order(), tasks.Select(t => t.Image).Order());
        Assert.All(await ann.SubmitAsync(name, [.. tasks.Select(t => Answer(t, "frame"))]),
            r => Assert.Equal(SubmitStatus.Recorded, r.Status));
        Assert.Equal(0, (await server.Client.GetStatusAsync(name)).OpenTasks);
        Assert.Equal("frame", Assert.Single((await ann.GetImageAsync(name, first)).Annotations).Class);

        // It is so in a copy.
        await server.Client.AskAgainAsync(name, first);
        var file = Path.Combine(server.Folder, $"{name}.tar");
        await server.Client.BackupAsync(name, file);
        await server.Client.RestoreAsync(file, $"{name}-2");
        Assert.Equal(first, Assert.Single(await ann.TakeAsync($"{name}-2", 1)).Image);
    }

    [Fact]
    public async Task What_is_asked_again_outlives_the_round_that_asked_first()
    {
        var dataset = await AskingAsync();
        using var ann = server.As("ann");
        var task = Assert.Single(await ann.TakeAsync(dataset, 1));
        await ann.SubmitAsync(dataset, [Answer(task, "disc")]);
        Assert.Equal(SubmitStatus.Recorded, (await server.Client.AskAgainAsync(dataset, task.Image)).Status);
        await server.Client.EndRoundAsync(dataset, Arms.Main, 1);
        await server.Client.EndOfAsync(dataset);
        Assert.Equal(1, (await server.Client.GetStatusAsync(dataset)).OpenTasks);
        using var bob = server.As("bob");
        Assert.Equal(task.Image, Assert.Single(await bob.TakeAsync(dataset, 1)).Image);
    }

    [Fact]
    public async Task A_second_opinion_stands_where_the_first_answer_was_taken_back()
    {
        var dataset = await AskingAsync();
        using var ann = server.As("ann");
        using var bob = server.As("bob");
        var task = Assert.Single(await ann.TakeAsync(dataset, 1));
        // Somebody else decides while she looks.
        var corrected = await bob.SayAsync(dataset, Amend(task.Image, 0, DecisionKind.Label, "frame"));
        Assert.Equal(SubmitStatus.Recorded, corrected.Status);
        Assert.Equal(SubmitStatus.SecondOpinion, (await ann.SayAsync(dataset, Answer(task, "disc"))).Status);
        Assert.Equal("frame", Assert.Single((await ann.GetImageAsync(dataset, task.Image)).Annotations).Class);
        Assert.Equal(SubmitStatus.Recorded, (await bob.TakeBackAsync(dataset, task.Image, 1)).Status);
        Assert.Equal("disc", Assert.Single((await ann.GetImageAsync(dataset, task.Image)).Annotations).Class);
        Assert.Equal((1, 4), await CountAsync(dataset));
    }

    [Fact]
    public async Task A_label_that_came_with_the_image_comes_back_and_may_be_asked_about()
    {
        var name = "d" + Guid.NewGuid().ToString("n")[..12];
        await server.Client.CreateDatasetAsync(new CreateDataset(name, LearningServer.Schema, LearningServer.Small));
        await foreach (var _ in server.Client.ImportAsync(name, DrawnImages.EnumerateAsync(30, labelled: true)))
        {
        }
        await server.Client.WaitForScoringAsync(name);
        var image = ImageId.Of(DrawnImages.Draw(0));
        async Task<string?> LabelAsync() => (await server.Client.GetImageAsync(name, image)).Annotations.SingleOrDefault()?.Class;
        async Task<long> LabelledAsync() => (await server.Client.CreateVersionAsync(name, new CreateVersion())).Labeled;

        await server.Client.SayAsync(name, Amend(image, 0, DecisionKind.Label, "disc"));
        Assert.Equal("disc", await LabelAsync());
        await server.Client.TakeBackAsync(name, image);
        Assert.Equal(("bars", 30), (await LabelAsync(), await LabelledAsync()));
        var skipped = await server.Client.SayAsync(name, Amend(image, 2, DecisionKind.Skip));
        Assert.Equal(SubmitStatus.Refused, skipped.Status);
        Assert.Contains("under its lease", skipped.Reason, StringComparison.Ordinal);

        Assert.Equal(SubmitStatus.Recorded, (await server.Client.AskAgainAsync(name, image, "looks like a disc")).Status);
        Assert.Equal((null, 29), (await LabelAsync(), await LabelledAsync()));
        Assert.Equal(Stage.Queued, (await server.Client.GetImageAsync(name, image)).Stage);
        var again = await server.Client.AskAgainAsync(name, image);
        Assert.Equal(SubmitStatus.Refused, again.Status);
        Assert.Contains("Nothing stands", again.Reason, StringComparison.Ordinal);
        // Nobody was asked before, and somebody is now.
        using var ann = server.As("ann");
        var task = Assert.Single(await ann.TakeAsync(name, 1));
        Assert.Equal(image, task.Image);
        await ann.SubmitAsync(name, [Answer(task, "disc")]);
        Assert.Equal(("disc", 30), (await LabelAsync(), await LabelledAsync()));

        var sound = (await server.Client.VerifyAsync(name).LastAsync()).Report!;
        Assert.True(sound.Sound, string.Join(", ", sound.Findings));
        // All of it is so in a copy too, which works out anew what stands.
        await server.Client.TakeBackAsync(name, image);
        Assert.Null(await LabelAsync());
        var file = Path.Combine(server.Folder, $"{name}.tar");
        await server.Client.BackupAsync(name, file);
        await server.Client.RestoreAsync(file, $"{name}-2");
        var (here, there) = (await server.Client.GetImageAsync(name, image), await server.Client.GetImageAsync($"{name}-2", image));
        Assert.Equal((here.Stage, here.Version, 0), (there.Stage, there.Version, there.Annotations.Count));
        static object[] Said(ImageDetail detail) => [.. detail.History.Select(h => (h.Version, h.Kind, h.Decision.Of))];
        Assert.Equal(Said(here), Said(there));
        Assert.Equal(29, (await server.Client.CreateVersionAsync($"{name}-2", new CreateVersion())).Labeled);
    }

    [Fact]
    public async Task Who_could_not_tell_may_be_asked_again()
    {
        var dataset = await AskingAsync(batch: 12);
        using var ann = server.As("ann");
        var tasks = await ann.TakeAsync(dataset, 12);
        await ann.AnswerAsync(dataset, tasks.Skip(1), LearningServer.Right);
        await ann.AnswerAsync(dataset, tasks.Take(1), LearningServer.Skip);
        foreach (var name in new[] { "bob", "eve" })
        {
            using var person = server.As(name);
            await person.AnswerAsync(dataset, await person.TakeAsync(dataset, 1), LearningServer.Skip);
        }
        var round = await server.Client.EndOfAsync(dataset);
        Assert.Equal((RoundStep.Done, 1), (round.Step, round.Outcomes!.Skipped));
        Assert.Equal(SubmitStatus.Recorded, (await server.Client.AskAgainAsync(dataset, tasks[0].Image)).Status);
        var again = Assert.Single(await ann.TakeAsync(dataset, 1));
        Assert.Equal(tasks[0].Image, again.Image);
        await ann.AnswerAsync(dataset, [again], LearningServer.Right);
        Assert.Equal((12, 0), await CountAsync(dataset));
    }

    [Fact]
    public async Task What_cannot_be_taken_back_or_asked_again_is_refused_with_what_to_do()
    {
        var dataset = await AskingAsync();
        using var ann = server.As("ann");
        var tasks = await ann.TakeAsync(dataset, 2);
        await ann.SubmitAsync(dataset, [Answer(tasks[0], "disc")]);
        var image = tasks[0].Image;
        await foreach (var _ in server.Client.ImportAsync(
            dataset, DrawnImages.EnumerateAsync(1, 1_000, labelled: true, partition: Partition.Holdout)))
        {
        }
        async Task RefusedAsync(string why, SubmitDecision decision, SubmitStatus status = SubmitStatus.Refused)
        {
            var result = await ann.SayAsync(dataset, decision);
            Assert.Equal(status, result.Status);
            Assert.Contains(why, result.Reason, StringComparison.Ordinal);
        }
        await RefusedAsync("needs the version of an entry", Amend(image, 1, DecisionKind.TakeBack));
        await RefusedAsync("needs the version of an entry", Amend(image, 1, DecisionKind.TakeBack, of: 0));
        await RefusedAsync("has no entry 7 in its history, which has 1", Amend(image, 1, DecisionKind.TakeBack, of: 7));
        await RefusedAsync("Only taking back names an entry", Amend(image, 1, DecisionKind.Label, "disc", of: 1));
        await RefusedAsync("Only a label or what is known for certain", Amend(image, 1, DecisionKind.AskAgain, "disc"));
        await RefusedAsync("has 1 history entries, not 0", Amend(image, 0, DecisionKind.TakeBack, of: 1), SubmitStatus.Conflict);
        await RefusedAsync("Nothing stands", Amend(tasks[1].Image, 0, DecisionKind.AskAgain));
        await RefusedAsync("leave the lease out", Amend(tasks[1].Image, 0, DecisionKind.AskAgain) with { Lease = tasks[1].Lease });
        await RefusedAsync("holdout", Amend(ImageId.Of(DrawnImages.Draw(1_000)), 0, DecisionKind.AskAgain));
        Assert.Equal(SubmitStatus.Recorded, (await ann.TakeBackAsync(dataset, image, 1)).Status);
        await RefusedAsync("was taken back already", Amend(image, 2, DecisionKind.TakeBack, of: 1));
        Assert.Equal((0, 5), await CountAsync(dataset));
        // Sent once more, it is recorded once.
        var undo = Amend(image, 2, DecisionKind.TakeBack, of: 2);
        Assert.Equal(SubmitStatus.Recorded, (await ann.SayAsync(dataset, undo)).Status);
        Assert.Equal(SubmitStatus.AlreadyRecorded, (await ann.SayAsync(dataset, undo)).Status);
        Assert.Equal((1, 4), await CountAsync(dataset));
    }
}
