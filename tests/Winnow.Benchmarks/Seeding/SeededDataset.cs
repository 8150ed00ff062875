using System.Globalization;
using System.Security.Cryptography;
using System.Text.Json;
using Microsoft.Extensions.Logging.Abstractions;
using Winnow.Abstractions.Images;
using Winnow.Abstractions.Training;
using Winnow.Adapters.Ledger;
using Winnow.Adapters.Objects;
using Winnow.Algorithms.Numerics;
using Winnow.Grains;
using Winnow.Grains.Datasets;
using Winnow.Grains.Ports;
using Winnow.Model.Datasets;
using Winnow.Model.Images;
using Winnow.Model.Labels;
using Winnow.Model.Training;

namespace Winnow.Benchmarks.Seeding;

/// <summary>
/// A dataset that nobody had to upload, embed or label: its rows and segments are written through the ports themselves, in the lots and
/// sizes in which the product writes them. The images' bytes are left out; nothing that is measured reads them.
/// </summary>
/// <param name="Plan">What it holds.</param>
/// <param name="Learning">What its shards are told of its learning.</param>
internal sealed record SeededDataset(SeedPlan Plan, LearningState Learning)
{
    private const int LotRows = 1_000;
    private static readonly DateTimeOffset Arrived = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);

    /// <summary>Writes the dataset into a silo's folder, which no silo may have open.</summary>
    public static async Task<SeededDataset> WriteAsync(string folder, SeedPlan plan, CancellationToken cancellationToken)
    {
        await using var ledger =
            SqliteLedger.Open(new LedgerOptions { Path = Path.Combine(folder, "ledger.db") }, NullLogger<SqliteLedger>.Instance);
        using var objects = new FileObjectStore(Path.Combine(folder, "objects"));
        LabelClass[] classes =
            [.. Enumerable.Range(0, plan.Classes).Select(c => new LabelClass(string.Create(CultureInfo.InvariantCulture, $"class-{c}")))];
        var settings = new DatasetSettings { Shards = plan.Shards, Seed = plan.Seed, ProjectionDimensions = Math.Max(2, plan.Dimensions) };
        await ledger.AddDatasetAsync(new DatasetInfo(plan.Name, new LabelSchema { Classes = classes }, settings, Arrived, "person:ada"),
            cancellationToken);

        var learning = new LearningState(0, null, null, null, 0);
        SeededColumns? columns = null;
        if (plan.Dimensions > 0)
        {
            var projection = SeededColumns.Projection(plan.Dimensions, plan.Seed).ToBytes();
            var head = SeededColumns.Head(plan.Classes, plan.Dimensions, plan.Seed);
            learning = new LearningState(1, ObjectKeys.Projection(plan.Name, Sha256(projection)), KeyOf(plan, head.ToBytes()),
                SeedPlan.Model, 0);
            await objects.PutAsync(learning.ProjectionKey!, projection, cancellationToken);
            await objects.PutAsync(learning.HeadKey!, head.ToBytes(), cancellationToken);
            columns = new SeededColumns(objects, plan, Sha256(projection), head);
            await WriteStateAsync(ledger, plan, learning, cancellationToken);
        }
        await Parallel.ForAsync(0, plan.Shards, cancellationToken,
            async (shard, token) => await WriteShardAsync(ledger, new ShardKey(plan.Name, shard), plan, columns, token));
        return new SeededDataset(plan, learning);
    }

    /// <summary>Where a head of these bytes stands, for a round of the plan's dataset.</summary>
    public static string KeyOf(SeedPlan plan, byte[] head, int round = 1) => ObjectKeys.Head(plan.Name, Arms.Main, round, Sha256(head));

    /// <summary>The key of every shard.</summary>
    public IEnumerable<string> ShardKeys() => Enumerable.Range(0, Plan.Shards).Select(s => GrainKeys.Shard(Plan.Name, s));

    private static string Sha256(byte[] bytes) => Convert.ToHexStringLower(SHA256.HashData(bytes));

    private static Task WriteStateAsync(IGrainStateStore states, SeedPlan plan, LearningState learning, CancellationToken cancellationToken)
    {
        var state = new DatasetState
        {
            Learning = new LearningStateRecord
            {
                Sequence = learning.Sequence,
                ProjectionKey = learning.ProjectionKey,
                HeadKey = learning.HeadKey,
                ModelName = learning.ModelName,
                AuditDrawn = true,
            },
        };
        return states.WriteAsync(new GrainStateKey("dataset", plan.Name, "dataset"), null,
            JsonSerializer.SerializeToUtf8Bytes(state, StoredStates.Json), cancellationToken);
    }

    private static async Task WriteShardAsync(SqliteLedger ledger, ShardKey shard, SeedPlan plan, SeededColumns? columns,
        CancellationToken cancellationToken)
    {
        var epoch = (await ledger.OpenShardAsync(shard, cancellationToken)).Epoch;
        var random = new SeededRandom(plan.Seed + ((ulong)shard.Shard << 32));
        var bits = System.Numerics.BitOperations.Log2((uint)plan.Shards);
        var (labelled, tasks) = (plan.Labelled / plan.Shards, plan.Tasks / plan.Shards);
        var answered = plan.Answered / plan.Shards;
        for (var first = 0; first < plan.PerShard; first += LotRows)
        {
            var count = Math.Min(LotRows, plan.PerShard - first);
            var images = new ImageRow[count];
            var asked = new List<TaskRow>();
            var said = new List<HistoryRow>();
            for (var i = 0; i < count; i++)
            {
                var ordinal = first + i;
                // The top bits name the shard.
                var top = bits == 0 ? random.NextUInt64() : (random.NextUInt64() >> bits) | ((ulong)shard.Shard << (64 - bits));
                var id = new ImageId(top, random.NextUInt64(), random.NextUInt64(), random.NextUInt64());
                var name = string.Create(CultureInfo.InvariantCulture, $"camera-{shard.Shard:D2}/{ordinal:D8}.jpg");
                var label = ordinal < labelled ? ordinal % plan.Classes : -1;
                images[i] = new ImageRow(ordinal,
                    new IngestRow(id, name, "jpeg", 1280, 720, 1, 150_000 + (ordinal % 50_000), Partition.Pool, label, null), Arrived,
                    "person:ada");
                if (ordinal >= labelled && ordinal < labelled + tasks)
                    asked.Add(new TaskRow(ordinal, Arms.Main, 1, (float)random.NextDouble(), DateTimeOffset.UnixEpoch));
                if (ordinal < labelled + tasks || ordinal >= labelled + tasks + answered) continue;
                asked.Add(new TaskRow(ordinal, Arms.Main, 1, 0, DateTimeOffset.UnixEpoch));
                if (ordinal % 20 < 8)
                    asked.Add(new TaskRow(ordinal, Arms.Verification, 1, (float)random.NextDouble(), DateTimeOffset.UnixEpoch));
                said.AddRange(SeededAnswers.Of(id, ordinal, plan, isDisputed: ordinal % 20 == 7));
            }
            await ledger.CommitAsync(
                new ShardCommit
                {
                    Shard = shard,
                    Epoch = epoch,
                    OperationId =
                    new Guid(shard.Shard, 0, 0, BitConverter.GetBytes((long)first)),
                    Images = images,
                    Tasks = asked,
                    History = said,
                }, cancellationToken);
        }
        if (columns is null) return;
        var segments = await columns.WriteAsync(shard, cancellationToken);
        await ledger.CommitAsync(new ShardCommit { Shard = shard, Epoch = epoch, Segments = segments }, cancellationToken);
    }
}
