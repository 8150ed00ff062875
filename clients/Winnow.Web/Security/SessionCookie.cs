using System.Globalization;
using System.Text;
using Microsoft.AspNetCore.Http;

namespace Winnow.Web.Security;

/// <summary>
/// The cookie of a session: out of reach of scripts, sent to this server's own pages alone, over TLS alone where the page came by it. A
/// browser keeps one jar for all ports and paths of a host, so the name says which server's it is; over TLS its prefix has the browser
/// refuse it from anybody but this host.
/// </summary>
internal static class SessionCookie
{
    /// <summary>What its name holds on every server.</summary>
    public const string Name = "winnow-session";

    /// <summary>What it is called on the server that a request was sent to, as the caller sees that.</summary>
    public static string NameOf(HttpRequest request)
    {
        var name = new StringBuilder(Name);
        // With the prefix __Host- a browser takes it for the whole host alone.
        if (request.IsHttps) name.Insert(0, request.PathBase.HasValue ? "__Secure-" : "__Host-");
        if (request.Host.Port is { } port && port != (request.IsHttps ? 443 : 80)) name.Append(CultureInfo.InvariantCulture, $"-{port}");
        foreach (var c in request.PathBase.Value ?? "") name.Append(char.IsAsciiLetterOrDigit(c) ? char.ToLowerInvariant(c) : '-');
        return name.ToString();
    }

    /// <summary>What a request sent; null where it sent none.</summary>
    public static string? Of(HttpRequest request) =>
        request.Cookies.TryGetValue(NameOf(request), out var sent) && sent.Length > 0 ? sent : null;

    /// <summary>
    /// Whether a request sent two of the name: somebody else put one there, of another path or domain, and nobody can say which.
    /// </summary>
    public static bool IsTwice(HttpRequest request)
    {
        var (name, found) = (NameOf(request), 0);
        foreach (var line in request.Headers.Cookie)
            foreach (var one in (line ?? "").Split(';'))
                if (one.Split('=', 2) is [var called, _] && called.Trim().Equals(name, StringComparison.OrdinalIgnoreCase)) found++;
        return found > 1;
    }

    public static void Set(HttpContext http, string text, DateTimeOffset until)
    {
        var options = Options(http);
        options.Expires = until;
        http.Response.Cookies.Append(NameOf(http.Request), text, options);
    }

    public static void Remove(HttpContext http) => http.Response.Cookies.Delete(NameOf(http.Request), Options(http));

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
