using System.Net;
using Microsoft.AspNetCore.Http;

namespace Winnow.Web.Security;

/// <summary>What must hold before the server listens.</summary>
public static class ApiSafety
{
    private static readonly string[] OfProxies =
    [
        "Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Forwarded-Port", "X-Forwarded-Server",
        "X-Forwarded-Prefix",
        "X-Real-IP", "X-Client-IP", "X-Cluster-Client-IP", "X-Original-Host", "X-Original-For", "X-Envoy-External-Address",
        "X-Envoy-Internal",
        "CF-Connecting-IP", "CF-Ray", "True-Client-IP", "Fastly-Client-IP", "Fly-Client-IP", "X-Azure-ClientIP", "X-Amzn-Trace-Id", "Via",
    ];

    /// <summary>Whether an address reaches this machine alone.</summary>
    public static bool IsLoopback(string url)
    {
        // Wildcards such as http://+:80 are no URIs, and reach everybody.
        if (!Uri.TryCreate(url, UriKind.Absolute, out var address)) return false;
        return address.Host == "localhost" || (IPAddress.TryParse(address.Host.Trim('[', ']'), out var ip) && IPAddress.IsLoopback(ip));
    }

    /// <summary>
    /// The header that says that a request came through a proxy, so that its caller may be anybody; null when there is none.
    /// </summary>
    public static string? ProxyHeaderOf(HttpRequest request) => Array.Find(OfProxies, request.Headers.ContainsKey);

    /// <summary>Whether a browser says that a page of another site asks, however it writes that.</summary>
    public static bool IsOfAnotherSite(HttpRequest request)
    {
        foreach (var site in request.Headers["Sec-Fetch-Site"])
            foreach (var one in (site ?? "").Split(',', StringSplitOptions.TrimEntries))
                if (one.Equals("cross-site", StringComparison.OrdinalIgnoreCase)
                    || one.Equals("same-site", StringComparison.OrdinalIgnoreCase))
                    return true;
        return false;
    }

    /// <summary>Refuses to listen to others than this machine without a key or an identity provider.</summary>
    /// <exception cref="InvalidOperationException">An address is not loopback and neither is set.</exception>
    public static void Check(IEnumerable<string> urls, ApiOptions options)
    {
        if (options.Check() is { } wrong) throw new InvalidOperationException(wrong);
        if (options.ReadKey() is not null || options.Oidc is not null) return;
        if (options.Proxies is not null)
            throw new InvalidOperationException(
                "Api:Proxies names proxies, and there is no key: everybody behind them would own the server. Set Api:Key, Api:KeyFile "
                + "or Api:Oidc.");
        foreach (var url in urls)
            if (!IsLoopback(url))
                throw new InvalidOperationException(
                    $"The server would listen on {url}, which others can reach, without a key. Set Api:Key, Api:KeyFile or Api:Oidc, or "
                    + $"listen on http://127.0.0.1.");
    }
}
