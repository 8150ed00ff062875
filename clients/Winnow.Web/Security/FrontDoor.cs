using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Http;
using Winnow.Web.Images.Buckets;

namespace Winnow.Web.Security;

/// <summary>
/// What every request passes first: the key where one is set, and on a server without one, proof that a web page in somebody's browser is not
/// what is asking.
/// </summary>
internal sealed class FrontDoor(RequestDelegate next, ApiOptions options)
{
    private readonly byte[]? _key = options.ReadKey() is { } key ? SHA256.HashData(Encoding.UTF8.GetBytes(key)) : null;

    public Task InvokeAsync(HttpContext context)
    {
        context.Response.Headers.XContentTypeOptions = "nosniff";
        context.Response.Headers["Referrer-Policy"] = "no-referrer";
        if (context.Request.Path.StartsWithSegments("/health")) return next(context);
        // DNS rebinding lets a page of another site talk to loopback under its own name: without a key the name must be loopback's.
        if (_key is null && !IsLoopbackName(context.Request.Host.Host)) return Refuse(context, StatusCodes.Status403Forbidden, $"Without a key this server answers to localhost alone, not to '{context.Request.Host.Host}'.");
        if (context.Request.Headers.Origin.ToString() is { Length: > 0 } origin && !SameOrigin(origin, context.Request)) return Refuse(context, StatusCodes.Status403Forbidden, $"Requests from pages of {origin} are not taken.");
        // A bucket's server sends no key: the path of its notifications is one.
        if (context.Request.Path.StartsWithSegments(NotificationEndpoint.Path)) return next(context);
        if (_key is not null && !HasKey(context.Request)) return Refuse(context, StatusCodes.Status401Unauthorized, "Send the key as 'Authorization: Bearer KEY'.");
        return next(context);
    }

    private bool HasKey(HttpRequest request)
    {
        const string Scheme = "Bearer ";
        var sent = request.Headers.Authorization.ToString();
        // Equal lengths by hashing first, so that the comparison's time says nothing.
        return sent.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase)
            && CryptographicOperations.FixedTimeEquals(SHA256.HashData(Encoding.UTF8.GetBytes(sent[Scheme.Length..].Trim())), _key);
    }

    private static bool IsLoopbackName(string host) => ApiSafety.IsLoopback($"http://{host}");

    private static bool SameOrigin(string origin, HttpRequest request) => Uri.TryCreate(origin, UriKind.Absolute, out var uri) && uri.Authority == request.Host.Value;

    private static Task Refuse(HttpContext context, int status, string detail)
    {
        if (status == StatusCodes.Status401Unauthorized) context.Response.Headers.WWWAuthenticate = "Bearer";
        return Results.Problem(detail, statusCode: status).ExecuteAsync(context);
    }
}
