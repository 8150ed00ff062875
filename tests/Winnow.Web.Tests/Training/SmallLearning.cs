using Microsoft.Extensions.DependencyInjection;
using Winnow.Abstractions.Images;
using Winnow.Model.Datasets;
using Winnow.Model.Images;
using Winnow.Model.Labels;
using Winnow.Model.Review;
using Winnow.Model.Training;
using Winnow.Testing;

namespace Winnow.Web.Tests.Training;

/// <summary>A dataset of drawn pictures that learns: 100 in the pool, 20 of them audit, 12 in the holdout, and people who answer.</summary>
internal sealed class SmallLearning(OwnServer server)
{
    public const string Name = "small";
    public const int Images = 112, Audit = 20, Shards = 2;
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    /// <summary>Tasks of the audit sample are asked before all others.</summary>
    public static bool IsAudit(ReviewTask task) => task.Priority > 1;

    public async Task CreateAsync()
    {
        var schema = new LabelSchema { Classes = [.. DrawnImages.Classes.Select(c => new LabelClass(c))] };
        var settings = new DatasetSettings { Shards = Shards, AuditSample = Audit, ProjectionDimensions = 16 };
        await server.Client.CreateDatasetAsync(new CreateDataset(Name, schema, settings));
        var (pool, holdout) = (DrawnImages.EnumerateAsync(100), DrawnImages.EnumerateAsync(12, 100, labelled: true, Partition.Holdout));
        foreach (var images in new[] { pool, holdout })
            await foreach (var result in server.Client.ImportAsync(Name, images)) Assert.Equal(IngestStatus.Accepted, result.Status);
        await server.Client.WaitForScoringAsync(Name);
    }

    /// <summary>A round with all its answers; how it ended.</summary>
    /// <param name="answer">What people say; the class that was drawn where it is null.</param>
    /// <param name="beforeAnswers">What happens when people are asked, before they answer.</param>
    public async Task<RoundInfo> RoundAsync(Func<ReviewTask, Decision?>? answer = null, Func<Task>? beforeAnswers = null)
    {
        var round = await server.Client.StartRoundAsync(Name, new StartRound(10));
        await Until.TrueAsync(async () => (await AskedAsync(round)).Step != RoundStep.Select, Patience, () => "the round asks");
        if (beforeAnswers is not null) await beforeAnswers();
        await Until.TrueAsync(async () =>
        {
            var tasks = await server.Client.LeaseAsync(Name, new LeaseRequest(50, 200));
            SubmitDecision Answer(ReviewTask task) => new(task.Image, Guid.NewGuid(), answer?.Invoke(task) ?? Truth(task), task.Lease);
            if (tasks.Count > 0) await server.Client.SubmitAsync(Name, [.. tasks.Select(Answer)]);
            return (await AskedAsync(round)).Step is RoundStep.Done or RoundStep.Failed;
        }, Patience, () => "the round has ended");
        return await AskedAsync(round);
    }

    private Task<RoundInfo> AskedAsync(RoundInfo round) => server.Client.GetRoundAsync(Name, round.Arm, round.Number);

    private static Decision Truth(ReviewTask task) =>
        new() { Kind = DecisionKind.Label, Annotations = [new ClassTag(task.Name.Split('/')[0])] };

    /// <summary>Closes all shards; the next call opens each anew.</summary>
    public async Task ReopenAsync(int first = 0, int count = Shards)
    {
        for (var shard = first; shard < first + count; shard++) await Shard<IShardIngest>(shard).ReopenAsync(CancellationToken.None);
    }

    public T Shard<T>(int number) where T : IGrainWithStringKey =>
        server.Services.GetRequiredService<IGrainFactory>().GetGrain<T>(GrainKeys.Shard(Name, number));

    /// <summary>Makes a version; its hash, and how many images it marks as audit.</summary>
    public async Task<(string Sha256, int Audit)> VersionAsync()
    {
        var version = await server.Client.CreateVersionAsync(Name, new CreateVersion());
        Assert.Equal(Images, version.Images);
        using var csv = new StreamReader(await server.Client.OpenExportAsync(Name, version.Number, "csv"));
        var audit = 0;
        while (await csv.ReadLineAsync() is { } line)
            if (line.EndsWith(",true", StringComparison.Ordinal)) audit++;
        return (version.ManifestSha256, audit);
    }
}
