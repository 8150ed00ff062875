using Winnow.Client;
using Winnow.Model.Security;

namespace Winnow.Studio.Shell;

/// <summary>
/// How the person at this page has the studio, as the server keeps it. Before it is here, and where it cannot be had, all is as the studio
/// comes; what is changed holds once the server has it.
/// </summary>
internal sealed class OwnSettings(WinnowClient client, Session session, Browser browser)
{
    private string? _owner;

    /// <summary>It came, or was changed.</summary>
    public event Action? Changed;

    public Preferences Now { get; private set; } = new();

    public BoundKeys Of(KeyTable table) => new(table, Now.Keys);

    /// <summary>A key as it is printed, by the one that the studio comes with.</summary>
    public string Shown(KeyTable table, string key) => KeyNames.Shown(Of(table).ShownFor(key, table));

    /// <summary>Asks for them, once a person.</summary>
    public async Task LoadAsync()
    {
        if (session.State != SessionState.In || _owner == session.Owner) return;
        _owner = session.Owner;
        try
        {
            await TakeAsync(await client.GetPreferencesAsync());
        }
        catch (Exception e) when (Unanswered.Is(e))
        {
            // Asked again with the next page that is loaded.
            _owner = null;
        }
    }

    /// <summary>Changes them; why they were not taken, as a sentence, or null.</summary>
    public async Task<string?> SetAsync(Preferences wanted)
    {
        try
        {
            await TakeAsync(await client.SetPreferencesAsync(wanted));
            return null;
        }
        catch (Exception e) when (Unanswered.Is(e))
        {
            return e.Message;
        }
    }

    /// <summary>The act, in words, that keeps a key from another act of its page; null where the key is free.</summary>
    public string? HeldBy(KeyTable table, KeyAct act, string key) =>
        Of(table).ActOf(key) is { } other && other != act ? other.Says : null;

    private async Task TakeAsync(Preferences preferences)
    {
        Now = preferences;
        // Kept in the browser as well, so that the next page has its colours before it has anything else.
        await browser.CallAsync("theme", preferences.Theme);
        Changed?.Invoke();
    }
}
