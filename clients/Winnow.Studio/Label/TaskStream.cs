using System.Net;
using Microsoft.JSInterop;
using Winnow.Client;
using Winnow.Model;
using Winnow.Model.Images;
using Winnow.Model.Review;
using Winnow.Studio.Outbox;
using Winnow.Studio.Shell;

namespace Winnow.Studio.Label;

/// <summary>
/// The tasks of one page: those ahead with their pictures, the one that is asked, and the last ten answers. An answer goes into the outbox
/// and the next task takes its place in the same moment; where it cannot be kept the task comes back. What is not answered when the page is
/// left goes back to the others.
/// </summary>
internal sealed class TaskStream : IAsyncDisposable
{
    public const int Ahead = 10;
    public const int Undoable = 10;
    private const int LongestWait = 20_000;
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(3);

    private readonly WinnowClient _client;
    private readonly AnswerOutbox _outbox;
    private readonly Session _session;
    private readonly Browser _browser;
    private readonly TimeProvider _time;
    private readonly string _dataset;
    private readonly TaskKind[]? _kinds;
    private readonly PictureFetch _pictures;
    private readonly CancellationTokenSource _stop = new();
    private readonly List<HeldTask> _tasks = [];
    private readonly List<AnsweredTask> _past = [];
    private TaskCompletionSource _news = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private LeaseKeeper? _keeper;
    private HeldTask? _shown;
    private long _shownSince;
    private int _at;

    public TaskStream(
        WinnowClient client, AnswerOutbox outbox, Session session, Browser browser, TimeProvider time, string dataset, bool hasShapes,
        TaskKind[]? kinds = null)
    {
        (_client, _outbox, _session, _browser, _time, _dataset) = (client, outbox, session, browser, time, dataset);
        _kinds = kinds;
        _pictures = new PictureFetch(browser, session, time, dataset, measures: hasShapes, Tell, _stop.Token);
        browser.Seen += Look;
        session.Changed += Wake;
    }

    /// <summary>Something of it is to be shown anew.</summary>
    public event Action? Changed;

    /// <summary>The task that is asked; null while there is none.</summary>
    public HeldTask? Current => _at < _tasks.Count ? _tasks[_at] : null;

    /// <summary>Those that come next.</summary>
    public IEnumerable<HeldTask> Next => _tasks.Skip(_at + 1).Take(Ahead);

    /// <summary>The last answers, the latest first.</summary>
    public IEnumerable<AnsweredTask> Past => _past.AsEnumerable().Reverse();

    /// <summary>Answers since the page was opened, without those that were undone.</summary>
    public int Answered { get; private set; }

    /// <summary>Whether the server was asked and has nothing to ask.</summary>
    public bool IsDone { get; private set; }

    /// <summary>What keeps tasks from coming, or an answer from being kept, as a sentence.</summary>
    public string? Problem { get; private set; }

    public void Start()
    {
        Look(_browser.IsSeen);
        _ = FillAsync();
    }

    /// <summary>Answers the task that is asked. The next one is there when this returns.</summary>
    public void Answer(Decision decision, string words, int classAt)
    {
        if (Current is not { } held) return;
        var image = held.Task.Image;
        var elapsed = (long)_time.GetElapsedTime(_shownSince).TotalMilliseconds;
        var lease = _keeper?.LeaseOf(image) ?? held.Lease;
        var said = new SubmitDecision(image, Guid.NewGuid(), decision with { ElapsedMilliseconds = elapsed }, lease);
        _tasks.RemoveAt(_at);
        if (_at >= _tasks.Count) _at = Math.Max(0, _tasks.Count - 1);
        _keeper?.LetGo(image);
        _ = _browser.CallAsync("unhold", image.ToString()).AsTask();
        Answered++;
        Problem = null;
        _past.Add(new AnsweredTask(held, said.OperationId, words, classAt) { Kept = KeepAsync(held, said, words) });
        if (_past.Count > Undoable)
        {
            _pictures.LetGo(_past[0].Held);
            _past.RemoveAt(0);
        }
        Tell();
        Wake();
    }

    /// <summary>Undoes the latest answer: what was not sent is withdrawn, else it is taken back. Its task is asked again at once.</summary>
    public async Task UndoAsync()
    {
        if (_past.Count == 0) return;
        var last = _past[^1];
        _past.RemoveAt(_past.Count - 1);
        last.Held.IsResumed = true;
        _tasks.Insert(Math.Min(_at, _tasks.Count), last.Held);
        Answered--;
        Tell();
        var back = new SubmitDecision(last.Held.Task.Image, Guid.NewGuid(), new Decision { Kind = DecisionKind.TakeBack });
        try
        {
            if (await _outbox.UndoAsync(last.Kept, EntryOf(last.Held, back, $"undo: {last.Words}") with { TakesBack = last.Operation }))
                _keeper?.Keep([last.Held.Task]);
        }
        catch (JSException e)
        {
            Problem = $"This browser cannot keep that you undid: {e.Message} What you said stands.";
            Tell();
        }
    }

    /// <summary>Brings more pixels of the picture that is drawn on.</summary>
    public void Sharpen(HeldTask held) => _ = _pictures.SharpenAsync(held);

    /// <summary>Goes to the task after or before the one that is asked, without an answer.</summary>
    public void Move(int by)
    {
        _at = Math.Clamp(_at + by, 0, Math.Max(0, _tasks.Count - 1));
        Tell();
        Wake();
    }

    public async ValueTask DisposeAsync()
    {
        _browser.Seen -= Look;
        _session.Changed -= Wake;
        await _stop.CancelAsync();
        Wake();
        if (_keeper is not null) await _keeper.DisposeAsync();
        foreach (var held in _tasks.Concat(_past.Select(p => p.Held))) _pictures.LetGo(held);
        await HoldAsync([]);
        await ReleaseAsync([.. _tasks.Select(t => t.Task.Image)]);
    }

    /// <summary>Keeps what was said; its order in the outbox, or -1 where the browser cannot keep it and nothing was said then.</summary>
    private async Task<long> KeepAsync(HeldTask held, SubmitDecision said, string words)
    {
        try
        {
            return await _outbox.AddAsync(EntryOf(held, said, words));
        }
        catch (JSException e)
        {
            Problem = $"This browser cannot keep your answers, so they are not taken: {e.Message} A private window, or a full disk, may be "
                + "why.";
            if (_past.RemoveAll(p => p.Held == held) > 0)
            {
                _tasks.Insert(Math.Min(_at, _tasks.Count), held);
                Answered--;
            }
            Tell();
            return -1;
        }
    }

    private OutboxEntry EntryOf(HeldTask held, SubmitDecision said, string words) =>
        OutboxEntry.Of(_session.Owner, _dataset, said, held.Task.Name, words);

    /// <summary>Sees to it that there are tasks ahead, for as long as the page is open.</summary>
    private async Task FillAsync()
    {
        await HoldAsync([]);
        while (!_stop.IsCancellationRequested)
        {
            var news = _news.Task;
            var wanted = Ahead + 1 - (_tasks.Count - _at);
            var wait = Pause;
            if (wanted > 0 && _session.State == SessionState.In)
                wait = await LeaseAsync(wanted) ? TimeSpan.Zero : Pause;
            else if (wanted <= 0) wait = Timeout.InfiniteTimeSpan;
            try
            {
                if (wait == Timeout.InfiniteTimeSpan) await news.WaitAsync(_stop.Token);
                else if (wait > TimeSpan.Zero) await Task.WhenAny(news, Task.Delay(wait, _time, _stop.Token));
            }
            catch (OperationCanceledException)
            {
                return;
            }
            if (_news.Task.IsCompleted) _news = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }
    }

    /// <summary>Takes tasks; whether some came.</summary>
    private async Task<bool> LeaseAsync(int wanted)
    {
        try
        {
            // Whoever has nothing to do waits at the server; whoever has some asks now and then.
            var wait = Current is null && IsDone ? LongestWait : 0;
            var taken = await _client.LeaseAsync(_dataset, new LeaseRequest(wanted, wait, _kinds), _stop.Token);
            var came = Take(taken);
            (IsDone, Problem) = (taken.Count == 0, null);
            await HoldAsync(_tasks);
            return came;
        }
        catch (WinnowApiException e)
        {
            // Under an ended session the dialog says it all; who holds enough answers those first.
            if (e.Status != HttpStatusCode.Unauthorized && (e.Code != RefusalCodes.TasksHeld || Current is null)) Problem = e.Message;
        }
        catch (Exception e) when (e is HttpRequestException or TimeoutException)
        {
            if (Current is null) Problem = e.Message;
        }
        catch (OperationCanceledException)
        {
            // The page is left.
        }
        finally
        {
            Tell();
        }
        return false;
    }

    private bool Take(IReadOnlyList<ReviewTask> taken)
    {
        var came = false;
        foreach (var task in taken)
        {
            // It may be asked anew of whoever has just undone their answer: the later lease counts.
            if (_tasks.Find(t => t.Task.Image == task.Image) is { } known) known.Lease = task.Lease;
            // What is on its way answers it.
            else if (!_outbox.Has(task.Image))
            {
                _tasks.Add(new HeldTask(task));
                came = true;
            }
        }
        _keeper?.Keep(taken.Where(t => !_outbox.Has(t.Image)));
        return came;
    }

    /// <summary>Leases are presented while somebody looks; what nobody looks at is not kept from others for long.</summary>
    private void Look(bool seen)
    {
        if (seen && _keeper is null)
        {
            (_keeper = new LeaseKeeper(_client, _dataset, _time)).Keep(_tasks.Select(t => t.Task with { Lease = t.Lease }));
            _keeper.Lost += Lose;
        }
        else if (!seen && _keeper is { } keeper)
        {
            _keeper = null;
            foreach (var held in _tasks) held.Lease = keeper.LeaseOf(held.Task.Image) ?? held.Lease;
            _ = keeper.DisposeAsync().AsTask();
        }
    }

    /// <summary>Somebody else has it by now. The one that is looked at stays: an answer to it is taken, beside theirs.</summary>
    private void Lose(ImageId image, string reason)
    {
        var at = _tasks.FindIndex(t => t.Task.Image == image);
        if (at < 0 || at == _at) return;
        _pictures.LetGo(_tasks[at]);
        _tasks.RemoveAt(at);
        if (at < _at) _at--;
        Tell();
        Wake();
    }

    private async Task ReleaseAsync(ImageId[] images)
    {
        if (images.Length == 0) return;
        try
        {
            await _client.ReleaseAsync(_dataset, images);
        }
        catch (Exception e) when (e is HttpRequestException or TimeoutException or WinnowApiException)
        {
            // Their leases end by themselves.
        }
    }

    /// <summary>Tells the page what to give back when it is closed and nothing of this runs any more.</summary>
    private ValueTask HoldAsync(IEnumerable<HeldTask> tasks) => _browser.CallAsync("hold",
        $"api/v1/datasets/{Uri.EscapeDataString(_dataset)}/tasks/release", _session.Info?.Csrf, _session.Owner,
        tasks.Select(t => t.Task.Image.ToString()).ToArray());

    private void Wake() => _news.TrySetResult();

    private void Tell()
    {
        if (Current != _shown) (_shown, _shownSince) = (Current, _time.GetTimestamp());
        if (!_stop.IsCancellationRequested) _pictures.Bring(_tasks.Skip(_at).Take(Ahead + 1));
        Changed?.Invoke();
    }
}
