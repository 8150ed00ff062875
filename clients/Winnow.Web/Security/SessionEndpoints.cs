using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Winnow.Abstractions.Datasets;
using Winnow.Model.Acts;
using Winnow.Model.Security;

namespace Winnow.Web.Security;

/// <summary>Sessions of browsers: a key is exchanged for a cookie, so that no page keeps the key.</summary>
internal static class SessionEndpoints
{
    private const string TooMany = "You begin and end more sessions than this server takes from one caller (Api:Limits:SessionsPerMinute).";

    public static void Map(IEndpointRouteBuilder api)
    {
        api.MapPost("/session", BeginAsync).RequiresCaller().Leaves(ActKind.SessionBegun)
            .WithSummary("Sign a browser in: with a key as 'Authorization: Bearer …', it answers with a cookie that opens what the key "
                + "opens, until it expires, is ended, or its key ends. What changes something under it also sends "
                + $"{SessionInfo.CsrfHeader}.")
            .WithTags("security").Produces<SessionInfo>();
        api.MapGet("/session", Told)
            .RequiresNothingAndTells("It tells whoever asks how they are known themselves: strangers that they are not.")
            .WithSummary("How this browser is known, and what its pages send with what changes something.").WithTags("security");
        api.MapDelete("/session", (RequestLimiter limiter, HttpContext http) =>
            {
                if (CallerIdentity.Admitted(http).Caller.Session is null)
                    throw new RefusedException("This came under no session, so there is none to end.");
                if (limiter.Session(http) is { } wait) return RequestLimiter.Rejection(http, wait, TooMany);
                SessionCookie.Remove(http);
                return Results.NoContent();
            }).RequiresCaller().Leaves(ActKind.SessionEnded)
            .WithSummary("Sign the browser out of the session that this is sent under.").WithTags("security")
            .Produces(StatusCodes.Status204NoContent);
    }

    private static async Task<IResult> BeginAsync(ApiOptions options, DoorKey door, ISessionSecret secret, RequestLimiter limiter,
        TimeProvider time, HttpContext http, CancellationToken ct)
    {
        var caller = CallerIdentity.Admitted(http).Caller;
        if (door.Keyless)
            throw new RefusedException("This server has no keys: everybody on its machine may do everything, signed in or not.");
        if (caller.Trust == CallerTrust.Granted && caller.Key is null || caller.Session is not null)
            throw new RefusedException("A session begins with a key, sent as 'Authorization: Bearer …'.");
        if (limiter.Session(http) is { } wait) return RequestLimiter.Rejection(http, wait, TooMany);
        var ends = time.GetUtcNow() + options.SessionLife;
        if (caller.Key?.ExpiresAt is { } key && key < ends) ends = key;
        var ticket = new SessionTicket(
            caller.Key?.Id, KeyText.ProofOf(KeyHandler.SentBy(http)), DateTimeOffset.FromUnixTimeSeconds(ends.ToUnixTimeSeconds()));
        var cookie = ticket.Seal(await secret.GetAsync(ct));
        SessionCookie.Set(http, cookie, ticket.ExpiresAt);
        return Results.Ok(Answer(http, caller with { Session = ticket }, cookie));
    }

    private static SessionInfo Told(HttpContext http)
    {
        if (http.User is CallerClaims { Caller: var caller }) return Answer(http, caller, SessionCookie.Of(http.Request));
        http.Response.Headers.CacheControl = "no-store";
        return new SessionInfo(IsKnown: false, null, null, null, null);
    }

    private static SessionInfo Answer(HttpContext http, Caller caller, string? cookie)
    {
        http.Response.Headers.CacheControl = "no-store";
        return new SessionInfo(IsKnown: true, caller.Principal, caller.Key?.Id, caller.Session?.ExpiresAt,
            caller.Session is null ? null : SessionTicket.CsrfOf(cookie!));
    }
}
