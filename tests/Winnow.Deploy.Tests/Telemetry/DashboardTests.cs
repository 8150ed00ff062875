using Winnow.Testing;

namespace Winnow.Deploy.Tests.Telemetry;

/// <summary>A silo under load, a real Prometheus, and every panel of every dashboard.</summary>
[Trait("needs", "prometheus")]
public sealed class DashboardTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(90);
    private static readonly TimeSpan Look = TimeSpan.FromSeconds(1);

    [Fact]
    public async Task Every_panel_shows_something_that_moves()
    {
        await using var silo = await ObservedSilo.StartAsync();
        await using var prometheus = await RealPrometheus.StartAsync(silo.Operators);
        using var stop = new CancellationTokenSource();
        var from = TimeProvider.System.GetUtcNow();
        var load = new SmallLoad(silo).RunAsync(stop.Token);
        var still = Dashboards.Queries().ToList();
        Assert.True(still.Count > 40);
        var seen = new Dictionary<PanelQuery, string>();
        await Until.TrueAsync(
            async () =>
            {
                // A load that failed must not be waited for.
                if (load.IsCompleted) await load;
                foreach (var query in still.ToArray())
                {
                    var series = await prometheus.RangeAsync(query.Filled, from, TimeProvider.System.GetUtcNow());
                    if (series.Any(s => s.Distinct().Skip(1).Any())) still.Remove(query);
                    seen[query] = series.Count == 0 ? "no series" : $"always {series[0].LastOrDefault()}";
                }
                return still.TrueForAll(q => q.MayStandStill);
            },
            Limit,
            () => "every panel has moved:\n" + string.Join('\n', still.Where(q => !q.MayStandStill)
                .Select(q => $"{q.Dashboard}, '{q.Panel}' stood still, {seen[q]}: {q.Filled}")),
            every: Look);
        await stop.CancelAsync();
        await load;

        // What the silo reports of Winnow is what the code's instruments promise under these names, and nothing else.
        // The exporter adds to each counter and histogram when it began.
        var names = (await prometheus.NamesAsync())
            .Where(n => n.StartsWith("winnow_", StringComparison.Ordinal) && !n.EndsWith("_created", StringComparison.Ordinal)).ToArray();
        Assert.NotEmpty(names);
        Assert.All(names, n => Assert.Contains(n, Instruments.Names));
    }

    [Fact]
    public async Task The_operators_port_serves_operators_alone_and_the_front_door_serves_no_metrics()
    {
        await using var silo = await ObservedSilo.StartAsync();
        using var http = new HttpClient();
        Task<HttpResponseMessage> GetAsync(int port, string path) => http.GetAsync(new Uri($"http://127.0.0.1:{port}{path}"));
        using (var metrics = await GetAsync(silo.Operators, "/metrics"))
        {
            Assert.True(metrics.IsSuccessStatusCode);
            var text = await metrics.Content.ReadAsStringAsync();
            Assert.Contains("winnow_scoring_devices{", text, StringComparison.Ordinal);
            Assert.DoesNotContain(ObservedSilo.Key, text, StringComparison.Ordinal);
        }
        foreach (var path in new[] { "/api/v1/datasets", "/openapi/v1.json", "/", "/metricsx" })
            Assert.Equal(System.Net.HttpStatusCode.NotFound, (await GetAsync(silo.Operators, path)).StatusCode);
        Assert.Equal(System.Net.HttpStatusCode.Unauthorized, (await GetAsync(silo.FrontDoor, "/metrics")).StatusCode);

        // What the container asks for its health.
        var port = silo.Operators.ToString(System.Globalization.CultureInfo.InvariantCulture);
        Assert.Equal(0, (await Repository.TryRunAsync("bash", "deploy/ask", "GET", port, "/health/ready")).Code);
        Assert.Equal(1, (await Repository.TryRunAsync("bash", "deploy/ask", "GET", port, "/nothing")).Code);
        Assert.NotEqual(0, (await Repository.TryRunAsync("bash", "deploy/ask", "GET", "1", "/health/ready")).Code);
    }
}
