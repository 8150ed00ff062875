using System.Text.Json;
using Microsoft.JSInterop;

namespace Winnow.Studio.Shell;

/// <summary>The one script module, fetched once: what only a page can do.</summary>
internal sealed class Browser(IJSRuntime script) : IAsyncDisposable
{
    private Task<IJSObjectReference>? _module;
    private DotNetObjectReference<Browser>? _self;

    /// <summary>Whether the page is looked at has changed.</summary>
    public event Action<bool>? Seen;

    /// <summary>Whether the page is looked at.</summary>
    public bool IsSeen { get; private set; } = true;

    public async ValueTask CallAsync(string name, params object?[] arguments) =>
        await (await ModuleAsync()).InvokeVoidAsync(name, arguments);

    public async ValueTask<T> AskAsync<T>(string name, params object?[] arguments) =>
        await (await ModuleAsync()).InvokeAsync<T>(name, arguments);

    /// <summary>Fetches a picture, so that it is shown at once when its turn comes; what stands in its place where there is none.</summary>
    public async Task<FetchedPicture> FetchPictureAsync(string path)
    {
        var answer = await AskAsync<JsonElement>("fetchPicture", path);
        return answer.GetProperty("url").GetString() is { } url
            ? new FetchedPicture(url, 200, answer.GetProperty("width").GetInt32(), answer.GetProperty("height").GetInt32())
            : new FetchedPicture(null, answer.GetProperty("status").GetInt32(), 0, 0);
    }

    /// <summary>Begins to tell of looking away and coming back.</summary>
    public async Task WatchAsync()
    {
        if (_self is not null) return;
        _self = DotNetObjectReference.Create(this);
        await CallAsync("watch", _self);
    }

    [JSInvokable]
    public Task SeenAsync(bool seen)
    {
        IsSeen = seen;
        Seen?.Invoke(seen);
        return Task.CompletedTask;
    }

    public async ValueTask DisposeAsync()
    {
        _self?.Dispose();
        if (_module is not null) await (await _module).DisposeAsync();
    }

    private Task<IJSObjectReference> ModuleAsync() =>
        _module ??= script.InvokeAsync<IJSObjectReference>("import", "./studio.js").AsTask();
}

/// <summary>A picture in this page, or why there is none.</summary>
/// <param name="Url">Its address; null where there is none.</param>
/// <param name="Status">What the server said; 415 where this browser cannot show it.</param>
/// <param name="Width">Its own pixels across, upright.</param>
/// <param name="Height">Its own pixels down.</param>
internal sealed record FetchedPicture(string? Url, int Status, int Width, int Height);
