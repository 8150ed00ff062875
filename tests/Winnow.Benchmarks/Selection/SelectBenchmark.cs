using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using Winnow.Abstractions.Datasets;
using Winnow.Abstractions.Training;
using Winnow.Adapters.Objects;
using Winnow.Algorithms.Heads;
using Winnow.Algorithms.Scoring;
using Winnow.Algorithms.Selection;
using Winnow.Algorithms.Training;
using Winnow.Benchmarks.Measuring;
using Winnow.Benchmarks.Seeding;
using Winnow.Grains.Columns;
using Winnow.Grains.Ports;
using Winnow.Grains.Selection;
using Winnow.Model.Training;

namespace Winnow.Benchmarks.Selection;

/// <summary>
/// A batch chosen from a pool by each strategy, through the shards; beside it the pass of the head over the pool, which has to come before.
/// The shards of the larger pool name the same vectors, 80 MB in place of 5 GB: every row is read and scored all the same, only from memory
/// more often than from disk.
/// </summary>
internal sealed class SelectBenchmark : IBenchmark
{
    private const int Shards = 64;

    public string Name => "select";

    public string Describes =>
        "1,000 from 1,000,000 and from 10,000,000 on 256 dimensions over 64 shards, by each strategy; floor: the score pass alone";

    public async Task RunAsync(BenchmarkRun run)
    {
        SeedPlan[] plans =
        [
            new() { Name = "1m", Images = run.Size(1_000_000), Shards = Shards, Labelled = run.Size(2_000, Shards) },
            new()
            {
                Name = "10m",
                Images = run.Size(10_000_000),
                Shards = Shards,
                Labelled = run.Size(2_000, Shards),
                SharedVectors = true,
            },
        ];
        foreach (var plan in plans)
        {
            await SeededDataset.WriteAsync(run.Folder, plan, run.Stop);
            run.Say($"{plan.Name}: {plan.Images:N0} images seeded");
        }
        await using var silo = await BenchmarkSilo.StartAsync(run.Folder, run.Stop);
        Pool[] pools = [.. plans.Select(p => new Pool(silo, p, run.Folder))];
        foreach (var pool in pools) await pool.OpenAsync(run.Stop);
        run.Say("All shards are open");
        foreach (var strategy in QueryStrategies.All) await RunAsync(run, strategy.Name, pools[0], pools[1]);
    }

    private static async Task RunAsync(BenchmarkRun run, string strategy, Pool small, Pool large)
    {
        var (one, ten, both) = (new PairedSamples(), new PairedSamples(), new PairedSamples());
        for (var i = 0; i < run.Repeats(5); i++)
        {
            var request = new GatherCandidates(Arms.Main, strategy, run.Size(1_000, 10), 2, (ulong)i);
            one.Add(await small.SelectAsync(request, run.Stop), await small.ScoreAsync());
            ten.Add(await large.SelectAsync(request, run.Stop), await large.ScoreAsync());
            both.Add(ten.Pairs[i].Product, one.Pairs[i].Product);
        }
        run.Report($"select/{strategy}-1m", "s", one, strategy switch { "herding" => "3 s", "power-margin" => "0.5 s", _ => null });
        run.Report($"select/{strategy}-10m", "s", ten);
        run.Report($"select/{strategy}-10m-to-1m", "s", both, "11");
    }

    private sealed class Pool(BenchmarkSilo silo, SeedPlan plan, string folder)
    {
        private readonly IShardLearning[] _shards =
            [.. Enumerable.Range(0, plan.Shards)
                .Select(s => silo.Grains.GetGrain<IShardLearning>(Abstractions.Images.GrainKeys.Shard(plan.Name, s)))];
        private LearningState? _learning;
        private readonly SoftmaxHead _head = SeededColumns.Head(plan.Classes, plan.Dimensions, plan.Seed);

        private readonly string[][] _segments =
            [.. Enumerable.Range(0, plan.SharedVectors ? 1 : plan.Shards).Select(s => Directory.GetFiles(
            Path.Combine(folder, "objects", "datasets", plan.Name, "segments", s.ToString("D4", CultureInfo.InvariantCulture),
                SegmentKinds.Projection), "*", SearchOption.AllDirectories))];

        /// <summary>Opens all shards, with their columns.</summary>
        public async Task OpenAsync(CancellationToken cancellationToken)
        {
            _learning = await silo.Grains.GetGrain<IDatasetGrain>(plan.Name).GetLearningAsync(cancellationToken);
            await Task.WhenAll(_shards.Select(s => s.GetVectorsAsync([0], _learning, cancellationToken)));
        }

        /// <summary>Seconds of a selection.</summary>
        public async Task<double> SelectAsync(GatherCandidates request, CancellationToken cancellationToken)
        {
            var started = Stopwatch.GetTimestamp();
            var told = request with { Learning = _learning };
            var chosen = await PoolSelection.SelectAsync(
                _shards, told, plan.Classes, new SelectionSources(LabelledAsync, _ => Task.FromResult<IHead?>(_head)), cancellationToken);
            var took = Stopwatch.GetElapsedTime(started).TotalSeconds;
            return chosen.Count == request.BatchSize
                ? took : throw new InvalidOperationException($"{request.Strategy} chose {chosen.Count} images, not {request.BatchSize}.");
        }

        /// <summary>Seconds of a pass of the head over all shards, one core each.</summary>
        public Task<double> ScoreAsync() => Task.Run(() =>
        {
            var started = Stopwatch.GetTimestamp();
            Parallel.For(0, plan.Shards, shard =>
            {
                foreach (var path in _segments[plan.SharedVectors ? 0 : shard])
                {
                    using var mapped = MappedObject.Map(path)!;
                    var rows = MemoryMarshal.Cast<byte, Half>(mapped.Memory.Span[SegmentFormat.HeaderSize..]);
                    _head.Score(rows, new ImageScore[rows.Length / plan.Dimensions]);
                }
            });
            return Stopwatch.GetElapsedTime(started).TotalSeconds;
        });

        private async Task<Examples> LabelledAsync(CancellationToken cancellationToken)
        {
            var parts = await Task.WhenAll(_shards.Select(s => s.GetLabelledAsync(Arms.Main, 1, _learning, cancellationToken)));
            float[] vectors = [.. parts.SelectMany(p => p.Vectors.ToMatrix().Values)];
            return new Examples(vectors, plan.Dimensions, Targets.Of([.. parts.SelectMany(p => p.Labels)], plan.Classes));
        }
    }
}
