using Winnow.Client;
using Winnow.Model.Overview;
using Winnow.Model.Review;

namespace Winnow.Studio.Shell;

/// <summary>
/// Where a dataset stands, for as long as a page shows it: told by the server, and asked for every few seconds where that cannot be. What
/// was known stays when the server is away.
/// </summary>
internal sealed class StatusWatch : IDisposable
{
    private static readonly TimeSpan Between = TimeSpan.FromSeconds(3);

    /// <summary>So often it is asked before the server is listened to again.</summary>
    private const int AsksBetween = 3;

    private readonly WinnowClient _client;
    private readonly Session _session;
    private readonly Browser _browser;
    private readonly TimeProvider _time;
    private readonly string _dataset;
    private readonly Action _changed;
    private readonly CancellationTokenSource _stop = new();
    private CancellationTokenSource? _listening;

    public StatusWatch(WinnowClient client, Session session, Browser browser, TimeProvider time, string dataset, Action changed)
    {
        (_client, _session, _browser, _time, _dataset, _changed) = (client, session, browser, time, dataset, changed);
        browser.Seen += Look;
        _ = RunAsync();
    }

    public DatasetStatus? Status { get; private set; }

    /// <summary>Why it is not known now, as a sentence; null while it is.</summary>
    public string? Wrong { get; private set; }

    /// <summary>Whether the server tells of each change by itself.</summary>
    public bool IsTold { get; private set; }

    public long? Labels => Status?.TasksByKind.GetValueOrDefault(TaskKind.Label);

    public void Dispose()
    {
        _browser.Seen -= Look;
        _stop.Cancel();
        _stop.Dispose();
    }

    /// <summary>Browsers keep few connections to one server: a page that nobody looks at holds none.</summary>
    private void Look(bool seen)
    {
        if (!seen) _listening?.Cancel();
    }

    private async Task RunAsync()
    {
        var stop = _stop.Token;
        try
        {
            while (!stop.IsCancellationRequested)
            {
                if (_session.State == SessionState.In && _browser.IsSeen)
                {
                    await ListenAsync(stop);
                    for (var i = 0; i < AsksBetween && !IsTold && _browser.IsSeen; i++)
                    {
                        await AskAsync(stop);
                        await Task.Delay(Between, _time, stop);
                    }
                }
                else await Task.Delay(Between / 6, _time, stop);
            }
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // The page is left.
        }
    }

    /// <summary>Until the server ends it, in order or not.</summary>
    private async Task ListenAsync(CancellationToken stop)
    {
        var inOrder = false;
        using var listening = _listening = CancellationTokenSource.CreateLinkedTokenSource(stop);
        try
        {
            await foreach (var status in _client.ListenStatusAsync(_dataset, listening.Token))
            {
                (Status, Wrong, IsTold) = (status, null, true);
                _changed();
            }
            // It is ended now and then: whoever is still here listens again.
            inOrder = IsTold;
        }
        catch (Exception e) when (Unanswered.Is(e))
        {
            Wrong = Status is null ? e.Message : null;
        }
        catch (OperationCanceledException) when (!stop.IsCancellationRequested)
        {
            inOrder = IsTold;
        }
        _listening = null;
        IsTold = inOrder;
        if (inOrder) await Task.Delay(TimeSpan.FromMilliseconds(200), _time, stop);
        _changed();
    }

    private async Task AskAsync(CancellationToken stop)
    {
        try
        {
            (Status, Wrong) = (await _client.GetStatusAsync(_dataset, stop), null);
        }
        catch (Exception e) when (Unanswered.Is(e))
        {
            Wrong = e.Message;
        }
        _changed();
    }
}
