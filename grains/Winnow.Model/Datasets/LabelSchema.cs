using System.Text.Json;
using System.Text.Json.Serialization;

namespace Winnow.Model.Datasets;

/// <summary>What shape an annotation may have.</summary>
[JsonConverter(typeof(KebabEnumConverter<Geometry>))]
public enum Geometry : byte
{
    /// <summary>A class of the whole image.</summary>
    Class = 0,
    /// <summary>A rectangle.</summary>
    Box = 1,
    /// <summary>A polygon.</summary>
    Polygon = 2,
    /// <summary>A set of pixels.</summary>
    Mask = 3,
    /// <summary>A region with its text.</summary>
    Text = 4,
}

/// <summary>One class of a label schema.</summary>
/// <param name="Name">Unique within the schema; 1 to 100 characters.</param>
/// <param name="Title">What a person reads; the name where absent.</param>
/// <param name="Color">CSS colour of the class in pictures, such as <c>#1f77b4</c>; chosen where absent.</param>
public sealed record LabelClass(string Name, string? Title = null, string? Color = null);

/// <summary>What people are asked to say about the images of a dataset.</summary>
public sealed record LabelSchema
{
    /// <summary>Largest number of classes.</summary>
    public const int MaxClasses = 10_000;

    /// <summary>The classes, in the order of the model's outputs. Classes are only ever appended, so an index keeps its meaning.</summary>
    public required IReadOnlyList<LabelClass> Classes { get; init; }

    // Settable, so that JSON without it keeps the default.
    /// <summary>Which shapes annotations may have. Default: the class of the whole image.</summary>
    public IReadOnlyList<Geometry> Geometries { get; set; } = [Geometry.Class];

    /// <summary>Whether an image may bear several classes at once.</summary>
    public bool MultiLabel { get; init; }

    /// <summary>Position of a class, or -1.</summary>
    public int IndexOf(string name)
    {
        for (var i = 0; i < Classes.Count; i++)
            if (string.Equals(Classes[i].Name, name, StringComparison.Ordinal)) return i;
        return -1;
    }

    /// <summary>
    /// Why labels under this schema could not be kept, as a sentence; null when they can. Learning, versions and exports know one class per
    /// image: whatever else people said would be missing from them. No dataset is made with such a schema; one that exists, or comes from a
    /// backup, can be read.
    /// </summary>
    public string? CheckKept()
    {
        static string NameOf(Geometry geometry) => JsonNamingPolicy.KebabCaseLower.ConvertName(geometry.ToString());
        string[] shapes = [.. Geometries.Where(g => g != Geometry.Class).Distinct().Select(NameOf)];
        List<string> wanted = [];
        if (shapes.Length > 0) wanted.Add($"shapes ({string.Join(", ", shapes)})");
        if (MultiLabel) wanted.Add("several classes per image (multiLabel)");
        if (wanted.Count == 0) return null;
        const string Reason = "Only one class for the whole image can be learned from and exported yet: anything else would be lost there.";
        return $"The label schema takes {string.Join(" and ", wanted)}. {Reason}";
    }

    /// <summary>The first thing that is wrong with the schema, as a sentence; null when it is sound.</summary>
    public string? Check()
    {
        if (Classes.Count is < 2 or > MaxClasses) return $"A label schema needs 2 to {MaxClasses} classes, not {Classes.Count}.";
        if (Geometries.Count == 0) return "A label schema must take at least one geometry.";
        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (var c in Classes)
        {
            if (c.Name.Length is 0 or > 100 || c.Name.Any(char.IsControl)) return $"Class name '{c.Name}' must have 1 to 100 printable characters.";
            // Class names become folder names in exports.
            if (c.Name is "." or ".." || c.Name.AsSpan().IndexOfAny('/', '\\', '\0') >= 0) return $"Class name '{c.Name}' may not contain a path separator.";
            if (!seen.Add(c.Name)) return $"Class name '{c.Name}' stands twice in the label schema.";
        }
        return null;
    }
}
