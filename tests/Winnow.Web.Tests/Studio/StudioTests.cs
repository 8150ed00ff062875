using System.Net;
using System.Text.RegularExpressions;

namespace Winnow.Web.Tests.Studio;

/// <summary>The studio as it is served: what may run in it, what browsers keep of it, and who is let at its page.</summary>
public sealed partial class StudioTests(Server server) : IClassFixture<Server>
{
    private static HttpClient Plain(Uri address) =>
        new(new SocketsHttpHandler { UseCookies = false, AutomaticDecompression = DecompressionMethods.None }) { BaseAddress = address };

    [Theory]
    [InlineData("/")]
    [InlineData("/d/pets")]
    [InlineData("/d/pets/label")]
    public async Task Each_address_of_a_page_is_answered_with_the_one_page_and_its_policy(string path)
    {
        using var http = Plain(server.Address);
        using var response = await http.GetAsync(path);
        Assert.Equal((HttpStatusCode.OK, "text/html"), (response.StatusCode, response.Content.Headers.ContentType?.MediaType));
        Assert.Equal("no-store", response.Headers.CacheControl?.ToString());
        Assert.Equal("DENY", Assert.Single(response.Headers.GetValues("X-Frame-Options")));
        Assert.Equal("nosniff", Assert.Single(response.Headers.GetValues("X-Content-Type-Options")));
        Assert.Equal("no-referrer", Assert.Single(response.Headers.GetValues("Referrer-Policy")));
        var policy = Assert.Single(response.Headers.GetValues("Content-Security-Policy"));
        Assert.StartsWith("default-src 'none'; script-src 'self' 'wasm-unsafe-eval' 'sha256-", policy, StringComparison.Ordinal);
        Assert.DoesNotContain("unsafe-inline", policy, StringComparison.Ordinal);
        Assert.DoesNotContain("'unsafe-eval'", policy, StringComparison.Ordinal);
        Assert.Contains("frame-ancestors 'none'", policy, StringComparison.Ordinal);
        var page = await response.Content.ReadAsStringAsync();
        Assert.DoesNotContain("style=", page, StringComparison.Ordinal);
        Assert.Equal(1, page.Split("<script type=\"importmap\">").Length - 1);
        Assert.All(Script().Matches(page), s => Assert.True(s.Value.Contains(" src=", StringComparison.Ordinal)
            || s.Value.Contains("importmap", StringComparison.Ordinal), s.Value));
    }

    [Fact]
    public async Task Files_that_are_named_by_their_content_are_kept_and_all_come_packed()
    {
        using var http = Plain(server.Address);
        var page = await http.GetStringAsync("/");
        var links = Link().Matches(page).Select(m => m.Groups[1].Value).Where(l => l.EndsWith(".css", StringComparison.Ordinal)
            || l.EndsWith(".js", StringComparison.Ordinal)).ToList();
        Assert.True(links.Count >= 4, page);
        foreach (var link in links)
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, "/" + link);
            request.Headers.AcceptEncoding.ParseAdd("gzip, br");
            using var response = await http.SendAsync(request);
            Assert.Equal(HttpStatusCode.OK, response.StatusCode);
            Assert.Equal("public, max-age=31536000, immutable", response.Headers.CacheControl?.ToString());
            Assert.Equal("br", Assert.Single(response.Content.Headers.ContentEncoding));
            Assert.Equal("Accept-Encoding", Assert.Single(response.Headers.Vary));
            using var again = new HttpRequestMessage(HttpMethod.Get, "/" + link);
            again.Headers.IfNoneMatch.Add(response.Headers.ETag!);
            Assert.Equal(HttpStatusCode.NotModified, (await http.SendAsync(again)).StatusCode);
            using var plain = await http.GetAsync("/" + link);
            Assert.Empty(plain.Content.Headers.ContentEncoding);
        }
        using var unnamed = await http.GetAsync("/mark.svg");
        Assert.Equal("no-cache", unnamed.Headers.CacheControl?.ToString());
        Assert.Equal("image/svg+xml", unnamed.Content.Headers.ContentType?.MediaType);
    }

    [Fact]
    public async Task A_link_of_another_site_leads_to_the_page_and_to_nothing_else()
    {
        async Task<HttpStatusCode> ComeAsync(string path, string mode, string end)
        {
            using var http = Plain(server.Address);
            using var request = new HttpRequestMessage(HttpMethod.Get, path)
            {
                Headers = { { "Sec-Fetch-Site", "cross-site" }, { "Sec-Fetch-Mode", mode }, { "Sec-Fetch-Dest", end } },
            };
            return (await http.SendAsync(request)).StatusCode;
        }
        Assert.Equal(HttpStatusCode.OK, await ComeAsync("/d/pets", "navigate", "document"));
        Assert.Equal(HttpStatusCode.Forbidden, await ComeAsync("/d/pets", "navigate", "iframe"));
        Assert.Equal(HttpStatusCode.Forbidden, await ComeAsync("/d/pets", "no-cors", "script"));
        Assert.Equal(HttpStatusCode.Forbidden, await ComeAsync("/mark.svg", "no-cors", "image"));
        Assert.Equal(HttpStatusCode.Forbidden, await ComeAsync("/api/v1/datasets", "navigate", "document"));
    }

    [Fact]
    public async Task What_is_no_page_is_answered_as_before()
    {
        using var http = Plain(server.Address);
        foreach (var path in new[] { "/api/v1/nothing", "/nothing", "/_framework/nothing.wasm", "/index.html" })
        {
            using var response = await http.GetAsync(path);
            Assert.Equal((HttpStatusCode.NotFound, "application/problem+json"),
                (response.StatusCode, response.Content.Headers.ContentType?.MediaType));
        }
        Assert.Equal(HttpStatusCode.OK, (await http.GetAsync("/health/live")).StatusCode);
        Assert.Equal(HttpStatusCode.MethodNotAllowed, (await http.PostAsync("/", null)).StatusCode);
    }

    [Fact]
    public async Task Below_a_path_the_page_knows_where_it_stands()
    {
        await using var own = await OwnServer.StartAsync(null, null, "--Api:PathBase", "/winnow");
        using var http = Plain(own.Address);
        Assert.Contains("<base href=\"/winnow/\"", await http.GetStringAsync("/winnow/d/pets"), StringComparison.Ordinal);
    }

    [GeneratedRegex("<script[^>]*>")]
    private static partial Regex Script();

    [GeneratedRegex("(?:href|src)=\"([^\"]+)\"")]
    private static partial Regex Link();
}
