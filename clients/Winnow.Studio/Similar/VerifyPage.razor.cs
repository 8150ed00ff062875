using Microsoft.AspNetCore.Components;
using Winnow.Client;
using Winnow.Model.Labels;
using Winnow.Model.Review;
using Winnow.Studio.Images;
using Winnow.Studio.Label;
using Winnow.Studio.Outbox;
using Winnow.Studio.Shell;

namespace Winnow.Studio.Similar;

/// <summary>Shows what somebody else said of a picture: yes or no, one key each.</summary>
public sealed partial class VerifyPage : IAsyncDisposable
{
    private static readonly TaskKind[] Kinds = [TaskKind.Verify];

    private LabelSchema? _schema;
    private TaskStream? _stream;
    private HeldTask? _asked;
    private IAsyncDisposable? _keys;
    private string? _opened;
    private string? _wrong;
    private bool _keysOpen;

    /// <summary>Whether it was said that it is not so, and what it is is to come.</summary>
    private bool _no;

    [Parameter] public string Dataset { get; set; } = "";

    [Inject] private WinnowClient Client { get; set; } = null!;
    [Inject] private AnswerOutbox Outbox { get; set; } = null!;
    [Inject] private Session Session { get; set; } = null!;
    [Inject] private Browser Browser { get; set; } = null!;
    [Inject] private Keyboard Keyboard { get; set; } = null!;
    [Inject] private OwnSettings Settings { get; set; } = null!;
    [Inject] private TimeProvider Time { get; set; } = null!;

    private HeldTask? Current => _stream?.Current;

    private Opinion? Asked => Current?.Task.Opinions is [.., var last] ? last : null;

    private string? SaidClass => Asked?.Annotations is [ClassTag { Class: var one }] ? one : null;

    private string Said => Asked switch
    {
        null => "",
        { Kind: DecisionKind.Reject } => "no class fits",
        var asked => AnnotationWords.Of(asked.Annotations),
    };

    private string Question => Current is null ? "Verify" : _no ? "What is it, then?" : $"Is this right: {Said}?";

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
        _keys ??= await Keyboard.ListenAsync(SimilarKeys.Verify, Settings, HearAsync);
        _stream = new TaskStream(Client, Outbox, Session, Browser, Time, dataset, hasShapes: false, Kinds);
        _stream.Changed += Follow;
        _stream.Start();
    }

    public async ValueTask DisposeAsync()
    {
        await CloseAsync();
        if (_keys is not null) await _keys.DisposeAsync();
    }

    private async Task CloseAsync()
    {
        if (_stream is not { } stream) return;
        _stream = null;
        stream.Changed -= Follow;
        await stream.DisposeAsync();
    }

    private void Follow() => _ = InvokeAsync(() =>
    {
        if (_asked != Current) (_asked, _no) = (Current, false);
        StateHasChanged();
    });

    private async Task HearAsync(string key)
    {
        if (KeyNames.PlaceOf(key) is >= 0 and var place) Pick(place);
        else await ActAsync(SimilarKeys.Verify.Acts.First(a => a.Keys[0] == key).Name);
        StateHasChanged();
    }

    private async Task ActAsync(string act)
    {
        switch (act)
        {
            case "keys":
                _keysOpen = true;
                break;
            case "undo" when _stream is { } stream:
                await stream.UndoAsync();
                break;
            case "yes":
                Answer(new Decision { Kind = DecisionKind.Confirm }, "yes", -1);
                break;
            // What it is instead says more; whoever cannot name it presses once more.
            case "no" when !_no && _schema is { IsOneClass: true }:
                _no = true;
                break;
            case "no":
                Answer(new Decision { Kind = DecisionKind.Reject }, "no class fits", -1);
                break;
            case "skip":
                Answer(new Decision { Kind = DecisionKind.Skip }, "skipped", -1);
                break;
        }
    }

    private void Pick(int place)
    {
        if (_schema is not { IsOneClass: true } schema || place >= schema.Classes.Count) return;
        var one = schema.Classes[place];
        if (one.Retired is not null) return;
        var decision = one.Name == SaidClass ? new Decision { Kind = DecisionKind.Confirm }
            : new Decision { Kind = DecisionKind.Label, Annotations = [new ClassTag(one.Name)] };
        Answer(decision, ClassPanel.NameOf(one), place);
    }

    private void Answer(Decision decision, string words, int classAt)
    {
        if (Current is null) return;
        _stream!.Answer(decision, words, classAt);
        (_asked, _no) = (Current, false);
    }

    private string Key(string key) => Settings.Shown(SimilarKeys.Verify, key);
}
