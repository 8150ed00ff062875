using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Winnow.Benchmarks.Measuring;

/// <summary>The least that any HTTP API costs: it reads a request's body and answers with as many bytes as it is asked for.</summary>
internal sealed class EchoServer : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly HttpClient _http = new(new SocketsHttpHandler { MaxConnectionsPerServer = 256 });

    private EchoServer(WebApplication app) => _app = app;

    public static async Task<EchoServer> StartAsync(CancellationToken cancellationToken)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var app = builder.Build();
        app.MapPost("/echo/{size:int}", async (int size, HttpRequest request) =>
        {
            await request.Body.CopyToAsync(Stream.Null, request.HttpContext.RequestAborted);
            return Results.Bytes(new byte[size], "application/json");
        });
        await app.StartAsync(cancellationToken);
        return new EchoServer(app);
    }

    /// <summary>Sends so many bytes and gets so many.</summary>
    public async Task<int> CallAsync(int sent, int received, CancellationToken cancellationToken)
    {
        using var content = new ByteArrayContent(new byte[sent]);
        using var answer = await _http.PostAsync(new Uri($"{_app.Urls.Single()}/echo/{received}"), content, cancellationToken);
        return (await answer.EnsureSuccessStatusCode().Content.ReadAsByteArrayAsync(cancellationToken)).Length;
    }

    public async ValueTask DisposeAsync()
    {
        _http.Dispose();
        await _app.DisposeAsync();
    }
}
