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
    public async Task<(string? Url, int Status)> FetchPictureAsync(string path)
    {
        var answer = await AskAsync<JsonElement>("fetchPicture", path);
        return (answer.GetProperty("url").GetString(), answer.GetProperty("status").GetInt32());
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
