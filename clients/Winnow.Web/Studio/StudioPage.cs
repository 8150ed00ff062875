using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Http;

namespace Winnow.Web.Studio;

/// <summary>
/// The studio's one page, and what browsers are told may happen in it: nothing but its own files, and calls to the server that it came
/// from. The map of its modules is the one thing between script tags; it is data, and allowed by its hash alone.
/// </summary>
/// <param name="html">The page as it was built.</param>
internal sealed partial class StudioPage(string html)
{
    private readonly string _policy = PolicyOf(html);

    public async Task WriteAsync(HttpContext http)
    {
        var headers = http.Response.Headers;
        headers.ContentSecurityPolicy = _policy;
        headers.CacheControl = "no-store";
        headers.XFrameOptions = "DENY";
        headers["Cross-Origin-Opener-Policy"] = "same-origin";
        headers["Cross-Origin-Resource-Policy"] = "same-origin";
        headers["Permissions-Policy"] = "camera=(), geolocation=(), microphone=(), payment=(), usb=()";
        http.Response.ContentType = "text/html; charset=utf-8";
        // Below which path the server stands, only the server knows.
        var below = $"<base href=\"{Base(http.Request)}\"";
        var page = Encoding.UTF8.GetBytes(html.Replace("<base href=\"/\"", below, StringComparison.Ordinal));
        http.Response.ContentLength = page.Length;
        if (!HttpMethods.IsHead(http.Request.Method)) await http.Response.Body.WriteAsync(page, http.RequestAborted);
    }

    private static string Base(HttpRequest request) =>
        System.Text.Encodings.Web.HtmlEncoder.Default.Encode(request.PathBase.ToUriComponent()) + "/";

    private static string PolicyOf(string html)
    {
        var maps = ModuleMap().Matches(html)
            .Select(m => $" 'sha256-{Convert.ToBase64String(SHA256.HashData(Encoding.UTF8.GetBytes(m.Groups[1].Value)))}'");
        return $"default-src 'none'; script-src 'self' 'wasm-unsafe-eval'{string.Concat(maps)}; style-src 'self'; img-src 'self' blob:; "
            + "connect-src 'self'; base-uri 'self'; form-action 'none'; frame-ancestors 'none'";
    }

    [GeneratedRegex("<script type=\"importmap\">(.*?)</script>", RegexOptions.Singleline)]
    private static partial Regex ModuleMap();
}
