using Microsoft.JSInterop;

namespace Winnow.Studio.Shell;

/// <summary>
/// Keys go to whoever was the last to ask for them, as a dialog lies over its page; what it does not know goes nowhere. Names are those of
/// the table of keys: <c>a</c>, <c>Shift+1</c>, <c>Ctrl+z</c>, <c>Space</c>.
/// </summary>
internal sealed class Keyboard(Browser browser) : IDisposable
{
    private readonly List<Listener> _listeners = [];
    private DotNetObjectReference<Keyboard>? _self;

    /// <summary>Hears keys until it is disposed of.</summary>
    /// <param name="keys">Names of the keys; no other reaches it, and these do nothing else in the page.</param>
    /// <param name="heard">Told of each.</param>
    public async Task<IAsyncDisposable> ListenAsync(IEnumerable<string> keys, Func<string, Task> heard)
    {
        if (_self is null)
        {
            _self = DotNetObjectReference.Create(this);
            await browser.CallAsync("listen", _self);
        }
        var listener = new Listener(this, [.. keys], heard);
        _listeners.Add(listener);
        await BindAsync();
        return listener;
    }

    [JSInvokable]
    public Task HearAsync(string key) => _listeners.Count == 0 ? Task.CompletedTask : _listeners[^1].Heard(key);

    public void Dispose() => _self?.Dispose();

    private ValueTask BindAsync() =>
        browser.CallAsync("bind", [_listeners.Count == 0 ? Array.Empty<string>() : _listeners[^1].Keys]);

    private sealed class Listener(Keyboard keyboard, string[] keys, Func<string, Task> heard) : IAsyncDisposable
    {
        public string[] Keys => keys;

        public Task Heard(string key) => heard(key);

        public async ValueTask DisposeAsync()
        {
            keyboard._listeners.Remove(this);
            await keyboard.BindAsync();
        }
    }
}
