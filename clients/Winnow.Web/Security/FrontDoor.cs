using Microsoft.AspNetCore.Http;

namespace Winnow.Web.Security;

/// <summary>Marks a request that came to the health page by a way on which nothing else is answered.</summary>
internal sealed record OutsideCaller;

/// <summary>Marks an endpoint to which links of other sites may lead: a page that holds nothing.</summary>
internal sealed record LinkedPage;

/// <summary>
/// What every request passes first: that a proxy cannot have read it in another way, proof that it is not a page of another site that
/// asks through
/// somebody's browser and, on a server without keys, that it comes from this machine and not through a proxy on it.
/// </summary>
internal sealed class FrontDoor(RequestDelegate next, DoorKey door)
{
    public Task InvokeAsync(HttpContext context)
    {
        context.Response.Headers.XContentTypeOptions = "nosniff";
        context.Response.Headers["Referrer-Policy"] = "no-referrer";
        if (IsFramedOddly(context.Request)) return RefuseFrame(context);
        if (Wrong(context.Request) is not { } wrong) return next(context);
        if (!context.Request.Path.StartsWithSegments("/health")) return Refuse(context, wrong);
        // A probe may come by any way, and learns no more than any other.
        context.Features.Set(new OutsideCaller());
        return next(context);
    }

    private string? Wrong(HttpRequest request)
    {
        // DNS rebinding lets a page of another site talk to loopback under its own name: without a key the name must be loopback's.
        if (door.Keyless && !IsLoopbackName(request.Host.Host))
            return $"Without a key this server answers to localhost alone, not to '{request.Host.Host}'.";
        if (door.Keyless && ApiSafety.ProxyHeaderOf(request) is { } header)
            return $"This came through a proxy (it has the header {header}), and without a key everybody behind that would own the "
                + $"server. Set Api:Key or Api:KeyFile.";
        if (request.Headers.Origin.ToString() is { Length: > 0 } origin && !SameOrigin(origin, request))
            return $"Requests from pages of {origin} are not taken.";
        // Browsers send no Origin with a picture or a script that a page of another site asks for, but they say this. No other origin is
        // ever allowed.
        return ApiSafety.IsOfAnotherSite(request) && !IsLinkToPage(request)
            ? "Requests from pages of other sites are not taken." : null;
    }

    /// <summary>
    /// The web server looks at the last coding alone, and skips what it does not know: a proxy that takes the rest at its word sees
    /// another end of the
    /// body (RFC 9112, 6.1). Lengths beside a coding, or several of them, it refuses itself.
    /// </summary>
    private static bool IsFramedOddly(HttpRequest request) =>
        request.Headers.TransferEncoding is { Count: > 0 } codings
        && !(codings.Count == 1 && "chunked".Equals(codings[0], StringComparison.OrdinalIgnoreCase));

    private static Task RefuseFrame(HttpContext context)
    {
        // What follows on this connection is not read: nobody can say where this request ends.
        context.Response.Headers.Connection = "close";
        return Problems.Answer("Transfer-Encoding must be chunked and nothing beside it.", StatusCodes.Status400BadRequest)
            .ExecuteAsync(context);
    }

    /// <summary>
    /// Whether somebody followed a link to a page of the studio: it is opened in a window of its own, and holds nothing before it asks by
    /// itself. Whatever else a page of another site does with it, frames included, comes in another mode or to another end.
    /// </summary>
    private static bool IsLinkToPage(HttpRequest request) =>
        HttpMethods.IsGet(request.Method) && request.Headers["Sec-Fetch-Mode"] == "navigate"
        && request.Headers["Sec-Fetch-Dest"] == "document"
        && request.HttpContext.GetEndpoint()?.Metadata.GetMetadata<LinkedPage>() is not null;

    private static bool IsLoopbackName(string host) => ApiSafety.IsLoopback($"http://{host}");

    private static bool SameOrigin(string origin, HttpRequest request) => Uri.TryCreate(origin, UriKind.Absolute, out var uri)
        && string.Equals(uri.Authority, request.Host.Value, StringComparison.OrdinalIgnoreCase);

    private static Task Refuse(HttpContext context, string detail) =>
        Problems.Answer(detail, StatusCodes.Status403Forbidden).ExecuteAsync(context);
}
