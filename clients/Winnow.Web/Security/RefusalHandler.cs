using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Authorization.Policy;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Winnow.Web.Security;

/// <summary>
/// Answers whoever is not let in: 401 to the unknown, 403 to who may know of the dataset but not do this, and to strangers the same 404
/// that a dataset gives that is not there.
/// </summary>
internal sealed partial class RefusalHandler(WrongCredentials wrong, ILogger<RefusalHandler> logger) : IAuthorizationMiddlewareResultHandler
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
        if (await wrong.RefusesAsync(context, failure)) return;
        context.Response.Headers.WWWAuthenticate = "Bearer";
        var detail = failure switch
        {
            CredentialException told => told.Message,
            not null => "The token is not accepted: it has expired, or is not signed by the configured provider for this server.",
            _ => "Send a key or a token as 'Authorization: Bearer …'.",
        };
        await Problems.Answer(detail, StatusCodes.Status401Unauthorized).ExecuteAsync(context);
    }

    [LoggerMessage(111, LogLevel.Information, "{Principal} may not {Method} {Path}")]
    private static partial void Forbidden(ILogger logger, string principal, string method, string path);
}
