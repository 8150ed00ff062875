using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Authorization.Policy;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Winnow.Abstractions.Telemetry;

namespace Winnow.Web.Security;

/// <summary>
/// Answers whoever is not let in: 401 to the unknown, 403 to who may know of the dataset but not do this, and to strangers the same 404
/// that a dataset gives that is not there.
/// </summary>
internal sealed partial class RefusalHandler(RequestLimiter limiter, ILogger<RefusalHandler> logger) : IAuthorizationMiddlewareResultHandler
{
    public Task HandleAsync(RequestDelegate next, HttpContext context, AuthorizationPolicy policy,
        PolicyAuthorizationResult authorizeResult)
    {
        if (authorizeResult.Succeeded) return next(context);
        if (context.User is not CallerClaims { Caller: var caller }) return UnknownAsync(context);
        var refusal = authorizeResult.AuthorizationFailure?.FailureReasons.OfType<RuleRefusal>().FirstOrDefault();
        if (refusal?.Hidden is { } dataset)
            return Problems.Answer(RouteDataset.NotThere(dataset), StatusCodes.Status404NotFound).ExecuteAsync(context);
        Forbidden(logger, caller.Principal?.ToString() ?? "local", context.Request.Method, context.Request.Path);
        var detail = refusal is null
            ? "Nobody may call this."
            : $"This needs the permission {EndpointRule.NameOf(refusal.Permission)}, which you do not hold here. 'winnow whoami' shows "
                + $"your roles; an owner can grant one.";
        return Problems.Answer(detail, StatusCodes.Status403Forbidden).ExecuteAsync(context);
    }

    private async Task UnknownAsync(HttpContext context)
    {
        // The answer of a moment ago, which the handler has kept: only a good one is passed on by itself.
        var failure = (await context.AuthenticateAsync()).Failure;
        var wait = limiter.Refused(context, shown: failure is not null);
        var kind = (failure as CredentialException)?.Kind ?? "token";
        if (failure is not null) WinnowTelemetry.AuthenticationFailures.Add(1, new KeyValuePair<string, object?>("reason", kind));
        if (wait is { } pause)
        {
            // Counted above and not logged: whoever sends thousands must not fill the log with them.
            await RequestLimiter.RejectAsync(context, pause,
                "Too many requests came from your address without a good key or token. With a good one you are let in at once.");
            return;
        }
        if (failure is not null)
        {
            // The key's id is no secret; the rest of what was sent is never written anywhere.
            NotKnown(logger, context.Connection.RemoteIpAddress?.ToString() ?? "unknown", kind,
                KeyText.TryRead(KeyHandler.SentBy(context), out var id) ? id : "-");
        }
        context.Response.Headers.WWWAuthenticate = "Bearer";
        var detail = failure switch
        {
            CredentialException told => told.Message,
            not null => "The token is not accepted: it has expired, or is not signed by the configured provider for this server.",
            _ => "Send a key or a token as 'Authorization: Bearer …'.",
        };
        await Problems.Answer(detail, StatusCodes.Status401Unauthorized).ExecuteAsync(context);
    }

    [LoggerMessage(110, LogLevel.Warning, "A caller from {Address} was not let in: {Reason}, key {Key}")]
    private static partial void NotKnown(ILogger logger, string address, string reason, string key);

    [LoggerMessage(111, LogLevel.Information, "{Principal} may not {Method} {Path}")]
    private static partial void Forbidden(ILogger logger, string principal, string method, string path);
}
