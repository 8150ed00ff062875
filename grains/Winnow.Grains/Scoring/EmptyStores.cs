using System.Collections.Concurrent;

namespace Winnow.Grains.Scoring;

/// <summary>The datasets of which the object store gave no image the last time, as one device has seen it. Thread-safe.</summary>
internal sealed class EmptyStores
{
    private readonly ConcurrentDictionary<string, bool> _datasets = new(StringComparer.Ordinal);

    /// <summary>Whether nothing of a dataset was given the last time.</summary>
    public bool Contains(string dataset) => _datasets.ContainsKey(dataset);

    /// <summary>Nothing of it was given.</summary>
    public void Add(string dataset) => _datasets[dataset] = true;

    /// <summary>Something of it is given again.</summary>
    public void Remove(string dataset) => _datasets.TryRemove(dataset, out _);
}
