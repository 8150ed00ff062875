using System.Data.Common;
using System.Net.Sockets;
using Orleans.Serialization;
using Winnow.Abstractions.Health;

namespace Winnow.Grains.Work;

/// <summary>
/// Tells failures that pass from those that do not. A disk, a database, a network or a silo that is away comes back, or somebody
/// brings it back, and the same work then succeeds. A request that cannot be met and a fault of the program meet the same end
/// however often they are tried. Pure.
/// </summary>
internal static class PassingFailure
{
    /// <summary>Whether the same work may succeed later.</summary>
    public static bool Is(Exception failure) => failure is AggregateException { InnerExceptions.Count: > 0 } several
        ? several.InnerExceptions.All(Is) : Passes(failure) || Passes(FailureText.CauseOf(failure));

    private static bool Passes(Exception failure) => failure switch
    {
        // Full disks and missing rights are mended by people, while the work waits and says for what.
        IOException or UnauthorizedAccessException or SocketException or HttpRequestException or DbException => true,
        TimeoutException or OperationCanceledException or OrleansException or UnavailableException or ObjectDisposedException => true,
        // Thrown on another silo by a library that this one does not know: of a store's client, most likely.
        UnavailableExceptionFallbackException => true,
        _ => false,
    };
}
