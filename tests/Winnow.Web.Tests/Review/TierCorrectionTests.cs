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

    private static async Task<ReviewTask> TakeAsync(WinnowClient person, string dataset, TaskKind kind = TaskKind.Label)
    {
        ReviewTask? taken = null;
        await Until.TrueAsync(async () =>
        {
            taken = (await person.LeaseAsync(dataset, new LeaseRequest(1, 500, [kind]))).SingleOrDefault();
            return taken is not null;
        }, LearningServer.Patience, () => $"a task of kind {kind} is to be had");
        return taken!;
    }

    private static async Task<SubmitResult> SayAsync(
        WinnowClient person, string dataset, ReviewTask task, string? label, DecisionKind kind = DecisionKind.Label) =>
        Assert.Single(await person.SubmitAsync(dataset, [new SubmitDecision(task.Image, Guid.NewGuid(), Said(label, kind), task.Lease)]));

    private static async Task<SubmitResult> AmendAsync(WinnowClient person, string dataset, ImageId image, long seen, string label) =>
        Assert.Single(await person.SubmitAsync(
            dataset, [new SubmitDecision(image, Guid.NewGuid(), Said(label, DecisionKind.Label), ExpectedVersion: seen)]));

    private static Decision Said(string? label, DecisionKind kind) =>
        new() { Kind = kind, Annotations = label is null ? [] : [new ClassTag(label)] };

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
        var (anns, bobs) = (await TakeAsync(ann, dataset), await TakeAsync(bob, dataset));
        Assert.Equal(SubmitStatus.Recorded, (await SayAsync(ann, dataset, anns, "disc")).Status);
        Assert.Equal(SubmitStatus.Recorded, (await AmendAsync(ann, dataset, anns.Image, 1, "frame")).Status);
        // One has said something, twice: the other is still to be heard, and ann is not asked for their part.
        Assert.Equal((Stage.Queued, null), await StandsAsync(dataset, anns.Image));
        Assert.Empty(await ann.LeaseAsync(dataset, new LeaseRequest(1)));
        Assert.Equal(SubmitStatus.Recorded, (await SayAsync(bob, dataset, bobs, "frame")).Status);
        Assert.Equal((Stage.Verified, "frame"), await StandsAsync(dataset, anns.Image));
    }

    [Fact]
    public async Task What_one_of_several_takes_back_may_be_asked_of_them_again()
    {
        var dataset = await AskingAsync(new ChangePolicies { LabelsPerImage = 2 });
        var (ann, bob) = (await PersonAsync(dataset, "ann"), await PersonAsync(dataset, "bob"));
        var first = await TakeAsync(ann, dataset);
        Assert.Equal(SubmitStatus.Recorded, (await SayAsync(ann, dataset, first, "disc")).Status);
        Assert.Equal(SubmitStatus.Recorded, (await ann.TakeBackAsync(dataset, first.Image)).Status);
        var (again, other) = (await TakeAsync(ann, dataset), await TakeAsync(bob, dataset));
        Assert.Equal(SubmitStatus.Recorded, (await SayAsync(bob, dataset, other, "frame")).Status);
        Assert.Equal((Stage.Queued, null), await StandsAsync(dataset, first.Image));
        Assert.Equal(SubmitStatus.Recorded, (await SayAsync(ann, dataset, again, "frame")).Status);
        Assert.Equal((Stage.Verified, "frame"), await StandsAsync(dataset, first.Image));
    }

    [Fact]
    public async Task Nobody_settles_a_dispute_about_their_own_word_by_saying_it_anew()
    {
        var dataset = await AskingAsync(new ChangePolicies { VerifyShare = 1 });
        var (ann, bob) = (await PersonAsync(dataset, "ann"), await PersonAsync(dataset, "bob", Role.Verifier));
        var task = await TakeAsync(ann, dataset);
        Assert.Equal(SubmitStatus.Recorded, (await SayAsync(ann, dataset, task, "disc")).Status);
        Assert.Equal(SubmitStatus.Recorded, (await SayAsync(bob, dataset, await TakeAsync(bob, dataset, TaskKind.Verify), "frame")).Status);
        Assert.Equal((Stage.Disputed, null), await StandsAsync(dataset, task.Image));
        Assert.Equal(SubmitStatus.Refused, (await AmendAsync(ann, dataset, task.Image, 2, "bars")).Status);
        Assert.Equal((Stage.Disputed, null), await StandsAsync(dataset, task.Image));
        var eve = await PersonAsync(dataset, "eve", Role.Arbitrator);
        Assert.Equal(SubmitStatus.Recorded,
            (await SayAsync(eve, dataset, await TakeAsync(eve, dataset, TaskKind.Arbitrate), "bars")).Status);
        Assert.Equal((Stage.Verified, "bars"), await StandsAsync(dataset, task.Image));
    }

    [Fact]
    public async Task Nobody_confirms_what_they_were_not_shown()
    {
        var dataset = await AskingAsync(new ChangePolicies { VerifyShare = 1 });
        var (ann, bob) = (await PersonAsync(dataset, "ann"), await PersonAsync(dataset, "bob", Role.Verifier));
        var task = await TakeAsync(ann, dataset);
        Assert.Equal(SubmitStatus.Recorded, (await SayAsync(ann, dataset, task, "disc")).Status);
        var shown = await TakeAsync(bob, dataset, TaskKind.Verify);
        Assert.Equal("disc", Assert.Single(Assert.Single(shown.Opinions).Annotations).Class);
        // Ann changes her mind while bob looks at what she said.
        Assert.Equal(SubmitStatus.Recorded, (await AmendAsync(ann, dataset, task.Image, 1, "frame")).Status);
        var confirmed = await SayAsync(bob, dataset, shown, null, DecisionKind.Confirm);
        Assert.Equal(SubmitStatus.Conflict, confirmed.Status);
        Assert.Contains("another word by now", confirmed.Reason, StringComparison.Ordinal);
        Assert.Equal((Stage.Labeled, "frame"), await StandsAsync(dataset, task.Image));
        var anew = await TakeAsync(bob, dataset, TaskKind.Verify);
        Assert.Equal("frame", Assert.Single(Assert.Single(anew.Opinions).Annotations).Class);
        Assert.Equal(SubmitStatus.Recorded, (await SayAsync(bob, dataset, anew, null, DecisionKind.Confirm)).Status);
        Assert.Equal((Stage.Verified, "frame"), await StandsAsync(dataset, task.Image));
    }

    [Fact]
    public async Task A_round_that_is_ended_leaves_what_somebody_has_begun()
    {
        var dataset = await AskingAsync(new ChangePolicies { LabelsPerImage = 2 }, batch: 3);
        var (ann, bob) = (await PersonAsync(dataset, "ann"), await PersonAsync(dataset, "bob"));
        var begun = await TakeAsync(ann, dataset);
        Assert.Equal(SubmitStatus.Recorded, (await SayAsync(ann, dataset, begun, "disc")).Status);
        await Owner.EndRoundAsync(dataset, "main", 1);
        await Until.TrueAsync(
            async () => (await Owner.GetStatusAsync(dataset)).OpenTasks == 1, LearningServer.Patience, () => "the others are withdrawn");
        var rest = await TakeAsync(bob, dataset);
        Assert.Equal(begun.Image, rest.Image);
        Assert.Equal(SubmitStatus.Recorded, (await SayAsync(bob, dataset, rest, "disc")).Status);
        Assert.Equal((Stage.Verified, "disc"), await StandsAsync(dataset, begun.Image));
        Assert.Equal(0, (await Owner.GetStatusAsync(dataset)).OpenTasks);
    }

    [Fact]
    public async Task Whose_permission_is_taken_while_they_look_answers_nothing()
    {
        var dataset = await AskingAsync(new ChangePolicies { VerifyShare = 1 });
        var (ann, bob) = (await PersonAsync(dataset, "ann"), await PersonAsync(dataset, "bob", Role.Verifier));
        var task = await TakeAsync(ann, dataset);
        Assert.Equal(SubmitStatus.Recorded, (await SayAsync(ann, dataset, task, "disc")).Status);
        var shown = await TakeAsync(bob, dataset, TaskKind.Verify);
        await server.GrantAsync(dataset, "service:bob", Role.Annotator);
        await Owner.RevokeAccessAsync(dataset, new GrantName(Principal.Parse("service:bob"), Role.Verifier));
        Assert.DoesNotContain(new HeldRole(dataset, Role.Verifier), (await bob.WhoamiAsync()).Roles);
        var told = await SayAsync(bob, dataset, shown, null, DecisionKind.Confirm);
        Assert.Equal(SubmitStatus.Refused, told.Status);
        Assert.Contains("the permission for it was taken", told.Reason, StringComparison.Ordinal);
        Assert.Equal((Stage.Labeled, "disc"), await StandsAsync(dataset, task.Image));
    }
}
