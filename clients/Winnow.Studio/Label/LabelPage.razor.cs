using Microsoft.AspNetCore.Components;
using Winnow.Client;
using Winnow.Model.Labels;
using Winnow.Model.Review;
using Winnow.Studio.Shell;

namespace Winnow.Studio.Label;

/// <summary>Asks for the class of whole images, or for several. Each act is one key, and the next picture is there at once.</summary>
public sealed partial class LabelPage
{
    private readonly HashSet<int> _chosen = [];
    private LabelSchema? _schema;
    private TaskStream? _stream;
    private HeldTask? _asked;
    private Proposal? _proposal;
    private IAsyncDisposable? _keys;
    private string? _wrong;
    private string? _opened;
    private string _find = "";
    private string _said = "";
    private bool _keysOpen;

    [Parameter] public string Dataset { get; set; } = "";

    private HeldTask? Current => _stream?.Current;

    private string Question => _schema?.MultiLabel == true ? "Which classes does it show?" : "Which class is it?";

    private string? Blocked => _wrong ?? _stream?.Problem ?? (_schema is null || SchemaWords.IsOfClasses(_schema) ? null
        : $"This dataset asks for {SchemaWords.Of(_schema)}. The studio asks for classes of whole images so far: answer through the API.");

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
        if (!SchemaWords.IsOfClasses(_schema)) return;
        _stream = new TaskStream(Client, Outbox, Session, Browser, Time, dataset);
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

    private void Follow() => _ = InvokeAsync(() =>
    {
        Turn();
        StateHasChanged();
    });

    /// <summary>Begins anew with each picture: nothing chosen, nothing sought.</summary>
    private void Turn()
    {
        if (_asked == Current) return;
        _asked = Current;
        _proposal = _schema is null ? null : Proposal.Of(Current?.Task, _schema);
        _chosen.Clear();
        _find = "";
    }

    private async Task HearAsync(string key)
    {
        if (LabelKeys.PlaceOf(key) is >= 0 and var place) Pick(place);
        else if (LabelKeys.ActOf(key) is { } act) await ActAsync(act);
        StateHasChanged();
    }

    private async Task ActAsync(LabelAct act)
    {
        if (act == LabelAct.Keys) _keysOpen = true;
        if (_schema is null || _stream is not { } stream) return;
        switch (act)
        {
            case LabelAct.Accept when _proposal is { } proposal:
                Say(proposal.Classes);
                break;
            case LabelAct.Reject:
                Answer(new Decision { Kind = DecisionKind.Reject }, "rejected", -1);
                break;
            case LabelAct.Skip:
                Answer(new Decision { Kind = DecisionKind.Skip }, "skipped", -1);
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
            case LabelAct.Leave:
                _find = "";
                await Browser.CallAsync("blur");
                break;
            case LabelAct.Done:
                await DoneAsync();
                break;
        }
    }

    /// <summary>What was sought is taken; where nothing was, several classes are said to be all.</summary>
    private async Task DoneAsync()
    {
        if (_find.Trim().Length > 0)
        {
            if (ClassPanel.Found(_schema!, _find).Cast<int?>().FirstOrDefault() is not { } found) return;
            _find = "";
            await Browser.CallAsync("blur");
            Pick(found);
        }
        else if (_schema!.MultiLabel && Current is not null)
            Say([.. _chosen.Order()]);
    }

    private void Pick(int place)
    {
        if (_schema is null || place >= _schema.Classes.Count || Current is null) return;
        if (!_schema.MultiLabel) Say([place]);
        else if (!_chosen.Remove(place)) _chosen.Add(place);
    }

    private void Say(IReadOnlyList<int> classes)
    {
        if (classes.Count == 0 && !_schema!.TakesNone) return;
        var annotations = classes.Select(Annotation (c) => new ClassTag(_schema!.Classes[c].Name)).ToList();
        var decision = new Decision { Kind = DecisionKind.Label, Annotations = annotations };
        Answer(decision, WordsOf(classes), classes.Count > 0 ? classes[0] : -1);
    }

    private void Answer(Decision decision, string words, int classAt)
    {
        if (Current is null) return;
        _said = words;
        _stream!.Answer(decision, words, classAt);
        Turn();
    }

    private string Key(string key) => Settings.Shown(LabelKeys.Table, key);

    private string WordsOf(IReadOnlyList<int> classes) => classes.Count == 0 ? "none of them"
        : string.Join(", ", classes.Select(c => ClassPanel.NameOf(_schema!.Classes[c])));

    private string Look(AnsweredTask past)
    {
        var colour = past.Class >= 0 ? $"c{(past.Class % 8) + 1}" : "";
        var isOnItsWay = !past.Kept.IsCompletedSuccessfully || Outbox.Entries.Any(e => e.Order == past.Kept.Result);
        return isOnItsWay ? $"{colour} underway" : colour;
    }
}
