using System.Text.Json;
using System.Text.Json.Serialization;
using Winnow.Model.Names;

namespace Winnow.Model.Labels;

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
    /// <summary>A line.</summary>
    Polyline = 5,
    /// <summary>The points of a skeleton.</summary>
    Keypoints = 6,
}

/// <summary>One class of a label schema.</summary>
/// <param name="Name">Unique within the schema; 1 to 100 characters.</param>
/// <param name="Title">What a person reads, at most 200 characters; the name where absent.</param>
/// <param name="Color">
/// CSS colour of the class in pictures: <c>#</c> with 3, 4, 6 or 8 hexadecimal digits, such as <c>#1f77b4</c>, or a name of letters, such
/// as <c>teal</c>; chosen where absent.
/// </param>
public sealed record LabelClass(
    [property: Text(TextKind.Exact)] string Name,
    [property: Text(TextKind.Free, LabelClass.MaxTitle)] string? Title = null,
    [property: Text(TextKind.Name, LabelClass.MaxColor)] string? Color = null)
{
    /// <summary>Most characters of a title.</summary>
    public const int MaxTitle = 200;

    /// <summary>Most keypoints of a class.</summary>
    public const int MaxKeypoints = 1_000;

    /// <summary>Names of its keypoints, in the order in which annotations have them; null where their number is left open.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    [Text(TextKind.Exact)]
    public IReadOnlyList<string>? Keypoints { get; init; }

    /// <summary>Which keypoints a line joins: places in <see cref="Keypoints"/>, from 0, two by two; null: none.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<int>? Skeleton { get; init; }

    /// <summary>Most characters of a colour: the longest that CSS names has 20.</summary>
    public const int MaxColor = 30;

    /// <summary>The same with its title as it is kept.</summary>
    internal LabelClass Cleaned() => this with { Title = Title is null ? null : ShownText.Clean(Title) };

    /// <summary>What is wrong with how it is shown, as a sentence; null when nothing is.</summary>
    internal string? CheckLooks() =>
        MemberRules.TextOrNone($"The title of class {ShownText.Quote(Name)}", Title, MaxTitle)
        ?? (Color is null || IsColor(Color) ? null
            : $"The colour of class {ShownText.Quote(Name)} cannot be {ShownText.Quote(Color)}: "
                + "write '#' and 3, 4, 6 or 8 hexadecimal digits, or a name that CSS has.");

    /// <summary>What is wrong with its keypoints, as a sentence; null when nothing is.</summary>
    internal string? CheckKeypoints()
    {
        if (Keypoints?.Count is 0 or > MaxKeypoints)
            return $"Class '{Name}' must have 1 to {MaxKeypoints} keypoints, or say nothing of them.";
        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (var point in Keypoints ?? [])
        {
            if (point is not { Length: > 0 and <= 100 } || !ShownText.IsClean(point))
                return $"A keypoint of class '{Name}' must have 1 to 100 printable characters, not {ShownText.Quote(point)}.";
            if (!seen.Add(point)) return $"Keypoint '{point}' of class '{Name}' stands twice.";
        }
        if (Skeleton is { } lines && (lines.Count % 2 != 0 || lines.Count > MaxKeypoints * 4))
            return $"The skeleton of class '{Name}' must join keypoints two by two.";
        foreach (var at in Skeleton ?? [])
            if (at < 0 || at >= (Keypoints?.Count ?? 0))
                return $"The skeleton of class '{Name}' names keypoint {at}; there are {Keypoints?.Count ?? 0}, counted from 0.";
        return null;
    }

    private static bool IsColor(string text) => text is ['#', .. var digits]
        ? digits.Length is 3 or 4 or 6 or 8 && digits.All(char.IsAsciiHexDigit)
        : text.Length is > 0 and <= MaxColor && text.All(char.IsAsciiLetter);
}

/// <summary>What people are asked to say about the images of a dataset.</summary>
public sealed record LabelSchema
{
    /// <summary>Largest number of classes.</summary>
    public const int MaxClasses = 10_000;

    private const int MaxName = 100;

    /// <summary>Where an image has one class there is nothing to ask with one; things may well be of one kind.</summary>
    private int LeastClasses => IsOneClass ? 2 : 1;

    /// <summary>The classes, in the order of the model's outputs. Classes are only ever appended, so an index keeps its meaning.</summary>
    public required IReadOnlyList<LabelClass> Classes { get; init; }

    /// <summary>Which shapes annotations may have. Default: the class of the whole image.</summary>
    public IReadOnlyList<Geometry> Geometries { get; set; } = [Geometry.Class];

    /// <summary>Whether an image may bear several classes at once.</summary>
    public bool MultiLabel { get; init; }

    /// <summary>What else is said of annotations; null: nothing.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<LabelAttribute>? Attributes { get; init; }

    /// <summary>Whether two schemas say the same, to the last member.</summary>
    public bool IsSame(LabelSchema other) =>
        JsonSerializer.SerializeToUtf8Bytes(this, ModelJson.Default.LabelSchema).AsSpan()
            .SequenceEqual(JsonSerializer.SerializeToUtf8Bytes(other, ModelJson.Default.LabelSchema));

    /// <summary>Whether "nothing of it is there" is an answer: it is where an image may bear any number of things.</summary>
    [JsonIgnore]
    public bool TakesNone => MultiLabel || Geometries.Any(g => g != Geometry.Class);

    /// <summary>
    /// Position of a class, or -1. Names are the same in whatever Unicode form they come, and with blanks around them; not in another case.
    /// </summary>
    public int IndexOf(string name)
    {
        for (var i = 0; i < Classes.Count; i++)
            if (string.Equals(Classes[i].Name, name, StringComparison.Ordinal)) return i;
        var compared = TextForm.Compared(name);
        for (var i = 0; i < Classes.Count; i++)
            if (string.Equals(TextForm.Compared(Classes[i].Name), compared, StringComparison.Ordinal)) return i;
        return -1;
    }

    /// <summary>
    /// Whether a label is one class of the whole image and nothing else, so that its position says all of it. Any other label is a set of
    /// annotations.
    /// </summary>
    [JsonIgnore]
    public bool IsOneClass => !MultiLabel && Attributes is not { Count: > 0 } && Geometries.All(g => g == Geometry.Class);

    /// <summary>
    /// Whether a label is a set of classes of the whole image, any number of them and none as well; what else is said of them is beside
    /// that.
    /// </summary>
    [JsonIgnore]
    public bool IsTags => MultiLabel && Geometries.All(g => g == Geometry.Class);

    /// <summary>Whether annotations may have places in the picture, so that its size matters.</summary>
    [JsonIgnore]
    public bool HasShapes => Geometries.Any(g => g != Geometry.Class);

    /// <summary>The same schema with titles as they are kept; names and colours are refused rather than changed.</summary>
    internal LabelSchema Cleaned() => this with { Classes = [.. Classes.Select(c => c.Cleaned())] };

    /// <summary>The same schema with each name in it in Unicode's composed form, in which names are kept.</summary>
    public LabelSchema Composed() => this with
    {
        Classes =
        [
            .. Classes.Select(c => c with
            {
                Name = TextForm.Composed(c.Name),
                Keypoints = c.Keypoints is null ? null : [.. c.Keypoints.Select(TextForm.Composed)],
            }),
        ],
        Attributes = Attributes is null ? null : [.. Attributes.Select(a => a.Composed())],
    };

    /// <summary>An attribute by its name, which is the same in whatever Unicode form it comes; null where there is none.</summary>
    internal LabelAttribute? Attribute(string name)
    {
        foreach (var attribute in Attributes ?? [])
            if (attribute.Name == name) return attribute;
        var compared = TextForm.Compared(name);
        foreach (var attribute in Attributes ?? [])
            if (TextForm.Compared(attribute.Name) == compared) return attribute;
        return null;
    }

    /// <summary>
    /// The first thing that keeps a stored schema from being read, as a sentence with the member's name; null when nothing does. Schemas of
    /// earlier releases pass it, whatever <see cref="Check"/> has learnt to refuse since.
    /// </summary>
    public string? CheckStored()
    {
        if (Geometries is null || Geometries.Count == 0) return "geometries must name at least one geometry.";
        if (Classes is null || Classes.Count < LeastClasses || Classes.Count > MaxClasses)
            return $"classes must be {LeastClasses} to {MaxClasses}, not {Classes?.Count ?? 0}.";
        if (Geometries.Any(g => !Enum.IsDefined(g))) return "geometries holds one that is not known.";
        var seen = new HashSet<string>(Classes.Count, StringComparer.Ordinal);
        return MemberRules.Each("classes", Classes, c => CheckStored(c) ?? (
            seen.Add(c.Name) ? null : $"name {ShownText.Quote(c.Name)} stands twice.")) ?? CheckAttributes();
    }

    private static string? CheckStored(LabelClass c) =>
        c?.Name is not { Length: > 0 and <= MaxName } name || name.Any(char.IsControl) || !TextForm.IsWellFormed(name)
            ? $"name {ShownText.Quote(c?.Name)} must have 1 to {MaxName} printable characters."
            : c.CheckKeypoints();

    /// <summary>The first thing that is wrong with the schema, as a sentence; null when it is sound.</summary>
    public string? Check() => CheckNames() ?? CheckAlike();

    /// <summary>
    /// The first class whose name cannot be one, or what else is out of range, as a sentence; null when there is nothing.
    /// </summary>
    public string? CheckNames()
    {
        if (Geometries.Count == 0) return "A label schema must take at least one geometry.";
        if (Classes.Count < LeastClasses || Classes.Count > MaxClasses)
            return $"A label schema needs {LeastClasses} to {MaxClasses} classes, not {Classes.Count}.";
        for (var i = 0; i < Classes.Count; i++)
        {
            if (Classes[i]?.Name is not { } name) return $"Class {i + 1} of the label schema has no name.";
            if (name.Length is > 0 and <= MaxName && TextForm.IsWellFormed(name) && TextForm.Folded(name).Length == 0)
                return $"Class {i + 1} of the label schema has a name that nobody can see.";
            if (name.Length is 0 or > MaxName || !ShownText.IsClean(name))
                return $"Class name {ShownText.Quote(ShownText.Escaped(name))} must have 1 to {MaxName} printable characters.";
            if ((Classes[i].CheckLooks() ?? Classes[i].CheckKeypoints()) is { } wrong) return wrong;
        }
        return CheckAttributes();
    }

    private string? CheckAttributes()
    {
        if (Attributes?.Count > LabelAttribute.Most)
            return $"A label schema has at most {LabelAttribute.Most} attributes.";
        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (var attribute in Attributes ?? [])
        {
            if (attribute is null) return "An attribute of the label schema is null.";
            if (attribute.Check(this) is { } wrong) return wrong;
            if (!seen.Add(attribute.Name)) return $"Attribute '{attribute.Name}' stands twice in the label schema.";
        }
        return null;
    }

    /// <summary>
    /// Two classes whose names differ in what people do not see, or in case alone, are a mistake more often than not; and on Windows and
    /// macOS they are one folder of an export. Nor is an attribute, an option or a keypoint to be taken for another.
    /// </summary>
    public string? CheckAlike()
    {
        if (Alike("Class name", "label schema", Classes.Select(c => c.Name)) is { } classes) return classes;
        foreach (var one in Classes)
            if (Alike("Keypoint", $"class '{one.Name}'", one.Keypoints ?? []) is { } keypoints) return keypoints;
        foreach (var one in Attributes ?? [])
            if (Alike("Option", $"attribute '{one.Name}'", one.Options) is { } options) return options;
        return Alike("Attribute", "label schema", (Attributes ?? []).Select(a => a.Name));
    }

    private static string? Alike(string what, string where, IEnumerable<string> names)
    {
        var seen = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var name in names)
        {
            if (seen.TryAdd(TextForm.Folded(name), name)) continue;
            var other = seen[TextForm.Folded(name)];
            if (other == name) return $"{what} '{name}' stands twice in the {where}.";
            if (TextForm.Compared(other) == TextForm.Compared(name))
                return $"{what}s '{other}' and '{name}' look alike: they differ only in the form of their characters (Unicode) or in "
                    + "blanks around them. Keep one of them.";
            return what == "Class name"
                ? $"Class names '{other}' and '{name}' differ only in case or in marks that are not seen, so they are one folder "
                    + "on Windows and macOS. Rename one of them."
                : $"{what}s '{other}' and '{name}' differ only in case or in marks that are not seen. Rename one of them.";
        }
        return null;
    }
}
