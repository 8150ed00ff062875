using System.Globalization;
using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Winnow.Grains.Ports;
using Winnow.Model;
using Winnow.Model.Datasets;
using Winnow.Model.Labels;
using Winnow.Web.Tests.Security;

namespace Winnow.Web.Tests.Requests;

/// <summary>No list is answered with more rows than a page has, and pages together are the list.</summary>
[Trait("kind", "security")]
public sealed class PageTests
{
    private const string Next = "Winnow-Next";

    /// <summary>Lists that have an end of their own, and what sets it.</summary>
    private static readonly Dictionary<string, string> Bounded = new()
    {
        ["GET /api/v1/datasets/{dataset}/images"] = "a page says its 'next' in its body",
        ["GET /api/v1/datasets/{dataset}/sources"] = "a dataset has at most 100",
        ["GET /api/v1/datasets/{dataset}/access"] = "a scope holds at most 10,000 grants",
        ["GET /api/v1/datasets/{dataset}/access/changes"] = "the latest 1,000",
        ["GET /api/v1/datasets/{dataset}/backbones"] = "a dataset has at most 16",
        ["GET /api/v1/datasets/{dataset}/curves"] = "a point for each round that made a model, of five numbers",
        ["GET /api/v1/access"] = "a scope holds at most 10,000 grants",
        ["GET /api/v1/access/changes"] = "the latest 1,000",
        ["GET /api/v1/keys"] = "there are at most 10,000",
    };

    private static LabelSchema Schema(int classes) =>
        new() { Classes = [.. Enumerable.Range(0, classes).Select(i => new LabelClass(NameOf("c", i)))] };

    private static string NameOf(string what, int number) => string.Create(CultureInfo.InvariantCulture, $"{what}{number:D5}");

    private static async Task AddAsync(OwnServer server, string name, int classes)
    {
        var made = new DatasetInfo(name, Schema(classes), new DatasetSettings { Shards = 1 }, TimeProvider.System.GetUtcNow(), "somebody");
        await server.Services.GetRequiredService<IDatasetLedger>().AddDatasetAsync(made, CancellationToken.None);
    }

    [Fact]
    public async Task Datasets_come_by_pages_and_the_client_has_them_all()
    {
        await using var server = await OwnServer.StartAsync();
        using var http = new HttpClient { BaseAddress = server.Address };
        var names = Enumerable.Range(0, 1_203).Select(i => NameOf("d", i)).ToList();
        foreach (var name in names) await AddAsync(server, name, 2);
        Assert.Equal(names, (await server.Client.ListDatasetsAsync()).Select(d => d.Name));

        using var first = await http.GetAsync(new Uri("/api/v1/datasets", UriKind.Relative));
        Assert.Equal(1_000, (await first.Content.ReadFromJsonAsync(ModelJson.Default.DatasetInfoArray))!.Length);
        Assert.Equal(names[999], Assert.Single(first.Headers.GetValues(Next)));
        using var few = await http.GetAsync(new Uri("/api/v1/datasets?limit=3&after=d00007", UriKind.Relative));
        Assert.Equal(names[8..11], (await few.Content.ReadFromJsonAsync(ModelJson.Default.DatasetInfoArray))!.Select(d => d.Name));
        using var last = await http.GetAsync(new Uri($"/api/v1/datasets?after={names[999]}", UriKind.Relative));
        Assert.Equal(203, (await last.Content.ReadFromJsonAsync(ModelJson.Default.DatasetInfoArray))!.Length);
        Assert.False(last.Headers.Contains(Next));
        foreach (var wrong in new[] { "limit=0", "limit=1001", "limit=-1" })
        {
            using var refused = await http.GetAsync(new Uri($"/api/v1/datasets?{wrong}", UriKind.Relative));
            Assert.Equal(HttpStatusCode.BadRequest, refused.StatusCode);
        }
    }

    [Fact]
    public async Task A_page_of_large_datasets_is_shorter()
    {
        await using var server = await OwnServer.StartAsync();
        using var http = new HttpClient { BaseAddress = server.Address };
        for (var i = 0; i < 12; i++) await AddAsync(server, NameOf("large", i), LabelSchema.MaxClasses);
        using var first = await http.GetAsync(new Uri("/api/v1/datasets", UriKind.Relative));
        Assert.Equal(10, (await first.Content.ReadFromJsonAsync(ModelJson.Default.DatasetInfoArray))!.Length);
        Assert.Equal("large00009", Assert.Single(first.Headers.GetValues(Next)));
        Assert.Equal(12, (await server.Client.ListDatasetsAsync()).Count);
    }

    [Fact]
    public async Task Versions_come_by_pages_too()
    {
        await using var server = await OwnServer.StartAsync();
        using var http = new HttpClient { BaseAddress = server.Address };
        await server.Client.CreateDatasetAsync(new CreateDataset("pages", Schema(2), new DatasetSettings { Shards = 1, AuditSample = 0 }));
        for (var i = 0; i < 5; i++) await server.Client.CreateVersionAsync("pages", new CreateVersion());
        using var page = await http.GetAsync(new Uri("/api/v1/datasets/pages/versions?limit=2&after=2", UriKind.Relative));
        Assert.Equal([3, 4], (await page.Content.ReadFromJsonAsync(ModelJson.Default.DatasetVersionArray))!.Select(v => v.Number));
        Assert.Equal("4", Assert.Single(page.Headers.GetValues(Next)));
        Assert.Equal(5, (await server.Client.ListVersionsAsync("pages")).Count);
        using var astray = await http.GetAsync(new Uri("/api/v1/datasets/pages/versions?after=9", UriKind.Relative));
        Assert.Equal(HttpStatusCode.BadRequest, astray.StatusCode);
        Assert.Contains(Next, await astray.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Every_operation_that_answers_with_a_list_has_a_page_or_an_end()
    {
        await using var server = await OwnServer.StartAsync();
        using var http = new HttpClient { BaseAddress = server.Address };
        using var document = JsonDocument.Parse(await http.GetStringAsync(new Uri("/openapi/v1.json", UriKind.Relative)));
        var lists = new List<string>();
        foreach (var operation in ApiOperation.Read(document).Where(o => o.Method == "GET"))
        {
            var stated = document.RootElement.GetProperty("paths").GetProperty(operation.Path).GetProperty("get");
            if (!stated.GetProperty("responses").TryGetProperty("200", out var answer) || !answer.TryGetProperty("content", out var content)
                || !content.TryGetProperty("application/json", out var json)) continue;
            var isList = json.GetProperty("schema").TryGetProperty("type", out var type) && type.ToString() == "array";
            if (!isList) continue;
            lists.Add(operation.Name);
            var parameters = stated.TryGetProperty("parameters", out var all)
                ? all.EnumerateArray().Select(p => p.GetProperty("name").GetString()).ToList() : [];
            Assert.True(Bounded.ContainsKey(operation.Name) || (parameters.Contains("limit") && parameters.Contains("after")),
                $"{operation.Name} answers with a list and has no 'limit' and 'after'");
        }
        Assert.True(lists.Count >= 8, string.Join(", ", lists));
    }
}
