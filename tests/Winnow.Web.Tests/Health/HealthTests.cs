using System.Net;
using System.Net.Http.Json;
using Microsoft.Extensions.DependencyInjection;
using Winnow.Grains.Ports;
using Winnow.Model;
using Winnow.Model.Health;
using Winnow.Testing;

namespace Winnow.Web.Tests.Health;

/// <summary>The health page: what routes requests learns whether to send them, and a person which part is down.</summary>
public sealed class HealthTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);

    private static async Task<(HttpStatusCode Status, HealthReport Report)> ReadyAsync(HttpClient http)
    {
        using var answer = await http.GetAsync("/health/ready");
        return (answer.StatusCode, (await answer.Content.ReadFromJsonAsync(ModelJson.Default.HealthReport))!);
    }

    [Fact]
    public async Task A_store_that_is_down_is_named_and_its_return_is_seen()
    {
        var store = new StoreOfTest();
        await using var server = await OwnServer.StartAsync(services => services.AddSingleton<IStorageHealth>(store));
        using var http = new HttpClient { BaseAddress = server.Address };
        var (status, report) = await ReadyAsync(http);
        Assert.Equal((HttpStatusCode.OK, true), (status, report.Ready));
        Assert.Equal(["cluster", "ledger", "objects", "shelf"], report.Parts.Select(p => p.Name));
        Assert.All(report.Parts, p => Assert.Null(p.Problem));

        foreach (var (check, said) in new (Func<CancellationToken, Task<string?>>, string)[]
        {
            (_ => Task.FromResult<string?>("The shelf is full: make room."), "The shelf is full: make room."),
            (_ => throw new IOException("The shelf has fallen."), "The shelf has fallen."),
            (async ct =>
            {
                await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, ct);
                return null;
            }, "No answer within 3 s."),
        })
        {
            store.Check = check;
            await Until.TrueAsync(async () => (await ReadyAsync(http)).Report.Parts.Single(p => p.Name == "shelf").Problem == said,
                Patience, () => $"the health page says '{said}'");
            (status, report) = await ReadyAsync(http);
            Assert.Equal((HttpStatusCode.ServiceUnavailable, false), (status, report.Ready));
            Assert.Equal(["shelf"], report.Parts.Where(p => p.Problem is not null).Select(p => p.Name));
            // Not a reason to start the process again: that would mend no store.
            Assert.Equal("live", await http.GetStringAsync("/health/live"));
        }

        store.Check = _ => Task.FromResult<string?>(null);
        await Until.TrueAsync(async () => (await ReadyAsync(http)) is (HttpStatusCode.OK, { Ready: true }), Patience,
            () => "the silo is ready again");
    }

    private sealed class StoreOfTest : IStorageHealth
    {
        public Func<CancellationToken, Task<string?>> Check { get; set; } = _ => Task.FromResult<string?>(null);

        public string Name => "shelf";

        public Task<string?> CheckAsync(CancellationToken cancellationToken) => Check(cancellationToken);
    }
}
