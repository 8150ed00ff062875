using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Winnow.Client;
using Winnow.Model;
using Winnow.Model.Datasets;
using Winnow.Model.Images;
using Winnow.Model.Labels;
using Winnow.Testing;

namespace Winnow.Web.Tests.Images;

public sealed class IngestTests(Server server) : IClassFixture<Server>
{
    private static readonly LabelSchema Schema = new() { Classes = [.. DrawnImages.Classes.Select(c => new LabelClass(c))] };
    private readonly HttpClient _http = new() { BaseAddress = server.Address };

    private async Task<string> DatasetAsync()
    {
        var name = "d" + Guid.NewGuid().ToString("n")[..12];
        await server.Client.CreateDatasetAsync(new CreateDataset(name, Schema, new DatasetSettings { Shards = 2 }));
        return name;
    }

    [Fact]
    public async Task A_lot_sent_twice_under_one_operation_is_answered_alike()
    {
        var dataset = await DatasetAsync();
        var key = Guid.NewGuid().ToString();
        async Task<IngestResult[]> SendAsync(string operation)
        {
            using var form = new MultipartFormDataContent();
            for (var i = 0; i < 20; i++) form.Add(new ByteArrayContent(DrawnImages.Draw(i)), "image", $"{i}.png");
            using var request = new HttpRequestMessage(HttpMethod.Post, $"/api/v1/datasets/{dataset}/images")
            {
                Content = form,
                Headers = { { "Idempotency-Key", operation } },
            };
            using var response = await _http.SendAsync(request);
            response.EnsureSuccessStatusCode();
            return JsonSerializer.Deserialize(await response.Content.ReadAsStringAsync(), ModelJson.Default.IngestResultArray)!;
        }

        var first = await SendAsync(key);
        Assert.All(first, r => Assert.Equal(IngestStatus.Accepted, r.Status));
        Assert.Equal(first, await SendAsync(key));
        Assert.All(await SendAsync(Guid.NewGuid().ToString()), r => Assert.Equal(IngestStatus.Duplicate, r.Status));
        Assert.Equal(20, (await server.Client.GetStatusAsync(dataset)).Images);
    }

    [Fact]
    public async Task Sub_folders_are_known_labels_where_asked()
    {
        var dataset = await DatasetAsync();
        var folder = Directory.CreateTempSubdirectory("winnow-folder-");
        try
        {
            for (var i = 0; i < 6; i++)
            {
                var path = Path.Combine(folder.FullName, "train", DrawnImages.Classes[i % 3]);
                Directory.CreateDirectory(path);
                await File.WriteAllBytesAsync(Path.Combine(path, $"{i}.png"), DrawnImages.Draw(i));
            }
            await File.WriteAllTextAsync(Path.Combine(folder.FullName, ".hidden"), "not an image");
            Directory.CreateDirectory(Path.Combine(folder.FullName, "birds"));
            await File.WriteAllBytesAsync(Path.Combine(folder.FullName, "birds", "6.png"), DrawnImages.Draw(6));
            var results = new List<IngestResult>();
            await foreach (var result in server.Client.ImportAsync(dataset,
                ImageFolder.EnumerateAsync(folder.FullName, labelsFromFolders: true))) results.Add(result);
            Assert.Equal(7, results.Count);
            Assert.Contains("'birds' is not in the label schema",
                results.Single(r => r.Name.StartsWith("birds", StringComparison.Ordinal)).Reason);
            await foreach (var image in server.Client.ListImagesAsync(dataset))
                Assert.Equal(image.Name.StartsWith("birds", StringComparison.Ordinal) ? null : image.Name.Split('/')[1], image.Label);
            var labeled = results.First(r => r.Reason is null);
            var detail = await server.Client.GetImageAsync(dataset, labeled.Id!.Value);
            Assert.Equal((0L, Winnow.Model.Review.HistoryKind.Imported), (detail.History[0].Version, detail.History[0].Kind));
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    [Fact]
    public async Task Images_and_copies_are_served_and_nothing_else_is()
    {
        var dataset = await DatasetAsync();
        IngestResult? taken = null;
        await foreach (var result in server.Client.ImportAsync(dataset, DrawnImages.EnumerateAsync(1))) taken = result;
        Assert.Equal(DrawnImages.Draw(0), await server.Client.GetImageContentAsync(dataset, taken!.Id!.Value));
        var copy = await server.Client.GetThumbnailAsync(dataset, taken.Id.Value, 64);
        Assert.Equal(copy, await server.Client.GetThumbnailAsync(dataset, taken.Id.Value, 64));
        using var response = await _http.GetAsync($"/api/v1/datasets/{dataset}/images/{taken.Id}/content");
        Assert.Equal("image/png", response.Content.Headers.ContentType!.MediaType);
        Assert.Equal("nosniff", response.Headers.GetValues("X-Content-Type-Options").Single());
        Assert.Equal(HttpStatusCode.NotFound,
            (await _http.GetAsync($"/api/v1/datasets/{dataset}/images/{ImageId.Of([1])}/content")).StatusCode);
        Assert.Equal(HttpStatusCode.BadRequest,
            (await _http.GetAsync($"/api/v1/datasets/{dataset}/images/..%2F..%2Fledger.db/content")).StatusCode);
    }

    [Theory]
    [InlineData("application/json", "{}", HttpStatusCode.UnsupportedMediaType)]
    [InlineData("multipart/form-data; boundary=x", "--x\r\nContent-Disposition: form-data; name=\"other\"\r\n\r\n1\r\n--x--\r\n",
        HttpStatusCode.BadRequest)]
    [InlineData("multipart/form-data; boundary=x", "--x\r\nContent-Disposition: form-data; name=\"manifest\"\r\n\r\nnot json\r\n--x--\r\n",
        HttpStatusCode.BadRequest)]
    [InlineData("multipart/form-data; boundary=x",
        "--x\r\nContent-Disposition: form-data; name=\"manifest\"\r\n\r\n[{\"name\":\"a\"}]\r\n--x--\r\n", HttpStatusCode.BadRequest)]
    public async Task A_malformed_lot_is_refused_with_a_reason(string type, string body, HttpStatusCode expected)
    {
        var dataset = await DatasetAsync();
        using var content = new ByteArrayContent(Encoding.UTF8.GetBytes(body))
        {
            Headers = { ContentType = MediaTypeHeaderValue.Parse(type) },
        };
        using var response = await _http.PostAsync($"/api/v1/datasets/{dataset}/images", content);
        Assert.Equal(expected, response.StatusCode);
        using var problem = JsonDocument.Parse(await response.Content.ReadAsStringAsync());
        Assert.False(string.IsNullOrWhiteSpace(problem.RootElement.GetProperty("detail").GetString()));
    }

    [Fact]
    public async Task Names_and_settings_that_are_not_sound_are_refused()
    {
        foreach (var bad in new[]
        {
            new CreateDataset("Upper", Schema), new CreateDataset("../x", Schema),
            new CreateDataset("ok", new LabelSchema { Classes = [new("one")] }),
            new CreateDataset("ok", new LabelSchema { Classes = [new("a"), new("a")] }),
            new CreateDataset("ok", new LabelSchema { Classes = [new("a\nb"), new("c")] }),
            new CreateDataset("ok", Schema, new DatasetSettings { Shards = 3 }),
        })
        {
            var refused = await Assert.ThrowsAsync<WinnowApiException>(() => server.Client.CreateDatasetAsync(bad));
            Assert.Equal(HttpStatusCode.BadRequest, refused.Status);
        }
        Assert.Equal(HttpStatusCode.NotFound,
            (await Assert.ThrowsAsync<WinnowApiException>(() => server.Client.GetStatusAsync("nobody"))).Status);
    }

    [Fact]
    public async Task The_api_describes_itself()
    {
        using var document = JsonDocument.Parse(await _http.GetStringAsync("/openapi/v1.json"));
        var paths = document.RootElement.GetProperty("paths").EnumerateObject().ToArray();
        Assert.True(paths.Length >= 18, $"{paths.Length} paths");
        Assert.All(paths.SelectMany(p => p.Value.EnumerateObject()), o => Assert.True(o.Value.TryGetProperty("summary", out _)));
    }
}
