using System.Collections.Concurrent;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Winnow.Web.Tests.Client;

/// <summary>A reverse proxy that has a server below a path and knows nothing anywhere else, as those of a company's site do.</summary>
internal sealed class PathProxy : IAsyncDisposable
{
    private const string NotThere = "<html><head><title>404 Not Found</title></head><body>nothing here</body></html>";

    private readonly WebApplication _app;
    private readonly HttpClient _http = new(new SocketsHttpHandler { UseProxy = false, AllowAutoRedirect = false });
    private readonly Uri _server;
    private readonly PathString _below;
    private readonly bool _strips;

    private PathProxy(Uri server, PathString below, bool strips)
    {
        (_server, _below, _strips) = (server, below, strips);
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        _app = builder.Build();
        _app.Urls.Add("http://127.0.0.1:0");
        _app.Run(PassAsync);
    }

    /// <summary>Paths that were asked for elsewhere than below the path.</summary>
    public ConcurrentQueue<string> Astray { get; } = [];

    /// <summary>The proxy's address, without the path.</summary>
    public Uri Address => new(_app.Urls.First());

    /// <param name="server">The server behind it.</param>
    /// <param name="below">The path.</param>
    /// <param name="strips">Whether the server sees the path without it.</param>
    public static async Task<PathProxy> StartAsync(Uri server, string below, bool strips = true)
    {
        var proxy = new PathProxy(server, below, strips);
        await proxy._app.StartAsync();
        return proxy;
    }

    public async ValueTask DisposeAsync()
    {
        await _app.DisposeAsync();
        _http.Dispose();
    }

    private async Task PassAsync(HttpContext context)
    {
        if (!context.Request.Path.StartsWithSegments(_below, out var rest))
        {
            Astray.Enqueue(context.Request.Path);
            context.Response.StatusCode = 404;
            context.Response.ContentType = "text/html";
            await context.Response.WriteAsync(NotThere);
            return;
        }
        var path = (_strips ? rest : context.Request.Path).ToUriComponent() + context.Request.QueryString.ToUriComponent();
        using var request = new HttpRequestMessage(new HttpMethod(context.Request.Method), new Uri(_server, path));
        if (context.Request.Method == "POST") request.Content = new StreamContent(context.Request.Body);
        foreach (var (name, values) in context.Request.Headers)
        {
            if (name is "Host" or "Expect" or "Transfer-Encoding" or "Connection") continue;
            if (!request.Headers.TryAddWithoutValidation(name, values.ToArray()))
                request.Content?.Headers.TryAddWithoutValidation(name, values.ToArray());
        }
        using var answer = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, context.RequestAborted);
        context.Response.StatusCode = (int)answer.StatusCode;
        if (answer.Content.Headers.ContentType is { } type) context.Response.ContentType = type.ToString();
        await answer.Content.CopyToAsync(context.Response.Body, context.RequestAborted);
    }
}
