using System.Diagnostics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;
using Orleans.Configuration;
using Winnow.Benchmarks.Measuring;
using Winnow.Benchmarks.Seeding;
using Winnow.Client;
using Winnow.Model.Datasets;
using Winnow.Model.Labels;
using Winnow.Testing;

namespace Winnow.Benchmarks.Peers;

/// <summary>
/// What TLS between silos costs: the same images through two clusters of the same program, one of which has had it taken out. Each has a
/// gateway, a
/// core silo and a scoring silo, so that every lot and every embedding crosses from one to another.
/// </summary>
internal sealed class TlsBenchmark : IBenchmark
{
    private static readonly string[] Roles = ["core", "scoring", "gateway"];

    public string Name => "tls";

    public string Describes =>
        "images taken in and scored through a gateway, a core and a scoring silo; floor: the same without TLS between them";

    public async Task RunAsync(BenchmarkRun run)
    {
        await using var postgres = await PostgresServer.StartPrivateAsync();
        await using var s3 = await S3Server.StartOwnAsync();
        await using var secured = await Cluster.StartAsync(run, "tls", postgres, s3, replace: null);
        await using var plain =
            await Cluster.StartAsync(run, "plain", postgres, s3,
                services => services.RemoveAll<IConfigureOptions<SiloConnectionOptions>>());
        var images = run.Size(2_000, 40);
        // Once for the JIT and for what opens at the first use.
        await secured.TakeAsync(images / 4);
        await plain.TakeAsync(images / 4);
        var (taken, scored) = (new PairedSamples(), new PairedSamples());
        for (var i = 0; i < run.Repeats(9); i++)
        {
            run.Stop.ThrowIfCancellationRequested();
            var first = i % 2 == 0 ? plain : secured;
            var one = await first.TakeAsync(images);
            var other = await (first == plain ? secured : plain).TakeAsync(images);
            var (with, without) = first == plain ? (other, one) : (one, other);
            taken.Add(with.Taken, without.Taken);
            scored.Add(with.Scored, without.Scored);
            run.Say($"taken in {with.Taken:N0}/s beside {without.Taken:N0}/s, scored {with.Scored:N0}/s beside {without.Scored:N0}/s");
        }
        run.Report("tls/ingest", "images/s", taken, "0.9");
        run.Report("tls/scoring", "images/s", scored, "0.9");
    }

    private sealed class Cluster(BenchmarkSilo[] silos, CancellationToken stop) : IAsyncDisposable
    {
        private static int _drawn;
        private int _datasets;

        public static async Task<Cluster> StartAsync(
            BenchmarkRun run, string name, PostgresServer postgres, S3Server s3, Action<IServiceCollection>? replace)
        {
            string[] storage = SiloCluster.Options(await postgres.CreateDatabaseAsync(), s3, S3Server.NewBucket());
            var silos = new List<BenchmarkSilo>();
            foreach (var role in Roles)
            {
                string[] options = [.. storage, "--Cluster:AdvertisedAddress", "127.0.0.1", "--Role", role];
                silos.Add(await BenchmarkSilo.StartAsync(Path.Combine(run.Folder, name, role), replace, run.Stop, options));
            }
            return new Cluster([.. silos], run.Stop);
        }

        /// <summary>Images a second, taken in and then scored.</summary>
        public async Task<(double Taken, double Scored)> TakeAsync(int count)
        {
            byte[][] images = [.. Enumerable.Range(Interlocked.Add(ref _drawn, count) - count, count).Select(DrawnImages.Draw)];
            using var client = new WinnowClient(new WinnowClientOptions { Address = silos[^1].Url, Actor = "benchmark" });
            var dataset = $"images-{++_datasets}";
            var schema = new LabelSchema { Classes = [.. DrawnImages.Classes.Select(c => new LabelClass(c))] };
            await client.CreateDatasetAsync(new CreateDataset(dataset, schema, new DatasetSettings { Shards = 4, AuditSample = 0 }), stop);
            var started = Stopwatch.GetTimestamp();
            await foreach (var _ in client.ImportAsync(dataset, Of(images), new ImportOptions { LotSize = 250 }, cancellationToken: stop))
            {
            }
            var taken = Stopwatch.GetElapsedTime(started);
            await client.WaitForScoringAsync(dataset, cancellationToken: stop);
            return (count / taken.TotalSeconds, count / Stopwatch.GetElapsedTime(started).TotalSeconds);
        }

        public async ValueTask DisposeAsync()
        {
            foreach (var silo in silos.Reverse()) await silo.DisposeAsync();
        }

        private static async IAsyncEnumerable<ImageToImport> Of(byte[][] images)
        {
            foreach (var (number, bytes) in images.Index())
                yield return new ImageToImport($"{number}.png", _ => ValueTask.FromResult<ReadOnlyMemory<byte>>(bytes));
            await Task.CompletedTask;
        }
    }
}
