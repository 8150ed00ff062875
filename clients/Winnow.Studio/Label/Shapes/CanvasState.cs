using System.Text.Json;
using System.Text.Json.Serialization;
using Winnow.Model.Labels;

namespace Winnow.Studio.Label.Shapes;

/// <summary>What the canvas tells of itself: enough to show it beside the picture, however many shapes there are.</summary>
public sealed record CanvasState
{
    public static readonly CanvasState Empty = new();

    /// <summary>How many shapes there are.</summary>
    public int Count { get; init; }

    /// <summary>How many of them were proposed and not accepted yet.</summary>
    public int Asked { get; init; }

    /// <summary>The one that is selected, counted from 0; -1 for none.</summary>
    public int At { get; init; } = -1;

    /// <summary>Its corner that is held; -1 for none.</summary>
    public int Corner { get; init; } = -1;

    public int Corners { get; init; }

    /// <summary>The class of what is drawn next, by its place in the schema.</summary>
    public int Place { get; init; }

    /// <summary><c>drag</c>, which two clicks do as well, or <c>extremes</c>.</summary>
    public string How { get; init; } = "drag";

    /// <summary>What is being drawn; null for nothing.</summary>
    public string? Armed { get; init; }

    /// <summary>How many of its places are set.</summary>
    public int Set { get; init; }

    /// <summary>Whether the cross is moved by keys.</summary>
    public bool ByKeys { get; init; }

    /// <summary><c>paint</c> or <c>erase</c>; null without a brush.</summary>
    public string? Brush { get; init; }

    public int Size { get; init; }

    public bool Crosshair { get; init; }

    public bool Alone { get; init; }

    public bool Hidden { get; init; }

    public int Bright { get; init; } = 100;

    public int Contrast { get; init; } = 100;

    public bool CanUndo { get; init; }

    /// <summary>What happened last, for whoever hears the page.</summary>
    public string Said { get; init; } = "";

    /// <summary>Why drafts are not kept.</summary>
    public string? Trouble { get; init; }

    /// <summary>What is said of the selected shape beside its class.</summary>
    public JsonElement? Attributes { get; init; }

    /// <summary>What the selected region reads.</summary>
    public string? Text { get; init; }

    /// <summary>How well each keypoint of the selected shape is seen: 0, 1 or 2.</summary>
    public IReadOnlyList<int>? Points { get; init; }

    /// <summary>The shapes about the selected one, in their order.</summary>
    public IReadOnlyList<CanvasRow> Rows { get; init; } = [];

    /// <summary>The row of the selected shape.</summary>
    [JsonIgnore]
    public CanvasRow? Selected => Rows.FirstOrDefault(r => r.At == At);

    /// <summary>What is said of the selected shape, by attribute.</summary>
    public IReadOnlyDictionary<string, AttributeValue> Values() => Attributes is { ValueKind: JsonValueKind.Object } all
        ? all.EnumerateObject().ToDictionary(p => p.Name, p => p.Value.ValueKind switch
        {
            JsonValueKind.String => AttributeValue.Of(p.Value.GetString()!),
            JsonValueKind.Number => AttributeValue.Of(p.Value.GetDouble()),
            JsonValueKind.Array => AttributeValue.Of([.. p.Value.EnumerateArray().Select(e => e.GetString()!)]),
            _ => AttributeValue.Of(p.Value.GetBoolean()),
        })
        : new Dictionary<string, AttributeValue>();
}

/// <summary>One shape in the list beside the picture.</summary>
/// <param name="At">Its place among all, from 0.</param>
/// <param name="Place">Its class's place in the schema.</param>
/// <param name="Kind">As JSON names its geometry.</param>
/// <param name="Width">Pixels across of what it covers.</param>
/// <param name="Height">Pixels down.</param>
/// <param name="Points">Its corners or points; of keypoints those that are labelled.</param>
/// <param name="Pixels">Of a mask, how many.</param>
/// <param name="Sure">How sure its proposer is; null where a person made or changed it.</param>
/// <param name="Asked">Whether it was proposed and nobody has accepted it yet.</param>
/// <param name="Text">What it reads.</param>
/// <param name="Turn">Degrees by which a box is turned.</param>
public sealed record CanvasRow(
    int At, int Place, string Kind, int Width, int Height, int Points, int Pixels, double? Sure, bool Asked, string? Text, double Turn)
{
    /// <summary>How large it is, in the words of its geometry.</summary>
    [JsonIgnore]
    public string Measure => Kind switch
    {
        "mask" => Shell.Counted.Of(Pixels, "pixel", "pixels"),
        "polyline" => Shell.Counted.Of(Points, "point", "points"),
        "keypoints" => $"{Points} set",
        "polygon" => Shell.Counted.Of(Points, "corner", "corners"),
        "box" when Turn != 0 => $"{Shell.Counted.Of(Width)} × {Shell.Counted.Of(Height)}, {Shell.Counted.Drawn(Turn)}°",
        _ => $"{Shell.Counted.Of(Width)} × {Shell.Counted.Of(Height)}",
    };
}

/// <summary>What the canvas has to know of the schema.</summary>
internal sealed record CanvasConfig(
    IReadOnlyList<CanvasClass> Classes, IReadOnlyList<string> Geometries, IReadOnlyList<CanvasAttribute> Attributes,
    IReadOnlyDictionary<string, string> Keys)
{
    public static CanvasConfig Of(LabelSchema schema) => new(
        [.. schema.Classes.Select(c => new CanvasClass(c.Name, c.Title, c.Retired is null, c.Keypoints, c.Skeleton))],
        [.. schema.Geometries.Distinct().Select(Winnow.Model.Labels.Geometries.Name)],
        [.. (schema.Attributes ?? []).Select(a => new CanvasAttribute(a.Name, a.Classes))],
        CanvasKeys.Acts());
}

internal sealed record CanvasClass(string Name, string? Title, bool Open, IReadOnlyList<string>? Keypoints, IReadOnlyList<int>? Skeleton);

internal sealed record CanvasAttribute(string Name, IReadOnlyList<string> Classes);

/// <summary>How they are written: without reflection.</summary>
[JsonSourceGenerationOptions(JsonSerializerDefaults.Web)]
[JsonSerializable(typeof(CanvasState))]
[JsonSerializable(typeof(CanvasConfig))]
internal sealed partial class CanvasJson : JsonSerializerContext;
