using System.Globalization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.Extensions.Logging;
using Microsoft.Net.Http.Headers;
using Winnow.Adapters.Objects;
using Winnow.Model;
using Winnow.Model.Images;

namespace Winnow.Benchmarks.Images;

/// <summary>
/// A bare upload: every part of a request becomes a file, all are flushed together, and the answer is what the client wants to read.
/// Nothing looks at an image.
/// </summary>
internal sealed class UploadServer : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly FileSystemSync _sync;
    private int _files;

    private UploadServer(WebApplication app, string folder) => (_app, _sync) = (app, new FileSystemSync(folder));

    public Uri Url => new(_app.Urls.Single());

    public static async Task<UploadServer> StartAsync(string folder, CancellationToken cancellationToken)
    {
        Directory.CreateDirectory(folder);
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0").ConfigureKestrel(k => k.Limits.MaxRequestBodySize = null);
        var server = new UploadServer(builder.Build(), folder);
        server._app.MapPost("/api/v1/datasets/{dataset}/images", (HttpRequest request) => server.TakeAsync(request, folder));
        await server._app.StartAsync(cancellationToken);
        return server;
    }

    private async Task<IResult> TakeAsync(HttpRequest request, string folder)
    {
        var boundary = HeaderUtilities.RemoveQuotes(MediaTypeHeaderValue.Parse(request.ContentType!).Boundary).Value!;
        var reader = new MultipartReader(boundary, request.Body, 1 << 16);
        var results = new List<IngestResult>();
        while (await reader.ReadNextSectionAsync() is { } section)
        {
            var path = Path.Combine(folder, Interlocked.Increment(ref _files).ToString(CultureInfo.InvariantCulture));
            await using (var file =
                new FileStream(path, FileMode.CreateNew, FileAccess.Write, FileShare.None, 0)) await section.Body.CopyToAsync(file);
            if (section.ContentDisposition!.Contains("filename", StringComparison.Ordinal))
                results.Add(new IngestResult(path, null, IngestStatus.Accepted, null));
        }
        await _sync.SyncAsync();
        return Results.Json<IReadOnlyList<IngestResult>>(results, ModelJson.Default.IReadOnlyListIngestResult);
    }

    public async ValueTask DisposeAsync()
    {
        await _app.DisposeAsync();
        _sync.Dispose();
    }
}
