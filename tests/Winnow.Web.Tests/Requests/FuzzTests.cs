using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Winnow.Model.Datasets;
using Winnow.Model.Labels;
using Winnow.Testing;
using Winnow.Web.Tests.Health;
using Winnow.Web.Tests.Security;
using Xunit.Abstractions;

namespace Winnow.Web.Tests.Requests;

/// <summary>
/// Every operation of the served document, sent what is wrong: bodies of the stated form with one thing spoilt, and addresses likewise. No
/// answer says that the server failed, each refusal is a problem that says where it is wrong, nothing is logged as an error, and the server
/// goes on. A new operation is tried without a line here. WINNOW_FUZZ is how often each is tried, WINNOW_FUZZ_SEED what is drawn.
/// </summary>
[Trait("kind", "security")]
[Collection(AloneCollection.Name)]
public sealed class FuzzTests(ITestOutputHelper output)
{
    private const long MayGrow = 128L << 20;

    private static readonly int Tries = Setting("WINNOW_FUZZ", 40);
    private static readonly int Seed = Setting("WINNOW_FUZZ_SEED", 1);

    // What a caller says of itself in the path; the rest of a path is fixed.
    private static readonly string[] Values =
        ["x", "-1", "0", "99999999999", "1.5", "%20", "%F0%9F%92%A5", "%ff", "..%2f..", "null", new('y', 3_000), "a.b.c",
            "img-" + new string('a', 52)];

    [Fact]
    public async Task Whatever_is_sent_is_answered_and_what_is_wrong_is_told_with_its_place()
    {
        var log = new ErrorLog();
        await using var server = await OwnServer.StartAsync(services => services.AddSingleton<ILoggerProvider>(log));
        using var http = new HttpClient { BaseAddress = server.Address };
        var schema = new LabelSchema { Classes = [.. DrawnImages.Classes.Select(c => new LabelClass(c))] };
        await server.Client.CreateDatasetAsync(
            new CreateDataset("fuzz", schema, new DatasetSettings { Shards = 1, AuditSample = 0, ProjectionDimensions = 16 }));
        var image = "";
        await foreach (var result in server.Client.ImportAsync("fuzz", DrawnImages.EnumerateAsync(30))) image = result.Id!.Value.ToString();
        await server.Client.WaitForScoringAsync("fuzz");
        using var document = JsonDocument.Parse(await http.GetStringAsync(new Uri("/openapi/v1.json", UriKind.Relative)));

        var wrong = new List<string>();
        var sent = 0;
        var before = GC.GetTotalMemory(forceFullCollection: true);
        foreach (var operation in ApiOperation.Read(document).Where(o => o.Path.StartsWith("/api/", StringComparison.Ordinal)))
        {
            // Each operation draws for itself, so that a new one changes nothing for the others.
            var random = new Random(HashCode.Of(operation.Name) ^ Seed);
            var stated = document.RootElement.GetProperty("paths").GetProperty(operation.Path)
                .GetProperty(operation.Method.ToLowerInvariant());
            for (var i = 0; i < Tries; i++)
            {
                var (request, what, says) = Make(document.RootElement, operation, stated, random, image);
                using (request)
                using (var response = await http.SendAsync(request))
                {
                    sent++;
                    if (await CheckAsync(response, says) is { } told)
                        wrong.Add($"{operation.Name} with {what}, "
                            + $"{request.RequestUri!.ToString()[..Math.Min(200, request.RequestUri.ToString().Length)]}: {told}");
                }
            }
        }
        var grown = GC.GetTotalMemory(forceFullCollection: true) - before;
        output.WriteLine($"{sent} spoilt requests, the process's memory after it {grown / 1024.0 / 1024:+0.0;-0.0} MiB");
        Assert.True(wrong.Count == 0, $"seed {Seed}, {wrong.Count} of {sent}:\n{string.Join('\n', wrong.Take(40))}");
        Assert.True(sent >= 40 * Tries, $"only {sent} requests were sent");
        Assert.True(log.Lines.IsEmpty, $"seed {Seed}: {string.Join('\n', log.Lines.Take(10))}");
        Assert.InRange(grown, long.MinValue, MayGrow);
        // It is well, and what it had is there.
        Assert.Equal(HttpStatusCode.OK, (await http.GetAsync(new Uri("/health/ready", UriKind.Relative))).StatusCode);
        Assert.Equal(30, (await server.Client.GetStatusAsync("fuzz")).Images);
    }

    private static (HttpRequestMessage Request, string What, string[]? Says) Make(
        JsonElement document, ApiOperation operation, JsonElement stated, Random random, string image)
    {
        var path = Fill(operation, random, image, spoil: false);
        var request = new HttpRequestMessage(new HttpMethod(operation.Method), "/");
        string what;
        string[]? says = null;
        var takesJson = stated.TryGetProperty("requestBody", out var body)
            && body.GetProperty("content").TryGetProperty("application/json", out _);
        if (takesJson && random.Next(5) > 0)
        {
            var (made, places) = new SchemaBodies(document, random, image)
                .Make(body.GetProperty("content").GetProperty("application/json").GetProperty("schema"));
            var faulty = new BodyFaults(random).Spoil(made, places);
            (what, says) = (faulty.Name, faulty.Says);
            request.Content = new ByteArrayContent(faulty.Bytes)
            {
                Headers = { ContentType = new MediaTypeHeaderValue("application/json") },
            };
        }
        else
        {
            (path, what, says) = SpoilAddress(operation, path, stated, random, image);
            if (operation.Method != "GET") request.Content = Rubbish(random, takesJson);
        }
        request.RequestUri = new Uri(path, UriKind.Relative);
        return (request, what, says);
    }

    private static (string Path, string What, string[]? Says) SpoilAddress(ApiOperation operation, string path, JsonElement stated,
        Random random, string image)
    {
        var isOpen = operation.Permission == "none";
        string[] parameters = stated.TryGetProperty("parameters", out var all)
            ? [.. all.EnumerateArray().Where(p => p.GetProperty("in").GetString() == "query")
                .Select(p => p.GetProperty("name").GetString()!)]
            : [];
        switch (random.Next(4))
        {
            case 0 when !isOpen: return ($"{path}?nonsense=1", "a parameter that is not known", ["'nonsense'"]);
            case 1 when parameters.Length > 0 && !isOpen:
                var twice = parameters[random.Next(parameters.Length)];
                return ($"{path}?{twice}=1&{twice}=2", "a parameter twice", [twice]);
            case 2 when parameters.Length > 0:
                return ($"{path}?{parameters[random.Next(parameters.Length)]}={Values[random.Next(Values.Length)]}", "an odd parameter",
                null);
            default: return (Fill(operation, random, image, spoil: true), "an odd path", null);
        }
    }

    /// <summary>What no operation takes: bytes, parts that end nowhere, text for JSON.</summary>
    private static HttpContent Rubbish(Random random, bool takesJson)
    {
        var bytes = new byte[random.Next(300)];
        random.NextBytes(bytes);
        var content = new ByteArrayContent(random.Next(3) == 0
            ? Encoding.ASCII.GetBytes("--b\r\nContent-Disposition: form-data; name=f; filename=x\r\n\r\nbytes") : bytes);
        string[] types = ["multipart/form-data; boundary=b", "application/x-tar", "application/octet-stream", "text/plain"];
        // Sent as JSON it would be tried for its form before the address is.
        content.Headers.ContentType = MediaTypeHeaderValue.Parse(takesJson ? "application/json" : types[random.Next(types.Length)]);
        return takesJson ? new StringContent("{}", Encoding.UTF8, "application/json") : content;
    }

    private static string Fill(ApiOperation operation, Random random, string image, bool spoil)
    {
        // What is deleted would be missed by all that come after.
        var dataset = operation.Name == "DELETE /api/v1/datasets/{dataset}" ? "nothing" : "fuzz";
        var filled = new StringBuilder();
        foreach (var segment in operation.Path.Split('/'))
        {
            if (segment.Length == 0) continue;
            filled.Append('/').Append(segment switch
            {
                _ when !segment.StartsWith('{') => segment,
                // A name that nobody gave ends every request at its door: mostly the one that is there.
                _ when spoil && (segment != "{dataset}" || random.Next(4) == 0) => Values[random.Next(Values.Length)],
                "{dataset}" => dataset,
                "{image}" => image,
                "{version}" or "{number}" or "{round}" => "1",
                "{arm}" => "main",
                _ => "nothing",
            });
        }
        return filled.ToString();
    }

    private static async Task<string?> CheckAsync(HttpResponseMessage response, string[]? says)
    {
        var status = (int)response.StatusCode;
        var text = status >= 400 ? await response.Content.ReadAsStringAsync() : "";
        var shown = text[..Math.Min(300, text.Length)];
        // What this server, which keeps its objects in files, cannot do.
        if (status >= 500 && status != 501) return $"{status} {shown}";
        if (status < 400) return says is null ? null : $"{status}, and it should have been refused";
        if (response.Content.Headers.ContentType?.MediaType != "application/problem+json")
            return $"{status} is no problem document: {shown}";
        var detail = JsonDocument.Parse(text).RootElement.GetProperty("detail").GetString();
        if (string.IsNullOrWhiteSpace(detail)) return $"{status} says nothing";
        if (detail.Contains("System.", StringComparison.Ordinal) || detail.Contains("Winnow.", StringComparison.Ordinal))
            return $"{status} names types: {detail}";
        return says is null || Array.Exists(says, s => detail.Contains(s, StringComparison.Ordinal))
            ? null : $"{status} says not '{string.Join("' or '", says)}' but: {detail}";
    }

    private static int Setting(string name, int otherwise) =>
        int.TryParse(Environment.GetEnvironmentVariable(name), CultureInfo.InvariantCulture, out var set) ? set : otherwise;

    private static class HashCode
    {
        /// <summary>The same in each process, unlike that of the class library.</summary>
        public static int Of(string text) => text.Aggregate(17, (hash, c) => unchecked((hash * 31) + c));
    }
}
