using System.Text;
using Winnow.Model.Datasets;
using Winnow.Model.Images;
using Winnow.Model.Labels;
using Winnow.Testing;

namespace Winnow.Deploy.Tests.Telemetry;

/// <summary>What a silo sends over OTLP, received by the tests' own receiver.</summary>
public sealed class TraceTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task One_trace_shows_the_way_from_the_upload_to_the_score()
    {
        await using var receiver = await OtlpReceiver.StartAsync();
        await using var silo = await ObservedSilo.StartAsync("--Otlp", receiver.Address, "--OtlpProtocol", "http");
        await UploadAsync(silo);
        Assert.Single((await WholeTraceAsync(receiver)).Select(s => s.Silo).Distinct());
    }

    [Fact]
    [Trait("needs", "postgres")]
    [Trait("needs", "s3")]
    public async Task One_trace_shows_the_way_across_silos()
    {
        await using var receiver = await OtlpReceiver.StartAsync();
        var (postgres, s3) = (await PostgresServer.SharedAsync(), await S3Server.SharedAsync());
        string[] shared =
        [
            "--Otlp", receiver.Address, "--OtlpProtocol", "http", "--Cluster:AdvertisedAddress", "127.0.0.1",
            .. SiloCluster.Options(await postgres.CreateDatabaseAsync(), s3, S3Server.NewBucket()),
        ];
        await using var core = await ObservedSilo.StartAsync([.. shared, "--Role", "core"]);
        await using var gateway = await ObservedSilo.StartAsync([.. shared, "--Role", "gateway"]);
        await using var scoring = await ObservedSilo.StartAsync([.. shared, "--Role", "scoring"]);
        await UploadAsync(gateway);
        var trace = await WholeTraceAsync(receiver);
        // Taken in by one, committed by another, embedded by the third.
        string[] silos = [trace.Single(s => s.Name.StartsWith("POST ", StringComparison.Ordinal)).Silo,
            trace.Single(s => s.Name == "shard commit").Silo, trace.Single(s => s.Name == "embed").Silo];
        Assert.Equal(3, silos.Distinct().Count());
        Assert.DoesNotContain("", silos);
    }

    private static async Task UploadAsync(ObservedSilo silo)
    {
        await silo.Client.CreateDatasetAsync(
            new CreateDataset("traced", new LabelSchema { Classes = [.. DrawnImages.Classes.Select(c => new LabelClass(c))] },
                new DatasetSettings { Shards = 1, Backbone = TinyBackbone.Name }));
        await foreach (var result in silo.Client.ImportAsync("traced", DrawnImages.EnumerateAsync(40))) Assert.Equal(IngestStatus.Accepted,
            result.Status);
        await silo.Client.WaitForScoringAsync("traced");
    }

    private static async Task<IReadOnlyList<ReceivedSpan>> WholeTraceAsync(OtlpReceiver receiver)
    {
        IReadOnlyList<ReceivedSpan> trace = [];
        await Until.TrueAsync(
            () =>
            {
                var spans = receiver.Spans();
                var scored = spans.FirstOrDefault(s => s.Name == "scored");
                trace = [.. spans.Where(s => s.Trace == scored?.Trace)];
                return Task.FromResult(new[] { "publish segment", "embed", "shard commit" }.All(n => trace.Any(s => s.Name == n))
                    && trace.Any(s => s.Name.StartsWith("POST ", StringComparison.Ordinal)));
            },
            Limit, () => $"a whole trace came; spans: {string.Join(", ", receiver.Spans().Select(s => s.Name).Distinct())}");

        // From every step upwards through its parents there is the upload.
        var upload = Assert.Single(trace, s => s.Name.StartsWith("POST ", StringComparison.Ordinal));
        Assert.Contains("/images", upload.Name, StringComparison.Ordinal);
        var commit = Assert.Single(trace, s => s.Name == "shard commit");
        var lot = Assert.Single(trace, s => s.Name == "embed lot");
        var device = Assert.Single(trace, s => s.Name == "embed");
        var publish = Assert.Single(trace, s => s.Name == "publish segment");
        var scoredAt = Assert.Single(trace, s => s.Name == "scored");
        Assert.Contains(upload, AncestorsOf(commit, trace));
        Assert.Contains(commit, AncestorsOf(lot, trace));
        Assert.Contains(lot, AncestorsOf(device, trace));
        Assert.Contains(lot, AncestorsOf(publish, trace));
        Assert.Contains(commit, AncestorsOf(scoredAt, trace));
        Assert.Contains((publish.Trace, publish.Id), scoredAt.Links);
        // The call to the device went through Orleans, as it does to another silo.
        Assert.Contains(AncestorsOf(device, trace), s => s.Name.Contains("scoring", StringComparison.OrdinalIgnoreCase) && s != lot);
        Assert.True(commit.End <= lot.End && lot.End <= publish.End && publish.Start <= scoredAt.End);
        return trace;
    }

    [Fact]
    public async Task Logs_and_metrics_come_as_well_and_nothing_holds_the_key()
    {
        await using var receiver = await OtlpReceiver.StartAsync();
        await using var silo = await ObservedSilo.StartAsync("--Otlp", receiver.Address, "--OtlpProtocol", "http");
        await silo.Client.CreateDatasetAsync(
            new CreateDataset("logged", new LabelSchema { Classes = [new LabelClass("a"), new LabelClass("b")] },
                new DatasetSettings { Shards = 1, Backbone = TinyBackbone.Name }));
        await silo.Client.GetStatusAsync("logged");
        await Until.TrueAsync(
            () => Task.FromResult(receiver.Bodies("metrics").Any(b => Contains(b, "winnow.shard.active"))
                && receiver.Bodies("traces").Count > 0 && receiver.Logs().Any(l => l.Contains("opened", StringComparison.Ordinal))),
            Limit, () => $"{receiver.Bodies("metrics").Count} metrics, {receiver.Bodies("traces").Count} traces, logs: "
                + $"{string.Join(" | ", receiver.Logs())}");
        foreach (var signal in new[] { "metrics", "traces", "logs" })
            Assert.All(receiver.Bodies(signal), b => Assert.False(Contains(b, ObservedSilo.Key), $"{signal} hold the key."));
    }

    private static bool Contains(byte[] body, string text) => body.AsSpan().IndexOf(Encoding.UTF8.GetBytes(text)) >= 0;

    private static List<ReceivedSpan> AncestorsOf(ReceivedSpan span, IReadOnlyList<ReceivedSpan> trace)
    {
        var ancestors = new List<ReceivedSpan>();
        while (trace.FirstOrDefault(s => s.Id == span.Parent) is { } parent && !ancestors.Contains(parent)) ancestors.Add(span = parent);
        return ancestors;
    }
}
