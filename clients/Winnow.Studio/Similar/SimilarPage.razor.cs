using Microsoft.AspNetCore.Components;
using Winnow.Client;
using Winnow.Model.Labels;
using Winnow.Studio.Label;
using Winnow.Studio.Outbox;
using Winnow.Studio.Shell;

namespace Winnow.Studio.Similar;

/// <summary>
/// Asks about images that are alike all at once: whoever looks marks those that are not, and one key says what the rest are.
/// </summary>
public sealed partial class SimilarPage : IAsyncDisposable
{
    private LabelSchema? _schema;
    private AlikeWork? _work;
    private AlikeLot? _seen;
    private IAsyncDisposable? _keys;
    private string? _opened;
    private string? _wrong;
    private string _said = "";
    private int _at;
    private bool _large;
    private bool _keysOpen;

    [Parameter] public string Dataset { get; set; } = "";

    [Inject] private WinnowClient Client { get; set; } = null!;
    [Inject] private AnswerOutbox Outbox { get; set; } = null!;
    [Inject] private Session Session { get; set; } = null!;
    [Inject] private Browser Browser { get; set; } = null!;
    [Inject] private Keyboard Keyboard { get; set; } = null!;
    [Inject] private OwnSettings Settings { get; set; } = null!;
    [Inject] private TimeProvider Time { get; set; } = null!;

    private AlikeLot? Lot => _work?.Current;

    private string? Blocked => _wrong ?? _work?.Problem ?? (_schema is null or { IsOneClass: true } ? null
        : $"This dataset asks for {SchemaWords.Of(_schema)}: only images of one class each are asked about together.");

    private string NameOfClass => Lot?.Class is { } place ? ClassPanel.NameOf(_schema!.Classes[place]) : "";

    private string Question => Lot is null ? "Similar images"
        : Lot.Class is null ? "They look alike: which class are they?" : $"All {NameOfClass}? Mark those that are not.";

    private string Rest => Lot is not { Class: not null } lot ? "Choose a class first"
        : lot.Out == 0 ? $"All {lot.Tiles.Count} are {NameOfClass}" : $"The other {lot.Tiles.Count - lot.Out} are {NameOfClass}";

    protected override async Task OnParametersSetAsync()
    {
        if (_opened == Dataset) return;
        await CloseAsync();
        (_opened, _schema, _wrong) = (Dataset, null, null);
        var dataset = Dataset;
        try
        {
            var schema = (await Client.GetDatasetAsync(dataset)).Schema;
            if (dataset != Dataset) return;
            _schema = schema;
        }
        catch (Exception e) when (Unanswered.Is(e))
        {
            _wrong = e.Message;
            return;
        }
        _keys ??= await Keyboard.ListenAsync(SimilarKeys.Alike, Settings, HearAsync);
        if (!_schema.IsOneClass) return;
        _work = new AlikeWork(Client, Outbox, Session, Time, dataset, _schema, Follow);
        _ = _work.RunAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await CloseAsync();
        if (_keys is not null) await _keys.DisposeAsync();
    }

    private async Task CloseAsync()
    {
        if (_work is not { } work) return;
        _work = null;
        await work.DisposeAsync();
    }

    private void Follow() => _ = InvokeAsync(() =>
    {
        Turn();
        StateHasChanged();
    });

    /// <summary>Another lot begins at its first image.</summary>
    private void Turn()
    {
        if (_seen == Lot) return;
        (_seen, _at) = (Lot, 0);
    }

    private async Task HearAsync(string key)
    {
        await ActAsync(SimilarKeys.Alike.Acts.First(a => a.Keys[0] == key).Name);
        StateHasChanged();
    }

    private async Task ActAsync(string act)
    {
        switch (act)
        {
            case "keys":
                _keysOpen = true;
                break;
            case "undo" when _work is { CanUndo: true } work:
                _said = "undone";
                await work.UndoAsync();
                break;
            case "rest" when Lot is { Class: not null } lot:
                _said = $"{lot.Tiles.Count - lot.Out} are {NameOfClass}";
                _work!.Say();
                break;
            case "leave":
                _work?.Leave();
                break;
            case "mark":
                Mark(_at);
                break;
            case "enlarge":
                _large = !_large;
                break;
            case "left" or "right" or "up" or "down" when Lot is not null:
                await GoAsync(act);
                break;
            default:
                if (act.StartsWith("class-", StringComparison.Ordinal)
                    && int.TryParse(act.AsSpan(6), System.Globalization.CultureInfo.InvariantCulture, out var number)) Pick(number - 1);
                break;
        }
        Turn();
    }

    private async Task GoAsync(string act)
    {
        var columns = await Browser.AskAsync<int>("columnsOf", ".wall");
        _at = Math.Clamp(_at + act switch { "left" => -1, "right" => 1, "up" => -columns, _ => columns }, 0, Lot!.Tiles.Count - 1);
        await Browser.CallAsync("reveal", ".tile", _at);
    }

    private void Mark(int at)
    {
        if (Lot is not { } lot || at >= lot.Tiles.Count) return;
        _at = at;
        var tile = lot.Tiles[at];
        (tile.IsOut, tile.Class) = (!tile.IsOut, null);
    }

    private void Pick(int place)
    {
        if (Lot is not { } lot || _schema is null || place >= _schema.Classes.Count || _schema.Classes[place].Retired is not null) return;
        if (lot.Class is null) lot.Class = place;
        else if (_at < lot.Tiles.Count)
        {
            // The class of the others takes a mark away.
            var isOther = place != lot.Class;
            (lot.Tiles[_at].IsOut, lot.Tiles[_at].Class) = (isOther, isOther ? place : null);
        }
    }

    private string Key(string key) => Settings.Shown(SimilarKeys.Alike, key);
}
