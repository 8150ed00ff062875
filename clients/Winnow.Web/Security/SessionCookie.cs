using Microsoft.AspNetCore.Http;

namespace Winnow.Web.Security;

/// <summary>
/// The cookie of a session: out of reach of scripts, sent to this server's own pages alone, over TLS alone where the page came by it.
/// </summary>
internal static class SessionCookie
{
    public const string Name = "winnow-session";

    /// <summary>What a request sent; null where it sent none.</summary>
    public static string? Of(HttpRequest request) => request.Cookies.TryGetValue(Name, out var sent) && sent.Length > 0 ? sent : null;

    public static void Set(HttpContext http, string text, DateTimeOffset until)
    {
        var options = Options(http);
        options.Expires = until;
        http.Response.Cookies.Append(Name, text, options);
    }

    public static void Remove(HttpContext http) => http.Response.Cookies.Delete(Name, Options(http));

    private static CookieOptions Options(HttpContext http) => new()
    {
        HttpOnly = true,
        SameSite = SameSiteMode.Strict,
        // As the caller sees it: proxies that are configured say how they were asked.
        Secure = http.Request.IsHttps,
        Path = http.Request.PathBase.HasValue ? http.Request.PathBase.Value : "/",
        IsEssential = true,
    };
}
