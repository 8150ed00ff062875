using Winnow.Client;
using Winnow.Model.Datasets;
using Winnow.Model.Images;
using Winnow.Model.Labels;
using Winnow.Model.Review;
using Winnow.Model.Training;
using Winnow.Testing;

namespace Winnow.Web.Tests.Training;

/// <summary>What tests of rounds do to a server: a dataset of drawn pictures, people who answer, rounds that come to an end.</summary>
internal static class LearningServer
{
    public static readonly LabelSchema Schema = new() { Classes = [.. DrawnImages.Classes.Select(c => new LabelClass(c))] };

    public static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    public static readonly DatasetSettings Small = new() { Shards = 2, AuditSample = 0, ProjectionDimensions = 16 };

    /// <summary>A dataset of a name of its own.</summary>
    public static async Task<string> DatasetAsync(this WinnowClient client, int images, DatasetSettings? settings = null,
        bool scored = true)
    {
        var name = "d" + Guid.NewGuid().ToString("n")[..12];
        await client.CreateDatasetAsync(new CreateDataset(name, Schema, settings ?? Small));
        await client.ImportDrawnAsync(name, images);
        if (scored) await client.WaitForScoringAsync(name);
        return name;
    }

    public static async Task ImportDrawnAsync(this WinnowClient client, string dataset, int images, int from = 0)
    {
        await foreach (var result in client.ImportAsync(dataset, DrawnImages.EnumerateAsync(images, from))) Assert.Equal(
            IngestStatus.Accepted, result.Status);
    }

    /// <summary>As many tasks as are wanted; on a busy machine it takes its time until a round asks.</summary>
    public static async Task<IReadOnlyList<ReviewTask>> TakeAsync(
        this WinnowClient person, string dataset, int count, params TaskKind[] kinds)
    {
        var taken = new List<ReviewTask>();
        await Until.TrueAsync(async () =>
        {
            taken.AddRange(await person.LeaseAsync(dataset, new LeaseRequest(count - taken.Count, 2000, kinds.Length > 0 ? kinds : null)));
            return taken.Count == count;
        }, Patience, () => $"{count} tasks of {dataset} are to be had, not {taken.Count}");
        return taken;
    }

    public static async Task AnswerAsync(this WinnowClient person, string dataset, IEnumerable<ReviewTask> tasks,
        Func<ReviewTask, Decision> decide)
    {
        var results = await person.SubmitAsync(dataset,
            [.. tasks.Select(t => new SubmitDecision(t.Image, Guid.NewGuid(), decide(t), t.Lease))]);
        Assert.All(results, r => Assert.Equal(SubmitStatus.Recorded, r.Status));
    }

    public static Decision Right(ReviewTask task) => new()
    {
        Kind = DecisionKind.Label,
        Annotations = [new ClassTag(task.Name.Split('/')[0])],
    };

    public static Decision Skip(ReviewTask task) => new() { Kind = DecisionKind.Skip };

    public static Decision Reject(ReviewTask task) => new() { Kind = DecisionKind.Reject };

    /// <summary>The round as it ended.</summary>
    public static async Task<RoundInfo> EndOfAsync(this WinnowClient client, string dataset, string arm = Arms.Main, int number = 1)
    {
        using var limit = new CancellationTokenSource(Patience);
        return await client.WaitForRoundAsync(dataset, arm, number, cancellationToken: limit.Token);
    }

    /// <summary>The round as soon as something is true of it.</summary>
    public static async Task<RoundInfo> UntilAsync(this WinnowClient client, string dataset, int number, Func<RoundInfo, bool> condition)
    {
        RoundInfo round = null!;
        await Until.TrueAsync(async () => condition(round = await client.GetRoundAsync(dataset, Arms.Main, number)), Patience,
            () => $"what was awaited of {round}");
        return round;
    }

    /// <summary>Somebody who answers whatever comes, until disposed of.</summary>
    public static IAsyncDisposable Reviewing(this WinnowClient person, string dataset, Func<ReviewTask, string?>? truth = null) =>
        new Reviewer(person, dataset, truth);

    private sealed class Reviewer : IAsyncDisposable
    {
        private readonly CancellationTokenSource _stop = new();
        private readonly Task _work;

        public Reviewer(WinnowClient person, string dataset, Func<ReviewTask, string?>? truth) =>
            _work = new SimulatedReviewer(person, new SimulatedReviewerOptions
            {
                Dataset = dataset,
                Classes = DrawnImages.Classes,
                Truth = truth ?? (t => t.Name.Split('/')[0]),
            }).RunAsync(_stop.Token);

        public async ValueTask DisposeAsync()
        {
            await _stop.CancelAsync();
            await _work;
            _stop.Dispose();
        }
    }
}
