using System.Net;
using System.Text;
using Winnow.Model.Images.Buckets;

namespace Winnow.Web.Tests.Images.Buckets;

/// <summary>What a bucket's server tells is a hint: good ones bring images at once, bad ones bring nothing.</summary>
[Trait("kind", "security")]
[Trait("needs", "s3")]
public sealed class NotificationTests : IAsyncLifetime
{
    private readonly HttpClient _http = new();
    private TestBucket _bucket = null!;
    private BucketHost _host = null!;
    private AddedSource _source = null!;

    public async Task InitializeAsync()
    {
        _bucket = await TestBucket.MakeAsync();
        // No listing within the test's time: what is found was told.
        _host = await BucketHost.StartAsync([.. _bucket.HostOptions, "--Sources:ReconcileInterval", "1.00:00:00"]);
        _source = await _host.AddAsync("told", _bucket, "in/");
    }

    public async Task DisposeAsync()
    {
        await _host.DisposeAsync();
        _bucket.Dispose();
        _http.Dispose();
    }

    private async Task<HttpStatusCode> SendAsync(string body, string? path = null)
    {
        using var content = new StringContent(body, Encoding.UTF8, "application/json");
        using var response = await _http.PostAsync(new Uri(_host.Address, path ?? _source.NotificationPath!), content);
        return response.StatusCode;
    }

    private string Record(string key, string? bucket = null) =>
        $$"""{"eventName":"ObjectCreated:Put","s3":{"bucket":{"name":"{{bucket ?? _bucket.Name}}"},"object":{"key":"{{key}}"} } }""";

    private string Event(string key, string? bucket = null) => $$"""{"Records":[{{Record(key, bucket)}}]}""";

    [Fact]
    public async Task The_server_itself_tells_of_a_new_object_and_it_becomes_an_image()
    {
        await _bucket.NotifyAsync(new Uri(_host.Address, _source.NotificationPath!).AbsoluteUri);
        await _bucket.PutAsync("in/one.png", TestBucket.Image(1));
        await _bucket.PutAsync("in/with blank+plus.png", TestBucket.Image(2));
        await _bucket.PutAsync("out/two.png", TestBucket.Image(3));
        var status = await _host.UntilAsync("told", s => s.Taken == 2);
        Assert.Equal(1, status.Syncs);
        Assert.Equal(2, (await _host.Client.GetStatusAsync("told")).Images);
    }

    [Fact]
    public async Task Every_form_that_servers_send_is_understood()
    {
        for (var i = 0; i < 6; i++) await _bucket.PutAsync($"in/k {i}.png", TestBucket.Image(i));
        Assert.Equal(HttpStatusCode.NoContent, await SendAsync(Event("in/k 0.png")));
        Assert.Equal(HttpStatusCode.NoContent, await SendAsync(Event("in/k+1.png")));
        Assert.Equal(HttpStatusCode.NoContent, await SendAsync(Event("in%2Fk%202.png")));
        Assert.Equal(HttpStatusCode.NoContent,
            await SendAsync($$"""{"EventName":"s3:ObjectCreated:Put","Key":"{{_bucket.Name}}/in/k 3.png","Records":[{{Record("in%2Fk+3.png")}}]}"""));
        Assert.Equal(HttpStatusCode.NoContent,
            await SendAsync($$"""{"Type":"Notification","Message":{{System.Text.Json.JsonSerializer.Serialize(Event("in/k+4.png"))}}}"""));
        Assert.Equal(HttpStatusCode.NoContent,
            await SendAsync($$"""{"detail-type":"Object Created","detail":{"bucket":{"name":"{{_bucket.Name}}"},"object":{"key":"in/k 5.png"} } }"""));
        await _host.UntilAsync("told", s => s.Taken == 6);
        // The same again, an empty one and the try of a connection bring nothing and are no error.
        Assert.Equal(HttpStatusCode.NoContent, await SendAsync(Event("in/k 0.png")));
        Assert.Equal(HttpStatusCode.NoContent, await SendAsync(""));
        Assert.Equal(HttpStatusCode.NoContent, await SendAsync("""{"Service":"Amazon S3","Event":"s3:TestEvent","Bucket":"x"}"""));
        Assert.Equal(HttpStatusCode.NoContent, await SendAsync(Event("in/not-there.png")));
        await _bucket.PutAsync("in/last.png", TestBucket.Image(9));
        Assert.Equal(HttpStatusCode.NoContent, await SendAsync(Event("in/last.png")));
        var status = await _host.UntilAsync("told", s => s.Taken == 7);
        Assert.Equal((0L, 0L, 7L), (status.Duplicates, status.Vanished, status.Known));
    }

    [Fact]
    public async Task Hostile_notifications_bring_nothing()
    {
        await _bucket.PutAsync("in/wanted.png", TestBucket.Image(1));
        await _bucket.PutAsync("secret/other.png", TestBucket.Image(2));
        var path = _source.NotificationPath!;
        foreach (var wrong in new[]
        {
            path[..^1] + (path[^1] == 'A' ? 'B' : 'A'), path[..^5], path + "x", "/api/v1/notifications/told.pictures.",
            "/api/v1/notifications/told", "/api/v1/notifications/nobody.pictures.secret", "/api/v1/notifications/told.nothing.secret",
            "/api/v1/notifications/..%2F..%2Ftold.pictures.x",
        })
            Assert.Equal(HttpStatusCode.NotFound, await SendAsync(Event("in/wanted.png"), wrong));

        Assert.Equal(HttpStatusCode.NoContent, await SendAsync(Event("in/wanted.png", "another-bucket")));
        Assert.Equal(HttpStatusCode.NoContent, await SendAsync(Event("secret/other.png")));
        Assert.Equal(HttpStatusCode.NoContent, await SendAsync(Event("in/../secret/other.png")));
        Assert.Equal(HttpStatusCode.NoContent,
            await SendAsync($$"""{"Records":[1,null,{},{"s3":[]},{"s3":{"bucket":7,"object":{"key":"in/x"} } },{"s3":{"bucket":{"name":"{{_bucket.Name}}"},"object":{"key":{{System.Text.Json.JsonSerializer.Serialize(new string('k', 5_000))}} } } } ]}"""));
        foreach (var garbage in new[] { "not json", "[]", "7", "{\"Records\":7}", "{", new string('[', 100_000),
            """{"Type":"Notification","Message":"not json"}""", "\u0000" })
            Assert.Equal(HttpStatusCode.BadRequest, await SendAsync(garbage));

        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, await SendAsync($$"""{"Records":[],"x":"{{new string('x', 10 << 20)}}"}"""));
        // The same without telling its length beforehand.
        using var endless = new StreamContent(new MemoryStream(new byte[10 << 20]));
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(_host.Address, path))
        {
            Content = endless,
            Headers = { TransferEncodingChunked = true },
        };
        using var response = await _http.SendAsync(request);
        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, response.StatusCode);

        // After all that a good one is taken, and it alone.
        Assert.Equal(HttpStatusCode.NoContent, await SendAsync(Event("in/wanted.png")));
        var status = await _host.UntilAsync("told", s => s.Taken == 1);
        Assert.Equal(1, (await _host.Client.GetStatusAsync("told")).Images);
        Assert.Equal((1L, 0L), (status.Known, status.Refused));

        // A path that was renewed is good for nothing.
        _source = await _host.Client.RenewNotificationPathAsync("told", "pictures");
        Assert.Equal(HttpStatusCode.NotFound, await SendAsync(Event("in/wanted.png"), path));
        Assert.Equal(HttpStatusCode.NoContent, await SendAsync(Event("in/wanted.png")));
    }
}
