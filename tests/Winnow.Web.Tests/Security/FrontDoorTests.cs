using System.Net;
using Winnow.Silo.Hosting;
using Winnow.Web.Security;

namespace Winnow.Web.Tests.Security;

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
        Assert.Contains("Api:Key", Assert.Throws<InvalidOperationException>(() => ApiSafety.Check(["http://0.0.0.0:1"], new ApiOptions { Key = "short" })).Message);
        Assert.Contains("Api:KeyFile", Assert.Throws<InvalidOperationException>(() => ApiSafety.Check(["http://0.0.0.0:1"], new ApiOptions { KeyFile = "/nowhere" })).Message);
    }

    [Theory]
    [InlineData("Shard:LotSize", "0")]
    [InlineData("Shard:RebalanceAfter", "00:00:00.5")]
    [InlineData("Cluster:SiloPort", "99999")]
    [InlineData("Api:MaxLotBytes", "1")]
    public void A_wrong_option_ends_the_start_with_its_name(string name, string value) =>
        Assert.Contains(name, Assert.ThrowsAny<Exception>(() => WinnowHost.Build(["--urls", "http://127.0.0.1:0", $"--{name}", value])).Message);

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
    }
}
