using Winnow.Client;
using Winnow.Model;
using Winnow.Model.Policies;
using Winnow.Model.Review;
using Winnow.Model.Training;
using Winnow.Testing;

namespace Winnow.Web.Tests.Training;

/// <summary>Policies are changed while a dataset is worked with; rounds keep what held when they were started.</summary>
public sealed class PolicyTests(Server server) : IClassFixture<Server>
{
    private WinnowClient Client => server.Client;

    [Fact]
    public async Task A_round_keeps_what_held_and_the_next_one_follows_what_holds()
    {
        var dataset = await Client.DatasetAsync(40, LearningServer.Small with { AnswerWithin = TimeSpan.FromHours(3) });
        var first = await Client.GetPoliciesAsync(dataset);
        Assert.Equal((1, TimeSpan.FromHours(3), "herding"), (first.Version, first.AnswerWithin, first.Strategy));
        await Client.StartRoundAsync(dataset, new StartRound(5));
        var change = new ChangePolicies
        {
            Version = 1,
            ColdStart = "random",
            AnswerWithin = TimeSpan.FromHours(5),
            Promotion = "only-better",
        };
        var changed = await Client.ChangePoliciesAsync(dataset, change);
        Assert.Equal((2, "random", TimeSpan.FromHours(5)), (changed.Version, changed.ColdStart, changed.AnswerWithin));
        Assert.Equal(2, (await Client.ChangePoliciesAsync(dataset, change)).Version);

        var running = await Client.GetRoundAsync(dataset, Arms.Main, 1);
        Assert.Equal((1, TimeSpan.FromHours(3)), (running.Policies, running.AnswerWithin));
        var other = await Client.StartRoundAsync(dataset, new StartRound(5, "second", "random"));
        Assert.Equal((2, TimeSpan.FromHours(5)), (other.Policies, other.AnswerWithin));
        var old = await Client.StartRoundAsync(dataset, new StartRound(5, "third", "random") { Policies = 1 });
        Assert.Equal((1, TimeSpan.FromHours(3)), (old.Policies, old.AnswerWithin));
        var all = await Client.ListPoliciesAsync(dataset);
        Assert.Equal([1, 2], all.Select(p => p.Version));
        Assert.All(all, p => Assert.NotEqual("", p.ChangedBy));
        Assert.Contains("none is 9", (await Assert.ThrowsAsync<WinnowApiException>(
            () => Client.StartRoundAsync(dataset, new StartRound(5, "fourth", "random") { Policies = 9 }))).Message,
                StringComparison.Ordinal);
    }

    [Fact]
    public async Task How_many_tasks_one_person_holds_can_be_changed_under_way()
    {
        var dataset = await Client.DatasetAsync(40);
        await Client.StartRoundAsync(dataset, new StartRound(20));
        await Client.ChangePoliciesAsync(dataset, new ChangePolicies { TasksPerPerson = 2 });
        using var ann = server.As("ann");
        Assert.Equal(2, (await ann.TakeAsync(dataset, 2)).Count);
        var full = await Assert.ThrowsAsync<WinnowApiException>(() => ann.LeaseAsync(dataset, new LeaseRequest(1)));
        Assert.Equal(RefusalCodes.TasksHeld, full.Code);
        await Client.ChangePoliciesAsync(dataset, new ChangePolicies { TasksPerPerson = 5 });
        // The queue hears of it within a second or so.
        await Until.TrueAsync(async () =>
        {
            try
            {
                return (await ann.LeaseAsync(dataset, new LeaseRequest(10))).Count > 0;
            }
            catch (WinnowApiException e) when (e.Code == RefusalCodes.TasksHeld)
            {
                return false;
            }
        }, LearningServer.Patience, () => "three more are given");
    }

    [Fact]
    public async Task What_cannot_be_followed_is_refused_by_name()
    {
        var dataset = await Client.DatasetAsync(0, scored: false);
        foreach (var (change, said) in new (ChangePolicies, string)[]
        {
            (new() { Strategy = "entropy" }, "strategy: there is no 'entropy'"),
            (new() { Trainer = "forest" }, "trainer: there is no 'forest'"),
            (new() { TasksPerPerson = 0 }, "tasksPerPerson must be"), (new() { Version = 4, TasksPerPerson = 3 }, "version 1 by now"),
        })
        {
            var refused = await Assert.ThrowsAsync<WinnowApiException>(() => Client.ChangePoliciesAsync(dataset, change));
            Assert.Contains(said, refused.Message, StringComparison.Ordinal);
        }
        Assert.Equal(1, (await Client.GetPoliciesAsync(dataset)).Version);
    }
}
