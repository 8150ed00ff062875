using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using Winnow.Grains.Ports;

namespace Winnow.Cluster.Tests.Schedules;

/// <summary>
/// Objects in memory. An object is there, whole, from one moment between its put and the answer on; either may take any time, and an
/// answer may get lost.
/// </summary>
internal sealed class SimulatedObjects(Mishaps mishaps) : IObjectStore
{
    private readonly Dictionary<string, byte[]> _objects = new(StringComparer.Ordinal);

    public bool TryGet(string key, [NotNullWhen(true)] out byte[]? content) => _objects.TryGetValue(key, out content);

    public async Task PutAsync(string key, ReadOnlyMemory<byte> content, CancellationToken cancellationToken)
    {
        await ReachAsync();
        _objects[key] = content.ToArray();
        await ReachAsync();
    }

    public async Task<IMemoryOwner<byte>?> MapAsync(string key, CancellationToken cancellationToken)
    {
        await ReachAsync();
        return _objects.TryGetValue(key, out var content) ? new Mapped(content) : null;
    }

    public async Task DeleteAsync(string key, CancellationToken cancellationToken)
    {
        await ReachAsync();
        _objects.Remove(key);
        await ReachAsync();
    }

    // Nothing that is tested on it asks for these.
    public Task PutManyIfAbsentAsync(
        IReadOnlyList<(string Key, ReadOnlyMemory<byte> Content)> objects, CancellationToken cancellationToken) =>
        throw new NotSupportedException();

    public Task PutAsync(string key, Func<Stream, CancellationToken, Task> write, CancellationToken cancellationToken) =>
        throw new NotSupportedException();

    public Task<ReadOnlyMemory<byte>?> GetAsync(string key, CancellationToken cancellationToken) => throw new NotSupportedException();

    public Task<Stream?> OpenReadAsync(string key, CancellationToken cancellationToken) => throw new NotSupportedException();

    public Task<bool> ExistsAsync(string key, CancellationToken cancellationToken) => throw new NotSupportedException();

    public IAsyncEnumerable<(string Key, long Size)> ListAsync(string prefix, CancellationToken cancellationToken) =>
        throw new NotSupportedException();

    private async Task ReachAsync()
    {
        await Task.Yield();
        if (mishaps.Happens()) throw new IOException("The object store is away.");
    }

    private sealed class Mapped(byte[] content) : IMemoryOwner<byte>
    {
        public Memory<byte> Memory => content;

        public void Dispose() { }
    }
}
