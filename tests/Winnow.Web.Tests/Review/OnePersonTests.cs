using System.Diagnostics.Metrics;
using System.Net;
using System.Text.Json;
using Winnow.Abstractions.Telemetry;
using Winnow.Client;
using Winnow.Model;
using Winnow.Model.Review;
using Winnow.Testing;
using Winnow.Web.Tests.Training;
using static Winnow.Web.Tests.Review.Answers;

namespace Winnow.Web.Tests.Review;

/// <summary>What one person may take: tasks in hand, answers to a task, room in an image's history.</summary>
[Trait("kind", "security")]
public sealed class OnePersonTests(Server server) : IClassFixture<Server>
{
    private const int Many = 1_000;

    private async Task<string> DatasetAsync(int images, int batch, int? perPerson = null)
    {
        var settings = LearningServer.Small with { TasksPerPerson = perPerson ?? LearningServer.Small.TasksPerPerson };
        var dataset = await server.Client.DatasetAsync(images, settings);
        await server.Client.StartRoundAsync(dataset, new(batch));
        await Until.TrueAsync(
            async () => (await server.Client.GetStatusAsync(dataset)).OpenTasks == batch, LearningServer.Patience, () => "all shards ask");
        return dataset;
    }

    private static async Task<WinnowApiException> FullAsync(WinnowClient person, string dataset, int max = 1, int wait = 0)
    {
        var full = await Assert.ThrowsAsync<WinnowApiException>(() => person.LeaseAsync(dataset, new LeaseRequest(max, wait)));
        Assert.Equal((HttpStatusCode.Conflict, RefusalCodes.TasksHeld), (full.Status, full.Code));
        return full;
    }

    [Fact]
    public async Task Nobody_takes_everything()
    {
        var dataset = await DatasetAsync(130, 120);
        using var ann = server.As("ann");
        using var bob = server.As("bob");
        var anns = await ann.TakeAsync(dataset, 30);
        // A lot becomes as large as it may be.
        var rest = await ann.LeaseAsync(dataset, new LeaseRequest(Many));
        Assert.Equal(20, rest.Count);
        var full = await FullAsync(ann, dataset, Many);
        Assert.Contains("You hold 50 review tasks", full.Message, StringComparison.Ordinal);
        Assert.Contains("at most 50 at a time (tasksPerPerson)", full.Message, StringComparison.Ordinal);
        Assert.Contains("give them back", full.Message, StringComparison.Ordinal);
        // Whoever waits is told at once, and keeps nobody else from tasks.
        await FullAsync(ann, dataset, wait: 20_000);
        var bobs = await bob.LeaseAsync(dataset, new LeaseRequest(Many));
        Assert.Equal(50, bobs.Count);
        Assert.Empty(bobs.Select(t => t.Image).Intersect(anns.Concat(rest).Select(t => t.Image)));

        // Answered, given back, skipped: each makes room for another.
        await ann.SubmitAsync(dataset, [Answer(anns[0], "disc")]);
        await ann.ReleaseAsync(dataset, [anns[1].Image]);
        await ann.SubmitAsync(dataset, [Answer(anns[2], "disc") with { Decision = new Decision { Kind = DecisionKind.Skip } }]);
        Assert.Equal(3, (await ann.LeaseAsync(dataset, new LeaseRequest(Many))).Count);
        await FullAsync(ann, dataset);
        // Of others' tasks none is hers to give back.
        await bob.ReleaseAsync(dataset, [.. anns.Select(t => t.Image)]);
        await FullAsync(ann, dataset);
    }

    [Fact]
    public async Task Many_requests_at_once_give_no_more()
    {
        var dataset = await DatasetAsync(60, 50, perPerson: 7);
        using var ann = server.As("ann");
        await ann.ReleaseAsync(dataset, [.. (await ann.TakeAsync(dataset, 7)).Select(t => t.Image)]);
        var taken = await Task.WhenAll(Enumerable.Range(0, 20).Select(async _ =>
        {
            try
            {
                return (await ann.LeaseAsync(dataset, new LeaseRequest(3))).Count;
            }
            catch (WinnowApiException full) when (full.Code == RefusalCodes.TasksHeld)
            {
                return 0;
            }
        }));
        Assert.Equal(7, taken.Sum());
    }

    [Fact]
    public async Task What_ran_out_is_not_held()
    {
        var settings = LearningServer.Small with { TasksPerPerson = 2, LeasePeriod = TimeSpan.FromSeconds(5) };
        var dataset = await server.Client.DatasetAsync(20, settings);
        await server.Client.StartRoundAsync(dataset, new(10));
        using var ann = server.As("ann");
        await ann.TakeAsync(dataset, 2);
        await FullAsync(ann, dataset);
        IReadOnlyList<ReviewTask> again = [];
        await Until.TrueAsync(async () =>
        {
            try
            {
                again = await ann.LeaseAsync(dataset, new LeaseRequest(5));
            }
            catch (WinnowApiException full) when (full.Code == RefusalCodes.TasksHeld)
            {
                // Until the leases have ended.
            }
            return again.Count > 0;
        }, LearningServer.Patience, () => "the leases have ended");
        Assert.Equal(2, again.Count);
    }

    [Fact]
    public async Task A_setting_out_of_range_is_named()
    {
        var wrong = LearningServer.Small with { TasksPerPerson = 0 };
        var refused = await Assert.ThrowsAsync<WinnowApiException>(
            () => server.Client.CreateDatasetAsync(new("none", LearningServer.Schema, wrong)));
        Assert.Contains("tasksPerPerson must be 1 to 100000, not 0", refused.Message, StringComparison.Ordinal);
        var dataset = await server.Client.DatasetAsync(0, LearningServer.Small with { TasksPerPerson = 3 }, scored: false);
        Assert.Equal(3, (await server.Client.GetDatasetAsync(dataset)).Settings.TasksPerPerson);
    }

    [Fact]
    public async Task Two_reviewers_of_one_name_get_through_with_what_one_person_may_hold()
    {
        var dataset = await DatasetAsync(60, 40, perPerson: 3);
        SimulatedReviewer Reviewer() => new(server.Client, new SimulatedReviewerOptions
        {
            Dataset = dataset,
            Classes = [.. LearningServer.Schema.Classes.Select(c => c.Name)],
            Truth = t => t.Name.Split('/')[0],
        });
        SimulatedReviewer[] reviewers = [Reviewer(), Reviewer()];
        using var stop = new CancellationTokenSource();
        var working = reviewers.Select(r => r.RunAsync(stop.Token)).ToArray();
        await server.Client.EndOfAsync(dataset);
        await stop.CancelAsync();
        await Task.WhenAll(working);
        Assert.Equal((40, 0), (reviewers.Sum(r => r.Answered), reviewers.Sum(r => r.Progress.Refused)));
    }

    [Fact]
    public async Task A_thousand_opinions_under_one_lease_are_one()
    {
        var dataset = await DatasetAsync(20, 1);
        using var ann = server.As("ann");
        using var bob = server.As("bob");
        var anns = Assert.Single(await ann.TakeAsync(dataset, 1));
        await ann.ReleaseAsync(dataset, [anns.Image]);
        var bobs = Assert.Single(await bob.TakeAsync(dataset, 1));
        Assert.Equal(anns.Image, bobs.Image);
        using var agreement = new Agreement(dataset);
        Assert.Equal(SubmitStatus.Recorded, Assert.Single(await bob.SubmitAsync(dataset, [Answer(bobs, "disc")])).Status);

        var comment = new string('x', Decision.MaxComment);
        SubmitDecision Opinion(ReviewTask task, int n) =>
            Answer(task, "disc") with { Decision = Answer(task, "disc").Decision with { Comment = comment, ElapsedMilliseconds = n } };
        foreach (var (person, task) in new[] { (ann, anns), (bob, bobs) })
        {
            var results = await person.SubmitAsync(dataset, [.. Enumerable.Range(0, Many).Select(n => Opinion(task, n))]);
            // Ann had said nothing before, and Bob had.
            Assert.Equal(person == ann ? 1 : 0, results.Count(r => r.Status == SubmitStatus.SecondOpinion));
            var refused = results.Where(r => r.Status != SubmitStatus.SecondOpinion).ToArray();
            Assert.All(refused, r => Assert.Equal(SubmitStatus.Conflict, r.Status));
            Assert.Contains("You have answered this task already: 'disc'", refused[0].Reason, StringComparison.Ordinal);
            Assert.Contains("send a correction", refused[0].Reason, StringComparison.Ordinal);
            Assert.Contains("expectedVersion 2", refused[0].Reason, StringComparison.Ordinal);
        }
        var detail = await server.Client.GetImageAsync(dataset, anns.Image);
        Assert.Equal([("bob", HistoryKind.Decided), ("ann", HistoryKind.SecondOpinion)], detail.History.Select(h => (h.Actor, h.Kind)));
        Assert.InRange(JsonSerializer.SerializeToUtf8Bytes(detail, ModelJson.Default.ImageDetail).Length, 1, 10_000);
        // One person agreed with another.
        Assert.Equal(1, agreement.Count);
        // What the refusal says can be done is done.
        var correction = Answer(bobs, "frame") with { Lease = null, ExpectedVersion = 2 };
        Assert.Equal(SubmitStatus.Recorded, Assert.Single(await bob.SubmitAsync(dataset, [correction])).Status);
    }

    [Fact]
    public async Task Skipping_a_thousand_times_is_skipping_once()
    {
        var dataset = await DatasetAsync(20, 1);
        using var ann = server.As("ann");
        var task = Assert.Single(await ann.TakeAsync(dataset, 1));
        SubmitDecision Skip() => Answer(task, "disc") with { Decision = new Decision { Kind = DecisionKind.Skip } };
        var results = await ann.SubmitAsync(dataset, [.. Enumerable.Range(0, Many).Select(_ => Skip())]);
        Assert.Single(results, r => r.Status == SubmitStatus.Recorded);
        Assert.Equal(Many - 1, results.Count(r => r.Status == SubmitStatus.Conflict));
        Assert.Single((await server.Client.GetImageAsync(dataset, task.Image)).History);
        // It is still a task, for somebody else.
        using var bob = server.As("bob");
        await bob.TakeAsync(dataset, 1);
    }

    [Fact]
    public async Task Corrections_of_one_person_have_an_end()
    {
        var dataset = await DatasetAsync(20, 1);
        using var ann = server.As("ann");
        using var bob = server.As("bob");
        var task = Assert.Single(await ann.TakeAsync(dataset, 1));
        SubmitDecision Correction(long seen) => Answer(task, seen % 2 == 0 ? "disc" : "bars") with { Lease = null, ExpectedVersion = seen };
        var version = 0L;
        SubmitResult refused;
        while ((refused = (await ann.SubmitAsync(dataset, [Correction(version)]))[0]).Status == SubmitStatus.Recorded)
            Assert.InRange(version++, 0, 200);
        Assert.Equal((100, SubmitStatus.Refused), (version, refused.Status));
        Assert.Contains("as many as one person may", refused.Reason, StringComparison.Ordinal);
        Assert.Equal(SubmitStatus.Recorded, (await bob.SubmitAsync(dataset, [Correction(version)]))[0].Status);
        Assert.Equal(101, (await server.Client.GetImageAsync(dataset, task.Image)).History.Count);
    }

    [Fact]
    public async Task A_time_that_no_backup_would_take_is_not_taken_either()
    {
        var dataset = await DatasetAsync(20, 1);
        using var ann = server.As("ann");
        var task = Assert.Single(await ann.TakeAsync(dataset, 1));
        var answer = Answer(task, "disc");
        var refused = (await ann.SubmitAsync(dataset, [answer with { Decision = answer.Decision with { ElapsedMilliseconds = -1 } }]))[0];
        Assert.Equal(SubmitStatus.Refused, refused.Status);
        Assert.Contains("elapsedMilliseconds must be 0 or more", refused.Reason, StringComparison.Ordinal);
    }

    /// <summary>How often people were counted as agreeing, or not, about a dataset.</summary>
    private sealed class Agreement : IDisposable
    {
        private readonly MeterListener _listener = new();
        private long _count;

        public Agreement(string dataset)
        {
            _listener.InstrumentPublished = (instrument, listener) =>
            {
                if (instrument.Name == WinnowTelemetry.PeopleAgreement.Name) listener.EnableMeasurementEvents(instrument);
            };
            _listener.SetMeasurementEventCallback<long>((_, value, tags, _) =>
            {
                foreach (var tag in tags)
                    if (tag is { Key: "dataset", Value: string name } && name == dataset) Interlocked.Add(ref _count, value);
            });
            _listener.Start();
        }

        public long Count => Interlocked.Read(ref _count);

        public void Dispose() => _listener.Dispose();
    }
}
