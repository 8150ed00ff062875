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
    public Task<IAsyncDisposable> ListenAsync(IEnumerable<string> keys, Func<string, Task> heard)
    {
        string[] all = [.. keys];
        return AddAsync(new Listener(this, () => all, heard, null));
    }

    /// <summary>
    /// Hears the acts of a page until it is disposed of, by the keys that the person has for them. Told of each by the first key that the
    /// studio comes with.
    /// </summary>
    public Task<IAsyncDisposable> ListenAsync(KeyTable table, OwnSettings settings, Func<string, Task> heard) =>
        AddAsync(new Listener(this, () => [.. settings.Of(table).All],
            key => settings.Of(table).ActOf(key) is { } act ? heard(act.Keys[0]) : Task.CompletedTask, settings));

    [JSInvokable]
    public Task HearAsync(string key) => _listeners.Count == 0 ? Task.CompletedTask : _listeners[^1].Heard(key);

    public void Dispose() => _self?.Dispose();

    private async Task<IAsyncDisposable> AddAsync(Listener listener)
    {
        if (_self is null)
        {
            _self = DotNetObjectReference.Create(this);
            await browser.CallAsync("listen", _self);
        }
        _listeners.Add(listener);
        await BindAsync();
        return listener;
    }

    private ValueTask BindAsync() =>
        browser.CallAsync("bind", [_listeners.Count == 0 ? Array.Empty<string>() : _listeners[^1].Keys]);

    private sealed class Listener : IAsyncDisposable
    {
        private readonly Keyboard _keyboard;
        private readonly Func<string[]> _keys;
        private readonly Func<string, Task> _heard;
        private readonly OwnSettings? _settings;

        public Listener(Keyboard keyboard, Func<string[]> keys, Func<string, Task> heard, OwnSettings? settings)
        {
            (_keyboard, _keys, _heard, _settings) = (keyboard, keys, heard, settings);
            // Keys of one's own may come after the page, and be changed beneath it.
            if (settings is not null) settings.Changed += Rebind;
        }

        public string[] Keys => _keys();

        public Task Heard(string key) => _heard(key);

        private void Rebind() => _ = _keyboard.BindAsync().AsTask();

        public async ValueTask DisposeAsync()
        {
            if (_settings is not null) _settings.Changed -= Rebind;
            _keyboard._listeners.Remove(this);
            await _keyboard.BindAsync();
        }
    }
}
