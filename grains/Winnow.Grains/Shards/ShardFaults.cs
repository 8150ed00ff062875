using System.Collections.Concurrent;
using Winnow.Abstractions.Health;
using Winnow.Model.Datasets;

namespace Winnow.Grains.Shards;

/// <summary>
/// Shards that this silo could not open a moment ago: who asks again at once is told so without all their rows being read again. A dataset
/// that bears the name of one that was discarded has nothing to do with it.
/// </summary>
internal sealed class ShardFaults(TimeProvider time)
{
    private static readonly TimeSpan Lifetime = TimeSpan.FromSeconds(5);

    private readonly ConcurrentDictionary<string, (string Told, DateTimeOffset Made, long At)> _faults = new(StringComparer.Ordinal);

    /// <exception cref="SetAsideException">It did not open a moment ago.</exception>
    public void ThrowIfRecent(string shard, DatasetInfo dataset)
    {
        if (_faults.TryGetValue(shard, out var fault) && fault.Made == dataset.CreatedAt && time.GetElapsedTime(fault.At) < Lifetime)
            throw new SetAsideException(fault.Told);
    }

    public void Add(string shard, DatasetInfo dataset, string told) => _faults[shard] = (told, dataset.CreatedAt, time.GetTimestamp());

    /// <summary>It has opened; whether it had not before.</summary>
    public bool Remove(string shard) => _faults.TryRemove(shard, out _);
}
