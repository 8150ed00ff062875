using System.Diagnostics;
using System.Globalization;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Winnow.Benchmarks.Measuring;
using Winnow.Benchmarks.Seeding;
using Winnow.Client;
using Winnow.Grains.Placement;
using Winnow.Grains.Ports;
using Winnow.Model.Images;
using Winnow.Model.Labels;
using Winnow.Model.Review;
using Winnow.Testing;

namespace Winnow.Benchmarks.Review;

/// <summary>
/// What it costs that every decision leaves an act: two silos alike, of which one works at the cluster level before acts. People take tasks
/// and answer them, one at a time; and a program sends decisions by the lot, where there is little else to do.
/// </summary>
internal sealed class ActsBenchmark(bool byTheLot = false) : IBenchmark
{
    private const int Reviewers = 64, Lot = 500, LotsAtOnce = 4;

    private static readonly TimeSpan LevelRaised = TimeSpan.FromMinutes(1);

    public string Name => byTheLot ? "acts-by-the-lot" : "acts";

    public string Describes => byTheLot ? "the same of one program that sends decisions by the lot"
        : "decisions a second with their acts; floor: the same at the cluster level before acts";

    public async Task RunAsync(BenchmarkRun run)
    {
        var (repeats, answers, lots) = (run.Repeats(byTheLot ? 31 : 15), byTheLot ? Reviewers : run.Size(1_500, 128), run.Size(8, 2));
        var images = (byTheLot ? repeats * lots * Lot : 0) + run.Size(20_000, 2_000);
        var plan = new SeedPlan { Images = ((images + (repeats * answers)) / 8 * 8) + 8, Tasks = (repeats + 1) * answers, Dimensions = 0 };
        await using var with = await Side.StartAsync(run, "with", plan, ClusterLevels.Acts);
        await using var without = await Side.StartAsync(run, "without", plan, ClusterLevels.Acts - 1);

        var (before, beside, decisions) = (with.Bytes(), without.Bytes(), repeats * (byTheLot ? lots * Lot : answers));
        Task<double> MeasureAsync(Side side) => byTheLot ? side.SendAsync(lots) : side.AnswerAsync(answers);
        var samples = await PairedSamples.TakeAsync(repeats, () => MeasureAsync(with), () => MeasureAsync(without), run.Stop);
        run.Report(byTheLot ? "acts/by-the-lot" : "acts/answered", "decisions/s", samples, "0.90");
        var (least, greatest) = samples.MedianInterval();
        run.Say($"the median ratio lies between {least:F2} and {greatest:F2}, with 95 %");
        if (byTheLot)
            run.Say($"one act takes {(with.Bytes() - before - (without.Bytes() - beside)) / (double)decisions:F0} bytes of the ledger, "
                + $"beside {(without.Bytes() - beside) / (double)decisions:F0} of its decision");
        if (await without.CountAsync() is var none && none != 0)
            throw new InvalidOperationException($"The silo without acts has {none} of them.");
        if (await with.CountAsync() is var all && all < decisions)
            throw new InvalidOperationException($"Of {decisions} decisions {all} left an act.");
    }

    /// <summary>One of the two silos.</summary>
    private sealed class Side(BenchmarkRun run, string folder, SeedPlan plan, BenchmarkSilo silo, List<ImageId> untouched)
        : IAsyncDisposable
    {
        private readonly ReviewCrew _crew = new(silo.Url, plan.Name, Reviewers, run.Stop);
        private readonly WinnowClient _program = new(new WinnowClientOptions { Address = silo.Url, Actor = "import", RetryAttempts = 0 });
        private int _sent;

        public static async Task<Side> StartAsync(BenchmarkRun run, string name, SeedPlan plan, int level)
        {
            var folder = Directory.CreateDirectory(Path.Combine(run.Folder, name)).FullName;
            await SeededDataset.WriteAsync(folder, plan, run.Stop);
            var silo = await BenchmarkSilo.StartAsync(folder, s => s.Replace(ServiceDescriptor.Singleton(new NewestLevel(level)))
                .AddSingleton<IEmbedderProvider, BenchmarkSilo.BusyDevice>(), run.Stop,
                "--Cluster:HighestLevel", level.ToString(CultureInfo.InvariantCulture));
            await Until.TrueAsync(() => Task.FromResult(silo.Service<KnownLevel>().Value >= level), LevelRaised,
                () => string.Create(CultureInfo.InvariantCulture, $"the cluster is at level {level}"));
            var untouched = new List<ImageId>();
            var ledger = silo.Service<IShardLedger>();
            for (var shard = 0; shard < plan.Shards; shard++)
            {
                var key = new ShardKey(plan.Name, shard);
                var asked = new HashSet<int>();
                await foreach (var task in ledger.ReadTasksAsync(key, run.Stop)) asked.Add(task.Ordinal);
                await foreach (var image in ledger.ReadImagesAsync(key, 0, int.MaxValue, run.Stop))
                    if (!asked.Contains(image.Ordinal)) untouched.Add(image.Row.Id);
            }
            // Of all shards at once, as a program would send them.
            untouched.Sort((a, b) => a.GetHashCode().CompareTo(b.GetHashCode()));
            var side = new Side(run, folder, plan, silo, untouched);
            await side._crew.WorkAsync(Reviewers, TimeSpan.Zero, new Latencies(), new Latencies());
            return side;
        }

        /// <summary>People take so many tasks and answer them; decisions a second.</summary>
        public async Task<double> AnswerAsync(int tasks)
        {
            var started = Stopwatch.GetTimestamp();
            await _crew.WorkAsync(tasks, TimeSpan.Zero, new Latencies(), new Latencies());
            if (_crew.Problem is { } problem) throw new InvalidOperationException(problem);
            return tasks / Stopwatch.GetElapsedTime(started).TotalSeconds;
        }

        /// <summary>A program sends so many lots; decisions a second.</summary>
        public async Task<double> SendAsync(int lots)
        {
            var started = Stopwatch.GetTimestamp();
            await Parallel.ForAsync(0, lots, new ParallelOptions { MaxDegreeOfParallelism = LotsAtOnce, CancellationToken = run.Stop },
                async (_, token) =>
            {
                var first = Interlocked.Add(ref _sent, Lot) - Lot;
                var label = new Decision { Kind = DecisionKind.Label, Annotations = [new ClassTag("class-1")] };
                SubmitDecision[] lot =
                    [.. untouched.GetRange(first, Lot).Select(i => new SubmitDecision(i, Guid.NewGuid(), label, ExpectedVersion: 0))];
                foreach (var result in await _program.SubmitAsync(plan.Name, lot, token))
                    if (result.Status != SubmitStatus.Recorded)
                        throw new InvalidOperationException($"{result.Image}: {result.Status} {result.Reason}");
            });
            return lots * Lot / Stopwatch.GetElapsedTime(started).TotalSeconds;
        }

        public async Task<long> CountAsync()
        {
            var acts = silo.Service<IActLedger>();
            var count = 0L;
            foreach (var stream in await acts.ListStreamsAsync(plan.Name, run.Stop)) count += await acts.LastActAsync(stream, run.Stop);
            return count;
        }

        /// <summary>Bytes of the ledger, free pages left out.</summary>
        public long Bytes()
        {
            using var connection = new SqliteConnection($"Data Source={Path.Combine(folder, "ledger.db")};Mode=ReadOnly;Pooling=False");
            connection.Open();
            return (Scalar("page_count") - Scalar("freelist_count")) * Scalar("page_size");

            long Scalar(string pragma)
            {
                using var command = connection.CreateCommand();
                command.CommandText = $"PRAGMA {pragma}";
                return Convert.ToInt64(command.ExecuteScalar(), CultureInfo.InvariantCulture);
            }
        }

        public async ValueTask DisposeAsync()
        {
            _program.Dispose();
            await silo.DisposeAsync();
        }
    }
}
