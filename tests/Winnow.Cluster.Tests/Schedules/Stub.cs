using System.Reflection;

namespace Winnow.Cluster.Tests.Schedules;

/// <summary>An interface whose calls one function answers.</summary>
public class Stub : DispatchProxy
{
    private Func<MethodInfo, object?[], object?> _answer = null!;

    /// <param name="answer">Is given the method and its arguments.</param>
    public static T Of<T>(Func<MethodInfo, object?[], object?> answer) where T : class
    {
        var stub = Create<T, Stub>();
        ((Stub)(object)stub)._answer = answer;
        return stub;
    }

    /// <summary>The same of an interface that is known by its type alone.</summary>
    public static object Of(Type type, Func<MethodInfo, object?[], object?> answer)
    {
        var stub = Create(type, typeof(Stub));
        ((Stub)stub)._answer = answer;
        return stub;
    }

    protected override object? Invoke(MethodInfo? targetMethod, object?[]? args) => _answer(targetMethod!, args ?? []);
}
