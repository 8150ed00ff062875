using System.Buffers;
using Microsoft.Extensions.DependencyInjection;
using Winnow.Grains.Ports;
using Winnow.Testing;

namespace Winnow.Web.Tests;

/// <summary>
/// Keeps objects of one kind from being written, or from being read, until it is let go: a slow store, without the waiting.
/// </summary>
/// <param name="part">What their keys have in common.</param>
/// <param name="reads">Whether reads are kept, and not writes; then from <see cref="Close"/> on, and not from the start.</param>
internal sealed class Hold(string part, bool reads = false)
{
    private readonly TaskCompletionSource _reached = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private TaskCompletionSource? _gate = reads ? null : new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _puts;
    private int _kept;

    /// <summary>How often such an object was to be written.</summary>
    public int Puts => Volatile.Read(ref _puts);

    /// <summary>How often somebody had to wait.</summary>
    public int Kept => Volatile.Read(ref _kept);

    /// <summary>Completes when the first is to be written.</summary>
    public Task Reached => _reached.Task;

    /// <summary>From now on.</summary>
    public void Close() => Volatile.Write(ref _gate, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));

    public void LetGo() => Interlocked.Exchange(ref _gate, null)?.TrySetResult();

    /// <summary>Puts it before the store that is registered.</summary>
    public void Into(IServiceCollection services)
    {
        var inner = services.Last(s => s.ServiceType == typeof(IObjectStore));
        services.Remove(inner);
        services.AddSingleton<IObjectStore>(provider => new HeldObjects((IObjectStore)inner.ImplementationFactory!(provider), this));
    }

    public async Task WriteAsync(string key, CancellationToken cancellationToken)
    {
        if (reads || !key.Contains(part, StringComparison.Ordinal)) return;
        Interlocked.Increment(ref _puts);
        _reached.TrySetResult();
        await PassAsync(cancellationToken);
    }

    public Task ReadAsync(string key, CancellationToken cancellationToken) =>
        reads && key.Contains(part, StringComparison.Ordinal) ? PassAsync(cancellationToken) : Task.CompletedTask;

    private async Task PassAsync(CancellationToken cancellationToken)
    {
        if (Volatile.Read(ref _gate) is not { } gate) return;
        Interlocked.Increment(ref _kept);
        await gate.Task.WaitAsync(cancellationToken);
    }
}

/// <summary>A store whose writes or reads a <see cref="Hold"/> may keep back.</summary>
internal sealed class HeldObjects(IObjectStore store, Hold hold) : ObjectStoreAround(store)
{
    public override async Task PutAsync(string key, ReadOnlyMemory<byte> content, CancellationToken cancellationToken)
    {
        await hold.WriteAsync(key, cancellationToken);
        await base.PutAsync(key, content, cancellationToken);
    }

    public override async Task PutAsync(string key, Func<Stream, CancellationToken, Task> write, CancellationToken cancellationToken)
    {
        await hold.WriteAsync(key, cancellationToken);
        await base.PutAsync(key, write, cancellationToken);
    }

    public override async Task<ReadOnlyMemory<byte>?> GetAsync(string key, CancellationToken cancellationToken)
    {
        await hold.ReadAsync(key, cancellationToken);
        return await base.GetAsync(key, cancellationToken);
    }

    public override async Task<IMemoryOwner<byte>?> MapAsync(string key, CancellationToken cancellationToken)
    {
        await hold.ReadAsync(key, cancellationToken);
        return await base.MapAsync(key, cancellationToken);
    }
}
