using System.Net;
using Microsoft.AspNetCore.Http;

namespace Winnow.Web.Security;

/// <summary>What must hold before the server listens.</summary>
public static class ApiSafety
{
    private static readonly string[] OfProxies = ["Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Real-IP", "Via"];

    /// <summary>Whether an address reaches this machine alone.</summary>
    public static bool IsLoopback(string url)
    {
        // Wildcards such as http://+:80 are no URIs, and reach everybody.
        if (!Uri.TryCreate(url, UriKind.Absolute, out var address)) return false;
        return address.Host == "localhost" || (IPAddress.TryParse(address.Host.Trim('[', ']'), out var ip) && IPAddress.IsLoopback(ip));
    }

    /// <summary>The header that says that a request came through a proxy, so that its caller may be anybody; null when there is none.</summary>
    public static string? ProxyHeaderOf(HttpRequest request) => Array.Find(OfProxies, request.Headers.ContainsKey);

    /// <summary>Refuses to listen to others than this machine without a key or an identity provider.</summary>
    /// <exception cref="InvalidOperationException">An address is not loopback and neither is set.</exception>
    public static void Check(IEnumerable<string> urls, ApiOptions options)
    {
        if (options.Check() is { } wrong) throw new InvalidOperationException(wrong);
        if (options.ReadKey() is not null || options.Oidc is not null) return;
        if (options.Proxies is not null) throw new InvalidOperationException("Api:Proxies names proxies, and there is no key: everybody behind them would own the server. Set Api:Key, Api:KeyFile or Api:Oidc.");
        foreach (var url in urls)
            if (!IsLoopback(url)) throw new InvalidOperationException($"The server would listen on {url}, which others can reach, without a key. Set Api:Key, Api:KeyFile or Api:Oidc, or listen on http://127.0.0.1.");
    }
}
