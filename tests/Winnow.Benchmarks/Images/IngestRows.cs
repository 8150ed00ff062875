using System.Globalization;
using Winnow.Abstractions.Images;
using Winnow.Algorithms.Numerics;
using Winnow.Model.Datasets;
using Winnow.Model.Images;

namespace Winnow.Benchmarks.Images;

/// <summary>Rows of images that nobody drew, in the lots in which they arrive at their shards.</summary>
internal sealed class IngestRows(int shards, ulong seed)
{
    public const int LotRows = 1_000;

    private readonly SeededRandom _random = new(seed);
    private int _number;

    /// <summary>So many further rows as lots, each with its shard.</summary>
    public IReadOnlyList<(int Shard, IngestLot Lot)> Next(int rows)
    {
        var parts = new List<IngestRow>[shards];
        for (var i = 0; i < shards; i++) parts[i] = [];
        for (var i = 0; i < rows; i++)
        {
            var id = new ImageId(_random.NextUInt64(), _random.NextUInt64(), _random.NextUInt64(), _random.NextUInt64());
            parts[ShardLayout.IndexOf(id, shards)].Add(
                new IngestRow(id, string.Create(CultureInfo.InvariantCulture, $"camera-3/2026-03-01/{_number++:D8}.png"), "png", 28, 28, 1,
                    500 + (i % 300), Partition.Pool, -1, null));
        }
        return [.. parts.SelectMany((part, shard) =>
            part.Chunk(LotRows).Select(lot => (shard, new IngestLot(Guid.NewGuid(), "service:camera", lot))))];
    }

    /// <summary>Hands every lot to an action, those of different shards at once, those of one shard in turn.</summary>
    public static Task ForEachAsync(IReadOnlyList<(int Shard, IngestLot Lot)> lots, Func<int, IngestLot, Task> action) =>
        Task.WhenAll(lots.GroupBy(l => l.Shard).Select(async shard =>
        {
            foreach (var (_, lot) in shard) await action(shard.Key, lot);
        }));
}
