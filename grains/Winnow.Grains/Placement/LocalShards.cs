using System.Collections.Concurrent;
using Winnow.Grains.Ports;

namespace Winnow.Grains.Placement;

/// <summary>The shards that this silo holds now.</summary>
internal sealed class LocalShards
{
    private readonly ConcurrentDictionary<LocalShard, byte> _open = new();

    /// <summary>All of them, by dataset and number.</summary>
    public IReadOnlyList<LocalShard> All() => [.. _open.Keys.OrderBy(s => s.Key.Dataset, StringComparer.Ordinal).ThenBy(s => s.Key.Shard)];

    public void Opened(LocalShard shard) => _open[shard] = default;

    public void Closed(LocalShard shard) => _open.TryRemove(shard, out _);

    public bool Holds(ShardKey key) => _open.Keys.Any(s => s.Key == key);
}

/// <summary>A shard that this silo holds.</summary>
/// <param name="key">Its name.</param>
/// <param name="grain">It, to the runtime.</param>
/// <param name="mayMove">Whether it can be moved now. Asked from any thread, and may be a moment behind.</param>
internal sealed class LocalShard(ShardKey key, IGrainContext grain, Func<bool> mayMove)
{
    public ShardKey Key => key;

    public IGrainContext Grain => grain;

    public bool MayMove => mayMove();
}
