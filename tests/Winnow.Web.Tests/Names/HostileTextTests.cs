using System.Globalization;
using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.Extensions.DependencyInjection;
using Winnow.Abstractions.Datasets;
using Winnow.Abstractions.Security;
using Winnow.Client;
using Winnow.Grains.Ports;
using Winnow.Model.Datasets;
using Winnow.Model.Images;
using Winnow.Model.Labels;
using Winnow.Model.Review;
using Winnow.Model.Security;
using Winnow.Testing;
using Winnow.Web.Security;
using Winnow.Web.Tests.Requests;
using Winnow.Web.Tests.Security;

namespace Winnow.Web.Tests.Names;

/// <summary>
/// Texts that want to be obeyed, sent through the API and stored as an earlier release would have: what answers, tables and the command
/// line show of them.
/// </summary>
[Trait("kind", "security")]
public sealed partial class HostileTextTests(Server server) : IClassFixture<Server>
{
    private static readonly DatasetSettings Small = new() { Shards = 1, AuditSample = 0, ProjectionDimensions = 16 };

    private static LabelSchema Schema(params string[] names) => new() { Classes = [.. names.Select(n => new LabelClass(n))] };

    private HttpClient Http { get; } = new() { BaseAddress = server.Address };

    private IGrainFactory Grains => server.Services.GetRequiredService<IGrainFactory>();

    private async Task<string> DatasetAsync(params string[] classes)
    {
        var name = "h" + Guid.NewGuid().ToString("n")[..12];
        await server.Client.CreateDatasetAsync(new CreateDataset(name, Schema(classes), Small));
        return name;
    }

    private static async IAsyncEnumerable<ImageToImport> Images(params string[] names)
    {
        for (var i = 0; i < names.Length; i++)
        {
            var index = i;
            yield return new ImageToImport(names[i], _ => ValueTask.FromResult<ReadOnlyMemory<byte>>(DrawnImages.Draw(index)));
        }
        await Task.CompletedTask;
    }

    /// <summary>All texts of an answer, decoded: JSON itself writes what is obeyed as <c>\u001B</c>.</summary>
    private static IEnumerable<string> TextsOf(JsonElement json) => json.ValueKind switch
    {
        JsonValueKind.Object => json.EnumerateObject().SelectMany(m => TextsOf(m.Value)),
        JsonValueKind.Array => json.EnumerateArray().SelectMany(TextsOf),
        JsonValueKind.String => [json.GetString()!],
        _ => [],
    };

    private async Task ShownCleanAsync(string address)
    {
        using var answer = JsonDocument.Parse(await Http.GetStringAsync(new Uri(address, UriKind.Relative)));
        foreach (var text in TextsOf(answer.RootElement)) Assert.Null(HostileTexts.Obeyed(text));
    }

    [Theory, MemberData(nameof(HostileTexts.Kinds), MemberType = typeof(HostileTexts))]
    public async Task What_people_write_is_kept_in_one_line(string kind)
    {
        var text = HostileTexts.All[kind];
        var dataset = "h" + Guid.NewGuid().ToString("n")[..12];
        var schema = new LabelSchema { Classes = [new LabelClass("cat", text), new LabelClass("dog")] };
        var made = await server.Client.CreateDatasetAsync(new CreateDataset(dataset, schema, Small));
        // The same request again is the same dataset, whatever was left out of its texts.
        await server.Client.CreateDatasetAsync(new CreateDataset(dataset, schema, Small));
        var version = await server.Client.CreateVersionAsync(dataset, new CreateVersion(text));
        var key = await server.Client.CreateKeyAsync(new CreateApiKey(Principal.Parse("service:shown"), text));
        IngestResult image = null!;
        await foreach (var result in server.Client.ImportAsync(dataset, Images(text))) image = result;
        var correction = new SubmitDecision(image.Id!.Value, Guid.NewGuid(),
            new Decision { Kind = DecisionKind.Label, Annotations = [new ClassTag("cat")], Comment = text }, ExpectedVersion: 0);
        Assert.Equal(SubmitStatus.Recorded, Assert.Single(await server.Client.SubmitAsync(dataset, [correction])).Status);
        var detail = await server.Client.GetImageAsync(dataset, image.Id.Value);

        string?[] kept =
            [made.Schema.Classes[0].Title, version.Note, key.Info.Description, detail.Name, detail.History[0].Decision.Comment];
        Assert.All(kept, shown =>
        {
            Assert.Null(HostileTexts.Obeyed(shown!));
            Assert.Contains(HostileTexts.Seen, shown!, StringComparison.Ordinal);
        });
        foreach (var path in new[] { "", "/versions", "/images", $"/images/{image.Id}" })
            await ShownCleanAsync($"/api/v1/datasets/{dataset}{path}");
        await ShownCleanAsync("/api/v1/keys");
    }

    [Fact]
    public async Task Each_text_of_each_operation_is_taken_clean_or_refused_in_a_sentence_that_is()
    {
        var dataset = await DatasetAsync("cat", "dog");
        var image = "";
        await foreach (var result in server.Client.ImportAsync(dataset, Images("one.png"))) image = result.Id!.Value.ToString();
        using var document = JsonDocument.Parse(await Http.GetStringAsync(new Uri("/openapi/v1.json", UriKind.Relative)));
        var (tried, wrong) = (0, new List<string>());
        foreach (var operation in ApiOperation.Read(document).Where(o => o.Path.StartsWith("/api/", StringComparison.Ordinal)))
        {
            var stated = document.RootElement.GetProperty("paths").GetProperty(operation.Path)
                .GetProperty(operation.Method.ToLowerInvariant());
            if (!stated.TryGetProperty("requestBody", out var body)
                || !body.GetProperty("content").TryGetProperty("application/json", out var json)) continue;
            var path = operation.Path.Replace("{dataset}", dataset, StringComparison.Ordinal)
                .Replace("{arm}", "main", StringComparison.Ordinal)
                .Replace("{number}", "1", StringComparison.Ordinal).Replace("{source}", "none", StringComparison.Ordinal);
            foreach (var (kind, text) in HostileTexts.All)
            {
                var places = new SchemaBodies(document.RootElement, new Random(tried), image).Make(json.GetProperty("schema")).Places;
                for (var at = 0; at < places.Count; at++)
                {
                    // Made anew for each place: one text at a time is hostile.
                    var (made, again) = new SchemaBodies(document.RootElement, new Random(tried), image).Make(json.GetProperty("schema"));
                    if (at >= again.Count || again[at].Value.GetValueKind() != JsonValueKind.String) continue;
                    if (again[at].Value.Parent is null) continue;
                    again[at].Value.ReplaceWith(JsonValue.Create(text));
                    using var request = new HttpRequestMessage(new HttpMethod(operation.Method), path)
                    {
                        Content = JsonContent.Create(made),
                    };
                    using var response = await Http.SendAsync(request);
                    tried++;
                    var said = await response.Content.ReadAsStringAsync();
                    if (said.Length == 0) continue;
                    using var answer = JsonDocument.Parse(said);
                    var obeyed = TextsOf(answer.RootElement).FirstOrDefault(t => HostileTexts.Obeyed(t) is not null);
                    if (obeyed is not null || (int)response.StatusCode is >= 500 and not 501)
                        wrong.Add($"{operation.Name} {again[at].Path} {kind}: {(int)response.StatusCode} "
                            + $"{said[..Math.Min(300, said.Length)]}");
                }
            }
        }
        Assert.True(wrong.Count == 0, $"{wrong.Count} of {tried}:\n{string.Join('\n', wrong.Take(20))}");
        Assert.True(tried > 20 * HostileTexts.All.Count, $"only {tried} were tried");
    }

    [Theory, MemberData(nameof(HostileTexts.Kinds), MemberType = typeof(HostileTexts))]
    public async Task Names_in_bodies_addresses_and_headers_are_refused(string kind)
    {
        var text = HostileTexts.All[kind];
        var dataset = await DatasetAsync("cat", "dog");
        var written = JsonValue.Create(text).ToJsonString();
        var escaped = Uri.EscapeDataString(text);
        (string Method, string Path, string? Body)[] requests =
        [
            ("POST", "/datasets", $$$"""{"name":{{{written}}},"schema":{"classes":[{"name":"a"},{"name":"b"}]}}"""),
            ("POST", "/datasets", $$$"""{"name":"x","schema":{"classes":[{"name":{{{written}}}},{"name":"b"}]}}"""),
            ("POST", "/datasets", $$$"""{"name":"x","schema":{"classes":[{"name":"a","color":{{{written}}}},{"name":"b"}]}}"""),
            ("POST", "/datasets",
                $$$"""{"name":"x","schema":{"classes":[{"name":"a"},{"name":"b"}]},"settings":{"backbone":{{{written}}}}}"""),
            ("POST", $"/datasets/{dataset}/rounds", $$$"""{"batchSize":1,"strategy":{{{written}}}}"""),
            ("POST", $"/datasets/{dataset}/rounds", $$$"""{"batchSize":1,"arm":{{{written}}}}"""),
            ("POST", $"/datasets/{dataset}/sources", $$$"""{"name":"s","bucket":"bucket","prefix":{{{written}}}}"""),
            ("POST", "/keys", $$$"""{"principal":"service:x","scope":{"datasets":[{{{written}}}]}}"""),
            ("GET", $"/datasets/{dataset}/images?after={escaped}", null),
            ("GET", $"/datasets/{dataset}/images?{escaped}=1", null),
            ("GET", $"/datasets/{dataset}/versions/1/export?format={escaped}", null),
            ("GET", $"/datasets/{escaped}/versions", null),
        ];
        foreach (var (method, path, body) in requests)
        {
            using var request = new HttpRequestMessage(new HttpMethod(method), $"/api/v1{path}");
            if (body is not null) request.Content = new StringContent(body, Encoding.UTF8, "application/json");
            await RefusedAsync(request);
        }
        using var acting = new HttpRequestMessage(HttpMethod.Get, "/api/v1/datasets");
        acting.Headers.Add(ActingName.Header, "UTF-8''" + escaped);
        await RefusedAsync(acting);
    }

    private async Task RefusedAsync(HttpRequestMessage request)
    {
        using var response = await Http.SendAsync(request);
        var said = await response.Content.ReadAsStringAsync();
        Assert.True(response.StatusCode is HttpStatusCode.BadRequest or HttpStatusCode.NotFound,
            $"{request.RequestUri} {response.StatusCode} {said}");
        // A zero in an address is refused by the server before any of it is read.
        if (said.Length == 0) return;
        using var problem = JsonDocument.Parse(said);
        Assert.All(TextsOf(problem.RootElement), text => Assert.Null(HostileTexts.Obeyed(text)));
    }

    [Theory]
    [InlineData("/datasets/{0}/versions", """{"note":"{1}"}""", CreateVersion.MaxNote)]
    [InlineData("/keys", """{"principal":"service:long","description":"{1}"}""", CreateApiKey.MaxDescription)]
    [InlineData("/datasets", """{"name":"long","schema":{"classes":[{"name":"a","title":"{1}"},{"name":"b"}]}}""", LabelClass.MaxTitle)]
    [InlineData("/datasets", """{"name":"long","schema":{"classes":[{"name":"a","color":"{1}"},{"name":"b"}]}}""", LabelClass.MaxColor)]
    public async Task What_is_too_long_is_refused_with_its_place(string path, string body, int most)
    {
        var dataset = await DatasetAsync("cat", "dog");
        using var request = new HttpRequestMessage(HttpMethod.Post, $"/api/v1{path.Replace("{0}", dataset, StringComparison.Ordinal)}")
        {
            Content = new StringContent(
                body.Replace("{1}", new string('x', most + 1), StringComparison.Ordinal), Encoding.UTF8, "application/json"),
        };
        using var response = await Http.SendAsync(request);
        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        var limit = string.Create(CultureInfo.InvariantCulture, $"{most + 1} characters; at most {most}");
        Assert.Contains(limit, await response.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_earlier_releases_stored_is_shown_clean_and_line_by_line()
    {
        var all = string.Join(' ', HostileTexts.All.Values);
        var dataset = "h" + Guid.NewGuid().ToString("n")[..12];
        // As a release without this rule took them in: past the front door.
        var schema = new LabelSchema { Classes = [new LabelClass("cat", all, "re\nd"), new LabelClass("a\u202Eb")] };
        var stored = new DatasetInfo(dataset, schema, Small, DateTimeOffset.UnixEpoch.AddYears(50), "somebody");
        Assert.True(await server.Services.GetRequiredService<IDatasetLedger>().AddDatasetAsync(stored, CancellationToken.None));
        await Grains.GetGrain<IDatasetGrain>(dataset)
            .CreateVersionAsync(new CreateVersion(all), Guid.NewGuid(), all, CancellationToken.None);
        var (id, text) = KeyText.Make();
        var now = TimeProvider.System.GetUtcNow();
        var key = new ApiKeyInfo(id, Principal.Parse("service:old"), all, new KeyScope(), now, all, now.AddDays(1));
        await Grains.GetGrain<IApiKeyIndexGrain>(0).CreateAsync(key, KeyText.ProofOf(text), CancellationToken.None);

        await ShownCleanAsync($"/api/v1/datasets/{dataset}/versions");
        await ShownCleanAsync("/api/v1/keys");
        string[][] commands =
            [["versions", "list", dataset], ["datasets", "list"], ["datasets", "show", dataset], ["keys", "list"], ["list", dataset]];
        foreach (var command in commands)
        {
            var result = await CliProcess.RunAsync(server.Address, [], command);
            Assert.True(result.ExitCode == 0, result.Output);
            Assert.Null(HostileTexts.Obeyed(result.Output, lines: true));
        }
        var versions = await CliProcess.RunAsync(server.Address, [], "versions", "list", dataset);
        var lines = versions.Output.TrimEnd('\n').Split('\n');
        Assert.Equal(2, lines.Length);
        Assert.All(lines, line => Assert.Equal(7, line.Split('\t').Length));
    }
}
