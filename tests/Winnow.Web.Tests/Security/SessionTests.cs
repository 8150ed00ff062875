using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Security.Cryptography;
using System.Text;
using Winnow.Client;
using Winnow.Model;
using Winnow.Model.Acts;
using Winnow.Model.Datasets;
using Winnow.Model.Labels;
using Winnow.Model.Security;
using Winnow.Testing;
using Winnow.Web.Security;
using Winnow.Web.Tests.Security.Doors;

namespace Winnow.Web.Tests.Security;

/// <summary>A browser's session opens what its key opens, no more and no longer, and serves no page but the studio's.</summary>
[Trait("kind", "security")]
public sealed class SessionTests(LockedServer server) : IClassFixture<LockedServer>
{
    private const string Path = "/api/v1/session";

    private static HttpClient Plain(Uri address) =>
        new(new SocketsHttpHandler { UseCookies = false }) { BaseAddress = address };

    private async Task<string> DatasetAsync()
    {
        var schema = new LabelSchema { Classes = [.. DrawnImages.Classes.Select(c => new LabelClass(c))] };
        var settings = new DatasetSettings { Shards = 1, AuditSample = 0, ProjectionDimensions = 16 };
        var name = "d" + Guid.NewGuid().ToString("n")[..12];
        return (await server.Operator.CreateDatasetAsync(new CreateDataset(name, schema, settings))).Name;
    }

    /// <summary>What the cookie is called there.</summary>
    private static string NameOf(Uri address) => string.Create(CultureInfo.InvariantCulture, $"winnow-session-{address.Port}");

    /// <summary>Signs in; the whole Set-Cookie, the cookie as it is sent, and the answer.</summary>
    private static async Task<(string Set, string Cookie, SessionInfo Info)> BeginAsync(HttpClient http, string key)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, Path) { Headers = { Authorization = new("Bearer", key) } };
        using var response = await http.SendAsync(request);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal("no-store", response.Headers.CacheControl?.ToString());
        var set = Assert.Single(response.Headers.GetValues("Set-Cookie"));
        return (set, set.Split(';')[0], (await response.Content.ReadFromJsonAsync(ModelJson.Default.SessionInfo))!);
    }

    private static async Task<(HttpStatusCode Status, string Said)> SendAsync(
        HttpClient http, HttpMethod method, string path, string cookie, string? csrf = null, string? body = null,
        params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(method, path) { Headers = { { "Cookie", cookie } } };
        if (csrf is not null) request.Headers.Add(SessionInfo.CsrfHeader, csrf);
        foreach (var (name, value) in headers) request.Headers.Add(name, value);
        if (body is not null) request.Content = new StringContent(body, Encoding.UTF8, "application/json");
        using var response = await http.SendAsync(request);
        return (response.StatusCode, await response.Content.ReadAsStringAsync());
    }

    [Fact]
    public async Task A_session_opens_what_its_key_opens_and_its_cookie_stays_out_of_reach()
    {
        var dataset = await DatasetAsync();
        var key = await server.HolderAsync("service:looks", dataset, Role.Viewer);
        using var http = Plain(server.Address);
        var (set, cookie, info) = await BeginAsync(http, key);
        Assert.Contains("; httponly", set, StringComparison.OrdinalIgnoreCase);
        Assert.Contains("; samesite=strict", set, StringComparison.OrdinalIgnoreCase);
        Assert.Contains("; path=/;", set, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("; secure", set, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain(key, set, StringComparison.Ordinal);
        Assert.Equal("service:looks", info.Principal?.ToString());
        Assert.InRange(info.ExpiresAt!.Value - TimeProvider.System.GetUtcNow(), TimeSpan.FromHours(11), TimeSpan.FromHours(12));

        var (status, said) = await SendAsync(http, HttpMethod.Get, Path, cookie);
        Assert.Equal(HttpStatusCode.OK, status);
        Assert.Contains(info.Csrf!, said, StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.OK, (await SendAsync(http, HttpMethod.Get, $"/api/v1/datasets/{dataset}/status", cookie)).Status);
        Assert.Equal(HttpStatusCode.NotFound, (await SendAsync(http, HttpMethod.Get, "/api/v1/datasets/another/status", cookie)).Status);
        Assert.Equal(HttpStatusCode.Forbidden, (await SendAsync(http, HttpMethod.Post, "/api/v1/keys", cookie, info.Csrf,
            """{"principal":"service:more"}""")).Status);
        Assert.Equal(HttpStatusCode.OK, (await http.GetAsync(Path)).StatusCode);
        Assert.False((await http.GetFromJsonAsync(Path, ModelJson.Default.SessionInfo))!.IsKnown);
        Assert.DoesNotContain(server.Log, l => l.Contains(cookie.Split('=')[1], StringComparison.Ordinal));
    }

    [Fact]
    public async Task What_changes_something_under_a_session_proves_where_it_comes_from()
    {
        var dataset = await DatasetAsync();
        using var http = Plain(server.Address);
        var (_, cookie, info) = await BeginAsync(http, await server.HolderAsync("service:labels", dataset, Role.Annotator));
        var (_, _, other) = await BeginAsync(http, await server.HolderAsync("service:labels-too", dataset, Role.Annotator));
        var lease = $"/api/v1/datasets/{dataset}/tasks/lease";
        foreach (var csrf in new[] { null, "", other.Csrf, info.Csrf + "0" })
        {
            var (status, said) = await SendAsync(http, HttpMethod.Post, lease, cookie, csrf, """{"max":1,"waitMilliseconds":0}""");
            Assert.Equal(HttpStatusCode.Forbidden, status);
            Assert.Contains(SessionInfo.CsrfHeader, said, StringComparison.Ordinal);
        }
        // Long enough that the session is asked for once more before anything is handed out.
        Assert.Equal(HttpStatusCode.OK,
            (await SendAsync(http, HttpMethod.Post, lease, cookie, info.Csrf, """{"max":1,"waitMilliseconds":600}""")).Status);
        Assert.Equal(HttpStatusCode.Forbidden, (await SendAsync(http, HttpMethod.Post, lease, cookie, info.Csrf,
            """{"max":1,"waitMilliseconds":0}""", ("Origin", "http://elsewhere.example"))).Status);
        Assert.Equal(HttpStatusCode.Forbidden,
            (await SendAsync(http, HttpMethod.Get, Path, cookie, null, null, ("Sec-Fetch-Site", "cross-site"))).Status);
    }

    [Fact]
    public async Task A_session_dies_with_its_key_and_ends_when_told()
    {
        var created = await server.Operator.CreateKeyAsync(new CreateApiKey(Principal.Parse("service:goes")));
        using var http = Plain(server.Address);
        var (_, cookie, info) = await BeginAsync(http, created.Key);
        Assert.Equal(HttpStatusCode.OK, (await SendAsync(http, HttpMethod.Get, "/api/v1/whoami", cookie)).Status);
        Assert.Equal(HttpStatusCode.Forbidden, (await SendAsync(http, HttpMethod.Delete, Path, cookie)).Status);
        using (var request = new HttpRequestMessage(HttpMethod.Delete, Path)
        {
            Headers = { { "Cookie", cookie }, { SessionInfo.CsrfHeader, info.Csrf } },
        })
        using (var response = await http.SendAsync(request))
        {
            Assert.Equal(HttpStatusCode.NoContent, response.StatusCode);
            var set = Assert.Single(response.Headers.GetValues("Set-Cookie"));
            Assert.StartsWith($"{NameOf(server.Address)}=;", set, StringComparison.Ordinal);
        }
        await server.Operator.RevokeKeyAsync(created.Info.Id);
        var (status, said) = await SendAsync(http, HttpMethod.Get, "/api/v1/whoami", cookie);
        Assert.Equal(HttpStatusCode.Unauthorized, status);
        Assert.Contains("was revoked", said, StringComparison.Ordinal);

        var soon = TimeProvider.System.GetUtcNow().AddMinutes(1);
        var brief = await server.Operator.CreateKeyAsync(new CreateApiKey(Principal.Parse("service:brief"), "", null, soon));
        Assert.InRange((await BeginAsync(http, brief.Key)).Info.ExpiresAt!.Value, soon.AddSeconds(-1), soon);
    }

    [Fact]
    public async Task A_session_is_begun_by_a_key_alone_and_narrowed_with_it()
    {
        var dataset = await DatasetAsync();
        using var http = Plain(server.Address);
        var (_, cookie, info) = await BeginAsync(http, Door.OperatorKey);
        Assert.Equal(Principal.Operator, info.Principal);
        Assert.Equal(HttpStatusCode.OK, (await SendAsync(http, HttpMethod.Get, "/api/v1/keys", cookie)).Status);
        Assert.Equal(HttpStatusCode.BadRequest, (await SendAsync(http, HttpMethod.Post, Path, cookie, info.Csrf)).Status);

        await server.GrantAsync(dataset, "service:narrow", Role.Owner);
        var (_, narrow, _) = await BeginAsync(http,
            await server.KeyAsync("service:narrow", new KeyScope(Permissions: [Permission.ReadDataset])));
        var of = $"/api/v1/datasets/{dataset}";
        Assert.Equal(HttpStatusCode.OK, (await SendAsync(http, HttpMethod.Get, $"{of}/status", narrow)).Status);
        Assert.Equal(HttpStatusCode.Forbidden, (await SendAsync(http, HttpMethod.Get, $"{of}/images", narrow)).Status);
    }

    [Fact]
    public async Task Without_keys_nobody_signs_in_and_a_cookie_means_nothing()
    {
        await using var own = await OwnServer.StartAsync();
        using var http = Plain(own.Address);
        Assert.Equal(HttpStatusCode.BadRequest, (await http.PostAsync(Path, null)).StatusCode);
        var known = (await http.GetFromJsonAsync(Path, ModelJson.Default.SessionInfo))!;
        Assert.Equal((true, null, null), (known.IsKnown, known.Principal, known.Csrf));
        var (status, _) = await SendAsync(http, HttpMethod.Get, "/api/v1/whoami", $"{NameOf(own.Address)}=nonsense");
        Assert.Equal(HttpStatusCode.OK, status);
    }

    [Fact]
    public async Task Behind_a_proxy_that_speaks_TLS_the_cookie_is_sent_over_TLS_alone()
    {
        await using var own = await OwnServer.StartAsync(null, Door.OperatorKey, "--Api:Proxies", "127.0.0.1", "--Api:PathBase", "/winnow");
        using var http = Plain(own.Address);
        using var request = new HttpRequestMessage(HttpMethod.Post, "/winnow" + Path)
        {
            Headers = { { "X-Forwarded-Proto", "https" }, { "X-Forwarded-For", "192.0.2.7" } },
        };
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", Door.OperatorKey);
        using var response = await http.SendAsync(request);
        var set = Assert.Single(response.Headers.GetValues("Set-Cookie"));
        Assert.Contains("; secure", set, StringComparison.OrdinalIgnoreCase);
        Assert.Contains("; path=/winnow;", set, StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public void What_was_not_sealed_here_or_was_changed_is_no_session()
    {
        var secret = RandomNumberGenerator.GetBytes(32);
        var proof = SHA256.HashData("proof"u8);
        var until = DateTimeOffset.FromUnixTimeSeconds(1_900_000_000);
        foreach (var id in new[] { null, "00112233445566aa" })
        {
            var cookie = new SessionTicket(id, proof, until).Seal(secret);
            var opened = SessionTicket.Open(cookie, secret)!;
            Assert.Equal((id, until), (opened.KeyId, opened.ExpiresAt));
            Assert.Equal(proof, opened.Proof);
            Assert.Null(SessionTicket.Open(cookie, RandomNumberGenerator.GetBytes(32)));
            var bytes = Microsoft.AspNetCore.WebUtilities.WebEncoders.Base64UrlDecode(cookie);
            for (var i = 0; i < bytes.Length; i++)
            {
                var changed = bytes.ToArray();
                changed[i] ^= 1;
                Assert.Null(SessionTicket.Open(Microsoft.AspNetCore.WebUtilities.WebEncoders.Base64UrlEncode(changed), secret));
            }
        }
        foreach (var nonsense in new[] { "x", "!", "====", new string('A', 4_000) }) Assert.Null(SessionTicket.Open(nonsense, secret));
    }

    [Fact]
    public async Task Sessions_leave_acts_only_where_there_is_one_and_only_so_many()
    {
        await using var own = await OwnServer.StartAsync(null, Door.OperatorKey, "--Api:Limits:SessionsPerMinute", "3");
        using var http = Plain(own.Address);
        async Task<HttpStatusCode> PlainlyAsync(HttpMethod method)
        {
            using var request = new HttpRequestMessage(method, Path) { Headers = { Authorization = new("Bearer", Door.OperatorKey) } };
            using var response = await http.SendAsync(request);
            if (response.StatusCode == HttpStatusCode.TooManyRequests) Assert.NotNull(response.Headers.RetryAfter);
            return response.StatusCode;
        }
        for (var i = 0; i < 5; i++) Assert.Equal(HttpStatusCode.BadRequest, await PlainlyAsync(HttpMethod.Delete));
        var (_, cookie, info) = await BeginAsync(http, Door.OperatorKey);
        Assert.Equal(HttpStatusCode.OK, await PlainlyAsync(HttpMethod.Post));
        Assert.Equal(HttpStatusCode.NoContent, (await SendAsync(http, HttpMethod.Delete, Path, cookie, info.Csrf)).Status);
        Assert.Equal(HttpStatusCode.TooManyRequests, await PlainlyAsync(HttpMethod.Post));
        Assert.Equal(HttpStatusCode.TooManyRequests, (await SendAsync(http, HttpMethod.Delete, Path, cookie, info.Csrf)).Status);
        // All else is taken as before.
        Assert.Equal(HttpStatusCode.OK, (await SendAsync(http, HttpMethod.Get, "/api/v1/whoami", cookie)).Status);
        var acts = new List<ActKind>();
        await foreach (var act in own.Client.ListActsAsync(null, new ActFilter())) acts.Add(act.What);
        Assert.Equal([ActKind.SessionBegun, ActKind.SessionBegun, ActKind.SessionEnded], acts);
    }

    [Fact]
    public async Task Of_two_cookies_of_a_session_none_counts()
    {
        using var http = Plain(server.Address);
        var (_, cookie, info) = await BeginAsync(http, Door.OperatorKey);
        var name = NameOf(server.Address);
        string[] pairs = [$"{cookie}; {name}=x", $"{name}=x; {cookie}", $"{cookie}; a=1; {name.ToUpperInvariant()}=", $"{cookie};{cookie}"];
        foreach (var two in pairs)
        {
            var (status, said) = await SendAsync(http, HttpMethod.Post, "/api/v1/keys", two, info.Csrf, """{"principal":"service:more"}""");
            Assert.Equal(HttpStatusCode.Unauthorized, status);
            Assert.Contains("two cookies", said, StringComparison.Ordinal);
            var (known, told) = await SendAsync(http, HttpMethod.Get, Path, two);
            Assert.Equal(HttpStatusCode.OK, known);
            Assert.Contains("\"isKnown\":false", told, StringComparison.Ordinal);
        }
        Assert.Equal(HttpStatusCode.OK, (await SendAsync(http, HttpMethod.Get, "/api/v1/whoami", $"{cookie}; other=1")).Status);
    }

    [Theory]
    [InlineData("", "winnow.example", "__Host-winnow-session")]
    [InlineData("", "winnow.example:8443", "__Host-winnow-session-8443")]
    [InlineData("/winnow", "winnow.example", "__Secure-winnow-session-winnow")]
    public async Task Over_TLS_the_cookie_is_this_hosts_alone_and_each_servers_has_a_name_of_its_own(string below, string host, string name)
    {
        string[] options = ["--Api:Proxies", "127.0.0.1", .. below.Length == 0 ? Array.Empty<string>() : ["--Api:PathBase", below]];
        await using var own = await OwnServer.StartAsync(null, Door.OperatorKey, options);
        using var http = Plain(own.Address);
        using var request = new HttpRequestMessage(HttpMethod.Post, below + Path)
        {
            Headers = { { "X-Forwarded-Proto", "https" }, { "X-Forwarded-For", "192.0.2.7" }, { "X-Forwarded-Host", host } },
        };
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", Door.OperatorKey);
        using var response = await http.SendAsync(request);
        Assert.StartsWith($"{name}=", Assert.Single(response.Headers.GetValues("Set-Cookie")), StringComparison.Ordinal);
    }
}
