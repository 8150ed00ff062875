using System.Collections.Concurrent;

namespace Winnow.Grains.Telemetry;

/// <summary>
/// What is live on this silo and can be asked for its figures at any time, from any thread. A source that is let go reports no more.
/// </summary>
/// <typeparam name="T">The figures.</typeparam>
public sealed class GaugeBook<T>
{
    private readonly ConcurrentDictionary<Entry, Func<T>> _sources = new();

    /// <summary>Adds a source. It is read on the exporter's thread: it must not wait, and may be a moment behind.</summary>
    /// <returns>Dispose it to take the source out.</returns>
    public IDisposable Add(Func<T> read)
    {
        var entry = new Entry(_sources);
        _sources[entry] = read;
        return entry;
    }

    /// <summary>The figures of all sources now.</summary>
    public IReadOnlyList<T> Read() => [.. _sources.Values.Select(read => read())];

    private sealed class Entry(ConcurrentDictionary<Entry, Func<T>> sources) : IDisposable
    {
        public void Dispose() => sources.TryRemove(this, out _);
    }
}
