using System.Net;
using Winnow.Client;
using Winnow.Model;
using Winnow.Model.Images;
using Winnow.Testing;

namespace Winnow.Web.Tests.Images.Buckets;

/// <summary>Bytes that go past the gateway, to a real object store and from it.</summary>
[Trait("needs", "s3")]
[Trait("needs", "postgres")]
public sealed class UploadTests : IAsyncLifetime
{
    private readonly HttpClient _http = new();
    private readonly string _bucket = S3Server.NewBucket();
    private BucketHost _host = null!;

    public async Task InitializeAsync()
    {
        var server = await S3Server.SharedAsync();
        _host = await BucketHost.StartAsync(
        [
            .. SiloCluster.Options(await (await PostgresServer.SharedAsync()).CreateDatabaseAsync(), server, _bucket),
            "--Cluster:AdvertisedAddress", "127.0.0.1", "--Images:MaxBytes", "5000",
        ]);
        await _host.Client.CreateDatasetAsync(TestBucket.Dataset("direct"));
    }

    public async Task DisposeAsync()
    {
        await _host.DisposeAsync();
        _http.Dispose();
    }

    private async Task PutAsync(Uri url, byte[] bytes)
    {
        using var content = new ByteArrayContent(bytes);
        using var response = await _http.PutAsync(url, content);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
    }

    [Fact]
    public async Task Uploads_are_taken_in_once_and_read_by_a_link()
    {
        var slots = (await _host.Client.PrepareUploadsAsync("direct", 4)).Slots;
        Assert.Equal(4, slots.Select(s => s.Id).Distinct().Count());
        await PutAsync(slots[0].Url, TestBucket.Image(1));
        await PutAsync(slots[1].Url, [1, 2, 3]);
        await PutAsync(slots[2].Url, new byte[6_000]);
        UploadedImage[] images = [.. slots.Select((s, i) => new UploadedImage(s.Id, $"{i}.png", i == 0 ? "cat" : null))];
        var operation = Guid.NewGuid();
        var results = await _host.Client.CompleteUploadsAsync("direct", images, operation);
        Assert.Equal([IngestStatus.Accepted, IngestStatus.Quarantined, IngestStatus.LeftOut, IngestStatus.LeftOut],
            results.Select(r => r.Status));
        Assert.Contains("limit is 5000", results[2].Reason, StringComparison.Ordinal);
        Assert.Contains("Nothing was uploaded", results[3].Reason, StringComparison.Ordinal);
        // A lost answer: the same again is answered alike, also under another operation.
        Assert.Equal(results, await _host.Client.CompleteUploadsAsync("direct", images, operation));
        Assert.Equal(results, await _host.Client.CompleteUploadsAsync("direct", images, Guid.NewGuid()));
        Assert.Equal(2, (await _host.Client.GetStatusAsync("direct")).Images);

        var link = await _host.Client.GetImageUrlAsync("direct", results[0].Id!.Value);
        Assert.Equal(TestBucket.Image(1), await _http.GetByteArrayAsync(link.Url));
        foreach (var bad in new[] { "../../datasets/direct", slots[0].Id.ToUpperInvariant(), "", slots[0].Id + ".done" })
            Assert.Equal(HttpStatusCode.BadRequest,
                (await Assert.ThrowsAsync<WinnowApiException>(() =>
                    _host.Client.CompleteUploadsAsync("direct", [new UploadedImage(bad, "x")]))).Status);
        // An upload of one dataset is nothing in another.
        await _host.Client.CreateDatasetAsync(TestBucket.Dataset("other"));
        Assert.Contains("Nothing was uploaded", (await _host.Client.CompleteUploadsAsync("other", [images[0]]))[0].Reason,
            StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.BadRequest,
            (await Assert.ThrowsAsync<WinnowApiException>(() => _host.Client.PrepareUploadsAsync("direct", 1_001))).Status);
    }

    [Fact]
    public async Task A_completion_is_its_senders()
    {
        await _host.Client.CreateDatasetAsync(TestBucket.Dataset("owned"));
        var slots = (await _host.Client.PrepareUploadsAsync("owned", 5)).Slots;
        for (var i = 0; i < slots.Count; i++) await PutAsync(slots[i].Url, TestBucket.Image(40 + i));
        UploadedImage[] images = [.. slots.Select((s, i) => new UploadedImage(s.Id, $"{i}.png"))];
        var operation = Guid.NewGuid();
        var results = await _host.Client.CompleteUploadsAsync("owned", images[..3], operation);
        Assert.All(results, r => Assert.Equal(IngestStatus.Accepted, r.Status));
        // Other uploads under the same operation, of the same sender: nothing of them is taken.
        foreach (var other in new[] { images[3..], images[..4], images })
        {
            var refused = await Assert.ThrowsAsync<WinnowApiException>(() => _host.Client.CompleteUploadsAsync("owned", other, operation));
            Assert.Equal((HttpStatusCode.Conflict, RefusalCodes.OperationConflict), (refused.Status, refused.Code));
        }
        Assert.Equal(3, (await _host.Client.GetStatusAsync("owned")).Images);
        Assert.Equal(results, await _host.Client.CompleteUploadsAsync("owned", images[..3], operation));
        var rest = await _host.Client.CompleteUploadsAsync("owned", images[3..], Guid.NewGuid());
        Assert.All(rest, r => Assert.Equal(IngestStatus.Accepted, r.Status));
    }

    /// <summary>A completion may be cut off between its rows and its results; when it is repeated its parts may begin elsewhere.</summary>
    [Fact]
    public async Task A_completion_that_was_cut_off_is_taken_in_to_its_end()
    {
        await _host.Client.CreateDatasetAsync(TestBucket.Dataset("cut"));
        var slots = (await _host.Client.PrepareUploadsAsync("cut", 6)).Slots;
        UploadedImage[] images = [.. slots.Select((s, i) => new UploadedImage(s.Id, $"{i}.png"))];
        for (var i = 0; i < 3; i++) await PutAsync(slots[i].Url, TestBucket.Image(60 + i));
        var operation = Guid.NewGuid();
        // Three are there in time; what is missing is answered, and not kept.
        var first = await _host.Client.CompleteUploadsAsync("cut", images, operation);
        Assert.Equal(3, first.Count(r => r.Status == IngestStatus.Accepted));
        for (var i = 3; i < 6; i++) await PutAsync(slots[i].Url, TestBucket.Image(60 + i));
        var again = await _host.Client.CompleteUploadsAsync("cut", images, operation);
        Assert.All(again, r => Assert.Equal(IngestStatus.Accepted, r.Status));
        Assert.Equal(6, (await _host.Client.GetStatusAsync("cut")).Images);
    }

    [Fact]
    public async Task An_import_goes_past_the_server_where_asked()
    {
        await _host.Client.CreateDatasetAsync(TestBucket.Dataset("folder"));
        var results = new List<IngestResult>();
        await foreach (var result in _host.Client.ImportAsync("folder", DrawnImages.EnumerateAsync(120),
            new ImportOptions { LotSize = 50, ViaPresignedUrls = true })) results.Add(result);
        Assert.Equal(120, results.Count(r => r.Status == IngestStatus.Accepted));
        Assert.Equal(DrawnImages.Draw(7), await _host.Client.GetImageContentAsync("folder", ImageId.Of(DrawnImages.Draw(7))));
    }

    [Fact]
    public async Task The_bucket_of_the_cluster_is_nobodys_source()
    {
        var refused = await Assert.ThrowsAsync<WinnowApiException>(() =>
            _host.Client.AddSourceAsync("direct", new Winnow.Model.Images.Buckets.BucketSource("own", _bucket, "datasets/")));
        Assert.Contains("cluster's own objects", refused.Message, StringComparison.Ordinal);
    }
}
