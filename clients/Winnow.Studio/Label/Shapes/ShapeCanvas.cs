using System.Text.Json;
using Microsoft.AspNetCore.Components;
using Microsoft.JSInterop;
using Winnow.Model;
using Winnow.Model.Labels;

namespace Winnow.Studio.Label.Shapes;

/// <summary>
/// The canvas from the program's side. Whatever is drawn happens in the script, so that no key and no drag waits for the program; it tells
/// of itself, and gives its shapes when they are to be sent.
/// </summary>
public sealed class ShapeCanvas(IJSRuntime script) : IAsyncDisposable
{
    private IJSObjectReference? _module;
    private DotNetObjectReference<ShapeCanvas>? _self;

    /// <summary>Something of it is to be shown anew.</summary>
    public event Action? Changed;

    /// <summary>A key that it took and gives to the page.</summary>
    public event Func<string, Task>? Heard;

    public CanvasState State { get; private set; } = CanvasState.Empty;

    public async Task MountAsync(ElementReference host, LabelSchema schema)
    {
        _module ??= await script.InvokeAsync<IJSObjectReference>("import", "./canvas/draw.js");
        _self ??= DotNetObjectReference.Create(this);
        await _module.InvokeVoidAsync("mount", host, _self,
            JsonSerializer.Serialize(CanvasConfig.Of(schema), CanvasJson.Default.CanvasConfig));
    }

    /// <summary>Shows a picture with its shapes, or with those of its draft.</summary>
    /// <param name="picture">Its address in this page.</param>
    /// <param name="size">Its pixels, upright.</param>
    /// <param name="shapes">What it begins with.</param>
    /// <param name="asked">Whether those were proposed by a machine, so that somebody has to accept them.</param>
    /// <param name="draft">Under which key what is drawn is kept.</param>
    /// <param name="extra">What else the draft is to hold.</param>
    /// <param name="resumes">Whether a draft counts whose answer was given: it is undone.</param>
    /// <returns>What else the draft held; null where there was none.</returns>
    public async Task<string?> OpenAsync(string picture, (int Width, int Height) size, IReadOnlyList<Annotation> shapes, bool asked,
        string draft, string extra, bool resumes)
    {
        State = CanvasState.Empty;
        var written = JsonSerializer.Serialize(shapes, ModelJson.Default.IReadOnlyListAnnotation);
        return await _module!.InvokeAsync<string?>(
            "open", size.Width, size.Height, written, asked, extra, picture, draft, resumes);
    }

    /// <summary>Its shapes, as they are to be sent.</summary>
    public async Task<IReadOnlyList<Annotation>> ShapesAsync()
    {
        var written = await _module!.InvokeAsync<string>("shapes");
        return JsonSerializer.Deserialize(written, ModelJson.Default.AnnotationArray) ?? [];
    }

    public async ValueTask CallAsync(string name, params object?[] arguments)
    {
        if (_module is not null) await _module.InvokeVoidAsync(name, arguments);
    }

    /// <summary>Says something of the selected shape; null takes it back.</summary>
    public ValueTask SetAsync(string attribute, AttributeValue? value) => CallAsync("setAttribute", attribute,
        value is null ? "null" : JsonSerializer.Serialize(value, ModelJson.Default.AttributeValue));

    [JSInvokable]
    public Task FollowAsync(string state)
    {
        State = JsonSerializer.Deserialize(state, CanvasJson.Default.CanvasState) ?? CanvasState.Empty;
        Changed?.Invoke();
        return Task.CompletedTask;
    }

    [JSInvokable]
    public Task HearAsync(string key) => Heard?.Invoke(key) ?? Task.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        if (_module is not null)
        {
            await _module.InvokeVoidAsync("unmount");
            await _module.DisposeAsync();
        }
        _self?.Dispose();
    }
}
