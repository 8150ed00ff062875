using System.Net.Http.Json;
using Winnow.Inference.Weights;
using Winnow.Model;
using Winnow.Model.Datasets;
using Winnow.Model.Health;
using Winnow.Model.Images;
using Winnow.Model.Labels;
using Winnow.Model.Overview;
using Winnow.Testing;

namespace Winnow.Web.Tests.Start;

/// <summary>Weights that are not there are named, with the file and where to get it, at the start and while they are missing.</summary>
public sealed class MissingWeightsTests : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("winnow-weights-");

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public async Task A_server_without_its_weights_works_names_them_and_scores_once_they_come()
    {
        var cache = Path.Combine(_folder.FullName, "cache");
        var entry = WeightsCatalog.MobileNetV3Small;
        var file = new WeightsCache(cache).FileOf(entry);
        await using var silo = await SiloProcess.StartAsync(
            new SiloProcessOptions { Environment = new Dictionary<string, string> { ["WINNOW_CACHE"] = cache } });
        using var http = new HttpClient { BaseAddress = silo.Url };
        async Task<HealthReport> ReadyAsync() => (await http.GetFromJsonAsync("/health/ready", ModelJson.Default.HealthReport))!;

        await Until.TrueAsync(() => Task.FromResult(silo.Output.Contains(file, StringComparison.Ordinal)), Patience,
            () => $"the start names {file}: {silo.Output}");
        Assert.Contains("winnow models pull mobilenetv3-small", silo.Output, StringComparison.Ordinal);
        var report = await ReadyAsync();
        // No reason to send requests elsewhere, or to start it again.
        Assert.True(report.Ready);
        Assert.Contains(file, Assert.Single(report.Parts, p => p.Problem is not null).Problem, StringComparison.Ordinal);

        var schema = new LabelSchema { Classes = [.. DrawnImages.Classes.Select(c => new LabelClass(c))] };
        await silo.Client.CreateDatasetAsync(new CreateDataset("waits", schema, new DatasetSettings { Shards = 1 }));
        await foreach (var result in silo.Client.ImportAsync("waits", DrawnImages.EnumerateAsync(8)))
            Assert.Equal(IngestStatus.Accepted, result.Status);
        DatasetStatus? status = null;
        await Until.TrueAsync(async () => (status = await silo.Client.GetStatusAsync("waits")).ScoringStalled is not null, Patience,
            () => $"the dataset says what it waits for: {status}");
        Assert.Contains(file, status!.ScoringStalled, StringComparison.Ordinal);
        Assert.Contains(file, Assert.Single((await ReadyAsync()).Parts, p => p.Problem is not null).Problem, StringComparison.Ordinal);

        await new WeightsCache(cache).EnsureAsync(entry, new NpmWeightsSource(TimeProvider.System));
        status = await silo.Client.WaitForScoringAsync("waits");
        Assert.Equal((8L, 0L), (status.Images, status.Stages.GetValueOrDefault(Stage.Quarantined)));
        await Until.TrueAsync(async () => (await ReadyAsync()).Parts.All(p => p.Problem is null), Patience,
            () => "nothing is wanting any more");
    }
}
