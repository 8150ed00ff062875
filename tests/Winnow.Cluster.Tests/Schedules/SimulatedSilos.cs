using System.Collections;
using System.Reflection;

namespace Winnow.Cluster.Tests.Schedules;

/// <summary>
/// Real grains that call each other by messages. A message takes its time, and it or its answer may get lost: then the caller is told that
/// it timed out, and what was called may be done nevertheless, or be done later. An activation whose silo hangs is replaced by another and
/// goes on beside it, and some call it for a while yet.
/// </summary>
internal sealed class SimulatedSilos : IServiceProvider
{
    private static readonly MethodInfo Typed = typeof(SimulatedSilos)
        .GetMethod(nameof(AnswerAsync), BindingFlags.Static | BindingFlags.NonPublic)!;

    private readonly Mishaps _mishaps;
    private readonly Dictionary<Type, (string Kind, Func<Grain> Make)> _grains = [];
    private readonly Dictionary<Type, Func<MethodInfo, object?[], Task<object?>>> _others = [];
    private readonly Dictionary<(string Kind, string Key), Activation> _active = [];
    private readonly Dictionary<(string Kind, string Key), Activation> _givenUp = [];
    private readonly List<Activation> _all = [];
    private readonly IGrainRuntime _runtime;

    public SimulatedSilos(Mishaps mishaps)
    {
        _mishaps = mishaps;
        Factory = Stub.Of<IGrainFactory>((method, arguments) => method is { Name: nameof(IGrainFactory.GetGrain), IsGenericMethod: true }
            ? Reference(method.GetGenericArguments()[0], arguments[0]!.ToString()!)
            : throw new NotSupportedException($"IGrainFactory.{method.Name}"));
        _runtime = Stub.Of<IGrainRuntime>((method, arguments) => method.Name switch
        {
            "get_GrainFactory" => Factory,
            nameof(IGrainRuntime.DelayDeactivation) => null,
            nameof(IGrainRuntime.DeactivateOnIdle) => End((IGrainContext)arguments[0]!),
            _ => throw new NotSupportedException($"IGrainRuntime.{method.Name}"),
        });
    }

    public IGrainFactory Factory { get; }

    /// <summary>Is told of each call as it begins and ends; null: nobody is.</summary>
    public Action<string>? Told { get; set; }

    /// <summary>Every activation that there ever was.</summary>
    public IReadOnlyList<Activation> All => _all;

    /// <summary>Grains of one class, under the interfaces that they are called by.</summary>
    public void Add(string kind, Func<Grain> make, params Type[] interfaces)
    {
        foreach (var one in interfaces) _grains[one] = (kind, make);
    }

    /// <summary>Grains that only answer.</summary>
    public void Add<T>(Func<MethodInfo, object?[], Task<object?>> answer) => _others[typeof(T)] = answer;

    /// <summary>The activation that is called now; null while there is none.</summary>
    public Grain? Active(string kind, string key) => _active.GetValueOrDefault((kind, key))?.Grain;

    /// <summary>The silo of an activation hangs: others give it up, and it goes on with what it was doing.</summary>
    public void GiveUp(string kind, string key)
    {
        if (_active.Remove((kind, key), out var known)) _givenUp[(kind, key)] = known;
    }

    /// <summary>An activation ends in good order.</summary>
    public Task EndAsync(string kind, string key) =>
        _active.TryGetValue((kind, key), out var known) ? known.EndAsync() : Task.CompletedTask;

    /// <summary>Ends all that there ever was.</summary>
    public async Task EndAllAsync()
    {
        foreach (var activation in _all) await activation.EndAsync();
    }

    public object? GetService(Type serviceType) => serviceType == typeof(IGrainRuntime) ? _runtime : null;

    private object? End(IGrainContext context)
    {
        if (_all.Find(a => ReferenceEquals(a.Grain.GrainContext, context)) is { } activation) _ = activation.EndAsync();
        return null;
    }

    private object Reference(Type type, string key) => Stub.Of(type, (method, arguments) =>
    {
        if (method.DeclaringType == typeof(object)) throw new NotSupportedException(method.Name);
        var answer = SendAsync(type, key, method, arguments);
        return method.ReturnType == typeof(Task) ? answer
            : Typed.MakeGenericMethod(method.ReturnType.GetGenericArguments()).Invoke(null, [answer]);
    });

    private static async Task<T> AnswerAsync<T>(Task<object?> answer) => (T)(await answer)!;

    private async Task<object?> SendAsync(Type type, string key, MethodInfo method, object?[] arguments)
    {
        await Task.Yield();
        if (_others.TryGetValue(type, out var other)) return await other(method, arguments);
        if (_mishaps.Happens()) throw new TimeoutException("The call got lost.");
        var (kind, make) = _grains[type];
        if (_givenUp.TryGetValue((kind, key), out var active) && !active.IsEnding && _mishaps.IsBehind())
            return await CallAsync(active, $"{kind} {key}", method, arguments);
        while (_active.TryGetValue((kind, key), out active) && active.IsEnding)
        {
            await active.Ended;
            if (_active.TryGetValue((kind, key), out var still) && still == active) _active.Remove((kind, key));
        }
        if (active is null)
        {
            _active[(kind, key)] = active = new Activation(GrainId.Create(kind, key), this, make);
            _all.Add(active);
        }
        return await CallAsync(active, $"{kind} {key}", method, arguments);
    }

    private async Task<object?> CallAsync(Activation active, string name, MethodInfo method, object?[] arguments)
    {
        Told?.Invoke($"{name}, {_all.IndexOf(active)}: {method.Name}({string.Join(", ", arguments.SkipLast(1).Select(Written))})");
        object? answer;
        try
        {
            answer = await active.CallAsync(method, arguments);
            Told?.Invoke($"{name}, {_all.IndexOf(active)}: {method.Name} answers {Written(answer)}");
        }
        catch (Exception e) when (Told is not null)
        {
            Told($"{name}, {_all.IndexOf(active)}: {method.Name} fails, {e.Message}");
            throw;
        }
        await Task.Yield();
        return _mishaps.Happens() ? throw new TimeoutException("The answer got lost.") : answer;
    }

    private static string Written(object? value) => value switch
    {
        null => "nothing",
        IEnumerable several and not string => string.Join(" and ", several.Cast<object>().Select(Written)),
        _ => value.ToString()!,
    };
}
