using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Winnow.Model.Datasets;
using Winnow.Model.Labels;
using Winnow.Testing;

namespace Winnow.Web.Tests.Requests;

/// <summary>
/// What a caller gets to hear who sends something wrong: where it is wrong and what should stand there, and never that the server failed.
/// </summary>
public sealed class BadRequestTests(BadRequestTests.Setup setup) : IClassFixture<BadRequestTests.Setup>
{
    private const string Sound = """{"name":"a"},{"name":"b"}""";

    [Theory]
    [InlineData("/datasets", "null", "$: it must be an object with name, schema, and is missing or null")]
    [InlineData("/datasets", "", "$: it must be an object with name, schema")]
    [InlineData("/datasets", "[]", "$: it must be an object with name, schema")]
    [InlineData("/datasets", "{}", "$: it must have name, schema")]
    [InlineData("/datasets", "{", "no JSON at $, line 1, byte 2")]
    [InlineData("/datasets", "{\"name\":\"x\",}", "no JSON at $, line 1, byte 13")]
    [InlineData("/datasets", """{"name":null,"schema":{}}""", "$.name: it must be a text")]
    [InlineData("/datasets", """{"name":["x"],"schema":{}}""", "$.name: it must be a text")]
    [InlineData("/datasets", """{"name":"x","schema":{}}""", "$.schema: it must have classes")]
    [InlineData("/datasets", """{"name":"x","schema":{"classes":null}}""", "$.schema.classes: it must be a list")]
    [InlineData("/datasets", """{"name":"x","schema":{"classes":[null,null]}}""",
        "$.schema.classes[0]: it must be an object with name, not null")]
    [InlineData("/datasets", """{"name":"x","schema":{"classes":[{"name":"a"},{"name":null}]}}""",
        "$.schema.classes[1].name: it must be a text")]
    [InlineData("/datasets", """{"name":"x","schema":{"classes":[{"name":"a"},{}]}}""", "$.schema.classes[1]: it must have name")]
    [InlineData("/datasets", """{"name":"x","schema":{"classes":["a","b"]}}""", "$.schema.classes[0]: it must be an object with name")]
    [InlineData("/datasets", $$$"""{"name":"x","schema":{"classes":[{{{Sound}}}],"geometries":null}}""",
        "$.schema.geometries: it must be a list")]
    [InlineData("/datasets", $$$"""{"name":"x","schema":{"classes":[{{{Sound}}}],"geometries":["nope"]}}""",
        "$.schema.geometries[0]: it must be class, box, polygon, mask, text, polyline or keypoints")]
    [InlineData("/datasets", $$$"""{"name":"x","schema":{"classes":[{{{Sound}}}]},"settings":{"shards":1e99}}""",
        "$.settings.shards: it must be a whole number from -2147483648 to 2147483647")]
    [InlineData("/datasets", $$$"""{"name":"x","schema":{"classes":[{{{Sound}}}]},"settings":{"seed":-1}}""",
        "$.settings.seed: it must be a whole number from 0 to 18446744073709551615")]
    [InlineData("/datasets", $$$"""{"name":"x","schema":{"classes":[{{{Sound}}}]},"settings":{"leasePeriod":"forever"}}""",
        "$.settings.leasePeriod: it must be a length of time such as 00:05:00")]
    [InlineData("/datasets", $$$"""{"name":"x","schema":{"classes":[{{{Sound}}}]},"settings":{"backbone":null}}""",
        "$.settings.backbone: it must be a text")]
    [InlineData("/datasets", $$$"""{"name":"x","schema":{"classes":[{{{Sound}}}]},"settings":{"shrads":8}}""",
        "'shrads'. Is 'shards' meant?")]
    [InlineData("/datasets", $$$"""{"name":"x","schema":{"classes":[{{{Sound}}}]},"colour":1}""",
        "'colour'. Known are: name, schema, settings")]
    [InlineData("/datasets", $$$"""{"name":"x","name":"y","schema":{"classes":[{{{Sound}}}]}}""", "$.name: it stands there twice")]
    [InlineData("/datasets", """{"name":"x","schema":{"classes":[{"name":"\ud800"},{"name":"b"}]}}""",
        "$.schema.classes[0].name: it must be a text")]
    [InlineData("/datasets/bad/decisions", "[null]", "$[0]: it must be an object with image, operationId, decision, not null")]
    [InlineData("/datasets/bad/decisions", "[{}]", "$[0]: it must have image, operationId, decision")]
    [InlineData("/datasets/bad/decisions", """[{"image":"x"}]""", "$[0].image: it must be an image id")]
    [InlineData("/datasets/bad/decisions", """[{"image":null}]""", "$[0].image: it must be an image id")]
    [InlineData("/datasets/bad/decisions", """[{"image":1}]""", "$[0].image: it must be an image id")]
    [InlineData("/datasets/bad/decisions", """[{"operationId":"x"}]""", "$[0].operationId: it must be a UUID")]
    [InlineData("/datasets/bad/decisions", """[{"expectedVersion":"x"}]""",
        "$[0].expectedVersion: it must be a whole number from -9223372036854775808 to 9223372036854775807 or null")]
    [InlineData("/datasets/bad/decisions", """[{"decision":{"kind":"nope"}}]""",
        "$[0].decision.kind: it must be label, reject, skip, take-back, ask-again, confirm or gold")]
    [InlineData("/datasets/bad/decisions", """[{"decision":{"kind":77}}]""",
        "$[0].decision.kind: it must be label, reject, skip, take-back, ask-again, confirm or gold")]
    [InlineData("/datasets/bad/decisions", """[{"decision":{"kind":"label","annotations":[{"class":"a"}]}}]""",
        "$[0].decision.annotations[0]: it must be an object whose 'type' is class, box, polygon, polyline, keypoints, mask or text")]
    [InlineData("/datasets/bad/decisions", """[{"decision":{"kind":"label","annotations":[{"type":"nope","class":"a"}]}}]""",
        "it must be an object whose 'type' is class, box, polygon, polyline, keypoints, mask or text")]
    [InlineData("/datasets/bad/decisions",
        """[{"decision":{"kind":"label","annotations":[{"type":"box","class":"a","box":{"x":"left"}}]}}]""",
        "$[0].decision.annotations[0].box.x: it must be a number")]
    [InlineData("/datasets/bad/decisions", """[{"decision":{"kind":"label","annotations":[{"type":"class","class":"a","colour":1}]}}]""",
        "'colour'")]
    [InlineData("/datasets/bad/decisions", """[{"decision":{"kind":"label","annotations":[{"type":"box","class":"cat"}]}}]""",
        "$[0].decision.annotations[0]: it must have box, class.")]
    [InlineData("/datasets/bad/decisions", """[{"decision":{"kind":"label","annotations":[{"type":"mask"}]}}]""",
        "$[0].decision.annotations[0]: it must have mask, class.")]
    [InlineData("/datasets/bad/decisions", """[{"decision":{"kind":"label","annotations":[{"type":"box","class":"a","boks":{}}]}}]""",
        "'boks'. Known are: ")]
    [InlineData("/datasets/bad/tasks/lease", """{"max":10000000000}""", "$.max: it must be a whole number")]
    [InlineData("/datasets/bad/tasks/lease", """{"max":1.5}""", "$.max: it must be a whole number")]
    [InlineData("/datasets/bad/tasks/lease", """{"max":null}""", "$.max: it must be a whole number")]
    [InlineData("/datasets/bad/tasks/release", """[1]""", "$[0]: it must be an image id")]
    [InlineData("/datasets/bad/tasks/renew", """[1]""", "$[0]: it must be a text")]
    [InlineData("/datasets/bad/tasks/renew", """["a",null]""", "$[1]: it must be a text")]
    [InlineData("/datasets/bad/rounds", """{"batchSize":5,"arm":null}""", "$.arm: it must be a text")]
    [InlineData("/datasets/bad/rounds", """{"batchSize":5,"strateg":"random"}""", "Is 'strategy' meant?")]
    [InlineData("/datasets/bad/rounds", """{"BatchSize":5}""",
        "$.BatchSize: nothing is known by the name 'BatchSize'. Is 'batchSize' meant?")]
    [InlineData("/datasets/bad/rounds", """{"batchSize":"5"}""", "$.batchSize: it must be a whole number from -2147483648 to 2147483647")]
    [InlineData("/datasets/bad/tasks/lease", """{"max":1,"WAITMILLISECONDS":5}""", "Is 'waitMilliseconds' meant?")]
    [InlineData("/datasets/bad/tasks/lease", """{"max":"1"}""", "$.max: it must be a whole number")]
    [InlineData("/datasets", $$$"""{"name":"x","schema":{"Classes":[{{{Sound}}}]}}""",
        "$.schema.Classes: nothing is known by the name 'Classes'")]
    [InlineData("/datasets", $$$"""{"name":"x","schema":{"classes":[{{{Sound}}}]},"settings":{"seed":"5"}}""",
        "$.settings.seed: it must be a whole number")]
    [InlineData("/datasets", $$$"""{"name":"x","schema":{"classes":[{{{Sound}}}]},"settings":{"seed":18446744073709551616}}""",
        "$.settings.seed: it must be a whole number from 0 to 18446744073709551615")]
    [InlineData("/datasets/bad/decisions", """[{"expectedVersion":"1"}]""", "$[0].expectedVersion: it must be a whole number")]
    [InlineData("/datasets/bad/access", """{"principal":null,"role":"viewer"}""", "$.principal: it must be a principal")]
    [InlineData("/datasets/bad/access", """{"principal":"person:x","role":"nope"}""", "$.role: it must be owner, engineer")]
    [InlineData("/datasets/bad/access", """{"principal":"person:x","role":"viewer","expiresAt":"yesterday"}""",
        "$.expiresAt: it must be a time such as 2026-03-01T12:00:00Z or null")]
    [InlineData("/keys", """{"principal":"service:x","scope":{"datasets":[null]}}""", "$.scope.datasets[0]: it must be a text, not null")]
    [InlineData("/keys", """{"principal":"service:x","scope":{"permissions":[null]}}""", "$.scope.permissions[0]: it must be")]
    public async Task The_place_that_is_wrong_is_named(string path, string body, string says)
    {
        using var content = new StringContent(body, Encoding.UTF8, "application/json");
        await RefusedAsync(HttpMethod.Post, path, content, HttpStatusCode.BadRequest, says);
    }

    [Fact]
    public async Task Numbers_too_large_for_any_are_refused_by_their_place()
    {
        const string Body = """[{"image":"IMAGE","operationId":"11111111-1111-1111-1111-111111111111","decision":{"kind":"label","annotations":[SHAPE]}}]""";
        foreach (var (shape, place) in new[]
        {
            ("""{"type":"box","class":"a","box":{"x":1e400,"y":0,"width":1,"height":1}}""", "annotations[0].box.x"),
            ("""{"type":"polygon","class":"a","points":[0,0,1,1,-1e999,0]}""", "annotations[0].points[4]"),
            ("""{"type":"class","class":"a","confidence":1e400}""", "annotations[0].confidence"),
        })
        {
            using var content = new StringContent(Body.Replace("IMAGE", setup.Image).Replace("SHAPE", shape), Encoding.UTF8,
                "application/json");
            await RefusedAsync(HttpMethod.Post, "/datasets/bad/decisions", content, HttpStatusCode.BadRequest,
                $"{place}: it is too large for a number");
        }
    }

    [Fact]
    public async Task The_order_of_members_does_not_matter()
    {
        var body = $$$"""[{"decision":{"annotations":[{"confidence":null,"class":"disc","type":"class"}],"kind":"label"},"expectedVersion":0,"image":"{{{setup.Image}}}","operationId":"{{{Guid.NewGuid()}}}"}]""";
        using var response =
            await setup.Http.PostAsync("/api/v1/datasets/bad/decisions", new StringContent(body, Encoding.UTF8, "application/json"));
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Contains("\"recorded\"", await response.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("GET", "/datasets/bad/images?limit=x", "limit must be a whole number from -2147483648 to 2147483647, not 'x'")]
    [InlineData("GET", "/datasets/bad/images?limit=99999999999", "limit must be a whole number")]
    [InlineData("GET", "/datasets/bad/images?limt=5", "'limt' that is not known here. Is 'limit' meant?")]
    [InlineData("GET", "/datasets/bad/images?limit=1&limit=2", "limit stands 2 times")]
    [InlineData("GET", "/datasets/bad/images?stage=X", "'X' is not a stage")]
    [InlineData("GET", "/datasets/bad/status?x=1", "'x' that is not known here. There are none.")]
    [InlineData("POST", "/datasets/bad/verify?hash=maybe", "hash must be true or false, not 'maybe'")]
    [InlineData("POST", "/datasets/bad/images?partitoin=holdout", "Is 'partition' meant?")]
    public async Task Parameters_are_held_to_what_is_known(string method, string path, string says) =>
        await RefusedAsync(new HttpMethod(method), path, null, HttpStatusCode.BadRequest, says);

    [Theory]
    [InlineData("PUT", "/datasets/bad", 405, "takes DELETE and GET, not PUT", "DELETE, GET")]
    [InlineData("DELETE", "/datasets/bad/rounds", 405, "takes GET and POST, not DELETE", "GET, POST")]
    [InlineData("GET", "/datasets/bad/decisions", 405, "takes POST, not GET", "POST")]
    [InlineData("GET", "/datasets/bad/nothing", 404, "There is nothing at", null)]
    [InlineData("GET", "/datasets/bad/versions/first/manifest", 404, "There is nothing at", null)]
    public async Task Another_method_is_told_which_are_taken(string method, string path, int status, string says, string? allow)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), $"/api/v1{path}");
        using var response = await setup.Http.SendAsync(request);
        await CheckAsync(response, (HttpStatusCode)status, says);
        Assert.Equal(allow, response.Content.Headers.TryGetValues("Allow", out var told) ? string.Join(", ", told) : null);
    }

    [Theory]
    [InlineData("text/plain", "Content-Type: application/json, not 'text/plain'")]
    [InlineData("application/json; charset=utf-16", "JSON is sent as UTF-8, not as 'utf-16'")]
    [InlineData("application/json; charset=nonsense", "JSON is sent as UTF-8, not as 'nonsense'")]
    [InlineData(null, "Content-Type: application/json, not without one")]
    public async Task Another_form_than_JSON_is_415(string? type, string says)
    {
        using var content = new ByteArrayContent("{}"u8.ToArray());
        content.Headers.ContentType = type is null ? null : MediaTypeHeaderValue.Parse(type);
        await RefusedAsync(HttpMethod.Post, "/datasets", content, HttpStatusCode.UnsupportedMediaType, says);
    }

    [Fact]
    public async Task A_packed_body_is_415()
    {
        using var content = new ByteArrayContent([0x1f, 0x8b, 8, 0]);
        content.Headers.ContentType = new("application/json");
        content.Headers.ContentEncoding.Add("gzip");
        await RefusedAsync(HttpMethod.Post, "/datasets", content, HttpStatusCode.UnsupportedMediaType, "not packed as 'gzip'");
    }

    [Fact]
    public async Task A_body_that_is_too_large_is_413_with_the_limit()
    {
        using var content = new ByteArrayContent(new byte[(32 << 20) + 1]);
        content.Headers.ContentType = new("application/json");
        // Asked before it is sent: the server does not read it only to throw it away.
        using var request = new HttpRequestMessage(HttpMethod.Post, "/api/v1/datasets")
        {
            Content = content,
            Headers = { ExpectContinue = true },
        };
        using var response = await setup.Http.SendAsync(request);
        await CheckAsync(response, HttpStatusCode.RequestEntityTooLarge, "more than the 32 MiB");
    }

    [Theory]
    [InlineData("null", "The manifest is wrong at $: it must be a list")]
    [InlineData("{}", "The manifest is wrong at $: it must be a list")]
    [InlineData("[null]", "$[0]: it must be an object with name, not null")]
    [InlineData("""[{"name":null}]""", "$[0].name: it must be a text")]
    [InlineData("""[{"name":"a","label":5}]""", "$[0].label: it must be a text")]
    [InlineData("""[{"name":"a","partition":"nope"}]""", "$[0].partition: it must be pool or holdout")]
    [InlineData("""[{"name":"a","partitoin":"pool"}]""", "Is 'partition' meant?")]
    [InlineData("[", "The manifest is no JSON at")]
    [InlineData("\u0001", "The manifest is no JSON at")]
    public async Task A_manifest_is_as_strict_as_a_body(string manifest, string says)
    {
        using var lot = new MultipartFormDataContent
        {
            { new StringContent(manifest), "manifest" },
            { new ByteArrayContent(DrawnImages.Draw(1)), "file", "a.png" },
        };
        await RefusedAsync(HttpMethod.Post, "/datasets/bad/images", lot, HttpStatusCode.BadRequest, says);
    }

    [Theory]
    [InlineData("", "is no multipart/form-data behind its image 0")]
    [InlineData("--b\r\nContent-Disposition: form-data; name=f; filename=a.png\r\n\r\nbytes", "ends in the middle of image 1")]
    [InlineData("--b\r\nContent-Disposition: form-data; name=f; filename=a.png\r\n\r\nbytes\r\n--b\r\nContent-", "behind its image 1")]
    [InlineData("--b\r\nContent-Disposition: form-data; name=manifest\r\n\r\n[", "ends in the middle of the manifest")]
    [InlineData("--b\r\nX: y\r\n\r\nbytes\r\n--b--\r\n", "before image 1 has no Content-Disposition")]
    public async Task A_lot_that_is_cut_off_is_the_senders_to_mend(string body, string says)
    {
        using var content = new ByteArrayContent(Encoding.ASCII.GetBytes(body));
        content.Headers.ContentType = MediaTypeHeaderValue.Parse("multipart/form-data; boundary=b");
        await RefusedAsync(HttpMethod.Post, "/datasets/bad/images", content, HttpStatusCode.BadRequest, says);
    }

    private async Task RefusedAsync(HttpMethod method, string path, HttpContent? content, HttpStatusCode status, string says)
    {
        using var request = new HttpRequestMessage(method, $"/api/v1{path}") { Content = content };
        using var response = await setup.Http.SendAsync(request);
        await CheckAsync(response, status, says);
    }

    private static async Task CheckAsync(HttpResponseMessage response, HttpStatusCode status, string says)
    {
        var text = await response.Content.ReadAsStringAsync();
        Assert.True(status == response.StatusCode, $"{(int)response.StatusCode}: {text}");
        Assert.Equal("application/problem+json", response.Content.Headers.ContentType?.MediaType);
        var detail = JsonDocument.Parse(text).RootElement.GetProperty("detail").GetString();
        Assert.Contains(says, detail, StringComparison.Ordinal);
        // Types of the program are nobody's business but ours.
        Assert.DoesNotContain("System.", detail, StringComparison.Ordinal);
        Assert.DoesNotContain("Winnow.", detail, StringComparison.Ordinal);
    }

    public sealed class Setup : IAsyncLifetime
    {
        public Server Server { get; } = new();

        public HttpClient Http { get; } = new();

        public string Image { get; private set; } = "";

        public async Task InitializeAsync()
        {
            await Server.InitializeAsync();
            Http.BaseAddress = Server.Address;
            await Server.Client.CreateDatasetAsync(
                new CreateDataset("bad", new LabelSchema { Classes = [.. DrawnImages.Classes.Select(c => new LabelClass(c))] },
                    new DatasetSettings { Shards = 1, AuditSample = 0 }));
            await foreach (var result in Server.Client.ImportAsync("bad", DrawnImages.EnumerateAsync(1))) Image =
                result.Id!.Value.ToString();
        }

        public async Task DisposeAsync()
        {
            Http.Dispose();
            await Server.DisposeAsync();
        }
    }
}
