using System.Diagnostics;
using Winnow.Abstractions.Datasets;
using Winnow.Abstractions.Images;
using Winnow.Benchmarks.Measuring;
using Winnow.Benchmarks.Seeding;
using Winnow.Client;
using Winnow.Model.Datasets;
using Winnow.Model.Labels;
using Winnow.Testing;

namespace Winnow.Benchmarks.Images;

/// <summary>
/// How fast images are registered for good: rows through the shards beside bare inserts, and real bytes over HTTP beside a bare upload.
/// </summary>
internal sealed class IngestBenchmark : IBenchmark
{
    private const int Slices = 10;
    private const int Shards = 8;
    private const string Dataset = "taken";

    public string Name => "ingest";

    public string Describes =>
        "1,000,000 images registered, SQLite and PostgreSQL with fsync; HTTP with bytes; floors: bare inserts, a bare upload";

    public async Task RunAsync(BenchmarkRun run)
    {
        await EmbeddedAsync(run);
        await ClusterAsync(run);
        await HttpAsync(run);
    }

    private static async Task EmbeddedAsync(BenchmarkRun run)
    {
        await using var silo = await BenchmarkSilo.StartIdleAsync(Path.Combine(run.Folder, "embedded"), run.Stop);
        await using var floor = new SqliteFloor(Path.Combine(run.Folder, "floor.db"));
        await RowsAsync(run, "sqlite", silo, floor);
    }

    private static async Task ClusterAsync(BenchmarkRun run)
    {
        await using var postgres = await PostgresServer.StartPrivateAsync();
        var s3 = await S3Server.StartOwnAsync();
        await using (s3)
        {
            await using var silo = await BenchmarkSilo.StartIdleAsync(Path.Combine(run.Folder, "cluster"), run.Stop,
                [.. SiloCluster.Options(await postgres.CreateDatabaseAsync(), s3, S3Server.NewBucket()), "--Cluster:AdvertisedAddress",
                    "127.0.0.1"]);
            await using var floor = await PostgresFloor.CreateAsync(await postgres.CreateDatabaseAsync(), run.Stop);
            await RowsAsync(run, "postgres", silo, floor);
        }
    }

    private static async Task RowsAsync(BenchmarkRun run, string name, BenchmarkSilo silo, IRowFloor floor)
    {
        await CreateAsync(silo, run.Stop);
        IShardIngest[] shards =
            [.. Enumerable.Range(0, Shards).Select(s => silo.Grains.GetGrain<IShardIngest>(GrainKeys.Shard(Dataset, s)))];
        await Task.WhenAll(shards.Select(s => s.GetSummaryAsync(run.Stop)));
        var rows = new IngestRows(Shards, 1);
        var slice = run.Size(1_000_000, 16_000) / Slices;
        var speeds = new List<double>();
        var lots = rows.Next(slice);
        // Each slice goes into both, one after the other, so that both tables grow alike.
        var samples = await PairedSamples.TakeAsync(Slices, ProductAsync, FloorAsync, run.Stop);
        run.Report($"ingest/{name}-rows", "rows/s", samples, "0.5, and 20,000 rows/s");
        var ends = new PairedSamples();
        ends.Add(speeds[^1], speeds[0]);
        run.Report($"ingest/{name}-last-slice-to-first", "rows/s", ends, "0.8");

        async Task<double> ProductAsync()
        {
            var (mine, started) = (rows.Next(slice), Stopwatch.GetTimestamp());
            await IngestRows.ForEachAsync(mine, (shard, lot) => shards[shard].ApplyAsync(lot, run.Stop));
            speeds.Add(slice / Stopwatch.GetElapsedTime(started).TotalSeconds);
            run.Say($"{name}: {speeds.Count * slice:N0} rows, {speeds[^1]:N0} rows/s");
            return speeds[^1];
        }

        async Task<double> FloorAsync()
        {
            lots = rows.Next(slice);
            var started = Stopwatch.GetTimestamp();
            await IngestRows.ForEachAsync(lots, floor.InsertAsync);
            return slice / Stopwatch.GetElapsedTime(started).TotalSeconds;
        }
    }

    private static async Task HttpAsync(BenchmarkRun run)
    {
        await using var silo = await BenchmarkSilo.StartIdleAsync(Path.Combine(run.Folder, "http"), run.Stop);
        await using var upload = await UploadServer.StartAsync(Path.Combine(run.Folder, "uploads"), run.Stop);
        await CreateAsync(silo, run.Stop);
        var lot = run.Size(6_000, 200);
        var drawn = 0;
        // Once for the JIT.
        await SendAsync(silo.Url);
        await SendAsync(upload.Url);
        var samples = await PairedSamples.TakeAsync(run.Repeats(7), () => SendAsync(silo.Url), () => SendAsync(upload.Url), run.Stop);
        run.Report("ingest/http", "images/s", samples, "0.5");

        async Task<double> SendAsync(Uri server)
        {
            byte[][] images = [.. Enumerable.Range(Interlocked.Add(ref drawn, lot) - lot, lot).Select(DrawnImages.Draw)];
            using var client = new WinnowClient(new WinnowClientOptions { Address = server, Actor = "ingest" });
            var started = Stopwatch.GetTimestamp();
            await foreach (var _ in client.ImportAsync(Dataset, Of(images), new ImportOptions { LotSize = 500 },
                cancellationToken: run.Stop)) { }
            return lot / Stopwatch.GetElapsedTime(started).TotalSeconds;
        }
    }

    private static async IAsyncEnumerable<ImageToImport> Of(byte[][] images)
    {
        for (var i = 0; i < images.Length; i++)
        {
            var bytes = images[i];
            yield return new ImageToImport(string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{i}.png"),
                _ => ValueTask.FromResult<ReadOnlyMemory<byte>>(bytes));
        }
        await Task.CompletedTask;
    }

    private static Task CreateAsync(BenchmarkSilo silo, CancellationToken cancellationToken) =>
        silo.Grains.GetGrain<ICatalogGrain>(0).CreateAsync(
        new CreateDataset(Dataset, new LabelSchema { Classes = [new LabelClass("a"), new LabelClass("b")] },
            new DatasetSettings { Shards = Shards }), "benchmark", cancellationToken);
}
