using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Winnow.Model;
using Winnow.Model.Datasets;
using Winnow.Model.Health;
using Winnow.Model.Labels;
using Winnow.Testing;

namespace Winnow.Web.Tests.Health;

/// <summary>What an operator asks before a silo is removed, and how it goes out.</summary>
public sealed class DrainTests
{
    private const string Key = "the-key-of-the-drain-tests";
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);

    private static async Task<SiloReport> AskAsync(HttpClient operators) =>
        (await operators.GetFromJsonAsync("/operator/silo", ModelJson.Default.SiloReport))!;

    private static async Task<SiloReport> DrainAsync(HttpClient operators)
    {
        using var answer = await operators.PostAsync("/operator/drain", null);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        return (await answer.Content.ReadFromJsonAsync(ModelJson.Default.SiloReport))!;
    }

    private static async Task<HealthReport> ReadyAsync(HttpClient http)
    {
        using var answer = await http.GetAsync("/health/ready");
        var report = (await answer.Content.ReadFromJsonAsync(ModelJson.Default.HealthReport))!;
        Assert.Equal(report.Ready ? HttpStatusCode.OK : HttpStatusCode.ServiceUnavailable, answer.StatusCode);
        return report;
    }

    [Fact]
    public async Task A_silo_turns_requests_away_then_ends_those_under_way_then_holds_nothing()
    {
        var log = new ErrorLog();
        await using var server = await OwnServer.StartAsync(services => services.AddSingleton<ILoggerProvider>(log), Key);
        using var operators = new HttpClient { BaseAddress = server.Operators };
        using var door = new HttpClient { BaseAddress = server.Address };
        await server.Client.CreateDatasetAsync(
            new CreateDataset("shapes", new LabelSchema { Classes = [.. DrawnImages.Classes.Select(c => new LabelClass(c))] },
                new DatasetSettings { Shards = 2 }));
        await server.Client.GetStatusAsync("shapes");
        var before = await AskAsync(operators);
        Assert.Equal(("serving", 0, false), (before.State, before.Successors, before.SafeToRemove));
        Assert.Equal((2, 1), (before.Grains["shard"], before.Grains["dataset"]));
        Assert.True((await ReadyAsync(door)).Ready);

        using var slow = new SlowUpload();
        using var upload = new HttpRequestMessage(HttpMethod.Post, "/api/v1/datasets/shapes/images")
        {
            Content = slow,
            Headers = { Authorization = new AuthenticationHeaderValue("Bearer", Key) },
        };
        var uploading = door.SendAsync(upload);
        await Until.TrueAsync(async () => (await AskAsync(operators)).Requests == 2, Patience, () => "the upload is under way");
        // Two who ask wait for one drain, and neither waits for the other's request.
        Task<SiloReport>[] draining = [DrainAsync(operators), DrainAsync(operators)];
        await Until.TrueAsync(async () => !(await ReadyAsync(door)).Ready, Patience, () => "the silo turns requests away");
        Assert.Contains((await ReadyAsync(door)).Parts, p => p is { Name: "silo", Problem: not null });
        Assert.Equal("draining", (await AskAsync(operators)).State);
        Assert.DoesNotContain(draining, d => d.IsCompleted);

        slow.Finish();
        using var uploaded = await uploading;
        Assert.Equal(HttpStatusCode.OK, uploaded.StatusCode);
        Assert.Contains("accepted", await uploaded.Content.ReadAsStringAsync());
        foreach (var report in await Task.WhenAll(draining).WaitAsync(Patience))
        {
            Assert.Equal(("drained", true), (report.State, report.SafeToRemove));
            Assert.Empty(report.Grains);
        }
        Assert.Equal("drained", (await DrainAsync(operators)).State);
        Assert.Contains((await ReadyAsync(operators)).Parts, p => p.Name == "silo");
        Assert.Equal("live", await door.GetStringAsync("/health/live"));
        await server.StopAsync();
        // The shard may have asked the device for the image while Orleans shut down, which calls that an error; the lot is asked for again.
        var told = log.Lines.Where(l => !(l.Contains("IScoringGrain", StringComparison.Ordinal)
            && l.Contains("is shutting down", StringComparison.Ordinal))).ToArray();
        Assert.True(told.Length == 0, string.Join("\n", told));
    }

    [Fact]
    public async Task The_operators_listener_is_for_this_machine_and_holds_nothing_of_the_api()
    {
        await using var server = await OwnServer.StartAsync(key: Key);
        using var http = new HttpClient { BaseAddress = server.Operators };
        async Task<HttpStatusCode> SendAsync(Uri at, string path, Action<HttpRequestHeaders>? headers = null)
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(at, path));
            headers?.Invoke(request.Headers);
            using var answer = await http.SendAsync(request);
            return answer.StatusCode;
        }

        void WithKey(HttpRequestHeaders headers) => headers.Authorization = new AuthenticationHeaderValue("Bearer", Key);
        Assert.Equal(HttpStatusCode.OK, await SendAsync(server.Operators, "/operator/silo"));
        Assert.Equal(HttpStatusCode.OK, await SendAsync(server.Operators, "/health/ready"));
        Assert.Equal(HttpStatusCode.OK, await SendAsync(server.Operators, "/metrics"));
        // Pages in a browser on this machine are on this machine too.
        Assert.Equal(HttpStatusCode.Forbidden,
            await SendAsync(server.Operators, "/operator/silo", h => h.Add("Origin", "http://elsewhere.example")));
        Assert.Equal(HttpStatusCode.Forbidden, await SendAsync(server.Operators, "/operator/silo", h => h.Host = "elsewhere.example"));
        foreach (var path in new[] { "/api/v1/datasets", "/api/v1/whoami", "/openapi/v1.json", "/" })
            Assert.Equal(HttpStatusCode.NotFound, await SendAsync(server.Operators, path, WithKey));

        Assert.Equal(HttpStatusCode.Unauthorized, await SendAsync(server.Address, "/operator/silo"));
        Assert.Equal(HttpStatusCode.OK, await SendAsync(server.Address, "/operator/silo", WithKey));
        using (var drain = await http.PostAsync(new Uri(server.Address, "/operator/drain"), null))
            Assert.Equal(HttpStatusCode.Unauthorized, drain.StatusCode);
        Assert.Equal(HttpStatusCode.OK, await SendAsync(server.Address, "/api/v1/datasets", WithKey));
        Assert.NotEqual(HttpStatusCode.OK, await SendAsync(server.Address, "/metrics", WithKey));
        Assert.Equal("serving", (await AskAsync(http)).State);
    }

    [Theory]
    [InlineData("http://127.0.0.1:0")]
    [InlineData("http://0.0.0.0:5080")]
    public void A_listener_that_cannot_be_told_from_the_front_door_is_refused(string url)
    {
        var refused = Assert.Throws<InvalidOperationException>(() =>
            Winnow.Silo.Hosting.WinnowHost.Build(["--urls", "http://127.0.0.1:5080", "--Metrics:Url", url]));
        Assert.Contains("Metrics:Url", refused.Message);
    }

    /// <summary>A lot whose bytes come when they are told to.</summary>
    private sealed class SlowUpload : HttpContent
    {
        private readonly TaskCompletionSource _finish = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly MultipartFormDataContent _lot = new() { { new ByteArrayContent(DrawnImages.Draw(1)), "file", "disc/1.png" } };

        public SlowUpload() => Headers.ContentType = _lot.Headers.ContentType;

        public void Finish() => _finish.TrySetResult();

        protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context)
        {
            // The head goes out, so that the server has the request.
            await stream.FlushAsync();
            await _finish.Task;
            await _lot.CopyToAsync(stream);
        }

        protected override bool TryComputeLength(out long length)
        {
            length = 0;
            return false;
        }

        protected override void Dispose(bool disposing)
        {
            _lot.Dispose();
            base.Dispose(disposing);
        }
    }
}
