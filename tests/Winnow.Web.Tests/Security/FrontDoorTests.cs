using System.Net;
using System.Net.Http.Headers;
using Microsoft.Extensions.DependencyInjection;
using Winnow.Abstractions.Health;
using Winnow.Model.Health;
using Winnow.Model.Security;
using Winnow.Silo.Hosting;
using Winnow.Web.Security;

namespace Winnow.Web.Tests.Security;

[Trait("kind", "security")]
public sealed class FrontDoorTests
{
    private const string Key = "a-key-of-more-than-16-characters";

    [Theory]
    [InlineData("http://127.0.0.1:5080", true)]
    [InlineData("http://localhost:1", true)]
    [InlineData("http://[::1]:1", true)]
    [InlineData("http://0.0.0.0:5080", false)]
    [InlineData("http://*:5080", false)]
    [InlineData("http://+:5080", false)]
    [InlineData("http://example.org", false)]
    [InlineData("http://localhost.example.org", false)]
    public void Only_loopback_is_loopback(string url, bool expected)
    {
        Assert.Equal(expected, ApiSafety.IsLoopback(url));
        if (expected) ApiSafety.Check([url], new ApiOptions());
        else Assert.Contains("Api:Key", Assert.Throws<InvalidOperationException>(() => ApiSafety.Check([url], new ApiOptions())).Message);
        ApiSafety.Check([url], new ApiOptions { Key = Key });
    }

    [Fact]
    public void Keys_that_are_too_short_or_not_there_are_refused()
    {
        Assert.Contains("Api:Key",
            Assert.ThrowsAny<Exception>(() => ApiSafety.Check(["http://0.0.0.0:1"], new ApiOptions { Key = "short" })).Message);
        Assert.Contains("Api:KeyFile",
            Assert.ThrowsAny<Exception>(() => ApiSafety.Check(["http://0.0.0.0:1"], new ApiOptions { KeyFile = "/nowhere" })).Message);
    }

    [Theory]
    [InlineData("")]
    [InlineData("                    ")]
    public void A_key_that_is_given_and_blank_is_never_taken_for_none(string blank)
    {
        string Refusal(ApiOptions options) => Assert.ThrowsAny<Exception>(() => ApiSafety.Check(["http://127.0.0.1:1"], options)).Message;
        Assert.StartsWith("Api:Key is given, and what is given is blank", Refusal(new() { Key = blank }), StringComparison.Ordinal);
        Assert.StartsWith("Api:KeyFile is given, and what is given is blank", Refusal(new() { KeyFile = blank }), StringComparison.Ordinal);
        Assert.StartsWith("Api:Key is given", Refusal(new() { Key = blank, KeyFile = "/key" }), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Shard:LotSize", "0")]
    [InlineData("Shard:RebalanceAfter", "00:00:00.5")]
    [InlineData("Cluster:SiloPort", "99999")]
    [InlineData("Api:MaxLotBytes", "1")]
    public void A_wrong_option_ends_the_start_with_its_name(string name, string value) =>
        Assert.Contains(name,
        Assert.ThrowsAny<Exception>(() => WinnowHost.Build(["--urls", "http://127.0.0.1:0", $"--{name}", value])).Message);

    [Fact]
    public async Task With_a_key_nothing_is_answered_without_it()
    {
        await using var server = await OwnServer.StartAsync(key: Key);
        using var http = new HttpClient { BaseAddress = server.Address };
        Assert.Equal(HttpStatusCode.OK, (await http.GetAsync("/health/live")).StatusCode);
        Assert.Equal(HttpStatusCode.Unauthorized, (await http.GetAsync("/api/v1/datasets")).StatusCode);
        Assert.Equal(HttpStatusCode.Unauthorized, (await http.GetAsync("/openapi/v1.json")).StatusCode);
        http.DefaultRequestHeaders.Add("Authorization", $"Bearer {Key}x");
        Assert.Equal(HttpStatusCode.Unauthorized, (await http.GetAsync("/api/v1/datasets")).StatusCode);
        http.DefaultRequestHeaders.Remove("Authorization");
        http.DefaultRequestHeaders.Add("Authorization", $"Bearer {Key}");
        Assert.Equal(HttpStatusCode.OK, (await http.GetAsync("/api/v1/datasets")).StatusCode);
    }

    [Fact]
    public async Task Without_a_key_pages_of_other_sites_get_nothing()
    {
        await using var server = await OwnServer.StartAsync();
        using var http = new HttpClient { BaseAddress = server.Address };
        Assert.Equal(HttpStatusCode.OK, (await http.GetAsync("/api/v1/datasets")).StatusCode);
        async Task<HttpStatusCode> WithAsync(string header, string value)
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, "/api/v1/datasets") { Headers = { { header, value } } };
            return (await http.SendAsync(request)).StatusCode;
        }

        Assert.Equal(HttpStatusCode.Forbidden, await WithAsync("Origin", "https://evil.example"));
        Assert.Equal(HttpStatusCode.Forbidden, await WithAsync("Host", "evil.example"));
        Assert.Equal(HttpStatusCode.Forbidden, await WithAsync("Sec-Fetch-Site", "cross-site"));
        Assert.Equal(HttpStatusCode.Forbidden, await WithAsync("Sec-Fetch-Site", "same-site"));
        Assert.Equal(HttpStatusCode.OK, await WithAsync("Sec-Fetch-Site", "same-origin"));
        Assert.Equal(HttpStatusCode.OK, await WithAsync("Sec-Fetch-Site", "none"));
        Assert.Equal(HttpStatusCode.OK, await WithAsync("Sec-Fetch-Site", "Same-Origin"));
        Assert.Equal(HttpStatusCode.Forbidden, await WithAsync("Sec-Fetch-Site", "CROSS-SITE"));
        Assert.Equal(HttpStatusCode.Forbidden, await WithAsync("Sec-Fetch-Site", "none, Cross-Site"));
        Assert.Contains(" 403 ", await TwiceAsync(server.Address, "Sec-Fetch-Site: same-origin", "Sec-Fetch-Site: cross-site"),
            StringComparison.Ordinal);
    }

    /// <summary>The first line of an answer to headers as they stand; a client would join them.</summary>
    private static async Task<string> TwiceAsync(Uri address, params string[] headers)
    {
        using var socket = new System.Net.Sockets.TcpClient();
        await socket.ConnectAsync(address.Host, address.Port);
        await using var stream = socket.GetStream();
        string[] lines = ["GET /api/v1/datasets HTTP/1.1", $"Host: {address.Authority}", .. headers, "Connection: close", "", ""];
        await stream.WriteAsync(System.Text.Encoding.ASCII.GetBytes(string.Join("\r\n", lines)));
        using var answer = new StreamReader(stream);
        return await answer.ReadLineAsync() ?? "";
    }

    [Theory]
    [InlineData("X-Forwarded-For", "203.0.113.7")]
    [InlineData("Forwarded", "for=203.0.113.7")]
    [InlineData("X-Real-IP", "203.0.113.7")]
    [InlineData("X-Forwarded-Proto", "https")]
    [InlineData("Via", "1.1 proxy")]
    public async Task A_proxy_on_this_machine_opens_nothing_of_a_server_without_keys(string header, string value)
    {
        await using var server = await OwnServer.StartAsync();
        using var http = new HttpClient();
        async Task<HttpStatusCode> AskAsync(HttpMethod method, Uri address, string path)
        {
            using var request = new HttpRequestMessage(method, new Uri(address, path)) { Headers = { { header, value } } };
            return (await http.SendAsync(request)).StatusCode;
        }

        Assert.Equal(HttpStatusCode.Forbidden, await AskAsync(HttpMethod.Get, server.Address, "/api/v1/datasets"));
        Assert.Equal(HttpStatusCode.Forbidden, await AskAsync(HttpMethod.Get, server.Address, "/operator/silo"));
        Assert.Equal(HttpStatusCode.Forbidden, await AskAsync(HttpMethod.Post, server.Operators, "/operator/drain"));
        Assert.Equal(HttpStatusCode.Forbidden, await AskAsync(HttpMethod.Get, server.Operators, "/operator/silo"));
    }

    [Theory]
    [InlineData("X-Forwarded-For", "203.0.113.7")]
    [InlineData("CF-Connecting-IP", "203.0.113.7")]
    [InlineData("Host", "evil.example")]
    [InlineData("Origin", "https://evil.example")]
    [InlineData("Sec-Fetch-Site", "Cross-Site")]
    public async Task The_health_page_tells_those_who_come_otherwise_no_more_than_a_probe(string header, string value)
    {
        await using var server = await OwnServer.StartAsync(services => services.AddSingleton<ISiloHealth>(new TroubledHealth()));
        using var http = new HttpClient();
        async Task<string> AskAsync(string? name)
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(server.Address, "/health/ready"));
            if (name is not null) request.Headers.TryAddWithoutValidation(name, value);
            return await (await http.SendAsync(request)).Content.ReadAsStringAsync();
        }

        Assert.Contains("patients", await AskAsync(null), StringComparison.Ordinal);
        var told = await AskAsync(header);
        Assert.Contains("\"ledger\"", told, StringComparison.Ordinal);
        Assert.DoesNotContain("patients", told, StringComparison.Ordinal);
    }

    /// <summary>A server with a secret in what is wrong with it.</summary>
    private sealed class TroubledHealth : ISiloHealth
    {
        public Task<HealthReport> CheckAsync(CancellationToken cancellationToken) => Task.FromResult(new HealthReport(true,
            [new HealthPart("ledger", "the folder of patients is full")])
        {
            SetAside = [new SetAsideItem(SetAsideKind.Dataset, "patients", "patients", "It cannot be read.", "Mend it.")],
        });
    }

    [Fact]
    public async Task Metrics_at_the_front_door_want_a_key_as_soon_as_there_are_keys()
    {
        var server = new LockedServer();
        await server.StartAsync();
        try
        {
            await server.GrantAsync("*", "service:watch", Role.Viewer);
            await server.GrantAsync("*", "service:feed", Role.Ingester);
            using var http = new HttpClient { BaseAddress = server.Address };
            async Task<HttpResponseMessage> AskAsync(string path, string? key)
            {
                using var request = new HttpRequestMessage(HttpMethod.Get, path);
                if (key is not null) request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", key);
                return await http.SendAsync(request);
            }

            // From loopback, where a proxy might stand.
            Assert.Equal(HttpStatusCode.Unauthorized, (await AskAsync("/metrics", null)).StatusCode);
            Assert.Equal(HttpStatusCode.Forbidden, (await AskAsync("/metrics", await server.KeyAsync("service:feed"))).StatusCode);
            var told = await AskAsync("/metrics", await server.KeyAsync("service:watch"));
            Assert.Equal(HttpStatusCode.OK, told.StatusCode);
            Assert.Contains("# TYPE", await told.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        }
        finally
        {
            await server.DisposeAsync();
        }
    }

    [Fact]
    public void Proxies_are_addresses_or_networks_and_want_a_key()
    {
        Assert.Contains("Api:Proxies",
            Assert.Throws<InvalidOperationException>(() => ApiSafety.Check(["http://127.0.0.1:1"], new ApiOptions { Proxies = "10.0.0.1" }))
            .Message);
        Assert.Contains("'proxy.example'",
            Assert.Throws<InvalidOperationException>(() =>
                ApiSafety.Check([], new ApiOptions { Key = Key, Proxies = "10.0.0.1, proxy.example" })).Message);
        ApiSafety.Check(["http://0.0.0.0:1"], new ApiOptions { Key = Key, Proxies = "10.0.0.1, 10.1.0.0/16, fd00::/8, ::1" });
    }
}
