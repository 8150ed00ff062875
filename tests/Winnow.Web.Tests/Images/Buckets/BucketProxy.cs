using System.Collections.Concurrent;
using System.Globalization;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Logging;
using Winnow.Testing;

namespace Winnow.Web.Tests.Images.Buckets;

/// <summary>
/// Stands before the real server for what that one cannot be brought to: it holds no archive, and is never busy on demand. Requests go on
/// to the letter, so that their signatures hold; what is set here is answered here.
/// </summary>
internal sealed class BucketProxy : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly HttpClient _http = new(new SocketsHttpHandler { UseProxy = false, AllowAutoRedirect = false });
    private readonly Uri _server;
    private readonly string _root;
    private int _busy;

    private BucketProxy(WebApplication app, Uri server, string bucket) => (_app, _server, _root) = (app, server, $"/{bucket}");

    public string Endpoint => _app.Urls.First();

    /// <summary>Objects whose reading is refused: status and code by key. A code of null is a page that no S3 server writes.</summary>
    public ConcurrentDictionary<string, (int Status, string? Code)> Refused { get; } = new(StringComparer.Ordinal);

    /// <summary>Whether everything is answered with 503 SlowDown.</summary>
    public bool Busy { get; set; }

    /// <summary>Requests that were answered so.</summary>
    public int BusyAnswers => Volatile.Read(ref _busy);

    /// <summary>What is done with a listing before it goes out.</summary>
    public Func<string, string>? Listing { get; set; }

    /// <summary>Called before an object is read.</summary>
    public Func<string, Task>? BeforeRead { get; set; }

    public static async Task<BucketProxy> StartAsync(TestBucket bucket)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var proxy = new BucketProxy(builder.Build(), new Uri(bucket.Server.Endpoint), bucket.Name);
        proxy._app.Run(proxy.AnswerAsync);
        await proxy._app.StartAsync();
        return proxy;
    }

    /// <summary>Options of a host that reads the bucket through here under a name.</summary>
    public string[] HostOptions(S3Server server, string name = "photos") =>
    [
        $"--Buckets:{name}:Endpoint", Endpoint,
        $"--Buckets:{name}:AccessKey", server.AccessKey, $"--Buckets:{name}:SecretKey", server.SecretKey,
    ];

    public async ValueTask DisposeAsync()
    {
        await _app.StopAsync();
        await _app.DisposeAsync();
        _http.Dispose();
    }

    private async Task AnswerAsync(HttpContext http)
    {
        var target = http.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget;
        if (Busy)
        {
            Interlocked.Increment(ref _busy);
            await SayAsync(http, 503, "SlowDown");
            return;
        }
        var path = target.Split('?')[0];
        var key = path.StartsWith(_root + "/", StringComparison.Ordinal) ? Uri.UnescapeDataString(path[(_root.Length + 1)..]) : "";
        if (key.Length > 0 && BeforeRead is { } before) await before(key);
        if (key.Length > 0 && Refused.TryGetValue(key, out var refusal))
        {
            await SayAsync(http, refusal.Status, refusal.Code);
            return;
        }
        await PassOnAsync(http, target, key.Length == 0);
    }

    private async Task PassOnAsync(HttpContext http, string target, bool isListing)
    {
        var literally = new UriCreationOptions { DangerousDisablePathAndQueryCanonicalization = true };
        using var request = new HttpRequestMessage(
            new HttpMethod(http.Request.Method), new Uri($"{_server.Scheme}://{_server.Authority}{target}", literally));
        foreach (var (name, values) in http.Request.Headers)
            if (name is not ("Connection" or "Content-Length")) request.Headers.TryAddWithoutValidation(name, (IEnumerable<string?>)values);
        using var answer = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, http.RequestAborted);
        http.Response.StatusCode = (int)answer.StatusCode;
        foreach (var (name, values) in answer.Headers.NonValidated) http.Response.Headers[name] = values.ToArray();
        foreach (var (name, values) in answer.Content.Headers.NonValidated) http.Response.Headers[name] = values.ToArray();
        http.Response.Headers.Remove("Transfer-Encoding");
        if (isListing && answer.IsSuccessStatusCode && Listing is { } change)
        {
            var changed = Encoding.UTF8.GetBytes(change(await answer.Content.ReadAsStringAsync(http.RequestAborted)));
            http.Response.ContentLength = changed.Length;
            await http.Response.Body.WriteAsync(changed, http.RequestAborted);
        }
        else if (http.Request.Method != "HEAD") await answer.Content.CopyToAsync(http.Response.Body, http.RequestAborted);
    }

    private static async Task SayAsync(HttpContext http, int status, string? code)
    {
        http.Response.StatusCode = status;
        if (http.Request.Method == "HEAD") return;
        await http.Response.WriteAsync(code is null ? "<html><body>There is nobody here.</body></html>" : string.Create(
            CultureInfo.InvariantCulture, $"<?xml version=\"1.0\"?><Error><Code>{code}</Code><Message>said by a test</Message></Error>"));
    }
}
