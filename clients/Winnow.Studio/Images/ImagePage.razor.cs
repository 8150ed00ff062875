using System.Text.Json;
using Microsoft.AspNetCore.Components;
using Winnow.Client;
using Winnow.Model.Acts;
using Winnow.Model.Images;
using Winnow.Model.Labels;
using Winnow.Model.Prelabels;
using Winnow.Model.Review;
using Winnow.Studio.Shell;

namespace Winnow.Studio.Images;

/// <summary>All that is known of one image, and what may be said of it: each by the API's own rules, and in its words.</summary>
public sealed partial class ImagePage : IAsyncDisposable
{
    private const int MostActs = 50;

    private ImageDetail? _detail;
    private LabelSchema? _schema;
    private IReadOnlyList<Act> _acts = [];
    private IAsyncDisposable? _keys;
    private (string Words, bool Bad)? _said;
    private string? _wrong;
    private string? _opened;
    private bool _keysOpen;
    private bool _asking;

    [Parameter] public string Dataset { get; set; } = "";
    [Parameter] public string Image { get; set; } = "";

    [Inject] private WinnowClient Client { get; set; } = null!;
    [Inject] private ImageWalk Walk { get; set; } = null!;
    [Inject] private Keyboard Keyboard { get; set; } = null!;
    [Inject] private OwnSettings Settings { get; set; } = null!;
    [Inject] private NavigationManager Navigation { get; set; } = null!;

    protected override async Task OnParametersSetAsync()
    {
        if (_opened == Image) return;
        _opened = Image;
        (_detail, _acts, _said, _wrong) = (null, [], null, null);
        _keys ??= await Keyboard.ListenAsync(ImageKeys.Table, Settings, HearAsync);
        await LoadAsync();
    }

    public async ValueTask DisposeAsync()
    {
        if (_keys is not null) await _keys.DisposeAsync();
    }

    private async Task LoadAsync()
    {
        if (!ImageId.TryParse(Image, out var id))
        {
            _wrong = "This address names no image.";
            return;
        }
        try
        {
            _schema ??= (await Client.GetDatasetAsync(Dataset)).Schema;
            var detail = await Client.GetImageAsync(Dataset, id);
            if (_opened == Image) _detail = detail;
            if (!Walk.IsOf(Dataset)) await Walk.OpenAsync(Dataset, null, anew: true);
        }
        catch (Exception e) when (Unanswered.Is(e))
        {
            _wrong = e.Message;
            return;
        }
        try
        {
            _acts = (await Client.GetActsAsync(Dataset, new ActFilter { Image = id }, limit: MostActs)).Acts;
        }
        catch (Exception e) when (Unanswered.Is(e))
        {
            // Not everybody may read who did what; the rest of the page is for all.
            _acts = [];
        }
    }

    private async Task HearAsync(string key)
    {
        switch (ImageKeys.Table.Acts.First(a => a.Keys[0] == key).Name)
        {
            case "next":
                await MoveAsync(1);
                break;
            case "previous":
                await MoveAsync(-1);
                break;
            case "ask-again":
                await AskAgainAsync();
                break;
            case "gold":
                await GoldAsync();
                break;
            case "all":
                Navigation.NavigateTo($"{Shell.Shell.At(Dataset)}/images");
                break;
            case "keys":
                _keysOpen = true;
                break;
            default:
                if (_schema is { IsOneClass: true } schema && KeyNames.PlaceOf(key) is >= 0 and var place && place < schema.Classes.Count)
                    await CorrectAsync(schema.Classes[place].Name);
                break;
        }
        StateHasChanged();
    }

    private async Task MoveAsync(int by)
    {
        if (!ImageId.TryParse(Image, out var id)) return;
        try
        {
            if (await Walk.FromAsync(id, by) is { } other) Navigation.NavigateTo($"{Shell.Shell.At(Dataset)}/images/{other}");
            else _said = (by > 0 ? "This is the last one." : "This is the first one.", false);
        }
        catch (Exception e) when (Unanswered.Is(e))
        {
            _wrong = e.Message;
        }
    }

    private Task ChooseAsync(ChangeEventArgs e) => e.Value is string { Length: > 0 } name ? CorrectAsync(name) : Task.CompletedTask;

    private Task CorrectAsync(string name) =>
        AmendAsync(() => Client.CorrectAsync(Dataset, _detail!.Id, [new ClassTag(name)]));

    private Task TakeBackAsync(long entry) => AmendAsync(() => Client.TakeBackAsync(Dataset, _detail!.Id, entry));

    private Task AskAgainAsync() => AmendAsync(() => Client.AskAgainAsync(Dataset, _detail!.Id));

    private Task GoldAsync() => AmendAsync(() => Client.MarkGoldAsync(Dataset, _detail!.Id));

    private async Task AmendAsync(Func<Task<SubmitResult>> say)
    {
        if (_detail is null || _asking) return;
        _asking = true;
        try
        {
            var result = await say();
            _said = result.Status is SubmitStatus.Refused or SubmitStatus.Conflict ? (result.Reason ?? "It was not taken.", true)
                : ("It is recorded.", false);
            await LoadAsync();
        }
        catch (Exception e) when (Unanswered.Is(e))
        {
            _said = (e.Message, true);
        }
        finally
        {
            _asking = false;
        }
    }

    private int Place(ImageDetail image) =>
        image is { Labelled: true, Annotations: [ClassTag { Class: var name }] } ? _schema?.IndexOf(name) ?? -1 : -1;

    private static string ActOf(HistoryEntry entry) => entry.Kind switch
    {
        HistoryKind.Imported => "came with it",
        HistoryKind.Decided => Words(entry.Terms?.Kind ?? TaskKind.Label),
        _ => Words(entry.Kind),
    };

    private static string Words<T>(T kind) where T : struct, Enum =>
        JsonNamingPolicy.KebabCaseLower.ConvertName(kind.ToString()).Replace('-', ' ');

    private string Key(string key) => Settings.Shown(ImageKeys.Table, key);

    private static double? SureOf(Prelabel one) => one.Confidence ?? one.Annotations.Select(a => a.Confidence).Max();
}
