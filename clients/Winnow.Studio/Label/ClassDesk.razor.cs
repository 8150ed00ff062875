using Microsoft.AspNetCore.Components;
using Winnow.Model.Labels;
using Winnow.Model.Review;
using Winnow.Studio.Shell;

namespace Winnow.Studio.Label;

/// <summary>Asks for the class of a whole image, or for several, and for what the schema wants to know of them.</summary>
public sealed partial class ClassDesk
{
    private readonly HashSet<int> _chosen = [];
    private readonly Dictionary<int, Dictionary<string, AttributeValue>> _values = [];
    private HeldTask? _asked;
    private Proposal? _proposal;
    private string? _wrong;
    private string _find = "";

    [Parameter, EditorRequired] public LabelSchema Schema { get; set; } = null!;
    [Parameter, EditorRequired] public HeldTask Held { get; set; } = null!;
    [Parameter] public RenderFragment? Past { get; set; }
    [Parameter] public RenderFragment? Next { get; set; }
    [Parameter] public int Answered { get; set; }
    [Parameter] public string? Problem { get; set; }
    [Parameter] public EventCallback<LabelAct> OnAct { get; set; }

    /// <summary>Answers the task: what is said, in words, and the first class for its colour.</summary>
    [Parameter, EditorRequired] public Action<Decision, string, int> Answer { get; set; } = null!;

    private TaskKind Kind => Held.Task.Kind;

    private Opinion? Stands => Kind == TaskKind.Verify && Held.Task.Opinions is [var one] ? one : null;

    /// <summary>Whether a class is an answer by itself.</summary>
    private bool IsOneKey => !Schema.MultiLabel && Schema.Attributes is not { Count: > 0 };

    private string Question => Kind switch
    {
        TaskKind.Verify when Stands is { } said => Schema.MultiLabel ? "Are these its classes?"
            : $"Is this {OpinionWords.Of(said, Schema)}?",
        TaskKind.Arbitrate => $"{Held.Task.Opinions.Count} people differ: which is right?",
        _ => Schema.MultiLabel ? "Which classes does it show?" : "Which class is it?",
    };

    protected override void OnParametersSet()
    {
        if (_asked == Held) return;
        _asked = Held;
        _proposal = Kind is TaskKind.Label or TaskKind.Qualify ? Proposal.Of(Held.Task, Schema) : null;
        _chosen.Clear();
        _values.Clear();
        (_find, _wrong) = ("", null);
        if (Stands is not { } said || (IsOneKey && said.Kind == DecisionKind.Label)) return;
        foreach (var tag in said.Annotations.OfType<ClassTag>()) Choose(Schema.IndexOf(tag.Class), tag.Attributes);
    }

    private void Choose(int place, IReadOnlyDictionary<string, AttributeValue>? values)
    {
        if (place < 0) return;
        _chosen.Add(place);
        if (values is not null) _values[place] = new(values);
    }

    /// <summary>What a key of the page means here; false where it is the page's own.</summary>
    internal async Task<bool> HearAsync(string key)
    {
        if (LabelKeys.PlaceOf(key) is >= 0 and var place)
        {
            if (Kind == TaskKind.Arbitrate) Take(place);
            else Pick(place);
            return true;
        }
        return LabelKeys.ActOf(key) is { } act && await ActAsync(act);
    }

    private async Task<bool> ActAsync(LabelAct act)
    {
        switch (act)
        {
            case LabelAct.Accept when Stands is { } said && IsAsSaid(said):
                Answer(new Decision { Kind = DecisionKind.Confirm }, $"confirmed: {OpinionWords.Of(said, Schema)}", FirstOf(said));
                return true;
            case LabelAct.Accept when _proposal is { } proposal && _chosen.Count == 0:
                foreach (var place in proposal.Classes) _chosen.Add(place);
                Say();
                return true;
            case LabelAct.Accept when _chosen.Count > 0 && (!IsOneKey || Kind == TaskKind.Verify):
                Say();
                return true;
            case LabelAct.Leave:
                _find = "";
                await Browser.CallAsync("blur");
                return true;
            case LabelAct.Done when _find.Trim().Length > 0:
                if (ClassPanel.Found(Schema, _find).Cast<int?>().FirstOrDefault() is not { } found) return true;
                _find = "";
                await Browser.CallAsync("blur");
                Pick(found);
                return true;
            case LabelAct.Done when Stands is { } stands && IsAsSaid(stands):
                return await ActAsync(LabelAct.Accept);
            case LabelAct.Done when !IsOneKey:
                // What is being typed is said too.
                await Browser.CallAsync("blur");
                Say();
                return true;
            default:
                return false;
        }
    }

    /// <summary>Whether nothing was changed of what somebody else said.</summary>
    private bool IsAsSaid(Opinion said)
    {
        if (said.Kind != DecisionKind.Label) return false;
        if (IsOneKey) return true;
        var tags = said.Annotations.OfType<ClassTag>().ToList();
        return tags.Count == _chosen.Count && tags.TrueForAll(t => _chosen.Contains(Schema.IndexOf(t.Class))
            && Same(t.Attributes, _values.GetValueOrDefault(Schema.IndexOf(t.Class))));
    }

    private static bool Same(IReadOnlyDictionary<string, AttributeValue>? one, Dictionary<string, AttributeValue>? other) =>
        (one?.Count ?? 0) == (other?.Count ?? 0) && (one?.All(v => other!.TryGetValue(v.Key, out var value) && value == v.Value) ?? true);

    private int FirstOf(Opinion said) => said.Annotations is [var first, ..] ? Schema.IndexOf(first.Class) : -1;

    /// <summary>Takes one of the opinions as it is.</summary>
    private void Take(int opinion)
    {
        if (opinion >= Held.Task.Opinions.Count) return;
        var said = Held.Task.Opinions[opinion];
        Answer(new Decision { Kind = said.Kind, Annotations = said.Annotations }, OpinionWords.Of(said, Schema), FirstOf(said));
    }

    private void Pick(int place)
    {
        if (place >= Schema.Classes.Count || Schema.Classes[place].Retired is not null) return;
        _wrong = null;
        if (Schema.MultiLabel)
        {
            if (!_chosen.Remove(place)) _chosen.Add(place);
            return;
        }
        _chosen.Clear();
        _chosen.Add(place);
        if (!AttributeFields.Of(Schema, Schema.Classes[place].Name).Any()) Say();
    }

    private void Set(int place, string attribute, AttributeValue? value)
    {
        if (!_values.TryGetValue(place, out var values)) _values[place] = values = [];
        if (value is null) values.Remove(attribute);
        else values[attribute] = value;
        _wrong = null;
    }

    private void Say()
    {
        var classes = _chosen.Order().ToList();
        if (classes.Count == 0 && !Schema.TakesNone) return;
        var annotations = classes.Select(Annotation (c) => new ClassTag(Schema.Classes[c].Name)
        {
            Attributes = _values.GetValueOrDefault(c) is { Count: > 0 } values ? values : null,
        }).ToList();
        _wrong = AnnotationRules.Check(annotations, Schema);
        if (_wrong is not null) return;
        Answer(new Decision { Kind = DecisionKind.Label, Annotations = annotations }, WordsOf(classes),
            classes.Count > 0 ? classes[0] : -1);
    }

    private string WordsOf(IReadOnlyList<int> classes) => classes.Count == 0 ? "none of them"
        : string.Join(", ", classes.Select(c => ClassPanel.NameOf(Schema.Classes[c])));
}
