using System.Net;
using Winnow.Client;
using Winnow.Model.Security;

namespace Winnow.Studio.Shell;

/// <summary>How far a page is known to its server.</summary>
internal enum SessionState
{
    /// <summary>Not asked yet.</summary>
    Unknown,

    /// <summary>The server did not answer when it was asked.</summary>
    Unreached,

    /// <summary>Nobody is signed in.</summary>
    SignedOut,

    /// <summary>Somebody is, or nobody need be.</summary>
    In,

    /// <summary>Somebody was, and is not any more: what is on the page stays, and goes on once they are back.</summary>
    Ended,
}

/// <summary>
/// Who works at this page. It never holds a key: that is exchanged for a cookie which no script can read. Whatever meets a refusal for want
/// of a session tells it here, and one dialog asks for another.
/// </summary>
internal sealed class Session : IDisposable
{
    private readonly Uri _address;
    private readonly SessionHandler _handler;
    private readonly HttpClient _http;
    private readonly TimeProvider _time;

    public Session(Uri address, TimeProvider time)
    {
        (_address, _time) = (address, time);
        _handler = new SessionHandler(this);
        _http = new HttpClient(_handler) { Timeout = Timeout.InfiniteTimeSpan };
        Client = new WinnowClient(OptionsOf(null), _http);
    }

    /// <summary>Who is signed in or not has changed, or whether.</summary>
    public event Action? Changed;

    public SessionState State { get; private set; }

    /// <summary>The server, under this session.</summary>
    public WinnowClient Client { get; }

    /// <summary>What is known of the session; null before it was asked.</summary>
    public SessionInfo? Info { get; private set; }

    /// <summary>Whose answers are whose on this machine.</summary>
    public string Owner => Info?.Principal?.ToString() ?? "local";

    /// <summary>Asks the server who is signed in.</summary>
    public async Task AskAsync(CancellationToken cancellationToken = default)
    {
        try
        {
            var info = await Client.GetSessionAsync(cancellationToken);
            if (info.IsKnown) Enter(info);
            else Lose();
        }
        catch (Exception e) when (e is HttpRequestException or TimeoutException or WinnowApiException)
        {
            if (State is SessionState.Unknown) Become(SessionState.Unreached);
        }
    }

    /// <summary>Exchanges a key for a session.</summary>
    /// <returns>Why it was not taken, as a sentence; null where it was.</returns>
    public async Task<string?> SignInAsync(string key, CancellationToken cancellationToken = default)
    {
        try
        {
            using var client = new WinnowClient(OptionsOf(key), _http);
            Enter(await client.BeginSessionAsync(cancellationToken));
            return null;
        }
        catch (ArgumentException e)
        {
            return e.Message;
        }
        catch (Exception e) when (e is HttpRequestException or TimeoutException or WinnowApiException)
        {
            return e.Message;
        }
    }

    /// <summary>Ends the session, here and in the other tabs of this browser.</summary>
    public async Task SignOutAsync(CancellationToken cancellationToken = default)
    {
        await _handler.LeaveAsync();
        try
        {
            await EndAsync(cancellationToken);
            Info = null;
            Become(SessionState.SignedOut);
        }
        finally
        {
            _handler.Return();
        }
    }

    private async Task EndAsync(CancellationToken cancellationToken)
    {
        try
        {
            await Client.EndSessionAsync(cancellationToken);
        }
        catch (WinnowApiException e) when (e.Status == HttpStatusCode.Unauthorized)
        {
            // It had ended already.
        }
    }

    /// <summary>The server refused a request for want of a session.</summary>
    public void Lose()
    {
        if (State is not (SessionState.SignedOut or SessionState.Ended))
            Become(State == SessionState.In ? SessionState.Ended : SessionState.SignedOut);
    }

    public void Dispose()
    {
        Client.Dispose();
        _http.Dispose();
    }

    /// <summary>What the server says now, where another tab may have signed in anew; whether the same person still is.</summary>
    internal async Task<bool> RenewAsync(CancellationToken cancellationToken)
    {
        var (before, owner) = (Info?.Csrf, Owner);
        await AskAsync(cancellationToken);
        return State == SessionState.In && Owner == owner && Info?.Csrf != before;
    }

    private WinnowClientOptions OptionsOf(string? key) => new()
    {
        Address = _address,
        Key = key,
        RetryAttempts = 0,
        Timeout = TimeSpan.FromSeconds(40),
        TimeProvider = _time,
    };

    private void Enter(SessionInfo info)
    {
        Info = info;
        Become(SessionState.In);
    }

    private void Become(SessionState state)
    {
        State = state;
        Changed?.Invoke();
    }
}
