using Microsoft.AspNetCore.Components;
using Winnow.Client;
using Winnow.Model.Labels;
using Winnow.Model.Review;
using Winnow.Studio.Label.Shapes;
using Winnow.Studio.Shell;

namespace Winnow.Studio.Label;

/// <summary>Asks people, a task after the other: each act is one key, and the next picture is there at once.</summary>
public sealed partial class LabelPage
{
    private LabelSchema? _schema;
    private TaskStream? _stream;
    private ShapeDesk? _shapes;
    private ClassDesk? _classes;
    private IAsyncDisposable? _keys;
    private string? _wrong;
    private string? _opened;
    private string _said = "";
    private bool _keysOpen;

    [Parameter] public string Dataset { get; set; } = "";

    private HeldTask? Current => _stream?.Current;

    private string? Blocked => _wrong ?? _stream?.Problem;

    protected override async Task OnParametersSetAsync()
    {
        if (_opened == Dataset) return;
        await CloseAsync();
        (_opened, _schema, _wrong) = (Dataset, null, null);
        var dataset = Dataset;
        try
        {
            var info = await Client.GetDatasetAsync(dataset);
            if (dataset != Dataset) return;
            _schema = info.Schema;
        }
        catch (Exception e) when (e is HttpRequestException or TimeoutException or WinnowApiException)
        {
            _wrong = e.Message;
            return;
        }
        Outbox.Changed += Follow;
        _keys ??= await Keyboard.ListenAsync(LabelKeys.Table, Settings, HearAsync);
        _stream = new TaskStream(Client, Outbox, Session, Browser, Time, dataset, _schema.HasShapes);
        _stream.Changed += Follow;
        _stream.Start();
    }

    /// <summary>Gives back what was not answered.</summary>
    public async ValueTask DisposeAsync()
    {
        await CloseAsync();
        if (_keys is not null) await _keys.DisposeAsync();
    }

    private async Task CloseAsync()
    {
        Outbox.Changed -= Follow;
        if (_stream is not { } stream) return;
        _stream = null;
        stream.Changed -= Follow;
        await stream.DisposeAsync();
    }

    private void Follow() => _ = InvokeAsync(StateHasChanged);

    private async Task HearAsync(string key)
    {
        if (LabelKeys.ActOf(key) is { } act) await ActAsync(act, key);
        else if (Current is not null) await HearDeskAsync(key);
        StateHasChanged();
    }

    private async Task<bool> HearDeskAsync(string key) => _schema is { HasShapes: true }
        ? _shapes is not null && await _shapes.HearAsync(key) : _classes is not null && await _classes.HearAsync(key);

    private Task ActAsync(LabelAct act) => ActAsync(act, LabelKeys.All.First(a => a.Act == act).Keys[0]);

    /// <summary>What is asked comes first; what means nothing to it is the page's.</summary>
    private async Task ActAsync(LabelAct act, string key)
    {
        if (act == LabelAct.Keys) _keysOpen = true;
        if (_stream is not { } stream || (Current is not null && await HearDeskAsync(key))) return;
        switch (act)
        {
            case LabelAct.Reject:
                await AnswerAsync(DecisionKind.Reject, "rejected");
                break;
            case LabelAct.Skip:
                await AnswerAsync(DecisionKind.Skip, "skipped");
                break;
            case LabelAct.Undo:
                _said = stream.Past.FirstOrDefault() is { } last ? $"undone: {last.Words}" : "nothing to undo";
                await stream.UndoAsync();
                break;
            case LabelAct.Next:
                stream.Move(1);
                break;
            case LabelAct.Previous:
                stream.Move(-1);
                break;
            case LabelAct.Find:
                await Browser.CallAsync("focus", "#find");
                break;
        }
    }

    private async Task AnswerAsync(DecisionKind kind, string words)
    {
        if (_shapes is { } shapes && Current is not null) await shapes.LetGoAsync();
        Answer(new Decision { Kind = kind }, words, -1);
    }

    private void Answer(Decision decision, string words, int classAt)
    {
        if (Current is null) return;
        _said = words;
        _stream!.Answer(decision, words, classAt);
    }

    private string Key(string key) => Settings.Shown(LabelKeys.Table, key);

    private string Look(AnsweredTask past)
    {
        var colour = past.Class >= 0 ? $"c{(past.Class % 8) + 1}" : "";
        var isOnItsWay = !past.Kept.IsCompletedSuccessfully || Outbox.Entries.Any(e => e.Order == past.Kept.Result);
        return isOnItsWay ? $"{colour} underway" : colour;
    }
}
