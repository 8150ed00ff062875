using System.Net;
using Winnow.Client;
using Winnow.Model.Images;
using Winnow.Model.Images.Buckets;
using Winnow.Testing;
using Winnow.Web.Tests.Images.Buckets;
using Xunit.Abstractions;

namespace Winnow.Web.Tests.Security.Doors;

/// <summary>A cluster on PostgreSQL and S3, and the doors that only such a one has: signed links, buckets, notifications.</summary>
[Trait("needs", "postgres")]
[Trait("needs", "s3")]
public sealed class TwoSilosDoorTests(TwoSilos cluster, ITestOutputHelper output)
    : DoorTests(cluster, output), IClassFixture<TwoSilos>
{
    private async Task<string> DatasetAsync()
    {
        var name = "door-" + Guid.NewGuid().ToString("n")[..8];
        await cluster.Operator.CreateDatasetAsync(TestBucket.Dataset(name));
        return name;
    }

    private async Task<ImageId[]> ImportAsync(string dataset, int count)
    {
        var ids = new List<ImageId>();
        await foreach (var result in cluster.Operator.ImportAsync(dataset, DrawnImages.EnumerateAsync(count))) ids.Add(result.Id!.Value);
        return [.. ids];
    }

    [Fact]
    public async Task A_signed_link_is_good_for_its_object_and_for_reading_it()
    {
        var dataset = await DatasetAsync();
        var images = await ImportAsync(dataset, 2);
        var link = (await cluster.Operator.GetImageUrlAsync(dataset, images[0])).Url;
        using var http = new HttpClient();
        Assert.Equal(HttpStatusCode.OK, (await http.GetAsync(link)).StatusCode);
        async Task RefusedAsync(HttpMethod method, string url)
        {
            using var request = new HttpRequestMessage(method, url);
            if (method == HttpMethod.Put) request.Content = new ByteArrayContent([1, 2, 3]);
            using var response = await http.SendAsync(request);
            Assert.True((int)response.StatusCode is 400 or 403 or 404, $"{method} {url}: {(int)response.StatusCode}");
        }

        var other = (await cluster.Operator.GetImageUrlAsync(dataset, images[1])).Url;
        foreach (var method in new[] { HttpMethod.Put, HttpMethod.Delete, HttpMethod.Post }) await RefusedAsync(method, link.AbsoluteUri);
        await RefusedAsync(HttpMethod.Get, new UriBuilder(link) { Path = other.AbsolutePath }.Uri.AbsoluteUri);
        await RefusedAsync(HttpMethod.Get, new UriBuilder(link) { Path = $"/{cluster.OwnBucket}/" }.Uri.AbsoluteUri);
        await RefusedAsync(HttpMethod.Get, link.AbsoluteUri + "&acl");
        await RefusedAsync(HttpMethod.Get, link.GetLeftPart(UriPartial.Path));
        const string Signature = "X-Amz-Signature=";
        var (head, signature) = (link.AbsoluteUri.Split(Signature)[0], link.AbsoluteUri.Split(Signature)[1]);
        await RefuseAllAsync(new Mutations(signature).Take(Mutations.Count / 10), async (_, _, made) =>
        {
            await RefusedAsync(HttpMethod.Get, $"{head}{Signature}{Uri.EscapeDataString(made)}");
            return null;
        });
        (string Stands, string Becomes)[] changes =
            [("X-Amz-Expires=", "X-Amz-Expires=9"), ("X-Amz-Date=20", "X-Amz-Date=21"), ("SignedHeaders=host", "SignedHeaders=")];
        foreach (var (stands, becomes) in changes)
        {
            Assert.Contains(stands, link.AbsoluteUri, StringComparison.Ordinal);
            await RefusedAsync(HttpMethod.Get, link.AbsoluteUri.Replace(stands, becomes, StringComparison.Ordinal));
        }
        // It runs out: a link that is passed on is no key.
        var expires = (await cluster.Operator.GetImageUrlAsync(dataset, images[0])).ExpiresAt - TimeProvider.System.GetUtcNow();
        Assert.InRange(expires, TimeSpan.FromSeconds(30), TimeSpan.FromHours(1));
    }

    [Fact]
    public async Task A_place_to_upload_to_standsgood_for_that_place()
    {
        var dataset = await DatasetAsync();
        var image = (await ImportAsync(dataset, 1))[0];
        var slots = (await cluster.Operator.PrepareUploadsAsync(dataset, 2)).Slots;
        var read = (await cluster.Operator.GetImageUrlAsync(dataset, image)).Url;
        using var http = new HttpClient();
        async Task<HttpStatusCode> PutAsync(Uri url)
        {
            using var content = new ByteArrayContent(DrawnImages.Draw(3));
            using var response = await http.PutAsync(url, content);
            return response.StatusCode;
        }

        Assert.Equal(HttpStatusCode.Forbidden, await PutAsync(new UriBuilder(slots[0].Url) { Path = read.AbsolutePath }.Uri));
        Assert.Equal(HttpStatusCode.Forbidden, await PutAsync(new UriBuilder(slots[0].Url) { Path = slots[1].Url.AbsolutePath }.Uri));
        Assert.Equal(HttpStatusCode.Forbidden, (await http.GetAsync(slots[0].Url)).StatusCode);
        Assert.Equal(HttpStatusCode.OK, await PutAsync(slots[0].Url));
        // The bytes that the image's id was made of are there as they were.
        Assert.Equal(image, ImageId.Of(await http.GetByteArrayAsync(read)));
    }

    [Theory]
    [InlineData("http://169.254.169.254")]
    [InlineData("169.254.169.254")]
    [InlineData("localhost:5432")]
    [InlineData("photos@169.254.169.254")]
    [InlineData("photos/../other")]
    [InlineData("Photos ")]
    [InlineData("file:///etc")]
    public async Task No_source_reads_from_an_address(string server)
    {
        var dataset = await DatasetAsync();
        var refused = await Assert.ThrowsAsync<WinnowApiException>(() =>
            cluster.Operator.AddSourceAsync(dataset, new BucketSource("inner", cluster.Photos.Name, "", server)));
        Assert.Equal(HttpStatusCode.BadRequest, refused.Status);
        Assert.Empty(await cluster.Operator.ListSourcesAsync(dataset));
    }

    [Theory]
    [InlineData("../other")]
    [InlineData("a/b")]
    [InlineData("169.254.169.254/latest?x=")]
    [InlineData("bucket#fragment")]
    [InlineData("bucket\r\nHost: other")]
    [InlineData("%2e%2e")]
    public async Task No_bucket_is_a_path(string bucket)
    {
        var dataset = await DatasetAsync();
        var refused = await Assert.ThrowsAsync<WinnowApiException>(() =>
            cluster.Operator.AddSourceAsync(dataset, new BucketSource("inner", bucket, "", "photos")));
        Assert.Equal(HttpStatusCode.BadRequest, refused.Status);
    }

    [Fact]
    public async Task The_clusters_own_objects_are_nobodys_source_by_whatever_name()
    {
        var dataset = await DatasetAsync();
        foreach (var server in new[] { null, "photos", "alias" })
        {
            var refused = await Assert.ThrowsAsync<WinnowApiException>(() =>
                cluster.Operator.AddSourceAsync(dataset, new BucketSource("own", cluster.OwnBucket, "datasets/", server)));
            Assert.Contains("cluster's own objects", refused.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Notifications_with_tokens_that_were_not_given_bring_nothing()
    {
        var dataset = await DatasetAsync();
        var source = await cluster.Operator.AddSourceAsync(dataset, new BucketSource("told", cluster.Photos.Name, "in/", "photos"));
        var (path, token) = (source.NotificationPath!, source.NotificationPath!.Split('/')[^1]);
        var stem = path[..^token.Length];
        // A step that is dots alone is taken out of an address before it is sent.
        var spoilt = new Mutations(token).Take(Mutations.Count).Where(t => t.Trim('.').Length > 0);
        await RefuseAllAsync(spoilt, async (http, address, made) =>
        {
            using var content = new StringContent("""{"Records":[]}""", System.Text.Encoding.UTF8, "application/json");
            using var response = await http.PostAsync(new Uri(address, stem + Uri.EscapeDataString(made)), content);
            return response.StatusCode == HttpStatusCode.NotFound ? null : $"{(int)response.StatusCode}";
        });
        await cluster.Operator.RemoveSourceAsync(dataset, "told");
        using var later = new HttpClient();
        Assert.Equal(HttpStatusCode.NotFound, (await later.PostAsync(new Uri(cluster.Address, path), new StringContent("{}"))).StatusCode);
    }
}
