using System.Reflection;
using Winnow.Abstractions.Health;
using Winnow.Model.Names;

namespace Winnow.Silo;

/// <summary>Says in one sentence why a program of the server's did not start. A stack trace helps nobody who has to free a port.</summary>
internal static class StartFailure
{
    /// <summary>The sentence.</summary>
    public static string Explain(Exception problem)
    {
        var cause = Beneath(problem);
        var lines = cause.Message.Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        var said = string.Join(' ', lines.Select(ShownText.Clean));
        return IsForPeople(cause) ? said : $"Winnow could not start: {said} ({cause.GetType().Name})";
    }

    private static bool IsForPeople(Exception cause) =>
        cause is InvalidOperationException or ArgumentException or IOException or UnauthorizedAccessException or TimeoutException
            or InvalidDataException or HttpRequestException
        || cause.GetType().Namespace?.StartsWith("Winnow", StringComparison.Ordinal) == true;

    /// <summary>What went wrong at first, without what the host, its containers and its tasks have wrapped around it.</summary>
    private static Exception Beneath(Exception problem) => StorageFullException.Beneath(problem) ?? problem switch
    {
        AggregateException { InnerExceptions: [var only] } => Beneath(only),
        TargetInvocationException or TypeInitializationException or OrleansException when problem.InnerException is { } inner =>
            Beneath(inner),
        _ => problem,
    };
}
