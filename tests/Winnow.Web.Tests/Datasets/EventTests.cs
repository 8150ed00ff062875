using System.Net;
using Microsoft.Extensions.DependencyInjection;
using Winnow.Client;
using Winnow.Model.Datasets;
using Winnow.Model.Labels;
using Winnow.Model.Overview;
using Winnow.Model.Security;
using Winnow.Model.Training;
using Winnow.Testing;
using Winnow.Web.Datasets;

namespace Winnow.Web.Tests.Datasets;

/// <summary>Whoever listens is told of each change, for as long as they may, and keeps no server from ending.</summary>
public sealed class EventTests
{
    private const string Key = "the-key-of-the-event-tests";
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);

    private static Task<DatasetInfo> CreateAsync(WinnowClient client, string name) => client.CreateDatasetAsync(new CreateDataset(
        name, new LabelSchema { Classes = [.. DrawnImages.Classes.Select(c => new LabelClass(c))] },
        new DatasetSettings { Shards = 1, AuditSample = 0, ProjectionDimensions = 16 }));

    [Fact]
    public async Task Whoever_listens_is_told_of_each_change_and_one_asks_for_all()
    {
        await using var server = await OwnServer.StartAsync();
        await CreateAsync(server.Client, "told");
        using var stop = new CancellationTokenSource(Patience);
        var seen = new List<DatasetStatus>[3];
        var listeners = Enumerable.Range(0, 3).Select(async i =>
        {
            seen[i] = [];
            await foreach (var status in server.Client.ListenStatusAsync("told", stop.Token))
            {
                seen[i].Add(status);
                if (status is { Images: 40, OpenTasks: 5 }) return;
            }
        }).ToList();
        await Until.TrueAsync(() => Task.FromResult(seen.All(s => s is { Count: > 0 })), Patience, () => "all are told where it stands");
        Assert.Equal(1, server.Services.GetRequiredService<StatusFeed>().Watched);
        await foreach (var _ in server.Client.ImportAsync("told", DrawnImages.EnumerateAsync(40)))
        {
        }
        await server.Client.WaitForScoringAsync("told");
        await server.Client.StartRoundAsync("told", new StartRound(5));
        await Task.WhenAll(listeners);
        Assert.All(seen, s => Assert.Equal((0, 0), (s[0].Images, s[0].RoundsStarted)));
        Assert.All(seen, s => Assert.Equal((1, 0), (s[^1].RoundsStarted, s[^1].VersionsMade)));
        // Nothing is told twice.
        Assert.All(seen, s => Assert.Equal(s.Count, s.Zip(s.Skip(1)).Count(p => p.First != p.Second) + 1));
        await Until.TrueAsync(() => Task.FromResult(server.Services.GetRequiredService<StatusFeed>().Watched == 0), Patience,
            () => "nothing is asked for any more");
    }

    [Fact]
    public async Task Who_knows_the_state_is_told_when_there_is_another()
    {
        await using var server = await OwnServer.StartAsync();
        await CreateAsync(server.Client, "known");
        using var http = new HttpClient { BaseAddress = server.Address };
        // Without word that it takes a stream, it is told once.
        var once = await http.GetStringAsync("/api/v1/datasets/known/events");
        var id = once.Split('\n').Single(l => l.StartsWith("id: ", StringComparison.Ordinal))[4..];
        Assert.Contains("event: status\ndata: {\"name\":\"known\"", once);
        using var request = new HttpRequestMessage(HttpMethod.Get, "/api/v1/datasets/known/events")
        {
            Headers = { { "Last-Event-ID", id }, { "Accept", "text/event-stream" } },
        };
        using var response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        Assert.Equal("text/event-stream", response.Content.Headers.ContentType?.MediaType);
        Assert.True(response.Headers.CacheControl!.NoStore);
        using var lines = new StreamReader(await response.Content.ReadAsStreamAsync());
        Assert.Equal(": nothing new", await lines.ReadLineAsync());
        await foreach (var _ in server.Client.ImportAsync("known", DrawnImages.EnumerateAsync(1)))
        {
        }
        string? line;
        do line = await lines.ReadLineAsync();
        while (line is not null && !line.StartsWith("data: ", StringComparison.Ordinal));
        Assert.Contains("\"images\":1,", line);
        Assert.Equal(HttpStatusCode.NotFound, (await http.GetAsync("/api/v1/datasets/none/events")).StatusCode);
    }

    [Fact]
    public async Task A_stream_ends_with_the_key_that_opened_it()
    {
        await using var server = await OwnServer.StartAsync(key: Key);
        await CreateAsync(server.Client, "ends");
        var person = Principal.Parse("service:ann");
        await server.Client.GrantAccessAsync("ends", new GrantAccess(person, Role.Viewer));
        var key = await server.Client.CreateKeyAsync(new CreateApiKey(person, "to be revoked"));
        using var ann = new WinnowClient(new WinnowClientOptions { Address = server.Address, Key = key.Key });
        using var stop = new CancellationTokenSource(Patience);
        await using var told = ann.ListenStatusAsync("ends", stop.Token).GetAsyncEnumerator();
        Assert.True(await told.MoveNextAsync());
        await server.Client.RevokeKeyAsync(key.Info.Id);
        Assert.False(await told.MoveNextAsync());
        var refused = await Assert.ThrowsAsync<WinnowApiException>(async () =>
        {
            await foreach (var _ in ann.ListenStatusAsync("ends", stop.Token))
            {
            }
        });
        Assert.Equal(HttpStatusCode.Unauthorized, refused.Status);
    }

    [Fact]
    public async Task A_server_that_goes_waits_for_nobody_who_only_listens()
    {
        await using var server = await OwnServer.StartAsync(key: Key);
        await CreateAsync(server.Client, "goes");
        using var stop = new CancellationTokenSource(Patience);
        await using var told = server.Client.ListenStatusAsync("goes", stop.Token).GetAsyncEnumerator();
        Assert.True(await told.MoveNextAsync());
        using var operators = new HttpClient { BaseAddress = server.Operators };
        var ended = told.MoveNextAsync();
        using var drained = await operators.PostAsync("/operator/drain", null, stop.Token);
        Assert.Equal(HttpStatusCode.OK, drained.StatusCode);
        Assert.False(await ended);
    }
}
