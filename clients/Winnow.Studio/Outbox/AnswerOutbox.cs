using System.Net;
using System.Text.Json;
using Microsoft.JSInterop;
using Winnow.Client;
using Winnow.Model.Images;
using Winnow.Model.Review;
using Winnow.Studio.Shell;

namespace Winnow.Studio.Outbox;

/// <summary>How sending fares.</summary>
internal enum Sending
{
    /// <summary>All that was said is with the server.</summary>
    Nothing,

    /// <summary>Something is on its way, from this tab or another.</summary>
    UnderWay,

    /// <summary>The server is not reached: it is tried again, later and later, and at once when the network is back.</summary>
    Offline,

    /// <summary>Nobody is signed in who could send it.</summary>
    SignedOut,
}

/// <summary>
/// Whatever a person says is kept in the browser's database first, in the order in which it was said, and stays there until the server has
/// answered that it has it. Each entry bears its operation id, so that sending it again after a lost answer records nothing twice. One tab
/// of a browser sends at a time; entries of one image go one after the other.
/// </summary>
internal sealed class AnswerOutbox(Browser browser, Session session, WinnowClient client, TimeProvider time) : IDisposable
{
    private const int MostAtOnce = 50;
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(15);

    private DotNetObjectReference<AnswerOutbox>? _self;
    private TaskCompletionSource _news = NewSignal();
    private string? _owner;
    private int _keeping;
    private Task _turn = Task.CompletedTask;

    /// <summary>What is on its way, or how that fares, has changed.</summary>
    public event Action? Changed;

    /// <summary>What was said and is not with the server, oldest first; what was refused stays until it is looked at.</summary>
    public IReadOnlyList<OutboxEntry> Entries { get; private set; } = [];

    public Sending Sending { get; private set; }

    /// <summary>What is still to be sent, counted from the key that said it on.</summary>
    public int OnTheirWay => Kept + _keeping;

    /// <summary>What of that is on this machine's disk by now, and outlives the page.</summary>
    public int Kept => Entries.Count(e => !e.IsRefused);

    /// <summary>Begins with what an earlier page of the same person left. The same again changes nothing.</summary>
    public async Task OpenAsync()
    {
        if (_self is null)
        {
            _self = DotNetObjectReference.Create(this);
            session.Changed += Tell;
        }
        if (_owner == session.Owner) return;
        _owner = session.Owner;
        await browser.CallAsync("leave");
        await ReadAsync();
        await browser.CallAsync("lead", _self, _owner);
    }

    /// <summary>Keeps what was said. It is on this machine's disk when the task ends, and sent by itself.</summary>
    /// <exception cref="JSException">The browser cannot keep it: nothing was said then.</exception>
    public Task<long> AddAsync(OutboxEntry entry) => InTurnAsync(() => PutAsync(entry));

    /// <summary>
    /// Undoes what was said: it is withdrawn where it was not sent yet, and else taken back on the server. Whatever is said while that is
    /// found out is kept after it.
    /// </summary>
    /// <param name="kept">Its order, once it is kept; -1 where it could not be.</param>
    /// <param name="back">What takes it back.</param>
    /// <returns>Whether it was withdrawn, so that it is as if it had never been said.</returns>
    /// <exception cref="JSException">The browser cannot keep it: what was said stands.</exception>
    public Task<bool> UndoAsync(Task<long> kept, OutboxEntry back) => InTurnAsync(async () =>
    {
        var order = await kept;
        if (order < 0 || await browser.AskAsync<bool>("withdraw", order)) return true;
        await PutAsync(back);
        return false;
    });

    /// <summary>Forgets what was refused, once the person has seen why.</summary>
    public async Task DismissAsync()
    {
        await SettleAsync([.. Entries.Where(e => e.IsRefused).Select(e => e.Order)], []);
        await ReadAsync();
    }

    /// <summary>Whether something that is on its way is about an image: it is not asked about again meanwhile.</summary>
    public bool Has(ImageId image) => Entries.Any(e => e.Image == image && !e.IsRefused);

    /// <summary>Something changed: in another tab, or the network is back.</summary>
    [JSInvokable]
    public async Task HearAsync()
    {
        await ReadAsync();
        Tell();
    }

    /// <summary>This tab is the one that sends, until it is closed or somebody else signs in.</summary>
    [JSInvokable]
    public async Task LeadAsync()
    {
        var owner = _owner;
        var pause = TimeSpan.Zero;
        while (_owner == owner)
        {
            var news = _news.Task;
            if (session.State != SessionState.In || session.Owner != owner) Become(Entries.Count > 0 ? Sending.SignedOut : Sending.Nothing);
            else if (await SendAllAsync(owner!)) pause = TimeSpan.Zero;
            else pause = pause == TimeSpan.Zero ? TimeSpan.FromSeconds(1) : pause * 2 < LongestPause ? pause * 2 : LongestPause;
            if (pause == TimeSpan.Zero) await news;
            else await Task.WhenAny(news, Task.Delay(pause, time));
            if (_news.Task.IsCompleted) _news = NewSignal();
        }
    }

    public void Dispose()
    {
        session.Changed -= Tell;
        _self?.Dispose();
    }

    /// <summary>Sends until nothing waits; false where the server was not reached and it is to be tried again.</summary>
    private async Task<bool> SendAllAsync(string owner)
    {
        while (session.State == SessionState.In && session.Owner == owner)
        {
            var claimed = Read(await browser.AskAsync<string>("claim", owner, MostAtOnce));
            await ReadAsync();
            if (claimed.Length == 0)
            {
                Become(Sending.Nothing);
                return true;
            }
            Become(Sending.UnderWay);
            try
            {
                await SendAsync(OutboxOrder.NextOf(claimed));
            }
            catch (WinnowApiException e) when (e.Status == HttpStatusCode.Unauthorized)
            {
                Become(Sending.SignedOut);
                return true;
            }
            catch (Exception e) when (e is HttpRequestException or TimeoutException
                || e is WinnowApiException { Status: var status } && Passes(status))
            {
                Become(Sending.Offline);
                return false;
            }
            await ReadAsync();
        }
        return true;
    }

    private async Task SendAsync(IReadOnlyList<OutboxEntry> lot)
    {
        try
        {
            var commands = new List<SubmitDecision>();
            var sent = new List<OutboxEntry>();
            foreach (var entry in lot)
            {
                if (await CommandOfAsync(entry) is not { } command) await SettleAsync([entry.Order], []);
                else
                {
                    commands.Add(command);
                    sent.Add(entry);
                }
            }
            if (commands.Count == 0) return;
            var results = await client.SubmitAsync(lot[0].Dataset, commands);
            var refused = sent.Zip(results).Where(p => p.Second.Status is SubmitStatus.Refused or SubmitStatus.Conflict).ToList();
            await SettleAsync(
                [.. sent.Select(e => e.Order).Except(refused.Select(p => p.First.Order))],
                [.. refused.Select(p => (p.First.Order, p.Second.Reason ?? "The server did not say why."))]);
        }
        catch (WinnowApiException e) when (e.Status != HttpStatusCode.Unauthorized && !Passes(e.Status))
        {
            // None of it will ever be taken: the dataset is gone, or the role.
            await SettleAsync([], [.. lot.Select(l => (l.Order, e.Message))]);
        }
    }

    /// <summary>What is sent of an entry; null where nothing need be: what is to be taken back never came to stand.</summary>
    private async Task<SubmitDecision?> CommandOfAsync(OutboxEntry entry)
    {
        var command = entry.Read();
        if (entry.TakesBack is not { } operation) return command;
        var image = await client.GetImageAsync(entry.Dataset, entry.Image);
        // It was taken back before, and the answer to that was lost.
        if (image.History.Any(h => h.OperationId == command.OperationId)) return null;
        return image.History.FirstOrDefault(h => h.OperationId == operation) is not { } said ? null : command with
        {
            Decision = command.Decision with { Of = said.Version },
            ExpectedVersion = image.Version,
        };
    }

    private async Task SettleAsync(long[] done, (long Order, string Reason)[] refused) => await browser.CallAsync(
        "settle", done, refused.Select(r => r.Order).ToArray(), refused.Select(r => r.Reason).ToArray());

    private async Task<long> PutAsync(OutboxEntry entry) =>
        await browser.AskAsync<long>("add", JsonSerializer.Serialize(entry, OutboxJson.Default.OutboxEntry));

    /// <summary>One after the other, in the order in which people do it, however long the browser takes for each.</summary>
    private Task<T> InTurnAsync<T>(Func<Task<T>> work)
    {
        _keeping++;
        Changed?.Invoke();
        var turn = AfterAsync(_turn, work);
        _turn = turn;
        return turn;
    }

    private async Task<T> AfterAsync<T>(Task before, Func<Task<T>> work)
    {
        try
        {
            await before.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
            var result = await work();
            Entries = Read(await browser.AskAsync<string>("list", _owner));
            return result;
        }
        finally
        {
            _keeping--;
            Changed?.Invoke();
            Tell();
        }
    }

    private async Task ReadAsync()
    {
        Entries = Read(await browser.AskAsync<string>("list", _owner));
        Changed?.Invoke();
    }

    private static OutboxEntry[] Read(string json) => JsonSerializer.Deserialize(json, OutboxJson.Default.OutboxEntryArray) ?? [];

    /// <summary>Whether a refusal is of the moment.</summary>
    private static bool Passes(HttpStatusCode status) =>
        status is HttpStatusCode.RequestTimeout or HttpStatusCode.TooManyRequests or >= HttpStatusCode.InternalServerError;

    private void Tell() => _news.TrySetResult();

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private void Become(Sending state)
    {
        if (Sending == state) return;
        Sending = state;
        Changed?.Invoke();
    }
}
