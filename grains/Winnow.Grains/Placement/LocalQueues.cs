using System.Collections.Concurrent;

namespace Winnow.Grains.Placement;

/// <summary>The datasets whose review queues this silo holds now.</summary>
public sealed class LocalQueues
{
    private readonly ConcurrentDictionary<string, byte> _open = new(StringComparer.Ordinal);

    /// <summary>Names of the datasets.</summary>
    public IReadOnlyCollection<string> Datasets => [.. _open.Keys];

    internal void Opened(string dataset) => _open[dataset] = default;

    internal void Closed(string dataset) => _open.TryRemove(dataset, out _);
}
