using System.Net;
using Winnow.Client;
using Winnow.Model.Images;
using Winnow.Model.Review;
using Winnow.Model.Training;
using Winnow.Testing;

namespace Winnow.Web.Tests.Training;

/// <summary>A round ends although some of its images get no answer, and tells what became of each.</summary>
public sealed class RoundEndTests(Server server) : IClassFixture<Server>
{
    private const string CannotTell = SimulatedReviewerOptions.CannotTell;

    private WinnowClient Client => server.Client;

    [Fact]
    public async Task What_the_only_person_at_work_cannot_tell_is_left_and_stays_open_for_whoever_comes_later()
    {
        var dataset = await Client.DatasetAsync(30);
        using var ann = server.As("ann");
        const string Unclear = "00004.png";
        await using (ann.Reviewing(dataset, t => t.Name.EndsWith(Unclear, StringComparison.Ordinal) ? CannotTell : t.Name.Split('/')[0]))
        {
            await Client.StartRoundAsync(dataset, new StartRound(30));
            var ended = await Client.EndOfAsync(dataset);
            Assert.Equal((RoundStep.Done, new RoundOutcomes(29, 0, 1, 0, 0), 29, null),
                (ended.Step, ended.Outcomes, ended.Labels, ended.EndedBy));
        }
        Assert.Equal(1, (await Client.GetStatusAsync(dataset)).OpenTasks);
        Assert.Empty(await ann.LeaseAsync(dataset, new LeaseRequest(5)));
        using var bob = server.As("bob");
        var left = await bob.TakeAsync(dataset, 1);
        await bob.AnswerAsync(dataset, left, LearningServer.Right);
        Assert.Equal(new RoundOutcomes(29, 0, 1, 0, 0), (await Client.GetRoundAsync(dataset, Arms.Main, 1)).Outcomes);
    }

    [Fact]
    public async Task While_somebody_else_is_at_work_what_one_cannot_tell_waits_for_the_other()
    {
        var dataset = await Client.DatasetAsync(30);
        await Client.StartRoundAsync(dataset, new StartRound(4));
        using var ann = server.As("ann");
        using var bob = server.As("bob");
        var held = await bob.TakeAsync(dataset, 1);
        await ann.AnswerAsync(dataset, await ann.TakeAsync(dataset, 3), LearningServer.Skip);
        // Bob holds one and may be asked about the three.
        var waits = await Client.UntilAsync(dataset, 1, r => r.Outcomes is { Skipped: 3 });
        Assert.Equal((RoundStep.Review, new RoundOutcomes(0, 0, 3, 0, 1)), (waits.Step, waits.Outcomes));
        await bob.AnswerAsync(dataset, held, LearningServer.Right);
        await bob.AnswerAsync(dataset, await bob.TakeAsync(dataset, 1), LearningServer.Right);
        await bob.AnswerAsync(dataset, await bob.TakeAsync(dataset, 2), LearningServer.Skip);
        var ended = await Client.EndOfAsync(dataset);
        Assert.Equal((RoundStep.Done, new RoundOutcomes(2, 0, 2, 0, 0)), (ended.Step, ended.Outcomes));
    }

    [Fact]
    public async Task Audit_images_that_nobody_can_tell_keep_no_round_waiting_and_are_counted()
    {
        var dataset = await Client.DatasetAsync(100, LearningServer.Small with { AuditSample = 10 });
        var audit = new HashSet<ImageId>();
        using var ann = server.As("ann");
        await using var reviewer = ann.Reviewing(
            dataset, t => t.Priority > 1 && audit.Add(t.Image) && audit.Count <= 3 ? CannotTell : t.Name.Split('/')[0]);
        foreach (var number in new[] { 1, 2 })
        {
            await Client.StartRoundAsync(dataset, new StartRound(10));
            var ended = await Client.EndOfAsync(dataset, number: number);
            Assert.Equal((RoundStep.Done, new RoundOutcomes(10, 0, 0, 0, 0), new RoundOutcomes(7, 0, 3, 0, 0)),
                (ended.Step, ended.Outcomes, ended.AuditOutcomes));
        }
    }

    [Fact]
    public async Task After_the_time_that_was_set_a_round_goes_on_with_what_it_has_and_the_rest_may_be_asked_again()
    {
        var dataset = await Client.DatasetAsync(30, LearningServer.Small with { AnswerWithin = TimeSpan.FromSeconds(3) });
        var started = await Client.StartRoundAsync(dataset, new StartRound(30));
        Assert.Equal(TimeSpan.FromSeconds(3), started.AnswerWithin);
        var tasks = await Client.TakeAsync(dataset, 9);
        await Client.AnswerAsync(dataset, tasks.Take(6), LearningServer.Right);
        await Client.AnswerAsync(dataset, tasks.Skip(6).Take(1), LearningServer.Reject);
        await Client.AnswerAsync(dataset, tasks.Skip(7).Take(1), LearningServer.Skip);
        var ended = await Client.EndOfAsync(dataset);
        Assert.Equal((RoundStep.Done, new RoundOutcomes(6, 1, 1, 0, 22), 6), (ended.Step, ended.Outcomes, ended.Labels));
        // Only what somebody could not tell is still open, for others.
        Assert.Equal(1, (await Client.GetStatusAsync(dataset)).OpenTasks);

        // Whoever held one when the round went on has not worked in vain.
        var late = tasks[8];
        await Client.AnswerAsync(dataset, [late], LearningServer.Right);
        Assert.Single((await Client.GetImageAsync(dataset, late.Image)).Annotations);

        await Client.StartRoundAsync(dataset, new StartRound(30) { AnswerWithin = TimeSpan.FromHours(1) });
        // The 22 again, of which one has its label by now.
        var second = await Client.UntilAsync(dataset, 2, r => r.Outcomes is { Labelled: 1 });
        Assert.Equal((22, new RoundOutcomes(1, 0, 0, 0, 21), TimeSpan.FromHours(1)),
            (second.Selected, second.Outcomes, second.AnswerWithin));
    }

    [Fact]
    public async Task A_round_is_ended_by_hand_and_learns_from_what_there_is()
    {
        var dataset = await Client.DatasetAsync(40);
        await Client.StartRoundAsync(dataset, new StartRound(40));
        await Client.AnswerAsync(dataset, await Client.TakeAsync(dataset, 12), LearningServer.Right);
        using var eve = server.As("eve");
        var operation = Guid.NewGuid();
        var told = await eve.EndRoundAsync(dataset, Arms.Main, 1, operation);
        Assert.Equal("eve", told.EndedBy);
        // The answer may have been lost: the same again ends nothing more.
        await eve.EndRoundAsync(dataset, Arms.Main, 1, operation);
        var ended = await Client.EndOfAsync(dataset);
        Assert.Equal((RoundStep.Done, new RoundOutcomes(12, 0, 0, 0, 28), 12, "eve"),
            (ended.Step, ended.Outcomes, ended.Labels, ended.EndedBy));
        Assert.Equal(0, (await Client.GetStatusAsync(dataset)).OpenTasks);
        Assert.Empty(await Client.LeaseAsync(dataset, new LeaseRequest(5)));
        Assert.Equal(ended, await Client.EndRoundAsync(dataset, Arms.Main, 1));
        Assert.Equal(HttpStatusCode.NotFound,
            (await Assert.ThrowsAsync<WinnowApiException>(() => Client.EndRoundAsync(dataset, Arms.Main, 2))).Status);
        Assert.Equal(HttpStatusCode.NotFound,
            (await Assert.ThrowsAsync<WinnowApiException>(() => Client.EndRoundAsync(dataset, "no-arm", 1))).Status);
    }

    [Fact]
    public async Task A_round_that_is_ended_with_too_few_labels_says_so_and_keeps_them()
    {
        var dataset = await Client.DatasetAsync(40);
        await Client.StartRoundAsync(dataset, new StartRound(10));
        await Client.AnswerAsync(dataset, await Client.TakeAsync(dataset, 1), LearningServer.Right);
        await Client.EndRoundAsync(dataset, Arms.Main, 1);
        var ended = await Client.EndOfAsync(dataset);
        Assert.Equal((RoundStep.Failed, "tester"), (ended.Step, ended.EndedBy));
        Assert.Contains("1 usable labels", ended.Reason);
        Assert.Contains("9 left without an answer when tester ended it", ended.Reason);
        Assert.Equal((1, 0), (await Client.GetStatusAsync(dataset)) is var s ? (s.Decided, s.OpenTasks) : default);
        await Client.StartRoundAsync(dataset, new StartRound(39));
        await using var reviewer = Client.Reviewing(dataset);
        Assert.Equal((RoundStep.Done, 40),
            await Client.EndOfAsync(dataset, number: 2) is var second ? (second.Step, second.Labels) : default);
    }

    [Fact]
    public async Task Another_arm_that_asks_about_the_same_images_goes_on_asking()
    {
        var dataset = await Client.DatasetAsync(20);
        await Client.StartRoundAsync(dataset, new StartRound(20));
        await Client.StartRoundAsync(dataset, new StartRound(20, Arms.Control));
        await Until.TrueAsync(async () => (await Client.ListRoundsAsync(dataset)).All(r => r.Step == RoundStep.Review),
            LearningServer.Patience, () => "both arms ask");
        await Client.EndRoundAsync(dataset, Arms.Main, 1);
        Assert.Equal(RoundStep.Failed, (await Client.EndOfAsync(dataset)).Step);
        Assert.Equal(20, (await Client.GetStatusAsync(dataset)).OpenTasks);
        await using var reviewer = Client.Reviewing(dataset);
        Assert.Equal(new RoundOutcomes(20, 0, 0, 0, 0), (await Client.EndOfAsync(dataset, Arms.Control)).Outcomes);
    }

    [Fact]
    public async Task A_reviewer_ends_when_nothing_is_left_for_it_though_a_round_waits_for_others()
    {
        var dataset = await Client.DatasetAsync(30);
        await Client.StartRoundAsync(dataset, new StartRound(10));
        using var bob = server.As("bob");
        await bob.TakeAsync(dataset, 2);
        using var ann = server.As("ann");
        var reviewer = new SimulatedReviewer(ann,
            new SimulatedReviewerOptions { Dataset = dataset, Classes = DrawnImages.Classes, Truth = t => t.Name.Split('/')[0] });
        using var limit = new CancellationTokenSource(LearningServer.Patience);
        await reviewer.RunUntilIdleAsync(TimeSpan.FromSeconds(1), limit.Token);
        Assert.Equal(8, reviewer.Answered);
        Assert.Equal(RoundStep.Review, (await Client.GetRoundAsync(dataset, Arms.Main, 1)).Step);
    }
}
