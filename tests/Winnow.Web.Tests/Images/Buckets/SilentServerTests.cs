using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Winnow.Client;
using Winnow.Model.Images.Buckets;

namespace Winnow.Web.Tests.Images.Buckets;

/// <summary>A bucket's server that takes connections and says nothing is named, and the cluster is not blamed for it.</summary>
public sealed class SilentServerTests
{
    [Fact]
    public async Task Who_adds_a_source_hears_that_its_server_did_not_answer()
    {
        // The system takes connections for it; nobody reads them.
        using var silent = new TcpListener(IPAddress.Loopback, 0);
        silent.Start();
        var name = string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{((IPEndPoint)silent.LocalEndpoint).Port}");
        await using var host = await BucketHost.StartAsync(
            "--Buckets:photos:Endpoint", $"http://{name}", "--Buckets:photos:AccessKey", "key", "--Buckets:photos:SecretKey", "secret");
        await host.Client.CreateDatasetAsync(TestBucket.Dataset("waits"));
        var refused = await Assert.ThrowsAsync<WinnowApiException>(
            () => host.Client.AddSourceAsync("waits", new BucketSource("pictures", "bucket", "", "photos")));
        Assert.Equal(HttpStatusCode.BadRequest, refused.Status);
        Assert.StartsWith($"The S3 server {name} did not answer within 6 s when bucket 'bucket' was to be listed", refused.Message,
            StringComparison.Ordinal);
        Assert.Empty(await host.Client.ListSourcesAsync("waits"));
    }
}
