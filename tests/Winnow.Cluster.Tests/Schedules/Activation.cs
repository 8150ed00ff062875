using System.Reflection;
using Orleans.Concurrency;
using Orleans.Serialization.Invocation;

namespace Winnow.Cluster.Tests.Schedules;

/// <summary>
/// A real grain without a runtime, on whichever scheduler its calls come. One that is not reentrant takes one call after the other. When
/// it asks for its end, calls under way end first, and whoever calls meanwhile waits for the next activation.
/// </summary>
internal sealed class Activation
{
    // Orleans' own, and not public.
    private static readonly MethodInfo Enter = typeof(IGrainContext).Assembly.GetType("Orleans.Runtime.RuntimeContext", throwOnError: true)!
        .GetMethod("SetExecutionContext", BindingFlags.Static | BindingFlags.NonPublic,
            [typeof(IGrainContext), typeof(IGrainContext).MakeByRefType()])!;

    private readonly SemaphoreSlim? _turn;
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Task _activated;
    private int _calls;
    private bool _ending;

    /// <param name="id">Its kind and key.</param>
    /// <param name="services">What the runtime has for it.</param>
    /// <param name="make">Makes the grain.</param>
    public Activation(GrainId id, IServiceProvider services, Func<Grain> make)
    {
        var context = Stub.Of<IGrainContext>((method, _) => method.Name switch
        {
            "get_GrainId" => id,
            "get_ActivationServices" => services,
            _ => throw new NotSupportedException($"IGrainContext.{method.Name}"),
        });
        // A grain finds its context where the runtime has put it, when it is made.
        object?[] arguments = [context, null];
        Enter.Invoke(null, arguments);
        Grain = make();
        Enter.Invoke(null, [arguments[1], null]);
        _turn = Grain.GetType().IsDefined(typeof(ReentrantAttribute)) ? null : new SemaphoreSlim(1, 1);
        _activated = Grain.OnActivateAsync(CancellationToken.None);
    }

    public Grain Grain { get; }

    /// <summary>Whether it takes no calls any more.</summary>
    public bool IsEnding => _ending || _activated.IsFaulted;

    /// <summary>Its end.</summary>
    public Task Ended => _activated.IsFaulted ? Task.CompletedTask : _ended.Task;

    public async Task<object?> CallAsync(MethodInfo method, object?[] arguments)
    {
        _calls++;
        try
        {
            await _activated;
            if (_turn is not null) await _turn.WaitAsync();
            try
            {
                return await InvokeAsync(method, arguments);
            }
            finally
            {
                _turn?.Release();
            }
        }
        finally
        {
            if (--_calls == 0 && _ending) await DeactivateAsync();
        }
    }

    /// <summary>Takes no further calls, and ends after those under way.</summary>
    public async Task EndAsync()
    {
        if (_ending) return;
        _ending = true;
        if (_calls == 0) await DeactivateAsync();
    }

    private async Task DeactivateAsync()
    {
        if (_activated.IsCompletedSuccessfully) await Grain.OnDeactivateAsync(default, CancellationToken.None);
        _ended.TrySetResult();
    }

    private async Task<object?> InvokeAsync(MethodInfo method, object?[] arguments)
    {
        object? called = null;
        Task Call()
        {
            called = method.Invoke(Grain, BindingFlags.DoNotWrapExceptions, null, arguments, null);
            return (Task)called!;
        }
        await (Grain is IIncomingGrainCallFilter filter ? filter.Invoke(Describe(method, arguments, Call)) : Call());
        return called!.GetType().GetProperty(nameof(Task<>.Result))?.GetValue(called);
    }

    private static IIncomingGrainCallContext Describe(MethodInfo method, object?[] arguments, Func<Task> call)
    {
        var request = Stub.Of<IInvokable>((asked, which) => asked.Name switch
        {
            nameof(IInvokable.GetArgumentCount) => arguments.Length,
            nameof(IInvokable.GetArgument) => arguments[(int)which[0]!],
            _ => throw new NotSupportedException($"IInvokable.{asked.Name}"),
        });
        return Stub.Of<IIncomingGrainCallContext>((asked, _) => asked.Name switch
        {
            "get_InterfaceMethod" => method,
            "get_Request" => request,
            nameof(IGrainCallContext.Invoke) => call(),
            _ => throw new NotSupportedException($"IIncomingGrainCallContext.{asked.Name}"),
        });
    }
}
