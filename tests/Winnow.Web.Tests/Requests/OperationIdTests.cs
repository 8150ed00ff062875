using System.Net;
using System.Text;
using System.Text.Json;
using Winnow.Client;
using Winnow.Model;
using Winnow.Model.Datasets;
using Winnow.Model.Images;
using Winnow.Model.Labels;
using Winnow.Model.Review;
using Winnow.Model.Training;
using Winnow.Testing;
using Winnow.Web.Tests.Training;

namespace Winnow.Web.Tests.Requests;

/// <summary>An operation id belongs to whoever sent it first, and to what was asked for then: every command that takes one.</summary>
[Trait("kind", "security")]
public sealed class OperationIdTests(Server server) : IClassFixture<Server>, IDisposable
{
    private readonly WinnowClient _ann = server.As("ann");
    private readonly WinnowClient _bob = server.As("bob");
    private readonly HttpClient _http = new() { BaseAddress = server.Address };

    public void Dispose()
    {
        _ann.Dispose();
        _bob.Dispose();
        _http.Dispose();
    }

    private static async Task ConflictAsync(Func<Task> call)
    {
        var refused = await Assert.ThrowsAsync<WinnowApiException>(call);
        Assert.Equal((HttpStatusCode.Conflict, RefusalCodes.OperationConflict), (refused.Status, refused.Code));
        Assert.Contains("was used before", refused.Message, StringComparison.Ordinal);
        Assert.Contains("an id of its own", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_answer_is_its_authors()
    {
        var dataset = await server.Client.DatasetAsync(20, LearningServer.Small with { LeasePeriod = TimeSpan.FromSeconds(5) });
        await server.Client.StartRoundAsync(dataset, new StartRound(1));
        var task = Assert.Single(await _ann.TakeAsync(dataset, 1));
        // Once her lease has ended; a late answer counts all the same.
        var bobs = Assert.Single(await _bob.TakeAsync(dataset, 1));
        SubmitDecision Said(ReviewTask by, string label, Guid id) =>
            new(by.Image, id, new Decision { Kind = DecisionKind.Label, Annotations = [new ClassTag(label)] }, by.Lease);
        var operation = Guid.NewGuid();
        var first = Assert.Single(await _ann.SubmitAsync(dataset, [Said(task, "disc", operation)]));
        Assert.Equal((SubmitStatus.Recorded, 1L), (first.Status, first.Version));
        // Hers, the same: told with its first result.
        var again = Assert.Single(await _ann.SubmitAsync(dataset, [Said(task, "disc", operation)]));
        Assert.Equal((SubmitStatus.AlreadyRecorded, 1L), (again.Status, again.Version));
        // His, other content; his, the same content; hers, other content; hers, of no class; a correction under it.
        SubmitDecision[] others =
        [
            Said(bobs, "bars", operation), Said(bobs, "disc", operation), Said(task, "bars", operation), Said(task, "no class", operation),
            Said(task, "frame", operation) with { Lease = null, ExpectedVersion = 1 },
        ];
        foreach (var (person, other) in new[] { _bob, _bob, _ann, _ann, _bob }.Zip(others))
        {
            var result = Assert.Single(await person.SubmitAsync(dataset, [other]));
            Assert.Equal(SubmitStatus.Conflict, result.Status);
            Assert.Contains("was used before", result.Reason, StringComparison.Ordinal);
        }
        var entry = Assert.Single((await server.Client.GetImageAsync(dataset, task.Image)).History);
        Assert.Equal(("ann", "disc"), (entry.Actor, entry.Decision.Annotations[0].Class));
        // Under an id of its own his opinion is taken.
        var opinion = Assert.Single(await _bob.SubmitAsync(dataset, [Said(bobs, "bars", Guid.NewGuid())]));
        Assert.Equal(SubmitStatus.SecondOpinion, opinion.Status);
    }

    private async Task<IngestResult[]> SendAsync(string dataset, string actor, Guid operation, int from, int count, string? label = null)
    {
        using var form = new MultipartFormDataContent();
        for (var i = from; i < from + count; i++) form.Add(new ByteArrayContent(DrawnImages.Draw(i)), "image", $"{i}.png");
        var path = $"/api/v1/datasets/{dataset}/images{(label is null ? "" : $"?label={label}")}";
        using var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = form };
        request.Headers.Add("Idempotency-Key", operation.ToString());
        request.Headers.Add("Winnow-Actor", actor);
        using var response = await _http.SendAsync(request);
        var body = await response.Content.ReadAsStringAsync();
        if (response.IsSuccessStatusCode) return JsonSerializer.Deserialize(body, ModelJson.Default.IngestResultArray)!;
        using var problem = JsonDocument.Parse(body);
        var code = problem.RootElement.TryGetProperty("code", out var named) ? named.GetString() : null;
        throw new WinnowApiException(response.StatusCode, problem.RootElement.GetProperty("detail").GetString()!) { Code = code };
    }

    [Theory]
    [InlineData("")]
    [InlineData(" ")]
    [InlineData("1")]
    [InlineData("00000000-0000-0000-0000-000000000000")]
    public async Task An_id_that_is_none_is_refused_and_nothing_is_done_under_another(string id)
    {
        var dataset = await server.Client.DatasetAsync(0, scored: false);
        using var request = new HttpRequestMessage(HttpMethod.Post, $"/api/v1/datasets/{dataset}/versions");
        request.Content = new StringContent("{}", Encoding.UTF8, "application/json");
        request.Headers.TryAddWithoutValidation("Idempotency-Key", id);
        using var response = await _http.SendAsync(request);
        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        Assert.Contains("Idempotency-Key must be a UUID", await response.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        Assert.Empty(await server.Client.ListVersionsAsync(dataset));
    }

    [Fact]
    public async Task A_lot_is_its_senders_whichever_shards_it_falls_into()
    {
        // With so many shards two lots of one image hardly ever meet in one.
        var dataset = await server.Client.DatasetAsync(0, LearningServer.Small with { Shards = 64 }, scored: false);
        var operation = Guid.NewGuid();
        var first = await SendAsync(dataset, "ann", operation, 0, 1);
        Assert.Equal(IngestStatus.Accepted, Assert.Single(first).Status);
        for (var other = 1; other <= 20; other++)
        {
            var from = other;
            await ConflictAsync(() => SendAsync(dataset, "bob", operation, from, 1));
            await ConflictAsync(() => SendAsync(dataset, "ann", operation, from, 1));
        }
        // The same images from somebody else, with a label, or with one more.
        await ConflictAsync(() => SendAsync(dataset, "bob", operation, 0, 1));
        await ConflictAsync(() => SendAsync(dataset, "ann", operation, 0, 1, "disc"));
        await ConflictAsync(() => SendAsync(dataset, "ann", operation, 0, 40));
        Assert.Equal(1, (await server.Client.GetStatusAsync(dataset)).Images);
        // Nothing has come to harm: hers is still answered as it was, and his is taken under an id of his own.
        Assert.Equal(first, await SendAsync(dataset, "ann", operation, 0, 1));
        Assert.All(await SendAsync(dataset, "bob", Guid.NewGuid(), 1, 40), r => Assert.Equal(IngestStatus.Accepted, r.Status));
        Assert.Equal(41, (await server.Client.GetStatusAsync(dataset)).Images);
    }

    [Fact]
    public async Task A_round_is_started_by_whoever_started_it()
    {
        var dataset = await server.Client.DatasetAsync(20);
        var operation = Guid.NewGuid();
        var started = await _ann.StartRoundAsync(dataset, new StartRound(5), operation);
        Assert.Equal(started.Number, (await _ann.StartRoundAsync(dataset, new StartRound(5), operation)).Number);
        await ConflictAsync(() => _bob.StartRoundAsync(dataset, new StartRound(5), operation));
        await ConflictAsync(() => _ann.StartRoundAsync(dataset, new StartRound(6), operation));
        await ConflictAsync(() => _ann.StartRoundAsync(dataset, new StartRound(5, Arms.Control), operation));
        Assert.Equal("ann", Assert.Single(await server.Client.ListRoundsAsync(dataset)).StartedBy);
    }

    [Fact]
    public async Task A_round_is_ended_by_whoever_ended_it()
    {
        var dataset = await server.Client.DatasetAsync(40);
        await server.Client.StartRoundAsync(dataset, new StartRound(30));
        await server.Client.AnswerAsync(dataset, await server.Client.TakeAsync(dataset, 15), LearningServer.Right);
        var operation = Guid.NewGuid();
        // All at once: one of them has it. The others are told, but for those who come when the round has ended.
        WinnowClient[] people = [.. Enumerable.Range(0, 12).Select(n => server.As($"person {n}"))];
        var ends = await Task.WhenAll(people.Select(async person =>
        {
            try
            {
                return (await person.EndRoundAsync(dataset, Arms.Main, 1, operation)).EndedBy;
            }
            catch (WinnowApiException refused) when (refused.Code == RefusalCodes.OperationConflict)
            {
                return null;
            }
        }));
        foreach (var person in people) person.Dispose();
        Assert.Contains(ends, e => e is null);
        var by = Assert.Single(ends.OfType<string>().Distinct());
        var ended = await server.Client.EndOfAsync(dataset);
        Assert.Equal(by, ended.EndedBy);
        // What has ended is answered with its end, whoever asks.
        Assert.Equal(ended, await _ann.EndRoundAsync(dataset, Arms.Main, 1, operation));
        Assert.Equal(ended, await _bob.EndRoundAsync(dataset, Arms.Main, 1, operation));
    }

    [Fact]
    public async Task A_version_is_its_makers()
    {
        var dataset = await server.Client.DatasetAsync(10, scored: false);
        var operation = Guid.NewGuid();
        var made = await _ann.CreateVersionAsync(dataset, new CreateVersion("first"), operation);
        Assert.Equal(made, await _ann.CreateVersionAsync(dataset, new CreateVersion("first"), operation));
        await ConflictAsync(() => _bob.CreateVersionAsync(dataset, new CreateVersion("first"), operation));
        await ConflictAsync(() => _ann.CreateVersionAsync(dataset, new CreateVersion("second"), operation));
        await ConflictAsync(() => _ann.CreateVersionAsync(dataset, new CreateVersion(), operation));
        Assert.Equal(made, Assert.Single(await server.Client.ListVersionsAsync(dataset)));
        // Two at once, before there is a version to compare with.
        var next = Guid.NewGuid();
        var tries = await Task.WhenAll(Enumerable.Range(0, 6).Select(async n =>
        {
            try
            {
                return (await (n % 2 == 0 ? _ann : _bob).CreateVersionAsync(dataset, new CreateVersion("next"), next)).CreatedBy;
            }
            catch (WinnowApiException refused) when (refused.Code == RefusalCodes.OperationConflict)
            {
                return null;
            }
        }));
        Assert.Equal(3, tries.Count(t => t is not null));
        Assert.Single(tries.OfType<string>().Distinct());
        Assert.Equal(2, (await server.Client.ListVersionsAsync(dataset)).Count);
    }

    [Fact]
    public async Task The_document_names_the_conflict_of_every_command_that_takes_an_id()
    {
        using var document = JsonDocument.Parse(await _http.GetStringAsync("/openapi/v1.json"));
        var paths = document.RootElement.GetProperty("paths");
        string[] commands = ["images", "uploads/complete", "rounds", "rounds/{arm}/{number}/end", "versions", "tasks/lease"];
        foreach (var command in commands)
        {
            var operation = paths.GetProperty($"/api/v1/datasets/{{dataset}}/{command}").GetProperty("post");
            var responses = operation.GetProperty("responses");
            Assert.True(responses.TryGetProperty("409", out _), $"{command} names no 409");
            Assert.True(responses.TryGetProperty("200", out _), $"{command} names no 200");
        }
    }
}
