using Winnow.Model.Datasets;
using Winnow.Model.Labels;

namespace Winnow.Studio.Intake;

/// <summary>What a new dataset asks of each image.</summary>
internal enum AskedKind
{
    OneClass,
    SeveralClasses,
    Boxes,
    Polygons,
    Masks,
}

/// <summary>What somebody fills in to create a dataset: the label schema that follows from it, and the same as commands.</summary>
internal static class NewSchema
{
    /// <summary>Colours of classes as the pages draw them: those of <c>c1</c> to <c>c8</c>.</summary>
    private static readonly string[] Colours =
        ["#4cc3ff", "#ff7a6b", "#86e070", "#cf9bff", "#ffd84a", "#ff9f5a", "#39dcc4", "#ff92c8"];

    public static LabelSchema Of(AskedKind kind, IReadOnlyList<string> classes) => new()
    {
        Classes = [.. classes.Select((name, i) => new LabelClass(name, Color: Colours[i % Colours.Length]))],
        MultiLabel = kind == AskedKind.SeveralClasses,
        Geometries = kind switch
        {
            AskedKind.Boxes => [Geometry.Box],
            AskedKind.Polygons => [Geometry.Polygon],
            AskedKind.Masks => [Geometry.Mask],
            _ => [Geometry.Class],
        },
    };

    /// <summary>
    /// Settings for so many images: of few, the sample that models are measured by is a tenth, since there would be nothing left to choose
    /// from. Null where the server's own are right.
    /// </summary>
    public static DatasetSettings? SettingsFor(int images)
    {
        var settings = new DatasetSettings();
        return images == 0 || images >= 10 * settings.AuditSample ? null : settings with { AuditSample = images / 10 };
    }

    /// <summary>Names of classes in what was typed: one after the other, with commas or lines between them.</summary>
    public static IEnumerable<string> NamesIn(string typed) =>
        typed.Split([',', ';', '\n', '\t'], StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);

    /// <summary>The name of a dataset that a folder suggests: small letters, digits and dashes.</summary>
    public static string NameOf(string folder)
    {
        var name = new string([.. folder.ToLowerInvariant().Select(c => char.IsAsciiLetterOrDigit(c) ? c : '-')]).Trim('-');
        while (name.Contains("--", StringComparison.Ordinal)) name = name.Replace("--", "-", StringComparison.Ordinal);
        return name.Length > 40 ? name[..40].Trim('-') : name;
    }
}
