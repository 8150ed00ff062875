using System.Buffers;
using Microsoft.Extensions.DependencyInjection;
using Winnow.Grains.Ports;

namespace Winnow.Web.Tests;

/// <summary>Keeps the objects of one kind from being written until it is let go: a slow store, without the waiting.</summary>
internal sealed class Hold(string part)
{
    private readonly TaskCompletionSource _reached = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _free = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _puts;

    /// <summary>How often such an object was to be written.</summary>
    public int Puts => Volatile.Read(ref _puts);

    /// <summary>Completes when the first is to be written.</summary>
    public Task Reached => _reached.Task;

    public void LetGo() => _free.TrySetResult();

    /// <summary>Puts it before the store that is registered.</summary>
    public void Into(IServiceCollection services)
    {
        var inner = services.Last(s => s.ServiceType == typeof(IObjectStore));
        services.Remove(inner);
        services.AddSingleton<IObjectStore>(provider => new HeldObjects((IObjectStore)inner.ImplementationFactory!(provider), this));
    }

    public async Task PassAsync(string key, CancellationToken cancellationToken)
    {
        if (!key.Contains(part, StringComparison.Ordinal)) return;
        Interlocked.Increment(ref _puts);
        _reached.TrySetResult();
        await _free.Task.WaitAsync(cancellationToken);
    }
}

/// <summary>A store whose writes a <see cref="Hold"/> may keep back.</summary>
internal sealed class HeldObjects(IObjectStore store, Hold hold) : IObjectStore
{
    public async Task PutAsync(string key, ReadOnlyMemory<byte> content, CancellationToken cancellationToken)
    {
        await hold.PassAsync(key, cancellationToken);
        await store.PutAsync(key, content, cancellationToken);
    }

    public async Task PutAsync(string key, Func<Stream, CancellationToken, Task> write, CancellationToken cancellationToken)
    {
        await hold.PassAsync(key, cancellationToken);
        await store.PutAsync(key, write, cancellationToken);
    }

    public Task PutManyIfAbsentAsync(IReadOnlyList<(string Key, ReadOnlyMemory<byte> Content)> objects, CancellationToken cancellationToken) => store.PutManyIfAbsentAsync(objects, cancellationToken);

    public Task<ReadOnlyMemory<byte>?> GetAsync(string key, CancellationToken cancellationToken) => store.GetAsync(key, cancellationToken);

    public Task<Stream?> OpenReadAsync(string key, CancellationToken cancellationToken) => store.OpenReadAsync(key, cancellationToken);

    public Task<IMemoryOwner<byte>?> MapAsync(string key, CancellationToken cancellationToken) => store.MapAsync(key, cancellationToken);

    public Task<bool> ExistsAsync(string key, CancellationToken cancellationToken) => store.ExistsAsync(key, cancellationToken);

    public Task DeleteAsync(string key, CancellationToken cancellationToken) => store.DeleteAsync(key, cancellationToken);

    public IAsyncEnumerable<(string Key, long Size)> ListAsync(string prefix, CancellationToken cancellationToken) => store.ListAsync(prefix, cancellationToken);
}
