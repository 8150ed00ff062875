using System.Net;
using System.Net.Http.Headers;
using Winnow.Model.Security;

namespace Winnow.Web.Tests.Security;

/// <summary>Original bytes go to whoever may have them, by whichever way they leave, and to nobody else.</summary>
[Trait("kind", "security")]
public sealed class ContentTests(MatrixSetup<LockedServer> setup) : IClassFixture<MatrixSetup<LockedServer>>
{
    private string Image => $"/api/v1/datasets/{MatrixSetup.Own}/images/{setup.Image}";

    private static string Version => $"/api/v1/datasets/{MatrixSetup.Own}/versions/1";

    private async Task<(HttpResponseMessage Response, string Body)> GetAsync(string path, string key, string? known = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", key);
        if (known is not null) request.Headers.IfNoneMatch.ParseAdd(known);
        var response = await setup.Http.SendAsync(request);
        return (response, await response.Content.ReadAsStringAsync());
    }

    private Task<string> KeyAsync(params Permission[] permissions) =>
        setup.Door.KeyAsync($"service:cluster-{Role.Owner}", new KeyScope(Permissions: permissions));

    [Fact]
    public async Task Whoever_only_looks_sees_smaller_copies_and_no_original()
    {
        var viewer = setup.InDataset[Role.Viewer];
        var (refused, why) = await GetAsync($"{Image}/content", viewer);
        Assert.Equal(HttpStatusCode.Forbidden, refused.StatusCode);
        Assert.Contains("read-originals", why, StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.OK, (await GetAsync($"{Image}/thumbnail?size=64", viewer)).Response.StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await GetAsync(Image, viewer)).Response.StatusCode);
    }

    [Fact]
    public async Task A_key_for_originals_alone_opens_none_without_leave_to_see_images()
    {
        var (refused, why) = await GetAsync($"{Image}/content", await KeyAsync(Permission.ReadOriginals));
        Assert.Equal(HttpStatusCode.Forbidden, refused.StatusCode);
        Assert.Contains("read-images", why, StringComparison.Ordinal);
        var both = await KeyAsync(Permission.ReadOriginals, Permission.ReadImages);
        Assert.Equal(HttpStatusCode.OK, (await GetAsync($"{Image}/content", both)).Response.StatusCode);
    }

    [Fact]
    public async Task A_version_goes_out_without_its_images_to_whoever_may_not_have_them()
    {
        var key = await KeyAsync(Permission.ReadDataset, Permission.ReadImages, Permission.ExportData);
        foreach (var format in new[] { "csv", "jsonl" })
            Assert.Equal(HttpStatusCode.OK, (await GetAsync($"{Version}/export?format={format}", key)).Response.StatusCode);
        var (refused, why) = await GetAsync($"{Version}/export?format=imagenet", key);
        Assert.Equal(HttpStatusCode.Forbidden, refused.StatusCode);
        Assert.Contains("read-originals", why, StringComparison.Ordinal);
        (refused, why) = await GetAsync($"/api/v1/datasets/{MatrixSetup.Own}/backup", key);
        Assert.Equal(HttpStatusCode.Forbidden, refused.StatusCode);
        Assert.Contains("read-originals", why, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("content")]
    [InlineData("thumbnail?size=64")]
    [InlineData("thumbnail?size=128")]
    public async Task A_browser_that_has_the_bytes_is_asked_to_show_them_only_while_its_user_may_see_them(string part)
    {
        var annotator = setup.InDataset[Role.Annotator];
        var (first, _) = await GetAsync($"{Image}/{part}", annotator);
        Assert.Equal(HttpStatusCode.OK, first.StatusCode);
        Assert.True(first.Headers.CacheControl is { Private: true, NoCache: true }, $"{first.Headers.CacheControl}");
        var tag = first.Headers.ETag!.ToString();

        var (again, body) = await GetAsync($"{Image}/{part}", annotator, tag);
        Assert.Equal((HttpStatusCode.NotModified, ""), (again.StatusCode, body));
        Assert.Equal(HttpStatusCode.OK, (await GetAsync($"{Image}/{part}", annotator, "\"another\"")).Response.StatusCode);
        // What they had yesterday is no leave today.
        var ingester = setup.InDataset[Role.Ingester];
        Assert.Equal(HttpStatusCode.Forbidden, (await GetAsync($"{Image}/{part}", ingester, tag)).Response.StatusCode);
    }

    [Fact]
    public async Task Copies_of_two_sizes_are_not_taken_for_each_other()
    {
        var annotator = setup.InDataset[Role.Annotator];
        var tag = (await GetAsync($"{Image}/thumbnail?size=64", annotator)).Response.Headers.ETag!.ToString();
        Assert.Equal(HttpStatusCode.OK, (await GetAsync($"{Image}/thumbnail?size=128", annotator, tag)).Response.StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await GetAsync($"{Image}/content", annotator, tag)).Response.StatusCode);
    }
}
