using System.Text.Json;
using Winnow.Client;
using Winnow.Model.Datasets;
using Winnow.Model.Images;
using Winnow.Model.Labels;
using Winnow.Testing;

namespace Winnow.Web.Tests.Client;

/// <summary>A server that stands below a path of a larger site: every request goes there, and the API's own description says so.</summary>
public sealed class PathPrefixTests(Server server) : IClassFixture<Server>
{
    private static readonly LabelSchema Schema = new() { Classes = [.. DrawnImages.Classes.Select(c => new LabelClass(c))] };

    [Theory]
    [InlineData("/winnow", "/winnow")]
    [InlineData("/winnow", "/winnow/")]
    [InlineData("/a/b%20c/winnow", "/a/b%20c/winnow/")]
    public async Task Every_request_of_the_sdk_goes_below_it(string below, string given)
    {
        await using var proxy = await PathProxy.StartAsync(server.Address, Uri.UnescapeDataString(below));
        var address = new Uri(proxy.Address, given);
        using var client = new WinnowClient(new WinnowClientOptions { Address = address, Actor = "through a proxy", RetryAttempts = 0 });
        var folder = Directory.CreateTempSubdirectory("winnow-prefix-");
        try
        {
            var name = "p" + Guid.NewGuid().ToString("n")[..10];
            await client.CreateDatasetAsync(new CreateDataset(name, Schema, new DatasetSettings { Shards = 1, AuditSample = 0 }));
            var taken = new List<IngestResult>();
            await foreach (var result in client.ImportAsync(name, DrawnImages.EnumerateAsync(1, 5, labelled: true))) taken.Add(result);
            Assert.All(taken, r => Assert.Equal(IngestStatus.Accepted, r.Status));
            Assert.NotEmpty(await client.GetThumbnailAsync(name, taken[0].Id!.Value, 64));
            Assert.Equal(1, (await client.CreateVersionAsync(name, new CreateVersion())).Number);
            await using (var export = await client.OpenExportAsync(name, 1, "csv")) Assert.NotEqual(-1, export.ReadByte());
            var backup = Path.Combine(folder.FullName, "backup.tar");
            await client.BackupAsync(name, backup);
            Assert.Equal(taken.Count, (await client.RestoreAsync(backup, name + "-2")).Images);
            await foreach (var step in client.VerifyAsync(name, hash: true)) Assert.NotEqual(false, step.Report?.Sound);
            Assert.Null((await client.WhoamiAsync()).Principal);
            Assert.Empty(proxy.Astray);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    [Fact]
    public async Task An_address_without_the_path_is_told_from_a_dataset_that_is_not_there()
    {
        await using var proxy = await PathProxy.StartAsync(server.Address, "/winnow");
        using var astray = new WinnowClient(new WinnowClientOptions { Address = proxy.Address, RetryAttempts = 0 });
        var refused = await Assert.ThrowsAsync<WinnowApiException>(() => astray.ListDatasetsAsync());
        Assert.Contains("404 Not Found", refused.Message);
        Assert.Contains("is the path in it that the server may stand below", refused.Message);
        Assert.DoesNotContain("<html>", refused.Message);
        using var right = new WinnowClient(new WinnowClientOptions { Address = new Uri(proxy.Address, "/winnow"), RetryAttempts = 0 });
        Assert.Contains("'nowhere'", (await Assert.ThrowsAsync<WinnowApiException>(() => right.GetStatusAsync("nowhere"))).Message);
    }

    [Fact]
    public async Task The_description_says_where_the_api_lies_beside_itself()
    {
        await using var proxy = await PathProxy.StartAsync(server.Address, "/winnow");
        using var http = new HttpClient();
        var at = new Uri(proxy.Address, "/winnow/openapi/v1.json");
        using var document = JsonDocument.Parse(await http.GetStringAsync(at));
        var api = new Uri(at, Assert.Single(document.RootElement.GetProperty("servers").EnumerateArray()).GetProperty("url").GetString()!);
        Assert.Equal(new Uri(proxy.Address, "/winnow/"), api);
    }

    [Fact]
    public async Task A_proxy_that_passes_the_path_on_is_served_too()
    {
        await using var below = await OwnServer.StartAsync(null, null, "--Api:PathBase", "/winnow");
        await using var proxy = await PathProxy.StartAsync(below.Address, "/winnow", strips: false);
        using var client = new WinnowClient(new WinnowClientOptions { Address = new Uri(proxy.Address, "/winnow/"), RetryAttempts = 0 });
        await client.CreateDatasetAsync(new CreateDataset("below", Schema));
        Assert.Equal("below", Assert.Single(await client.ListDatasetsAsync()).Name);
        // Probes of the machine's own go past the proxy.
        using var http = new HttpClient();
        Assert.True((await http.GetAsync(new Uri(below.Address, "/health/ready"))).IsSuccessStatusCode);
    }

    [Theory]
    [InlineData("winnow")]
    [InlineData("/")]
    [InlineData("/winnow/")]
    public void A_path_that_is_none_ends_the_start(string below) =>
        Assert.Contains("Api:PathBase", new ApiOptions { PathBase = below }.Check());
}
