using Microsoft.Extensions.DependencyInjection;

namespace Winnow.Web.Tests;

/// <summary>
/// Keeps the calls of one kind of grain to one method from <see cref="Close"/> on, until it is let go: a cluster that is busy elsewhere,
/// without the waiting.
/// </summary>
internal sealed class HeldCalls(string caller, string method) : IIncomingGrainCallFilter
{
    private TaskCompletionSource? _gate;
    private int _kept;

    /// <summary>How many calls had to wait.</summary>
    public int Kept => Volatile.Read(ref _kept);

    public void Into(IServiceCollection services) => services.AddSingleton<IIncomingGrainCallFilter>(this);

    /// <summary>From now on.</summary>
    public void Close() => Volatile.Write(ref _gate, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));

    public void LetGo() => Interlocked.Exchange(ref _gate, null)?.TrySetResult();

    public async Task Invoke(IIncomingGrainCallContext context)
    {
        var isMeant = context.InterfaceMethod.Name == method && context.SourceId is { } source && source.Type.ToString() == caller;
        if (isMeant && Volatile.Read(ref _gate) is { } gate)
        {
            Interlocked.Increment(ref _kept);
            await gate.Task;
        }
        await context.Invoke();
    }
}
