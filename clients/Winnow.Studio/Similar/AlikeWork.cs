using System.Net;
using Microsoft.JSInterop;
using Winnow.Client;
using Winnow.Model;
using Winnow.Model.Labels;
using Winnow.Model.Review;
using Winnow.Studio.Outbox;
using Winnow.Studio.Shell;

namespace Winnow.Studio.Similar;

/// <summary>
/// The lots of one page: the one that is looked at, the next one, and the last that was said. Each image is a task with a lease of its own
/// and gets an answer of its own; what is not said of goes back to the others.
/// </summary>
internal sealed class AlikeWork(
    WinnowClient client, AnswerOutbox outbox, Session session, TimeProvider time, string dataset, LabelSchema schema, Action changed)
    : IAsyncDisposable
{
    /// <summary>As many as are looked at together without scrolling.</summary>
    public const int Most = 24;

    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(3);
    private static readonly TaskKind[] Kinds = [TaskKind.Label];

    private readonly CancellationTokenSource _stop = new();
    private readonly LeaseKeeper _keeper = new(client, dataset, time);
    private AlikeLot? _next;
    private (AlikeLot Lot, IReadOnlyList<(AlikeTile Tile, Guid Operation, Task<long> Kept, string Words)> Said)? _last;
    private Task _taking = Task.CompletedTask;

    public AlikeLot? Current { get; private set; }

    /// <summary>The lot that comes next; null while it is not here.</summary>
    public AlikeLot? Next => _next;

    /// <summary>Images that were answered.</summary>
    public int Answered { get; private set; }

    public bool IsDone { get; private set; }

    /// <summary>What keeps lots from coming, as a sentence.</summary>
    public string? Problem { get; private set; }

    public bool CanUndo => _last is not null;

    /// <summary>Takes lots for as long as the page is open.</summary>
    public async Task RunAsync()
    {
        try
        {
            while (!_stop.IsCancellationRequested)
            {
                if (session.State == SessionState.In && (Current is null || _next is null)) await (_taking = TakeAsync());
                // What is looked for is asked for seldom once it was not there; a lot that was said is replaced at once.
                var waits = _next is null && (Current is not null || IsDone);
                await Task.Delay(waits ? Pause : Pause / 10, time, _stop.Token);
            }
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
            // The page is left.
        }
    }

    /// <summary>Says of each image what it is; what was marked and not said goes back, to be asked by itself.</summary>
    public void Say()
    {
        if (Current is not { Class: not null } lot) return;
        var each = (long)time.GetElapsedTime(lot.Since).TotalMilliseconds / lot.Tiles.Count;
        var said = new List<(AlikeTile, Guid, Task<long>, string)>();
        var back = new List<AlikeTile>();
        foreach (var (tile, place) in lot.Said)
        {
            if (place is not { } at) back.Add(tile);
            else
            {
                var words = Label.ClassPanel.NameOf(schema.Classes[at]);
                var decision = new Decision
                {
                    Kind = DecisionKind.Label,
                    Annotations = [new ClassTag(schema.Classes[at].Name)],
                    ElapsedMilliseconds = each,
                };
                var command = new SubmitDecision(
                    tile.Task.Image, Guid.NewGuid(), decision, _keeper.LeaseOf(tile.Task.Image) ?? tile.Task.Lease);
                said.Add((tile, command.OperationId, KeepAsync(tile, command, words), words));
            }
            _keeper.LetGo(tile.Task.Image);
        }
        Answered += said.Count;
        _last = (lot, said);
        Turn();
        _ = ReleaseAsync(back);
    }

    /// <summary>Leaves the lot to others.</summary>
    public void Leave()
    {
        if (Current is not { } lot) return;
        Turn();
        LetGo(lot);
    }

    private void LetGo(AlikeLot lot)
    {
        foreach (var tile in lot.Tiles) _keeper.LetGo(tile.Task.Image);
        _ = ReleaseAsync(lot.Tiles);
    }

    /// <summary>Takes back what was said of the last lot, and shows it again.</summary>
    public async Task UndoAsync()
    {
        if (_last is not { } last) return;
        _last = null;
        if (Current is { } now)
        {
            if (_next is { } after) LetGo(after);
            _next = now;
        }
        (Current, Answered) = (last.Lot, Answered - last.Said.Count);
        last.Lot.Since = time.GetTimestamp();
        changed();
        foreach (var (tile, operation, kept, words) in last.Said)
        {
            var back = new SubmitDecision(tile.Task.Image, Guid.NewGuid(), new Decision { Kind = DecisionKind.TakeBack });
            try
            {
                if (await outbox.UndoAsync(kept, EntryOf(tile, back, $"undo: {words}") with { TakesBack = operation }))
                    _keeper.Keep([tile.Task]);
            }
            catch (JSException e)
            {
                Problem = $"This browser cannot keep that you undid: {e.Message} What you said stands.";
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _taking.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
        await _keeper.DisposeAsync();
        await ReleaseAsync([.. (Current?.Tiles ?? []).Concat(_next?.Tiles ?? [])]);
        _stop.Dispose();
    }

    private void Turn()
    {
        (Current, _next) = (_next, null);
        if (Current is not null) Current.Since = time.GetTimestamp();
        changed();
    }

    private async Task TakeAsync()
    {
        try
        {
            var request = new LeaseRequest(Most, 0, Kinds) { Alike = true };
            var tasks = (await client.LeaseAsync(dataset, request, _stop.Token)).Where(t => !outbox.Has(t.Image)).ToList();
            _keeper.Keep(tasks);
            (IsDone, Problem) = (tasks.Count == 0 && Current is null, null);
            if (tasks.Count == 0) return;
            var lot = new AlikeLot(tasks, schema, time.GetTimestamp());
            if (Current is null) Current = lot;
            else _next = lot;
        }
        catch (WinnowApiException e)
        {
            // Who holds enough says first what these are.
            if (e.Status != HttpStatusCode.Unauthorized && (e.Code != RefusalCodes.TasksHeld || Current is null)) Problem = e.Message;
        }
        catch (Exception e) when (Unanswered.Is(e))
        {
            if (Current is null) Problem = e.Message;
        }
        finally
        {
            changed();
        }
    }

    private async Task<long> KeepAsync(AlikeTile tile, SubmitDecision said, string words)
    {
        try
        {
            return await outbox.AddAsync(EntryOf(tile, said, words));
        }
        catch (JSException e)
        {
            Problem = $"This browser cannot keep your answers, so they are not taken: {e.Message}";
            changed();
            return -1;
        }
    }

    private OutboxEntry EntryOf(AlikeTile tile, SubmitDecision said, string words) =>
        OutboxEntry.Of(session.Owner, dataset, said, tile.Task.Name, words);

    private async Task ReleaseAsync(IReadOnlyCollection<AlikeTile> tiles)
    {
        if (tiles.Count == 0) return;
        try
        {
            await client.ReleaseAsync(dataset, [.. tiles.Select(t => t.Task.Image)]);
        }
        catch (Exception e) when (Unanswered.Is(e))
        {
            // Their leases end by themselves.
        }
    }
}
