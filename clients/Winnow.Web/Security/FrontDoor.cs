using Microsoft.AspNetCore.Http;

namespace Winnow.Web.Security;

/// <summary>
/// What every request passes first: on a server without keys, proof that a web page in somebody's browser is not what is asking; on one with
/// keys, patience for addresses that were refused too often.
/// </summary>
internal sealed class FrontDoor(RequestDelegate next, DoorKey door, RequestLimiter limiter)
{
    public Task InvokeAsync(HttpContext context)
    {
        context.Response.Headers.XContentTypeOptions = "nosniff";
        context.Response.Headers["Referrer-Policy"] = "no-referrer";
        if (context.Request.Path.StartsWithSegments("/health")) return next(context);
        // DNS rebinding lets a page of another site talk to loopback under its own name: without a key the name must be loopback's.
        if (door.Keyless && !IsLoopbackName(context.Request.Host.Host)) return Refuse(context, $"Without a key this server answers to localhost alone, not to '{context.Request.Host.Host}'.");
        if (context.Request.Headers.Origin.ToString() is { Length: > 0 } origin && !SameOrigin(origin, context.Request)) return Refuse(context, $"Requests from pages of {origin} are not taken.");
        if (!door.Keyless && limiter.WaitOf(context) is { } wait) return RequestLimiter.RejectAsync(context, wait, "Too many requests from your address came without a good key or token. Wait before the next.");
        return next(context);
    }

    private static bool IsLoopbackName(string host) => ApiSafety.IsLoopback($"http://{host}");

    private static bool SameOrigin(string origin, HttpRequest request) => Uri.TryCreate(origin, UriKind.Absolute, out var uri) && uri.Authority == request.Host.Value;

    private static Task Refuse(HttpContext context, string detail) => Results.Problem(detail, statusCode: StatusCodes.Status403Forbidden).ExecuteAsync(context);
}
