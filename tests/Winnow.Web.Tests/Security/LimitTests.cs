using System.Net;
using System.Net.Http.Headers;

namespace Winnow.Web.Tests.Security;

/// <summary>How much one caller may ask.</summary>
[Trait("kind", "security")]
public sealed class LimitTests
{
    [Fact]
    public async Task A_principal_that_asks_too_much_waits_and_others_do_not()
    {
        var server = new LockedServer();
        await server.StartAsync("--Api:Limits:PerSecond", "1", "--Api:Limits:Burst", "30");
        try
        {
            var (busy, calm) = (await server.KeyAsync("service:busy"), await server.KeyAsync("service:calm"));
            using var http = new HttpClient { BaseAddress = server.Address };
            var answers = new List<HttpResponseMessage>();
            // One a second comes back, so of these some are too many however slow the machine is.
            await Parallel.ForAsync(0, 300, new ParallelOptions { MaxDegreeOfParallelism = 16 }, async (_, _) =>
            {
                var answer = await GetAsync(http, busy);
                lock (answers) answers.Add(answer);
            });
            var refused = answers.Where(a => !a.IsSuccessStatusCode).ToList();
            Assert.All(refused, a => Assert.Equal(HttpStatusCode.TooManyRequests, a.StatusCode));
            Assert.InRange(answers.Count - refused.Count, 30, 299);
            Assert.All(refused, a => Assert.InRange(a.Headers.RetryAfter!.Delta!.Value.TotalSeconds, 1, 60));
            Assert.Equal(HttpStatusCode.OK, (await GetAsync(http, calm)).StatusCode);
            Assert.Equal(HttpStatusCode.OK, (await http.GetAsync("/health/live")).StatusCode);
        }
        finally
        {
            await server.DisposeAsync();
        }
    }

    [Fact]
    public async Task An_address_that_tries_keys_waits_and_whoever_shares_it_does_not()
    {
        var server = new LockedServer();
        await server.StartAsync("--Api:Limits:RefusalsPerMinute", "5", "--Api:Limits:AnonymousPerMinute", "3");
        try
        {
            var good = await server.KeyAsync("service:good");
            using var http = new HttpClient { BaseAddress = server.Address };
            for (var i = 0; i < 5; i++) Assert.Equal(HttpStatusCode.Unauthorized, (await GetAsync(http, WrongKey())).StatusCode);
            for (var i = 0; i < 50; i++)
            {
                var later = await GetAsync(http, WrongKey());
                Assert.Equal(HttpStatusCode.TooManyRequests, later.StatusCode);
                Assert.InRange(later.Headers.RetryAfter!.Delta!.Value.TotalSeconds, 1, 60);
            }

            // Who shows nothing is counted apart from who shows something wrong.
            for (var i = 0; i < 3; i++) Assert.Equal(HttpStatusCode.Unauthorized, (await GetAsync(http, null)).StatusCode);
            Assert.Equal(HttpStatusCode.TooManyRequests, (await GetAsync(http, null)).StatusCode);
            Assert.Equal(HttpStatusCode.OK, (await GetAsync(http, good)).StatusCode);
            Assert.Equal(HttpStatusCode.OK, (await GetAsync(http, LockedServer.OperatorKey)).StatusCode);
            Assert.Equal(HttpStatusCode.OK, (await http.GetAsync("/health/ready")).StatusCode);
            // What is refused by the thousand is counted, and not written down each time.
            Assert.Equal(5, server.Log.Count(l => l.Contains("was not let in", StringComparison.Ordinal)));
        }
        finally
        {
            await server.DisposeAsync();
        }
    }

    [Theory]
    [InlineData("/api/v1/session")]
    [InlineData("/health/ready")]
    public async Task Nowhere_are_keys_and_sessions_tried_without_being_counted(string open)
    {
        var server = new LockedServer();
        await server.StartAsync("--Api:Limits:RefusalsPerMinute", "5");
        try
        {
            using var http = new HttpClient(new SocketsHttpHandler { UseCookies = false }) { BaseAddress = server.Address };
            async Task<HttpStatusCode> TryAsync(string? key, string? cookie = null)
            {
                using var request = new HttpRequestMessage(HttpMethod.Get, open);
                if (key is not null) request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", key);
                if (cookie is not null) request.Headers.Add("Cookie", $"{Web.Security.SessionCookie.Name}-{server.Address.Port}={cookie}");
                using var response = await http.SendAsync(request);
                return response.StatusCode;
            }
            for (var i = 0; i < 4; i++) Assert.Equal(HttpStatusCode.OK, await TryAsync(WrongKey()));
            Assert.Equal(HttpStatusCode.OK, await TryAsync(null, "nonsense"));
            for (var i = 0; i < 20; i++) Assert.Equal(HttpStatusCode.TooManyRequests, await TryAsync(WrongKey()));
            Assert.Equal(HttpStatusCode.TooManyRequests, await TryAsync(null, "nonsense"));
            Assert.Equal(5, server.Log.Count(l => l.Contains("was not let in", StringComparison.Ordinal)));
            // Whoever shows nothing tries nothing, and a good key is let in at once.
            for (var i = 0; i < 10; i++) Assert.Equal(HttpStatusCode.OK, await TryAsync(null));
            Assert.Equal(HttpStatusCode.OK, await TryAsync(LockedServer.OperatorKey));
        }
        finally
        {
            await server.DisposeAsync();
        }
    }

    [Fact]
    public async Task Who_calls_is_taken_from_configured_proxies_alone()
    {
        Assert.Equal(HttpStatusCode.TooManyRequests, await SecondOfTwoAddressesAsync());
        Assert.Equal(HttpStatusCode.TooManyRequests, await SecondOfTwoAddressesAsync("--Api:Proxies", "192.0.2.1"));
        Assert.Equal(HttpStatusCode.Unauthorized, await SecondOfTwoAddressesAsync("--Api:Proxies", "127.0.0.0/8, ::1"));
    }

    /// <summary>Uses up what one address may get wrong, and then sends a wrong key in the name of another.</summary>
    private static async Task<HttpStatusCode> SecondOfTwoAddressesAsync(params string[] options)
    {
        var server = new LockedServer();
        await server.StartAsync(["--Api:Limits:RefusalsPerMinute", "3", .. options]);
        try
        {
            using var http = new HttpClient { BaseAddress = server.Address };
            for (var i = 0; i < 4; i++) await GetAsync(http, WrongKey(), "198.51.100.1");
            Assert.Equal(HttpStatusCode.TooManyRequests, (await GetAsync(http, WrongKey(), "198.51.100.1")).StatusCode);
            return (await GetAsync(http, WrongKey(), "198.51.100.2")).StatusCode;
        }
        finally
        {
            await server.DisposeAsync();
        }
    }

    private static string WrongKey() => Web.Security.KeyText.Make().Text;

    private static async Task<HttpResponseMessage> GetAsync(HttpClient http, string? key, string? forwardedFor = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/api/v1/whoami");
        if (key is not null) request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", key);
        if (forwardedFor is not null) request.Headers.Add("X-Forwarded-For", forwardedFor);
        return await http.SendAsync(request);
    }
}
