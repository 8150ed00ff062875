using Winnow.Client;
using Winnow.Model.Images;
using Winnow.Model.Labels;
using Winnow.Model.Policies;
using Winnow.Model.Review;
using Winnow.Model.Security;
using Winnow.Model.Training;
using Winnow.Testing;
using Winnow.Web.Tests.Security;
using Winnow.Web.Tests.Training;
using static Winnow.Web.Tests.Review.Answers;

namespace Winnow.Web.Tests.Review;

/// <summary>
/// What people say anew, take back or may say no more, where several label an image and others verify it: nobody has more of a say by it
/// than they had.
/// </summary>
[Trait("kind", "security")]
public sealed class TierCorrectionTests(LockedServer server) : IClassFixture<LockedServer>
{
    private WinnowClient Owner => server.Operator;

    private async Task<string> AskingAsync(ChangePolicies policies, int batch = 1)
    {
        var dataset = await Owner.DatasetAsync(40, LearningServer.Small);
        await Owner.ChangePoliciesAsync(dataset, policies);
        await Owner.StartRoundAsync(dataset, new StartRound(batch));
        await Until.TrueAsync(
            async () => (await Owner.GetStatusAsync(dataset)).OpenTasks == batch, LearningServer.Patience, () => "all shards ask");
        return dataset;
    }

    private async Task<WinnowClient> PersonAsync(string dataset, string name, Role role = Role.Annotator) =>
        server.As(await server.HolderAsync($"service:{name}", dataset, role));

    private async Task<(Stage, string?)> StandsAsync(string dataset, ImageId image)
    {
        var detail = await Owner.GetImageAsync(dataset, image);
        return (detail.Stage, detail.Annotations.SingleOrDefault()?.Class);
    }

    [Fact]
    public async Task One_of_several_labels_that_its_author_says_anew_is_one_of_them_still()
    {
        var dataset = await AskingAsync(new ChangePolicies { LabelsPerImage = 2 });
        var (ann, bob) = (await PersonAsync(dataset, "ann"), await PersonAsync(dataset, "bob"));
        var (anns, bobs) = (await ann.TakeOneAsync(dataset, TaskKind.Label), await bob.TakeOneAsync(dataset, TaskKind.Label));
        Assert.Equal(SubmitStatus.Recorded, (await ann.SayAsync(dataset, Answer(anns, "disc"))).Status);
        Assert.Equal(SubmitStatus.Recorded, (await ann.SayAsync(dataset, Amend(anns.Image, 1, DecisionKind.Label, "frame"))).Status);
        // One has said something, twice: the other is still to be heard, and ann is not asked for their part.
        Assert.Equal((Stage.Queued, null), await StandsAsync(dataset, anns.Image));
        Assert.Empty(await ann.LeaseAsync(dataset, new LeaseRequest(1)));
        Assert.Equal(SubmitStatus.Recorded, (await bob.SayAsync(dataset, Answer(bobs, "frame"))).Status);
        Assert.Equal((Stage.Verified, "frame"), await StandsAsync(dataset, anns.Image));
    }

    [Fact]
    public async Task What_one_of_several_takes_back_may_be_asked_of_them_again()
    {
        var dataset = await AskingAsync(new ChangePolicies { LabelsPerImage = 2 });
        var (ann, bob) = (await PersonAsync(dataset, "ann"), await PersonAsync(dataset, "bob"));
        var first = await ann.TakeOneAsync(dataset, TaskKind.Label);
        Assert.Equal(SubmitStatus.Recorded, (await ann.SayAsync(dataset, Answer(first, "disc"))).Status);
        Assert.Equal(SubmitStatus.Recorded, (await ann.TakeBackAsync(dataset, first.Image)).Status);
        var (again, other) = (await ann.TakeOneAsync(dataset, TaskKind.Label), await bob.TakeOneAsync(dataset, TaskKind.Label));
        Assert.Equal(SubmitStatus.Recorded, (await bob.SayAsync(dataset, Answer(other, "frame"))).Status);
        Assert.Equal((Stage.Queued, null), await StandsAsync(dataset, first.Image));
        Assert.Equal(SubmitStatus.Recorded, (await ann.SayAsync(dataset, Answer(again, "frame"))).Status);
        Assert.Equal((Stage.Verified, "frame"), await StandsAsync(dataset, first.Image));
    }

    [Fact]
    public async Task Nobody_settles_a_dispute_about_their_own_word_by_saying_it_anew()
    {
        var dataset = await AskingAsync(new ChangePolicies { VerifyShare = 1 });
        var (ann, bob) = (await PersonAsync(dataset, "ann"), await PersonAsync(dataset, "bob", Role.Verifier));
        var task = await ann.TakeOneAsync(dataset, TaskKind.Label);
        Assert.Equal(SubmitStatus.Recorded, (await ann.SayAsync(dataset, Answer(task, "disc"))).Status);
        var shown = await bob.TakeOneAsync(dataset, TaskKind.Verify);
        Assert.Equal(SubmitStatus.Recorded, (await bob.SayAsync(dataset, Answer(shown, "frame"))).Status);
        Assert.Equal((Stage.Disputed, null), await StandsAsync(dataset, task.Image));
        Assert.Equal(SubmitStatus.Refused, (await ann.SayAsync(dataset, Amend(task.Image, 2, DecisionKind.Label, "bars"))).Status);
        Assert.Equal((Stage.Disputed, null), await StandsAsync(dataset, task.Image));
        var eve = await PersonAsync(dataset, "eve", Role.Arbitrator);
        Assert.Equal(SubmitStatus.Recorded,
            (await eve.SayAsync(dataset, Answer(await eve.TakeOneAsync(dataset, TaskKind.Arbitrate), "bars"))).Status);
        Assert.Equal((Stage.Verified, "bars"), await StandsAsync(dataset, task.Image));
    }

    [Fact]
    public async Task Who_may_correct_others_settles_no_dispute_of_their_own_either()
    {
        var dataset = await AskingAsync(new ChangePolicies { LabelsPerImage = 2 });
        var (ann, eve) = (await PersonAsync(dataset, "ann"), await PersonAsync(dataset, "eve", Role.Owner));
        var (hers, his) = (await eve.TakeOneAsync(dataset, TaskKind.Label), await ann.TakeOneAsync(dataset, TaskKind.Label));
        Assert.Equal(SubmitStatus.Recorded, (await eve.SayAsync(dataset, Answer(hers, "disc"))).Status);
        // While others have yet to say theirs, another word of hers is one of several labels still.
        Assert.Equal(SubmitStatus.Recorded, (await eve.SayAsync(dataset, Amend(hers.Image, 1, DecisionKind.Label, "bars"))).Status);
        Assert.Equal((Stage.Queued, null), await StandsAsync(dataset, hers.Image));
        Assert.Equal(SubmitStatus.Recorded, (await ann.SayAsync(dataset, Answer(his, "frame"))).Status);
        Assert.Equal((Stage.Disputed, null), await StandsAsync(dataset, hers.Image));
        foreach (var refused in new[]
        {
            await eve.SayAsync(dataset, Amend(hers.Image, 3, DecisionKind.Label, "disc")),
            await eve.MarkGoldAsync(dataset, hers.Image, [new ClassTag("bars")]),
            await eve.TakeBackAsync(dataset, hers.Image, 3),
        })
        {
            Assert.Equal(SubmitStatus.Refused, refused.Status);
            Assert.Contains("you are one of them", refused.Reason, StringComparison.Ordinal);
        }
        Assert.Equal((Stage.Disputed, null), await StandsAsync(dataset, hers.Image));
        // Somebody else may, and once it is settled she corrects like anybody who may.
        Assert.Equal(SubmitStatus.Recorded, (await Owner.SayAsync(dataset, Amend(hers.Image, 3, DecisionKind.Label, "frame"))).Status);
        Assert.Equal((Stage.Labeled, "frame"), await StandsAsync(dataset, hers.Image));
        Assert.Equal(SubmitStatus.Recorded, (await eve.SayAsync(dataset, Amend(hers.Image, 4, DecisionKind.Label, "bars"))).Status);
        Assert.Equal((Stage.Labeled, "bars"), await StandsAsync(dataset, hers.Image));
    }

    [Fact]
    public async Task Who_takes_their_word_back_settles_what_others_and_they_disagreed_about_no_more_than_before()
    {
        var dataset = await AskingAsync(new ChangePolicies { LabelsPerImage = 2 });
        var (ann, eve) = (await PersonAsync(dataset, "ann"), await PersonAsync(dataset, "eve", Role.Owner));
        var (hers, his) = (await eve.TakeOneAsync(dataset, TaskKind.Label), await ann.TakeOneAsync(dataset, TaskKind.Label));
        Assert.Equal(SubmitStatus.Recorded, (await eve.SayAsync(dataset, Answer(hers, "disc"))).Status);
        Assert.Equal(SubmitStatus.Recorded, (await ann.SayAsync(dataset, Answer(his, "frame"))).Status);
        Assert.Equal(SubmitStatus.Recorded, (await eve.TakeBackAsync(dataset, hers.Image, 1)).Status);
        await RefusesAsync(dataset, hers.Image, eve, "disc");
        // Asked again, she has one of the two words as before.
        var again = await eve.TakeOneAsync(dataset, TaskKind.Label);
        Assert.Equal(SubmitStatus.Recorded, (await eve.SayAsync(dataset, Answer(again, "bars"))).Status);
        Assert.Equal((Stage.Disputed, null), await StandsAsync(dataset, hers.Image));
    }

    [Fact]
    public async Task One_of_three_who_takes_their_word_back_settles_nothing()
    {
        var dataset = await AskingAsync(new ChangePolicies { LabelsPerImage = 3 });
        var (ann, bob) = (await PersonAsync(dataset, "ann"), await PersonAsync(dataset, "bob"));
        var eve = await PersonAsync(dataset, "eve", Role.Arbitrator);
        var said = new List<ReviewTask>();
        foreach (var person in new[] { ann, bob, eve }) said.Add(await person.TakeOneAsync(dataset, TaskKind.Label));
        Assert.Equal(SubmitStatus.Recorded, (await ann.SayAsync(dataset, Answer(said[0], "disc"))).Status);
        Assert.Equal(SubmitStatus.Recorded, (await bob.SayAsync(dataset, Answer(said[1], "frame"))).Status);
        Assert.Equal(SubmitStatus.Recorded, (await eve.SayAsync(dataset, Answer(said[2], "bars"))).Status);
        Assert.Equal((Stage.Disputed, null), await StandsAsync(dataset, said[0].Image));
        Assert.Equal(SubmitStatus.Recorded, (await eve.TakeBackAsync(dataset, said[0].Image, 3)).Status);
        await RefusesAsync(dataset, said[0].Image, eve, "bars");
        // Whoever took no part settles it, and then she corrects like anybody who may.
        Assert.Equal(SubmitStatus.Recorded, (await Owner.CorrectAsync(dataset, said[0].Image, [new ClassTag("disc")])).Status);
        Assert.Equal(SubmitStatus.Recorded, (await eve.CorrectAsync(dataset, said[0].Image, [new ClassTag("bars")])).Status);
    }

    [Fact]
    public async Task A_verifier_who_takes_their_word_back_settles_nothing()
    {
        var dataset = await AskingAsync(new ChangePolicies { VerifyShare = 1 });
        var (ann, bob) = (await PersonAsync(dataset, "ann"), await PersonAsync(dataset, "bob", Role.Verifier));
        var task = await ann.TakeOneAsync(dataset, TaskKind.Label);
        Assert.Equal(SubmitStatus.Recorded, (await ann.SayAsync(dataset, Answer(task, "disc"))).Status);
        var shown = await bob.TakeOneAsync(dataset, TaskKind.Verify);
        Assert.Equal(SubmitStatus.Recorded, (await bob.SayAsync(dataset, Answer(shown, "frame"))).Status);
        Assert.Equal(SubmitStatus.Recorded, (await bob.TakeBackAsync(dataset, task.Image, 2)).Status);
        Assert.Equal((Stage.Labeled, "disc"), await StandsAsync(dataset, task.Image));
        await RefusesAsync(dataset, task.Image, bob, "frame");
        Assert.Equal((Stage.Labeled, "disc"), await StandsAsync(dataset, task.Image));
    }

    /// <summary>Whatever a person tries without a lease beside taking their own words back is refused.</summary>
    private async Task RefusesAsync(string dataset, ImageId image, WinnowClient person, string label)
    {
        foreach (var refused in new[]
        {
            await person.CorrectAsync(dataset, image, [new ClassTag(label)]),
            await person.MarkGoldAsync(dataset, image, [new ClassTag(label)]),
            await person.AskAgainAsync(dataset, image),
        })
        {
            Assert.Equal(SubmitStatus.Refused, refused.Status);
            Assert.Contains("you are one of them", refused.Reason, StringComparison.Ordinal);
        }
        Assert.NotEqual(label, (await StandsAsync(dataset, image)).Item2);
    }

    [Fact]
    public async Task Who_is_checked_may_think_better_of_it_and_is_counted_by_their_first_word()
    {
        var dataset = await AskingAsync(new ChangePolicies { GoldShare = 0.5 }, batch: 10);
        ImageId gold = default;
        await foreach (var image in Owner.ListImagesAsync(dataset)) if (image.Stage != Stage.Queued) gold = image.Id;
        Assert.Equal(SubmitStatus.Recorded, (await Owner.MarkGoldAsync(dataset, gold, [new ClassTag("disc")])).Status);
        var ann = await PersonAsync(dataset, "ann");
        ReviewTask? check = null;
        await Until.TrueAsync(async () =>
        {
            var task = await ann.TakeOneAsync(dataset, TaskKind.Label);
            if (task.Image == gold) check = task;
            else await ann.ReleaseAsync(dataset, [task.Image]);
            return check is not null;
        }, LearningServer.Patience, () => "ann is checked");
        var said = await ann.SayAsync(dataset, Answer(check!, "frame"));
        Assert.Equal(SubmitStatus.Recorded, said.Status);
        Assert.Equal(SubmitStatus.Recorded, (await ann.SayAsync(dataset, Amend(gold, said.Version, DecisionKind.Label, "disc"))).Status);
        Assert.Equal((Stage.Gold, "disc"), await StandsAsync(dataset, gold));
        var person = Assert.Single(await Owner.ListPeopleAsync(dataset), p => p.Person == "service:ann");
        Assert.Equal((1L, 0L, 0L), (person.Gold, person.GoldRight, person.Answers));
    }

    [Fact]
    public async Task Nobody_confirms_what_they_were_not_shown()
    {
        var dataset = await AskingAsync(new ChangePolicies { VerifyShare = 1 });
        var (ann, bob) = (await PersonAsync(dataset, "ann"), await PersonAsync(dataset, "bob", Role.Verifier));
        var task = await ann.TakeOneAsync(dataset, TaskKind.Label);
        Assert.Equal(SubmitStatus.Recorded, (await ann.SayAsync(dataset, Answer(task, "disc"))).Status);
        var shown = await bob.TakeOneAsync(dataset, TaskKind.Verify);
        Assert.Equal("disc", Assert.Single(Assert.Single(shown.Opinions).Annotations).Class);
        // Ann changes her mind while bob looks at what she said.
        Assert.Equal(SubmitStatus.Recorded, (await ann.SayAsync(dataset, Amend(task.Image, 1, DecisionKind.Label, "frame"))).Status);
        var confirmed = await bob.SayAsync(dataset, Answer(shown, DecisionKind.Confirm));
        Assert.Equal(SubmitStatus.Conflict, confirmed.Status);
        Assert.Contains("another word by now", confirmed.Reason, StringComparison.Ordinal);
        Assert.Equal((Stage.Labeled, "frame"), await StandsAsync(dataset, task.Image));
        var anew = await bob.TakeOneAsync(dataset, TaskKind.Verify);
        Assert.Equal("frame", Assert.Single(Assert.Single(anew.Opinions).Annotations).Class);
        Assert.Equal(SubmitStatus.Recorded, (await bob.SayAsync(dataset, Answer(anew, DecisionKind.Confirm))).Status);
        Assert.Equal((Stage.Verified, "frame"), await StandsAsync(dataset, task.Image));
    }

    [Fact]
    public async Task A_round_that_is_ended_leaves_what_somebody_has_begun()
    {
        var dataset = await AskingAsync(new ChangePolicies { LabelsPerImage = 2 }, batch: 3);
        var (ann, bob) = (await PersonAsync(dataset, "ann"), await PersonAsync(dataset, "bob"));
        var begun = await ann.TakeOneAsync(dataset, TaskKind.Label);
        Assert.Equal(SubmitStatus.Recorded, (await ann.SayAsync(dataset, Answer(begun, "disc"))).Status);
        await Owner.EndRoundAsync(dataset, "main", 1);
        await Until.TrueAsync(
            async () => (await Owner.GetStatusAsync(dataset)).OpenTasks == 1, LearningServer.Patience, () => "the others are withdrawn");
        var rest = await bob.TakeOneAsync(dataset, TaskKind.Label);
        Assert.Equal(begun.Image, rest.Image);
        Assert.Equal(SubmitStatus.Recorded, (await bob.SayAsync(dataset, Answer(rest, "disc"))).Status);
        Assert.Equal((Stage.Verified, "disc"), await StandsAsync(dataset, begun.Image));
        Assert.Equal(0, (await Owner.GetStatusAsync(dataset)).OpenTasks);
    }

    [Fact]
    public async Task Whose_permission_is_taken_while_they_look_answers_nothing()
    {
        var dataset = await AskingAsync(new ChangePolicies { VerifyShare = 1 });
        var (ann, bob) = (await PersonAsync(dataset, "ann"), await PersonAsync(dataset, "bob", Role.Verifier));
        var task = await ann.TakeOneAsync(dataset, TaskKind.Label);
        Assert.Equal(SubmitStatus.Recorded, (await ann.SayAsync(dataset, Answer(task, "disc"))).Status);
        var shown = await bob.TakeOneAsync(dataset, TaskKind.Verify);
        await server.GrantAsync(dataset, "service:bob", Role.Annotator);
        await Owner.RevokeAccessAsync(dataset, new GrantName(Principal.Parse("service:bob"), Role.Verifier));
        Assert.DoesNotContain(new HeldRole(dataset, Role.Verifier), (await bob.WhoamiAsync()).Roles);
        var told = await bob.SayAsync(dataset, Answer(shown, DecisionKind.Confirm));
        Assert.Equal(SubmitStatus.Refused, told.Status);
        Assert.Contains("the permission that such a task needs", told.Reason, StringComparison.Ordinal);
        Assert.Equal((Stage.Labeled, "disc"), await StandsAsync(dataset, task.Image));
    }
}
