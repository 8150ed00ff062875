using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Net.Http.Headers;
using Winnow.Web.Security;

namespace Winnow.Web.Studio;

/// <summary>
/// Serves the studio: one page for all of its addresses, and the files that it consists of. They hold nothing of anybody; what is shown in
/// them comes from the API, by its rules.
/// </summary>
internal static class StudioEndpoints
{
    private const string Why = "The studio's own files, the same for everybody: what they show is asked of the API.";
    private static readonly string[] Reading = [HttpMethods.Get, HttpMethods.Head];

    public static void Map(IEndpointRouteBuilder app)
    {
        var options = app.ServiceProvider.GetRequiredService<ApiOptions>();
        var files = StudioFile.ReadAll(options.StudioFolder);
        // A build may leave it out, and the API does without.
        if (!files.Remove("/index.html", out var index)) return;
        var page = new StudioPage(WithNames(File.ReadAllText(index.Path), files));
        foreach (var address in new[] { "/", "/new", "/settings", "/d/{**page}" })
            app.MapMethods(address, Reading, page.WriteAsync).RequiresNothing(Why)
                .WithMetadata(new LinkedPage()).ExcludeFromDescription();
        foreach (var (path, file) in files)
            app.MapMethods(path, Reading, http => SendAsync(http, file)).RequiresNothing(Why).ExcludeFromDescription();
    }

    /// <summary>The page is written with the plain names of its styles; browsers are told those that change with their content.</summary>
    private static string WithNames(string html, Dictionary<string, StudioFile> files)
    {
        foreach (var (path, file) in files)
            if (path.EndsWith(".css", StringComparison.Ordinal))
                html = html.Replace($"href=\"{file.PlainName}\"", $"href=\"{path[1..]}\"", StringComparison.Ordinal);
        return html;
    }

    private static async Task SendAsync(HttpContext http, StudioFile file)
    {
        var (request, headers) = (http.Request, http.Response.Headers);
        headers.CacheControl = file.IsNamedByContent ? "public, max-age=31536000, immutable" : "no-cache";
        headers.ETag = file.Mark;
        headers.Vary = "Accept-Encoding";
        headers["Cross-Origin-Resource-Policy"] = "same-origin";
        if (request.GetTypedHeaders().IfNoneMatch.Any(m => m.Tag == file.Mark || m == EntityTagHeaderValue.Any))
        {
            http.Response.StatusCode = StatusCodes.Status304NotModified;
            return;
        }
        var packed = file.Packed.FirstOrDefault(p => Takes(request, p.Coding));
        if (packed.Coding is not null) headers.ContentEncoding = packed.Coding;
        http.Response.ContentType = file.MediaType;
        var content = new FileInfo(packed.Path ?? file.Path);
        http.Response.ContentLength = content.Length;
        if (!HttpMethods.IsHead(request.Method)) await http.Response.SendFileAsync(content.FullName, http.RequestAborted);
    }

    private static bool Takes(HttpRequest request, string coding) =>
        request.GetTypedHeaders().AcceptEncoding.Any(a => a.Value.Equals(coding, StringComparison.OrdinalIgnoreCase) && a.Quality is not 0);
}
