using Winnow.Model.Names;

namespace Winnow.Abstractions.Health;

/// <summary>
/// What people are told of a failure: the sentence of what caused it. On its way through grains a failure is wrapped, and the wrapper's
/// sentence names a class of the program where somebody wants to know that a disk is full.
/// </summary>
public static class FailureText
{
    // So end the messages of exceptions that say nothing themselves, of Orleans and of the class library.
    private const string SaysNothing = "InnerException for details.";

    /// <summary>The cause as a sentence of ours tells it.</summary>
    public static string Told(Exception failure) => ShownText.Told(CauseOf(failure).Message);

    /// <summary>The failure itself, or what it wraps where it adds nothing. What a person can mend goes before.</summary>
    public static Exception CauseOf(Exception failure)
    {
        if (StorageFullException.Beneath(failure) is { } full) return full;
        if (SetAsideException.Beneath(failure) is { } aside) return aside;
        while (Wrapped(failure) is { } inner) failure = inner;
        return failure;
    }

    private static Exception? Wrapped(Exception failure) => failure switch
    {
        { InnerException: null } => null,
        AggregateException or OrleansException or TypeInitializationException or System.Reflection.TargetInvocationException =>
            failure.InnerException,
        _ => failure.Message.EndsWith(SaysNothing, StringComparison.Ordinal) ? failure.InnerException : null,
    };
}
