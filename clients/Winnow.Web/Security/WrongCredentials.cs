using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Winnow.Abstractions.Telemetry;

namespace Winnow.Web.Security;

/// <summary>
/// What becomes of a request that is not known by what it shows: it is counted for its address and told in the log, wherever it was sent,
/// so that no operation is a place to try keys at.
/// </summary>
internal sealed partial class WrongCredentials(RequestLimiter limiter, ILogger<WrongCredentials> logger)
{
    /// <summary>Counts a request; true where its address has sent too many, and the answer that says so is on its way.</summary>
    /// <param name="context">The request.</param>
    /// <param name="failure">Why what it shows is not accepted; null where it shows nothing.</param>
    public async Task<bool> RefusesAsync(HttpContext context, Exception? failure)
    {
        var wait = limiter.Refused(context, shown: failure is not null);
        var kind = (failure as CredentialException)?.Kind ?? "token";
        if (failure is not null) WinnowTelemetry.AuthenticationFailures.Add(1, new KeyValuePair<string, object?>("reason", kind));
        if (wait is { } pause)
        {
            // Counted above and not logged: whoever sends thousands must not fill the log with them.
            await RequestLimiter.RejectAsync(context, pause,
                "Too many requests came from your address without a good key or token. With a good one you are let in at once.");
            return true;
        }
        if (failure is not null)
        {
            // The key's id is no secret; the rest of what was sent is never written anywhere.
            NotKnown(logger, context.Connection.RemoteIpAddress?.ToString() ?? "unknown", kind,
                KeyText.TryRead(KeyHandler.SentBy(context), out var id) ? id : "-");
        }
        return false;
    }

    [LoggerMessage(110, LogLevel.Warning, "A caller from {Address} was not let in: {Reason}, key {Key}")]
    private static partial void NotKnown(ILogger logger, string address, string reason, string key);
}
