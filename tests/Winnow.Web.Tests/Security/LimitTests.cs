using System.Net;
using System.Net.Http.Headers;

namespace Winnow.Web.Tests.Security;

/// <summary>How much one caller may ask.</summary>
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
    public async Task An_address_that_tries_keys_is_not_listened_to_for_a_while()
    {
        var server = new LockedServer();
        await server.StartAsync("--Api:Limits:RefusalsPerMinute", "5");
        try
        {
            using var http = new HttpClient { BaseAddress = server.Address };
            for (var i = 0; i < 5; i++) Assert.Equal(HttpStatusCode.Unauthorized, (await GetAsync(http, Web.Security.KeyText.Make().Text)).StatusCode);
            var later = await GetAsync(http, LockedServer.OperatorKey);
            Assert.Equal(HttpStatusCode.TooManyRequests, later.StatusCode);
            Assert.InRange(later.Headers.RetryAfter!.Delta!.Value.TotalSeconds, 1, 60);
            Assert.Equal(HttpStatusCode.OK, (await http.GetAsync("/health/ready")).StatusCode);
        }
        finally
        {
            await server.DisposeAsync();
        }
    }

    private static async Task<HttpResponseMessage> GetAsync(HttpClient http, string key)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/api/v1/whoami") { Headers = { Authorization = new AuthenticationHeaderValue("Bearer", key) } };
        return await http.SendAsync(request);
    }
}
