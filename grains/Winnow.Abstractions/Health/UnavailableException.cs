namespace Winnow.Abstractions.Health;

/// <summary>
/// Something that this stands on is away for now: nothing was done, and the same call may succeed later. At the front door it becomes 503.
/// </summary>
[GenerateSerializer, Alias("winnow.unavailable")]
public class UnavailableException : InvalidOperationException
{
    public UnavailableException(string message) : base(message) { }

    public UnavailableException(string message, Exception inner) : base(message, inner) { }
}

/// <summary>As much of one kind of work is under way as may be at once. At the front door it becomes 503, with this message.</summary>
[GenerateSerializer, Alias("winnow.busy")]
public sealed class BusyException(string message) : UnavailableException(message);
