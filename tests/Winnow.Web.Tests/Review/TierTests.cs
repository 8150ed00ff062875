using Winnow.Client;
using Winnow.Model.Datasets;
using Winnow.Model.Images;
using Winnow.Model.Policies;
using Winnow.Model.Review;
using Winnow.Model.Training;
using Winnow.Web.Tests.Training;
using static Winnow.Web.Tests.Review.Answers;

namespace Winnow.Web.Tests.Review;

/// <summary>Several people label an image, others verify, and an arbitrator settles what they disagree about.</summary>
public sealed class TierTests(Server server) : IClassFixture<Server>
{
    private static readonly TaskKind[] Verify = [TaskKind.Verify];
    private static readonly TaskKind[] Arbitrate = [TaskKind.Arbitrate];

    private WinnowClient Client => server.Client;

    private async Task<string> AskingAsync(ChangePolicies policies, int batch = 4)
    {
        var dataset = await Client.DatasetAsync(40, LearningServer.Small);
        await Client.ChangePoliciesAsync(dataset, policies);
        await Client.StartRoundAsync(dataset, new StartRound(batch));
        return dataset;
    }

    private async Task<long> CountAsync(string dataset, Stage stage) => (await Client.GetStatusAsync(dataset)).Stages[stage];

    [Fact]
    public async Task What_is_drawn_is_verified_by_somebody_else_and_a_dispute_is_settled_by_a_third()
    {
        var dataset = await AskingAsync(new ChangePolicies { VerifyShare = 1 });
        using var ann = server.As("ann");
        using var bob = server.As("bob");
        using var eve = server.As("eve");
        var tasks = await ann.TakeAsync(dataset, 4, TaskKind.Label);
        Assert.All(tasks, t => Assert.Empty(t.Opinions));
        var answered = await ann.SubmitAsync(dataset, [.. tasks.Select(t => Answer(t, "disc"))]);
        Assert.All(answered, r => Assert.Equal(SubmitStatus.Recorded, r.Status));
        // The round had its labels, and does not wait for those who verify them.
        Assert.Equal(4, (await Client.EndOfAsync(dataset)).Labels);

        // Nobody verifies their own word.
        Assert.Empty(await ann.LeaseAsync(dataset, new LeaseRequest(4, 0, Verify)));
        var verifying = await bob.TakeAsync(dataset, 4, TaskKind.Verify);
        Assert.All(verifying, t => Assert.Equal("disc", Assert.Single(Assert.Single(t.Opinions).Annotations).Class));
        Assert.Equal(SubmitStatus.Recorded, (await bob.SayAsync(dataset, Answer(verifying[0], DecisionKind.Confirm))).Status);
        Assert.Equal(SubmitStatus.Recorded, (await bob.SayAsync(dataset, Answer(verifying[1], "disc"))).Status);
        Assert.Equal(SubmitStatus.Recorded, (await bob.SayAsync(dataset, Answer(verifying[2], "frame"))).Status);
        Assert.Equal(SubmitStatus.Recorded, (await bob.SayAsync(dataset, Answer(verifying[3], DecisionKind.Reject))).Status);
        Assert.Equal((2L, 2L, 0L), (await CountAsync(dataset, Stage.Verified), await CountAsync(dataset, Stage.Disputed),
            await CountAsync(dataset, Stage.Labeled)));
        var disputed = await Client.GetImageAsync(dataset, verifying[2].Image);
        Assert.Equal((Stage.Disputed, false, 0), (disputed.Stage, disputed.Labelled, disputed.Annotations.Count));
        Assert.Equal(2, (await Client.CreateVersionAsync(dataset, new CreateVersion())).Labeled);

        Assert.Empty(await ann.LeaseAsync(dataset, new LeaseRequest(4, 0, Arbitrate)));
        Assert.Empty(await bob.LeaseAsync(dataset, new LeaseRequest(4, 0, Arbitrate)));
        var settling = await eve.TakeAsync(dataset, 2, TaskKind.Arbitrate);
        var frame = settling.Single(t => t.Image == verifying[2].Image);
        Assert.Equal(["disc", "frame"], frame.Opinions.Select(o => Assert.Single(o.Annotations).Class));
        Assert.Equal([DecisionKind.Label, DecisionKind.Reject], settling.Single(t => t != frame).Opinions.Select(o => o.Kind));
        var confirmed = await eve.SayAsync(dataset, Answer(frame, DecisionKind.Confirm));
        Assert.Equal(SubmitStatus.Refused, confirmed.Status);
        Assert.All(settling, t => Assert.NotEqual("", t.Lease));
        foreach (var task in settling) Assert.Equal(SubmitStatus.Recorded, (await eve.SayAsync(dataset, Answer(task, "frame"))).Status);
        Assert.Equal((4L, 0L), (await CountAsync(dataset, Stage.Verified), await CountAsync(dataset, Stage.Disputed)));
        Assert.Equal(0, (await Client.GetStatusAsync(dataset)).OpenTasks);
        var settled = await Client.GetImageAsync(dataset, frame.Image);
        Assert.Equal([TaskKind.Label, TaskKind.Verify, TaskKind.Arbitrate], settled.History.Select(h => h.Terms!.Kind));

        // What settled it is taken back: it is disputed again.
        Assert.Equal(SubmitStatus.Recorded, (await eve.TakeBackAsync(dataset, frame.Image)).Status);
        Assert.Equal(1, await CountAsync(dataset, Stage.Disputed));
        using var max = server.As("max");
        Assert.Equal(frame.Image, (await max.TakeOneAsync(dataset, TaskKind.Arbitrate)).Image);
    }

    [Fact]
    public async Task Where_the_policy_says_so_the_word_of_a_verifier_who_differs_stands()
    {
        var dataset = await AskingAsync(new ChangePolicies { VerifyShare = 1, VerifierSettles = true }, batch: 1);
        using var ann = server.As("ann");
        using var bob = server.As("bob");
        await ann.SayAsync(dataset, Answer(await ann.TakeOneAsync(dataset, TaskKind.Label), "disc"));
        var task = await bob.TakeOneAsync(dataset, TaskKind.Verify);
        Assert.Equal(SubmitStatus.Recorded, (await bob.SayAsync(dataset, Answer(task, "frame"))).Status);
        var image = await Client.GetImageAsync(dataset, task.Image);
        Assert.Equal((Stage.Verified, "frame"), (image.Stage, Assert.Single(image.Annotations).Class));
        // Sent twice it is recorded once; said twice it is refused.
        Assert.Equal(SubmitStatus.Conflict, (await bob.SayAsync(dataset, Answer(task, "disc"))).Status);
    }

    [Fact]
    public async Task Three_people_label_an_image_at_the_same_time_and_most_of_them_settle_it()
    {
        var dataset = await AskingAsync(new ChangePolicies { LabelsPerImage = 3 }, batch: 2);
        var people = new[] { "ann", "bob", "eve" }.Select(server.As).ToArray();
        var taken = new List<IReadOnlyList<ReviewTask>>();
        // All of them hold all of them.
        foreach (var person in people) taken.Add(await person.TakeAsync(dataset, 2, TaskKind.Label));
        Assert.All(taken, t => Assert.Equal(taken[0].Select(x => x.Image).Order(), t.Select(x => x.Image).Order()));
        Assert.All(taken.SelectMany(t => t), t => Assert.Empty(t.Prelabels));
        using var max = server.As("max");
        Assert.Empty(await max.LeaseAsync(dataset, new LeaseRequest(2)));

        var (first, second) = (taken[0][0].Image, taken[0][1].Image);
        string[] said = ["disc", "frame", "disc"];
        for (var i = 0; i < 3; i++)
        {
            var mine = taken[i].Single(t => t.Image == first);
            Assert.Equal((Stage.Queued, 0L), await FirstAsync());
            Assert.Equal(SubmitStatus.Recorded, (await people[i].SayAsync(dataset, Answer(mine, said[i]))).Status);
        }
        async Task<(Stage, long)> FirstAsync() =>
            ((await Client.GetImageAsync(dataset, first)).Stage, await CountAsync(dataset, Stage.Verified));
        var settled = await Client.GetImageAsync(dataset, first);
        Assert.Equal((Stage.Verified, "disc", 3L), (settled.Stage, Assert.Single(settled.Annotations).Class, settled.Version));

        // Of the other three say three things: nobody of them settles it.
        string?[] other = ["disc", "frame", null];
        for (var i = 0; i < 3; i++)
        {
            var mine = taken[i].Single(t => t.Image == second);
            var answer = other[i] is { } label ? Answer(mine, label) : Answer(mine, DecisionKind.Reject);
            Assert.Equal(SubmitStatus.Recorded, (await people[i].SayAsync(dataset, answer)).Status);
        }
        Assert.Equal(Stage.Disputed, (await Client.GetImageAsync(dataset, second)).Stage);
        foreach (var person in people) Assert.Empty(await person.LeaseAsync(dataset, new LeaseRequest(2)));
        var task = await max.TakeOneAsync(dataset, TaskKind.Arbitrate);
        Assert.Equal(3, task.Opinions.Count);
        await max.SayAsync(dataset, Answer(task, "frame"));
        Assert.Equal(2, (await Client.EndOfAsync(dataset)).Labels);
        foreach (var person in people) person.Dispose();
    }

    [Fact]
    public async Task Whoever_cannot_tell_leaves_the_others_to_settle_it()
    {
        var dataset = await AskingAsync(new ChangePolicies { LabelsPerImage = 2 }, batch: 1);
        using var ann = server.As("ann");
        using var bob = server.As("bob");
        using var eve = server.As("eve");
        var (anns, bobs) = (await ann.TakeOneAsync(dataset, TaskKind.Label),
            await bob.TakeOneAsync(dataset, TaskKind.Label));
        Assert.Equal(SubmitStatus.Recorded, (await ann.SayAsync(dataset, Answer(anns, DecisionKind.Skip))).Status);
        Assert.Equal(SubmitStatus.Recorded, (await bob.SayAsync(dataset, Answer(bobs, "disc"))).Status);
        Assert.Empty(await ann.LeaseAsync(dataset, new LeaseRequest(1)));
        Assert.Empty(await bob.LeaseAsync(dataset, new LeaseRequest(1)));
        var task = await eve.TakeOneAsync(dataset, TaskKind.Label);
        Assert.Equal(SubmitStatus.Recorded, (await eve.SayAsync(dataset, Answer(task, "disc"))).Status);
        Assert.Equal(Stage.Verified, (await Client.GetImageAsync(dataset, task.Image)).Stage);
    }

    [Fact]
    public async Task What_is_worth_more_by_now_is_given_out_first()
    {
        var dataset = await AskingAsync(new ChangePolicies(), batch: 10);
        using var ann = server.As("ann");
        using var bob = server.As("bob");
        var tasks = await ann.TakeAsync(dataset, 10);
        await ann.ReleaseAsync(dataset, [.. tasks.Select(t => t.Image)]);
        ImageId[] wanted = [tasks[9].Image, tasks[8].Image];
        var other = ImageId.Of([1, 2, 3]);
        Assert.Equal(2, await Client.PrioritizeAsync(
            dataset, [new(wanted[0], 100), new(wanted[1], 99), new(other, 98)]));
        Assert.Equal(wanted, (await bob.TakeAsync(dataset, 2)).Select(t => t.Image));
        var wrong = await Assert.ThrowsAsync<WinnowApiException>(() => Client.PrioritizeAsync(dataset, [new(other, 1e30)]));
        Assert.Contains("[0].priority must be", wrong.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_share_of_the_labels_is_verified()
    {
        var dataset = await AskingAsync(new ChangePolicies { VerifyShare = 0.5 }, batch: 30);
        using var ann = server.As("ann");
        var tasks = await ann.TakeAsync(dataset, 30, TaskKind.Label);
        await ann.SubmitAsync(dataset, [.. tasks.Select(t => Answer(t, "disc"))]);
        // 15 are expected; this many or few come once in 100,000 draws.
        Assert.InRange((await Client.GetStatusAsync(dataset)).OpenTasks, 3, 27);
    }

    [Fact]
    public async Task Policies_that_cannot_be_followed_and_kinds_that_there_are_not_are_refused()
    {
        var dataset = await Client.DatasetAsync(0, scored: false);
        foreach (var (change, said) in new (ChangePolicies, string)[]
        {
            (new() { LabelsPerImage = 0 }, "labelsPerImage must be"), (new() { LabelsPerImage = 10 }, "labelsPerImage must be"),
            (new() { VerifyShare = 1.5 }, "verifyShare must be"), (new() { VerifyShare = -0.1 }, "verifyShare must be"),
            (new() { AskBelow = 2 }, "askBelow must be"),
        })
        {
            var refused = await Assert.ThrowsAsync<WinnowApiException>(() => Client.ChangePoliciesAsync(dataset, change));
            Assert.Contains(said, refused.Message, StringComparison.Ordinal);
        }
        var none = await Assert.ThrowsAsync<WinnowApiException>(() => Client.LeaseAsync(dataset, new LeaseRequest(1, 0, [])));
        Assert.Contains("kinds names no kind", none.Message, StringComparison.Ordinal);
    }
}
