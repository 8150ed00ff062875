using System.Globalization;
using System.Text.Json;
using Microsoft.AspNetCore.Components;
using Winnow.Model;
using Winnow.Model.Labels;
using Winnow.Model.Review;
using Winnow.Studio.Shell;

namespace Winnow.Studio.Label.Shapes;

/// <summary>
/// Asks for shapes. What a machine proposed is there first; what is drawn is kept as a draft with each change; what the server would refuse
/// is not sent, and its shape is selected.
/// </summary>
public sealed partial class ShapeDesk
{
    private readonly SortedSet<int> _tags = [];
    private ShapeCanvas? _canvas;
    private ElementReference _host;
    private HeldTask? _opened;
    private IReadOnlyList<Annotation> _first = [];
    private ShapeStep _step;
    private string? _wrong;
    private string? _sharp;
    private string _find = "";
    private int _shown;
    private int _read = -1;
    private bool _isOpen;
    private bool _isGone;

    [Parameter, EditorRequired] public LabelSchema Schema { get; set; } = null!;
    [Parameter, EditorRequired] public string DraftOf { get; set; } = "";
    [Parameter] public RenderFragment? Past { get; set; }
    [Parameter] public RenderFragment? Next { get; set; }
    [Parameter] public int Answered { get; set; }
    [Parameter] public string? Problem { get; set; }
    [Parameter] public EventCallback<LabelAct> OnAct { get; set; }
    [Parameter] public EventCallback<string> OnKey { get; set; }

    /// <summary>The task that is asked.</summary>
    [Parameter, EditorRequired] public HeldTask Held { get; set; } = null!;

    /// <summary>Answers it: what is said, in words, and the first class for its colour.</summary>
    [Parameter, EditorRequired] public Action<Decision, string, int> Answer { get; set; } = null!;

    /// <summary>Asks for more pixels of the picture.</summary>
    [Parameter, EditorRequired] public Action Sharpen { get; set; } = null!;

    private CanvasState State => _canvas?.State ?? CanvasState.Empty;

    private bool TakesTags => Schema.Geometries.Contains(Geometry.Class);

    private int Things => State.Count + _tags.Count;

    private TaskKind Kind => Held.Task.Kind;

    private string Draft => $"{DraftOf}\n{Kind}\n{Held.Task.Image}";

    /// <summary>What belongs to a draft beside its shapes.</summary>
    private string Extra => $"{(int)_step}|{string.Join(',', _tags)}";

    protected override async Task OnAfterRenderAsync(bool firstRender)
    {
        if (firstRender)
        {
            var canvas = new ShapeCanvas(Script);
            canvas.Changed += () => _ = InvokeAsync(StateHasChanged);
            canvas.Heard += key => OnKey.InvokeAsync(key);
            await canvas.MountAsync(_host, Schema);
            if (_isGone) await canvas.DisposeAsync();
            else _canvas = canvas;
        }
        await OpenAsync();
        // Whoever has drawn a region of text reads it next.
        if (State is not { Said: "drawn", Text: "" } || _read == State.At) return;
        _read = State.At;
        await Browser.CallAsync("focus", "#transcript");
    }

    public async ValueTask DisposeAsync()
    {
        _isGone = true;
        if (_canvas is not null) await _canvas.DisposeAsync();
    }

    private async Task OpenAsync()
    {
        if (_canvas is null || Held.Picture is not { } picture) return;
        if (_opened == Held)
        {
            if (!_isOpen || Held.Sharp is not { } sharp || _sharp == sharp) return;
            _sharp = sharp;
            await _canvas.CallAsync("sharpen", sharp);
            return;
        }
        var held = _opened = Held;
        (_isOpen, _wrong, _sharp, _find, _shown, _read) = (false, null, null, "", 0, -1);
        _first = ShapeQuestion.FirstOf(held.Task, Schema);
        _step = ShapeQuestion.StepOf(held.Task, _first);
        _tags.Clear();
        _tags.UnionWith(_first.OfType<ClassTag>().Select(t => Schema.IndexOf(t.Class)));
        var extra = await _canvas.OpenAsync(picture, held.Size, Shapes(_first), _step == ShapeStep.Good, Draft, Extra, held.IsResumed);
        if (_opened != held) return;
        if (extra is not null) Resume(extra);
        _isOpen = true;
        await _canvas.CallAsync("digits", TakesTags || Kind == TaskKind.Arbitrate);
        if (Kind == TaskKind.Arbitrate) await ShowGhostsAsync();
        Sharpen();
        StateHasChanged();
    }

    private void Resume(string extra)
    {
        var parts = extra.Split('|');
        _step = (ShapeStep)int.Parse(parts[0], CultureInfo.InvariantCulture);
        _tags.Clear();
        _tags.UnionWith(parts[1].Split(',', StringSplitOptions.RemoveEmptyEntries)
            .Select(p => int.Parse(p, CultureInfo.InvariantCulture)).Where(p => p < Schema.Classes.Count));
    }

    private static List<Annotation> Shapes(IReadOnlyList<Annotation> said) => [.. said.Where(a => a is not ClassTag)];

    /// <summary>What a key of the page means here; false where it is the page's own.</summary>
    internal async Task<bool> HearAsync(string key)
    {
        if (!_isOpen) return false;
        if (LabelKeys.PlaceOf(key) is >= 0 and var place)
        {
            await PickAsync(place);
            return true;
        }
        if (LabelKeys.ActOf(key) is not { } act) return false;
        return await ActAsync(act);
    }

    private async Task<bool> ActAsync(LabelAct act)
    {
        switch (act)
        {
            case LabelAct.Accept when _step == ShapeStep.Good:
                await GoOnAsync("accept");
                return true;
            case LabelAct.Reject when _step == ShapeStep.Good:
                await GoOnAsync("removeAll");
                return true;
            case LabelAct.Accept:
                await SayAsync();
                return true;
            case LabelAct.Done when _find.Trim().Length > 0:
                if (ClassPanel.Found(Schema, _find).Cast<int?>().FirstOrDefault() is { } found) await TakeAsync(found);
                return true;
            case LabelAct.Done:
                await SayAsync();
                return true;
            case LabelAct.Leave:
                _find = "";
                await Browser.CallAsync("blur");
                StateHasChanged();
                return true;
            default:
                return false;
        }
    }

    private async Task GoOnAsync(string how)
    {
        _step = ShapeStep.Found;
        _wrong = null;
        await _canvas!.CallAsync(how);
        await _canvas.CallAsync("note", Extra);
        StateHasChanged();
    }

    /// <summary>A digit that is no shape's class: an opinion, or a class of the whole image.</summary>
    private async Task PickAsync(int place)
    {
        if (Kind == TaskKind.Arbitrate) await ShowAsync(place);
        else if (TakesTags) await TagAsync(place);
    }

    private async Task TagAsync(int place)
    {
        if (place >= Schema.Classes.Count || Schema.Classes[place].Retired is not null) return;
        if (!_tags.Remove(place))
        {
            if (!Schema.MultiLabel) _tags.Clear();
            _tags.Add(place);
        }
        await _canvas!.CallAsync("note", Extra);
        StateHasChanged();
    }

    /// <summary>A class that was found or clicked: of the shape that is worked at, else of the whole image.</summary>
    private async Task TakeAsync(int place)
    {
        _find = "";
        await Browser.CallAsync("blur");
        if (TakesTags && State.At < 0 && State.Armed is null && State.Brush is null) await TagAsync(place);
        else await _canvas!.CallAsync("setClass", place);
        StateHasChanged();
    }

    /// <summary>Shows what one of those who differ said; shown already, it is taken.</summary>
    private async Task ShowAsync(int opinion)
    {
        if (opinion >= Held.Task.Opinions.Count) return;
        if (opinion == _shown)
        {
            await SayAsync();
            return;
        }
        _shown = opinion;
        _tags.Clear();
        var said = Held.Task.Opinions[opinion].Annotations;
        _tags.UnionWith(said.OfType<ClassTag>().Select(t => Schema.IndexOf(t.Class)));
        await _canvas!.CallAsync("replaceAll", Written(Shapes(said)));
        await ShowGhostsAsync();
        StateHasChanged();
    }

    /// <summary>What others said and the one that is shown did not, faintly.</summary>
    private ValueTask ShowGhostsAsync()
    {
        var shown = Held.Task.Opinions[_shown].Annotations.Select(WrittenOne).ToHashSet();
        return _canvas!.CallAsync("ghosts", Written([.. Shapes([.. Held.Task.Opinions.SelectMany(o => o.Annotations)])
            .Where(a => !shown.Contains(WrittenOne(a)))]));
    }

    private async Task SayAsync()
    {
        if (_canvas is null || !_isOpen) return;
        var held = Held;
        var isMended = State.CanUndo;
        var shapes = await _canvas.ShapesAsync();
        if (held != Held) return;
        List<Annotation> said = [.. _tags.Select(t => new ClassTag(Schema.Classes[t].Name)), .. shapes];
        if (Kind == TaskKind.Arbitrate && !isMended && Held.Task.Opinions[_shown].Kind == DecisionKind.Reject && said.Count == 0)
        {
            Send(new Decision { Kind = DecisionKind.Reject }, "rejected", -1);
            return;
        }
        if (Kind == TaskKind.Verify && Held.Task.Opinions is [var stands] && stands.Kind == DecisionKind.Label
            && Same(said, stands.Annotations))
        {
            Send(new Decision { Kind = DecisionKind.Confirm }, "confirmed", said.Count > 0 ? Schema.IndexOf(said[0].Class) : -1);
            return;
        }
        if (ShapeQuestion.Check(said, Schema, held.Size) is { } wrong)
        {
            _wrong = wrong.Reason;
            if (wrong.At >= _tags.Count) await _canvas.CallAsync("select", wrong.At - _tags.Count);
            StateHasChanged();
            return;
        }
        Send(new Decision { Kind = DecisionKind.Label, Annotations = said }, WordsOf(said),
            said.Count > 0 ? Schema.IndexOf(said[0].Class) : -1);
    }

    private void Send(Decision decision, string words, int classAt)
    {
        _ = _canvas!.CallAsync("done").AsTask();
        _isOpen = false;
        Answer(decision, words, classAt);
    }

    /// <summary>The draft of what was rejected or skipped counts for an undo alone.</summary>
    internal ValueTask LetGoAsync() => _isOpen ? _canvas!.CallAsync("done") : ValueTask.CompletedTask;

    private string WordsOf(List<Annotation> said) => said.Count == 0 ? "nothing is there"
        : string.Join(", ", said.GroupBy(a => a.Class).Select(g => g.Count() == 1 ? NameOf(g.Key) : $"{g.Count()} × {NameOf(g.Key)}"));

    private string NameOf(string name) => Schema.IndexOf(name) is >= 0 and var at ? ClassPanel.NameOf(Schema.Classes[at]) : name;

    private static string Written(List<Annotation> shapes) =>
        JsonSerializer.Serialize(shapes, ModelJson.Default.IReadOnlyListAnnotation);

    private static string WrittenOne(Annotation shape) => JsonSerializer.Serialize(shape, ModelJson.Default.Annotation);

    private static bool Same(List<Annotation> one, IReadOnlyList<Annotation> other) =>
        one.Count == other.Count && one.Select(WrittenOne).Order().SequenceEqual(other.Select(WrittenOne).Order());
}
