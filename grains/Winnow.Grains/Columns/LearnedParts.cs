using System.Collections.Concurrent;
using Winnow.Algorithms.Heads;
using Winnow.Algorithms.Scoring;
using Winnow.Grains.Ports;

namespace Winnow.Grains.Columns;

/// <summary>
/// What the shards of one silo project and score by, read once for all of them: a projection may have megabytes, and a dataset a thousand
/// shards. A part lives as long as any shard holds it. Objects of these keys never change.
/// </summary>
internal sealed class LearnedParts(IObjectStore objects)
{
    private readonly ConcurrentDictionary<string, WeakReference<object>> _known = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, Lazy<Task<object>>> _reading = new(StringComparer.Ordinal);

    /// <exception cref="InvalidDataException">It is not in the object store, or damaged.</exception>
    public async Task<Projection> ProjectionAsync(string key, CancellationToken cancellationToken) =>
        (Projection)await GetAsync("Projection", key, bytes => Projection.FromBytes(bytes.Span), cancellationToken);

    /// <exception cref="InvalidDataException">It is not in the object store, or damaged.</exception>
    public async Task<IHead> HeadAsync(string key, CancellationToken cancellationToken) =>
        (IHead)await GetAsync("Head", key, bytes => HeadFormats.Read(bytes.Span), cancellationToken);

    private async Task<object> GetAsync(
        string what, string key, Func<ReadOnlyMemory<byte>, object> read, CancellationToken cancellationToken)
    {
        if (_known.TryGetValue(key, out var known) && known.TryGetTarget(out var part)) return part;
        // On the thread pool and to its end: whoever asked first may give up, and is not alone.
        var reading = _reading.GetOrAdd(key,
            k => new Lazy<Task<object>>(() => Task.Run(() => ReadAsync(what, k, read), CancellationToken.None)));
        try
        {
            return await reading.Value.WaitAsync(cancellationToken);
        }
        finally
        {
            if (reading.Value.IsCompleted) _reading.TryRemove(new KeyValuePair<string, Lazy<Task<object>>>(key, reading));
        }
    }

    private async Task<object> ReadAsync(string what, string key, Func<ReadOnlyMemory<byte>, object> read)
    {
        var bytes = await objects.GetAsync(key, CancellationToken.None)
            ?? throw new InvalidDataException($"{what} {key} is not in the object store.");
        var part = read(bytes);
        foreach (var (old, reference) in _known)
            if (!reference.TryGetTarget(out _)) _known.TryRemove(new KeyValuePair<string, WeakReference<object>>(old, reference));
        _known[key] = new WeakReference<object>(part);
        return part;
    }
}
