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

/// <summary>Whoever only answers is not told, by what they are given or what comes of it, which task checks them or is audited.</summary>
[Trait("kind", "security")]
public sealed class CheckSecrecyTests(LockedServer server) : IClassFixture<LockedServer>
{
    private const int Held = 6;

    private WinnowClient Owner => server.Operator;

    /// <summary>A dataset that asks, and checks by a third of its tasks.</summary>
    private async Task<(string Dataset, HashSet<ImageId> Known)> AskingAsync()
    {
        var dataset = await Owner.DatasetAsync(60, LearningServer.Small with { AuditSample = 10 });
        var known = new HashSet<ImageId>();
        await foreach (var image in Owner.ListImagesAsync(dataset))
        {
            if (known.Count == 20) break;
            await Owner.MarkGoldAsync(dataset, image.Id, [new ClassTag(image.Name.Split('/')[0])]);
            known.Add(image.Id);
        }
        await Owner.ChangePoliciesAsync(dataset, new ChangePolicies { GoldShare = 0.5, TasksPerPerson = Held });
        await Owner.StartRoundAsync(dataset, new StartRound(15));
        await Until.TrueAsync(
            async () => (await Owner.GetStatusAsync(dataset)).OpenTasks >= 15, LearningServer.Patience, () => "the round asks");
        return (dataset, known);
    }

    /// <summary>As many as one may hold, of which some check: somebody else is tried where none do.</summary>
    private async Task<(WinnowClient Person, IReadOnlyList<ReviewTask> Tasks)> TakeAsync(string dataset, HashSet<ImageId> known)
    {
        (WinnowClient, IReadOnlyList<ReviewTask>) found = default;
        var number = 0;
        await Until.TrueAsync(async () =>
        {
            var person = server.As(await server.HolderAsync($"service:p{++number}", dataset, Role.Annotator));
            var tasks = await person.LeaseAsync(dataset, new LeaseRequest(Held, 1_000));
            found = (person, tasks);
            if (tasks.Any(t => known.Contains(t.Image)) && tasks.Any(t => !known.Contains(t.Image))) return true;
            await person.ReleaseAsync(dataset, [.. tasks.Select(t => t.Image)]);
            return false;
        }, LearningServer.Patience, () => "somebody is checked");
        return found;
    }

    [Fact]
    public async Task Neither_a_task_nor_what_becomes_of_it_tells_which_it_is()
    {
        var (dataset, known) = await AskingAsync();
        var (person, tasks) = await TakeAsync(dataset, known);
        Assert.Equal(Held, tasks.Count);
        Assert.All(tasks, t => Assert.Equal((0, TaskKind.Label, tasks[0].LeasedUntil), (t.Priority, t.Kind, t.LeasedUntil)));
        Assert.Single(tasks.Select(t => t.Lease.Length).Distinct());
        // A lease that has just begun goes on as it is.
        var renewed = await person.RenewAsync(dataset, [.. tasks.Select(t => t.Lease)]);
        Assert.Equal(tasks.Select(t => t.Lease), renewed.Select(r => r.Lease));
        var full = await Assert.ThrowsAsync<WinnowApiException>(() => person.LeaseAsync(dataset, new LeaseRequest(1)));
        Assert.Contains($"You hold {Held} review tasks", full.Message, StringComparison.Ordinal);

        var (check, plain) = (tasks.First(t => known.Contains(t.Image)), tasks.First(t => !known.Contains(t.Image)));
        List<string> Told(SubmitResult result) => [$"{result.Status} {result.Version} {result.Reason}"];
        async Task<List<string>> AllOfAsync(ReviewTask task)
        {
            var told = Told(await person.SayAsync(dataset, Answer(task, "frame")));
            told.AddRange(Told(await person.SayAsync(dataset, Answer(task, "disc"))));
            told.AddRange(Told(await person.SayAsync(dataset, Amend(task.Image, 5, DecisionKind.Label, "disc"))));
            told.AddRange(Told(await person.SayAsync(dataset, Amend(task.Image, 1, DecisionKind.Label, "disc"))));
            var again = Assert.Single(await person.RenewAsync(dataset, [task.Lease]));
            told.Add($"{again.Lease} {again.LeasedUntil} {again.Reason}");
            return told;
        }
        var (ofCheck, ofPlain) = (await AllOfAsync(check), await AllOfAsync(plain));
        Assert.Equal(ofPlain, ofCheck);
        Assert.StartsWith("Recorded 1", ofCheck[0], StringComparison.Ordinal);
        Assert.StartsWith("Recorded 2", ofCheck[3], StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_is_given_back_makes_room_and_is_gone_whichever_it_is()
    {
        var (dataset, known) = await AskingAsync();
        var (person, tasks) = await TakeAsync(dataset, known);
        foreach (var checks in new[] { true, false })
        {
            var task = tasks.First(t => known.Contains(t.Image) == checks);
            await person.ReleaseAsync(dataset, [task.Image]);
            var presented = Assert.Single(await person.RenewAsync(dataset, [task.Lease]));
            Assert.Null(presented.Lease);
            Assert.Contains("not yours any more", presented.Reason, StringComparison.Ordinal);
            var refused = await person.SayAsync(dataset, Answer(task, "disc"));
            Assert.Equal(SubmitStatus.Refused, refused.Status);
            Assert.Contains("You gave this task back", refused.Reason, StringComparison.Ordinal);
            Assert.Single(await person.LeaseAsync(dataset, new LeaseRequest(Held)));
            await Assert.ThrowsAsync<WinnowApiException>(() => person.LeaseAsync(dataset, new LeaseRequest(1)));
        }
    }

    [Fact]
    public async Task Who_may_set_priorities_is_told_them()
    {
        var (dataset, _) = await AskingAsync();
        Assert.All(await Owner.LeaseAsync(dataset, new LeaseRequest(3, 1_000)), t => Assert.True(t.Priority > 0));
    }
}
