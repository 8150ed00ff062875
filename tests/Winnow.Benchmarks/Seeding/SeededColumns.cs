using System.Globalization;
using System.Numerics.Tensors;
using System.Runtime.InteropServices;
using Winnow.Algorithms.Heads;
using Winnow.Algorithms.Numerics;
using Winnow.Algorithms.Scoring;
using Winnow.Grains.Columns;
using Winnow.Grains.Ports;

namespace Winnow.Benchmarks.Seeding;

/// <summary>
/// The columns of a seeded dataset. Rows of the projection lie around one centre per class. Embeddings are a few numbers a row: the shard
/// wants as many of them as of projected rows, and nothing that is measured reads them.
/// </summary>
internal sealed class SeededColumns(IObjectStore objects, SeedPlan plan, string projection, SoftmaxHead head)
{
    /// <summary>As the product makes them in bulk.</summary>
    private const int BulkRows = 65_536;

    /// <summary>As the product makes them while images arrive.</summary>
    private const int StreamRows = 4_096;

    private const int EmbeddingDimensions = 8;
    private const int NoiseLength = 1 << 20;

    private readonly float[] _centres = Gaussians(plan.Classes * plan.Dimensions, plan.Seed, 0.3f);
    private readonly float[] _noise = Gaussians(NoiseLength, plan.Seed + 1, 1);
    private readonly Lock _lock = new();
    private Task<IReadOnlyList<SegmentRow>>? _shared;

    /// <summary>A projection that keeps all of its input; what it says of a row does not matter, for the rows are there.</summary>
    public static Projection Projection(int dimensions, ulong seed) =>
        Algorithms.Scoring.Projection.Fit(Gaussians((dimensions + 2) * dimensions, seed, 1), dimensions, dimensions);

    /// <summary>A calibrated head of one's own for each seed.</summary>
    public static SoftmaxHead Head(int classes, int dimensions, ulong seed) =>
        new(classes, dimensions, Gaussians(classes * dimensions, seed, 0.1f), Gaussians(classes, seed + 1, 0.1f), 1.3f);

    /// <summary>Writes a shard's segments; the rows that publish them.</summary>
    public Task<IReadOnlyList<SegmentRow>> WriteAsync(ShardKey shard, CancellationToken cancellationToken)
    {
        if (!plan.SharedVectors) return WriteSegmentsAsync(shard, cancellationToken);
        lock (_lock) return _shared ??= WriteSegmentsAsync(shard with { Shard = 0 }, cancellationToken);
    }

    private async Task<IReadOnlyList<SegmentRow>> WriteSegmentsAsync(ShardKey shard, CancellationToken cancellationToken)
    {
        await Task.Yield();
        var rows = new List<SegmentRow>();
        var random = new SeededRandom(plan.Seed + 2 + ((ulong)shard.Shard << 32));
        for (var first = 0; first < plan.PerShard; first += StreamRows)
        {
            var count = Math.Min(StreamRows, plan.PerShard - first);
            await PutAsync(shard, SegmentKinds.Embedding, "mobilenetv3-small", first, count,
                SegmentFormat.Allocate(EmbeddingDimensions * sizeof(ushort), count), rows, cancellationToken);
        }
        for (var first = 0; first < plan.PerShard; first += BulkRows)
        {
            var count = Math.Min(BulkRows, plan.PerShard - first);
            var projected = SegmentFormat.Allocate(plan.Dimensions * sizeof(ushort), count);
            Fill(MemoryMarshal.Cast<byte, Half>(SegmentFormat.Rows(projected)), first, random);
            var scores = SegmentFormat.Allocate(Marshal.SizeOf<ImageScore>(), count);
            head.Score(MemoryMarshal.Cast<byte, Half>(SegmentFormat.Rows(projected)),
                MemoryMarshal.Cast<byte, ImageScore>(SegmentFormat.Rows(scores)));
            await PutAsync(shard, SegmentKinds.Projection, projection, first, count, projected, rows, cancellationToken);
            await PutAsync(shard, SegmentKinds.Scores, SeedPlan.Model, first, count, scores, rows, cancellationToken);
        }
        return rows;
    }

    /// <summary>
    /// A centre and a piece of one long run of noise: as good as fresh noise for what is measured, and fifty times as fast to make.
    /// </summary>
    private void Fill(Span<Half> rows, int first, SeededRandom random)
    {
        var d = plan.Dimensions;
        var row = new float[d];
        for (var i = 0; i < rows.Length / d; i++)
        {
            TensorPrimitives.Add(_centres.AsSpan((first + i) % plan.Classes * d, d), _noise.AsSpan(random.Next(NoiseLength - d), d), row);
            TensorPrimitives.ConvertToHalf(row, rows.Slice(i * d, d));
        }
    }

    private async Task PutAsync(ShardKey shard, string kind, string version, int first, int count, byte[] segment, List<SegmentRow> rows,
        CancellationToken cancellationToken)
    {
        SegmentFormat.Seal(segment, new SegmentHeader((segment.Length - SegmentFormat.HeaderSize) / count, first, count));
        var key = ObjectKeys.Segment(shard, kind, version, first, string.Create(CultureInfo.InvariantCulture, $"1-{count:x}"));
        await objects.PutAsync(key, segment, cancellationToken);
        rows.Add(new SegmentRow(kind, version, first, count, key));
    }

    private static float[] Gaussians(int count, ulong seed, float deviation)
    {
        var random = new SeededRandom(seed);
        var values = new float[count];
        for (var i = 0; i < count; i++) values[i] = deviation * (float)random.NextGaussian();
        return values;
    }
}
