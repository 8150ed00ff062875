using Microsoft.Extensions.DependencyInjection;
using Orleans.Core.Internal;
using Winnow.Abstractions.Review;
using Winnow.Client;
using Winnow.Model.Review;
using Winnow.Testing;
using Winnow.Web.Tests.Training;

namespace Winnow.Web.Tests.Review;

/// <summary>Who presents a lease keeps the task: for longer, and also from a queue that knows nothing of it.</summary>
public sealed class RenewTests(Server server) : IClassFixture<Server>
{
    private async Task<string> DatasetAsync(TimeSpan leasePeriod, int perPerson = 50)
    {
        var settings = LearningServer.Small with { LeasePeriod = leasePeriod, TasksPerPerson = perPerson };
        var dataset = await server.Client.DatasetAsync(30, settings);
        await server.Client.StartRoundAsync(dataset, new(12));
        return dataset;
    }

    private Task EndQueueAsync(string dataset) => server.Services.GetRequiredService<IGrainFactory>()
        .GetGrain<IQueueGrain>(dataset).Cast<IGrainManagementExtension>().DeactivateOnIdle().AsTask();

    [Fact]
    public async Task A_lease_that_is_presented_outlives_its_time()
    {
        var period = TimeSpan.FromSeconds(5);
        var dataset = await DatasetAsync(period);
        using var ann = server.As("ann");
        using var bob = server.As("bob");
        var task = (await ann.TakeAsync(dataset, 1))[0];
        var (lease, until) = (task.Lease, task.LeasedUntil);
        await Until.TrueAsync(async () =>
        {
            var renewed = (await ann.RenewAsync(dataset, [lease]))[0];
            Assert.Equal((task.Image, null), (renewed.Image, renewed.Reason));
            (lease, until) = (renewed.Lease!, renewed.LeasedUntil!.Value);
            return TimeProvider.System.GetUtcNow() > task.LeasedUntil;
        }, LearningServer.Patience, () => "the first lease has ended");
        Assert.True(until > task.LeasedUntil);
        Assert.DoesNotContain(task.Image, (await bob.LeaseAsync(dataset, new LeaseRequest(50))).Select(t => t.Image));
        var answer = new SubmitDecision(task.Image, Guid.NewGuid(), LearningServer.Right(task), lease);
        Assert.Equal(SubmitStatus.Recorded, (await ann.SubmitAsync(dataset, [answer]))[0].Status);
        // What was answered is nobody's.
        Assert.Null((await ann.RenewAsync(dataset, [lease]))[0].Lease);
    }

    [Fact]
    public async Task A_queue_that_is_new_knows_who_presents_a_lease_and_gives_all_else_to_others()
    {
        var dataset = await DatasetAsync(TimeSpan.FromMinutes(5));
        using var ann = server.As("ann");
        using var bob = server.As("bob");
        var anns = await ann.TakeAsync(dataset, 6);
        await EndQueueAsync(dataset);

        var some = anns.Take(3).ToArray();
        var renewed = await ann.RenewAsync(dataset, [.. some.Select(t => t.Lease)]);
        Assert.All(renewed, r => Assert.Null(r.Reason));
        Assert.All(some.Zip(renewed), r => Assert.True(r.Second.LeasedUntil > r.First.LeasedUntil.AddMilliseconds(-1)));
        var bobs = await bob.TakeAsync(dataset, 9);
        Assert.Empty(bobs.Select(t => t.Image).Intersect(some.Select(t => t.Image)));
        // Word of them comes too late.
        var late = await ann.RenewAsync(dataset, [.. anns.Skip(3).Select(t => t.Lease)]);
        Assert.All(late, r => Assert.True(r is { Lease: null, Image: not null, Reason: not null }));
        // To give back is to give back, whoever gave the task.
        await ann.ReleaseAsync(dataset, [some[0].Image]);
        Assert.Equal(some[0].Image, (await bob.TakeAsync(dataset, 1))[0].Image);
    }

    [Fact]
    public async Task Nobody_presents_what_is_not_theirs_or_more_than_they_may_hold()
    {
        var dataset = await DatasetAsync(TimeSpan.FromMinutes(5), perPerson: 2);
        using var ann = server.As("ann");
        using var bob = server.As("bob");
        var anns = await ann.TakeAsync(dataset, 2);
        var answers = await bob.RenewAsync(dataset, [anns[0].Lease, "none", ""]);
        Assert.Equal([anns[0].Image, null, null], answers.Select(r => r.Image));
        Assert.Contains("somebody else", answers[0].Reason, StringComparison.Ordinal);
        Assert.All(answers.Skip(1), r => Assert.Contains("not one that this cluster gave", r.Reason, StringComparison.Ordinal));

        var other = await DatasetAsync(TimeSpan.FromMinutes(5));
        Assert.Contains("another dataset", (await ann.RenewAsync(other, [anns[0].Lease]))[0].Reason, StringComparison.Ordinal);
        await Assert.ThrowsAsync<WinnowApiException>(() => ann.RenewAsync(dataset, [.. Enumerable.Repeat("none", 1_001)]));

        // Another queue gave her two more before she presented the first: she was given all of them, and no more.
        await EndQueueAsync(dataset);
        var more = await ann.TakeAsync(dataset, 2);
        var all = await ann.RenewAsync(dataset, [anns[0].Lease, more[0].Lease]);
        Assert.All(all, r => Assert.NotNull(r.Lease));
        var full = await Assert.ThrowsAsync<WinnowApiException>(() => ann.LeaseAsync(dataset, new LeaseRequest(1)));
        Assert.Contains("You hold 3 review tasks", full.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_task_that_somebody_skipped_is_kept_too()
    {
        var dataset = await DatasetAsync(TimeSpan.FromMinutes(5));
        using var ann = server.As("ann");
        using var bob = server.As("bob");
        var anns = await ann.TakeAsync(dataset, 12);
        await ann.AnswerAsync(dataset, anns.Take(1), _ => new Decision { Kind = DecisionKind.Skip });
        var skipped = (await bob.TakeAsync(dataset, 1))[0];
        Assert.Equal(anns[0].Image, skipped.Image);
        await EndQueueAsync(dataset);
        Assert.Null((await bob.RenewAsync(dataset, [skipped.Lease]))[0].Reason);
        // It is not hers, who could not tell.
        Assert.NotNull((await ann.RenewAsync(dataset, [anns[0].Lease]))[0].Reason);
        Assert.Equal(SubmitStatus.Recorded, (await bob.SubmitAsync(dataset,
            [new SubmitDecision(skipped.Image, Guid.NewGuid(), LearningServer.Right(skipped), skipped.Lease)]))[0].Status);
    }

    [Fact]
    public async Task A_keeper_says_what_came_in_its_way_and_goes_on()
    {
        var dataset = await DatasetAsync(TimeSpan.FromMinutes(5));
        using var ann = server.As("ann");
        var tasks = await ann.TakeAsync(dataset, 3);
        await using var keeper = new LeaseKeeper(ann, dataset);
        var lost = 0;
        keeper.Lost += (_, _) =>
        {
            lost++;
            throw new InvalidOperationException("the handler's own fault");
        };
        keeper.Keep(tasks);
        await ann.ReleaseAsync(dataset, [tasks[0].Image]);
        await Until.TrueAsync(() => Task.FromResult(lost == 1), LearningServer.Patience, () => "the keeper tells");
        await Until.TrueAsync(() => Task.FromResult(keeper.Problem is null), LearningServer.Patience, () => $"{keeper.Problem}");
        Assert.Equal(2, keeper.Count);
        keeper.LetGo(tasks[1].Image);
        Assert.Equal((null, tasks[2].Lease), (keeper.LeaseOf(tasks[1].Image), keeper.LeaseOf(tasks[2].Image)));
        await keeper.DisposeAsync();
    }

    [Fact]
    public async Task Answering_under_a_renewed_lease_is_answering_the_task()
    {
        var dataset = await DatasetAsync(TimeSpan.FromSeconds(5));
        using var ann = server.As("ann");
        var task = (await ann.TakeAsync(dataset, 1))[0];
        var renewed = task.Lease;
        await Until.TrueAsync(async () => (renewed = (await ann.RenewAsync(dataset, [task.Lease]))[0].Lease!) != task.Lease,
            LearningServer.Patience, () => "the lease ends later");
        var first = new SubmitDecision(task.Image, Guid.NewGuid(), LearningServer.Right(task), renewed);
        Assert.Equal(SubmitStatus.Recorded, (await ann.SubmitAsync(dataset, [first]))[0].Status);
        // Once for both leases: it is one task.
        var second = first with { OperationId = Guid.NewGuid(), Lease = task.Lease };
        Assert.Equal(SubmitStatus.Conflict, (await ann.SubmitAsync(dataset, [second]))[0].Status);
    }
}
