using System.Net;
using Microsoft.Extensions.DependencyInjection;
using Winnow.Client;
using Winnow.Grains.Ports;
using Winnow.Model.Training;
using Winnow.Web.Tests.Scoring;

namespace Winnow.Web.Tests.Training;

/// <summary>
/// A round that cannot be is refused when it is started; one that cannot go on yet says what it waits for; one that failed uses nothing up.
/// </summary>
public sealed class RoundStartTests(Server server) : IClassFixture<Server>
{
    private WinnowClient Client => server.Client;

    [Fact]
    public async Task Names_that_nothing_bears_are_refused_with_what_there_is_and_leave_no_round()
    {
        var dataset = await Client.DatasetAsync(40);
        StartRound[] wrong =
        [
            new(6, Strategy: "entropy"), new(6, ColdStart: "entropy"), new(6, Arms.Control, "entropy"),
            new(6, "third", "random", "entropy"), new(6, Strategy: ""),
            new(6, "audit"), new(0), new(100_001), new(6) { AnswerWithin = TimeSpan.Zero },
        ];
        foreach (var command in wrong)
        {
            var refused = await Assert.ThrowsAsync<WinnowApiException>(() => Client.StartRoundAsync(dataset, command));
            Assert.Equal(HttpStatusCode.BadRequest, refused.Status);
            if (command is { Strategy: { } } or { ColdStart: { } })
                Assert.Contains("random, margin, power-margin, k-means, coverage, herding", refused.Message);
        }
        Assert.Empty(await Client.ListRoundsAsync(dataset));
        Assert.Equal(1, (await Client.StartRoundAsync(dataset, new StartRound(6))).Number);
        var busy = await Assert.ThrowsAsync<WinnowApiException>(() => Client.StartRoundAsync(dataset, new StartRound(6)));
        Assert.Contains("rounds end", busy.Message);
    }

    [Fact]
    public async Task A_round_that_begins_before_scores_are_there_waits_for_them_and_says_so()
    {
        var device = new StandingDevice();
        await using var own = await OwnServer.StartAsync(s => s.AddSingleton<IEmbedderProvider>(device));
        var dataset = await own.Client.DatasetAsync(40, scored: false);
        await own.Client.StartRoundAsync(dataset, new StartRound(10));
        var waiting = await own.Client.UntilAsync(dataset, 1, r => r.Waiting is not null);
        Assert.Equal((RoundStep.Select, "It waits for scores: 0 of 40 images have theirs."), (waiting.Step, waiting.Waiting));
        Assert.Equal(waiting.Waiting, Assert.Single((await own.Client.GetStatusAsync(dataset)).ActiveRounds).Waiting);
        device.GoOn();
        var asks = await own.Client.UntilAsync(dataset, 1, r => r.Step != RoundStep.Select);
        Assert.Equal((RoundStep.Review, 10, null, 0), (asks.Step, asks.Selected, asks.Waiting, asks.Unscored));
    }

    [Fact]
    public async Task Too_few_images_end_a_round_at_once_and_more_of_them_the_next_one_is_as_good_as_the_first()
    {
        var dataset = await Client.DatasetAsync(15);
        await Client.StartRoundAsync(dataset, new StartRound(5));
        var failed = await Client.EndOfAsync(dataset);
        Assert.Equal((RoundStep.Failed, 0), (failed.Step, failed.Selected));
        Assert.Equal($"A round needs at least 20 scored images; dataset '{dataset}' has 15. Import more.", failed.Reason);
        await Client.ImportDrawnAsync(dataset, 25, from: 15);
        // At once, and yet with all of them.
        await Client.StartRoundAsync(dataset, new StartRound(39));
        Assert.Equal((39, "k-means"),
            await Client.UntilAsync(dataset, 2, r => r.Step == RoundStep.Review) is var r ? (r.Selected, r.Strategy) : default);
    }

    [Fact]
    public async Task A_round_that_learned_nothing_leaves_the_cold_start_to_the_next()
    {
        var dataset = await Client.DatasetAsync(60);
        await Client.StartRoundAsync(dataset, new StartRound(3));
        await Client.AnswerAsync(dataset, await Client.TakeAsync(dataset, 3), LearningServer.Reject);
        var failed = await Client.EndOfAsync(dataset);
        Assert.Equal((RoundStep.Failed, new RoundOutcomes(0, 3, 0, 0, 0)), (failed.Step, failed.Outcomes));
        Assert.Contains("Of its 3 images 0 were labelled, 3 rejected, 0 skipped, 0 withdrawn and 0 left without an answer.", failed.Reason);
        await using var reviewer = Client.Reviewing(dataset);
        // One class alone is little to learn from, but no reason to fail.
        await Client.StartRoundAsync(dataset, new StartRound(6));
        Assert.Equal((RoundStep.Done, "k-means", true),
            await Client.EndOfAsync(dataset, number: 2) is var second ? (second.Step, second.Strategy, second.Promoted) : default);
        await Client.StartRoundAsync(dataset, new StartRound(6));
        Assert.Equal((RoundStep.Done, "herding"),
            await Client.EndOfAsync(dataset, number: 3) is var third ? (third.Step, third.Strategy) : default);
        // What failed is no point of a curve.
        Assert.Equal([2, 3], Assert.Single(await Client.GetCurvesAsync(dataset)).Points.Select(p => p.Round));
    }

    [Fact]
    public async Task A_round_whose_people_all_say_the_same_ends_well()
    {
        var dataset = await Client.DatasetAsync(40);
        await using var reviewer = Client.Reviewing(dataset, _ => "disc");
        await Client.StartRoundAsync(dataset, new StartRound(10));
        Assert.Equal((RoundStep.Done, 10), await Client.EndOfAsync(dataset) is var r ? (r.Step, r.Labels) : default);
        await Client.StartRoundAsync(dataset, new StartRound(100));
        // All that is left, and that is told.
        Assert.Equal((RoundStep.Done, 100, 30, 40),
            await Client.EndOfAsync(dataset, number: 2) is var all ? (all.Step, all.BatchSize, all.Selected, all.Labels) : default);
        await Client.StartRoundAsync(dataset, new StartRound(1));
        Assert.Equal((RoundStep.Failed, "Arm 'main' has no image left to ask about. Import more images, or end the learning here."),
            await Client.EndOfAsync(dataset, number: 3) is var none ? (none.Step, none.Reason) : default);
    }
}
