using System.Buffers;
using Winnow.Grains.Ports;

namespace Winnow.Testing;

/// <summary>A store that passes everything on to another, but for what a test overrides.</summary>
public abstract class ObjectStoreAround(IObjectStore store) : IObjectStore
{
    public virtual Task PutAsync(string key, ReadOnlyMemory<byte> content, CancellationToken cancellationToken) =>
        store.PutAsync(key, content, cancellationToken);

    public virtual Task PutAsync(string key, Func<Stream, CancellationToken, Task> write, CancellationToken cancellationToken) =>
        store.PutAsync(key, write, cancellationToken);

    public virtual Task PutManyIfAbsentAsync(
        IReadOnlyList<(string Key, ReadOnlyMemory<byte> Content)> objects, CancellationToken cancellationToken) =>
        store.PutManyIfAbsentAsync(objects, cancellationToken);

    public virtual Task<ReadOnlyMemory<byte>?> GetAsync(string key, CancellationToken cancellationToken) =>
        store.GetAsync(key, cancellationToken);

    public virtual Task<Stream?> OpenReadAsync(string key, CancellationToken cancellationToken) =>
        store.OpenReadAsync(key, cancellationToken);

    public virtual Task<IMemoryOwner<byte>?> MapAsync(string key, CancellationToken cancellationToken) =>
        store.MapAsync(key, cancellationToken);

    public virtual Task<bool> ExistsAsync(string key, CancellationToken cancellationToken) => store.ExistsAsync(key, cancellationToken);

    public virtual Task DeleteAsync(string key, CancellationToken cancellationToken) => store.DeleteAsync(key, cancellationToken);

    public virtual IAsyncEnumerable<(string Key, long Size)> ListAsync(string prefix, CancellationToken cancellationToken) =>
        store.ListAsync(prefix, cancellationToken);
}
