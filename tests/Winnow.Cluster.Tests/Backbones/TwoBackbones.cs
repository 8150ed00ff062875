using Winnow.Client;
using Winnow.Model.Datasets;
using Winnow.Model.Images;
using Winnow.Model.Labels;
using Winnow.Model.Review;
using Winnow.Model.Training;
using Winnow.Testing;

namespace Winnow.Cluster.Tests.Backbones;

/// <summary>A silo that knows two small backbones, and a dataset on the first of them.</summary>
internal sealed class TwoBackbones : IAsyncDisposable
{
    public const string Dataset = "drawn", First = "narrow", Second = "wide";
    private const int FirstFilters = 32, SecondFilters = 56;
    public static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    private readonly DirectoryInfo _files = Directory.CreateTempSubdirectory("winnow-backbones-");

    private TwoBackbones(int side)
    {
        string[] first = TinyBackbone.Write(Path.Combine(_files.FullName, "first.onnx"), First, FirstFilters, seed: 1);
        string[] second = TinyBackbone.Write(Path.Combine(_files.FullName, "second.onnx"), Second, SecondFilters, seed: 2, side);
        Silo = new SiloProcess(new SiloProcessOptions
        {
            // Many small lots and segments, so that whatever happens in between happens between them.
            Arguments = [.. first, .. second, "--Shard:LotSize", "8", "--Shard:SegmentRows", "64", "--Shard:KeepSuperseded", "00:00:00"],
        });
    }

    public SiloProcess Silo { get; }

    public WinnowClient Client => Silo.Client;

    /// <param name="images">How many the dataset begins with.</param>
    /// <param name="side">
    /// Pixels a side that the second sees: what is to happen while it is made needs one that takes its time, on a busy machine too.
    /// </param>
    public static async Task<TwoBackbones> StartAsync(int images, int side = 32)
    {
        var two = new TwoBackbones(side);
        await two.Silo.StartAgainAsync();
        var schema = new LabelSchema { Classes = [.. DrawnImages.Classes.Select(c => new LabelClass(c))] };
        var settings = new DatasetSettings { Shards = 2, AuditSample = 20, ProjectionDimensions = 16, Backbone = First };
        await two.Client.CreateDatasetAsync(new CreateDataset(Dataset, schema, settings));
        await two.ImportAsync(images);
        await two.Client.WaitForScoringAsync(Dataset);
        return two;
    }

    public async ValueTask DisposeAsync()
    {
        await Silo.DisposeAsync();
        _files.Delete(recursive: true);
    }

    public async Task ImportAsync(int images, int from = 0)
    {
        await foreach (var result in Client.ImportAsync(Dataset, DrawnImages.EnumerateAsync(images, from)))
            Assert.Equal(IngestStatus.Accepted, result.Status);
    }

    /// <summary>A round with all its answers, as it ended.</summary>
    public async Task<RoundInfo> RoundAsync(int size)
    {
        var round = await Client.StartRoundAsync(Dataset, new StartRound(size));
        await Until.TrueAsync(async () =>
        {
            var tasks = await Client.LeaseAsync(Dataset, new LeaseRequest(50, 200));
            if (tasks.Count > 0) await Client.SubmitAsync(Dataset, [.. tasks.Select(Answer)]);
            return (await Client.GetRoundAsync(Dataset, round.Arm, round.Number)).HasEnded;
        }, Patience, () => "the round has ended");
        var ended = await Client.GetRoundAsync(Dataset, round.Arm, round.Number);
        Assert.True(ended.Step == RoundStep.Done, ended.Reason);
        return ended;
    }

    private static SubmitDecision Answer(ReviewTask task) => new(
        task.Image, Guid.NewGuid(), new Decision { Kind = DecisionKind.Label, Annotations = [new ClassTag(task.Name.Split('/')[0])] },
        task.Lease);

    public async Task<BackboneInfo> BackboneAsync(string name, string dataset = Dataset) =>
        (await Client.ListBackbonesAsync(dataset)).Single(b => b.Name == name);

    /// <summary>Returns when a backbone that is being made is so far on its way.</summary>
    public async Task UnderWayAsync(string name, int least)
    {
        BackboneInfo? at = null;
        await Until.TrueAsync(
            async () => (at = await BackboneAsync(name)).Embedded >= least, Patience, () => $"{least} images have it: {at}");
        Assert.True(at!.Embedded < at.Images, "it was made before anything could happen in between");
    }

    public async Task ReadyAsync(string name)
    {
        using var limit = new CancellationTokenSource(Patience);
        Assert.Equal(BackboneStage.Ready, (await Client.WaitForBackboneAsync(Dataset, name, cancellationToken: limit.Token)).Stage);
    }

    /// <summary>Every image's prelabel and scores, with the model that they are of.</summary>
    public async Task<SortedDictionary<ImageId, string>> ScoresAsync(string dataset = Dataset)
    {
        var scores = new SortedDictionary<ImageId, string>();
        await foreach (var image in Client.ListImagesAsync(dataset))
        {
            var detail = await Client.GetImageAsync(dataset, image.Id);
            scores.Add(image.Id, $"{detail.Scores?.ModelVersion} {detail.Scores} {detail.Prelabels.FirstOrDefault()?.Source}");
        }
        return scores;
    }

    public async Task<VerificationReport> VerifyAsync()
    {
        var report = (await Client.VerifyAsync(Dataset, hash: true).LastAsync()).Report!;
        Assert.True(report.Sound, string.Join("\n", report.Findings.Where(f => !f.Expected).Select(f => f.ToString())));
        return report;
    }
}
