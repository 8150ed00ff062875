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

/// <summary>What people are asked to say about the images of a dataset.</summary>
public sealed record LabelSchema
{
    /// <summary>Largest number of classes.</summary>
    public const int MaxClasses = 10_000;

    private const int MaxName = 100;

    /// <summary>Where an image has one class there is nothing to ask with one; things may well be of one kind.</summary>
    private int LeastClasses => IsOneClass ? 2 : 1;

    /// <summary>Which version it is: 1, 2, 3, …</summary>
    [JsonIgnore]
    public int Number => Version ?? 1;

    /// <summary>How many classes people may say.</summary>
    [JsonIgnore]
    public int Open => Classes.Count(c => c.Retired is null);

    /// <summary>The places of the classes that people say no more.</summary>
    public IReadOnlyList<int> RetiredPlaces() => [.. Enumerable.Range(0, Classes.Count).Where(i => Classes[i].Retired is not null)];

    /// <summary>The names of the classes that people said no more in a version of it, as they were then.</summary>
    public IReadOnlyList<string> RetiredAt(int version) =>
        [.. RetiredPlaces().Where(i => Classes[i].Retired!.Since <= version).Select(i => SchemaMap.Of(this).NameAt(i, version))];

    /// <summary>How many classes there were in a version of it.</summary>
    public int ClassesAt(int version) => Classes.Count(c => (c.Since ?? 1) <= version);

    /// <summary>The names of the classes of a version of it, in their order.</summary>
    public IEnumerable<string> NamesAt(int version) =>
        Enumerable.Range(0, ClassesAt(version)).Select(i => SchemaMap.Of(this).NameAt(i, version));

    /// <summary>Whether a model that learned under a version is of use under this one.</summary>
    public bool Serves(int? version) => (version ?? 1) >= (LearnedSince ?? 1);

    /// <summary>Which version of the dataset's schema this is; null for the first.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public int? Version { get; init; }

    /// <summary>
    /// Since which version models learn from the same labels and tell the same classes apart; null: since the first. Models of before are
    /// of no use.
    /// </summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public int? LearnedSince { get; init; }

    /// <summary>
    /// The classes, in the order of the model's outputs. A class's place is its id: classes are only ever appended, and one that is retired
    /// keeps its place.
    /// </summary>
    public required IReadOnlyList<LabelClass> Classes { get; init; }

    /// <summary>Which shapes annotations may have. Default: the class of the whole image.</summary>
    public IReadOnlyList<Geometry> Geometries { get; set; } = [Geometry.Class];

    /// <summary>Whether an image may bear several classes at once.</summary>
    public bool MultiLabel { get; init; }

    /// <summary>What else is said of annotations; null: nothing.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<LabelAttribute>? Attributes { get; init; }

    /// <summary>
    /// The same schema as the first version of another dataset's: without what it tells of earlier versions, and without what nobody says
    /// any more.
    /// </summary>
    public LabelSchema AsFirst()
    {
        if (CheckNew() is null) return this;
        var gone = Classes.Where(c => c.Retired is not null).Select(c => c.Name).ToHashSet(StringComparer.Ordinal);
        var attributes = (Attributes ?? [])
            .Where(a => a.Retired is null && (a.Classes.Count == 0 || a.Classes.Any(c => !gone.Contains(c))))
            .Select(a => a with
            {
                Former = null,
                Since = null,
                Classes = [.. a.Classes.Where(c => !gone.Contains(c))],
                Options = [.. a.Options.Where((_, place) => a.PastOf(place)?.Retired is null)],
                OptionsPast = null,
            });
        return this with
        {
            Version = null,
            LearnedSince = null,
            Classes = [.. Classes.Where(c => c.Retired is null).Select(c => c with { Former = null, Since = null })],
            Attributes = Attributes is null ? null : [.. attributes],
        };
    }

    /// <summary>Why this cannot be the schema of a new dataset: it tells of earlier versions. Null where it does not.</summary>
    public string? CheckNew() => SchemaLineage.CheckNew(this);

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
            seen.Add(c.Name) ? null : $"name {ShownText.Quote(c.Name)} stands twice.")) ?? CheckAttributes()
            ?? SchemaLineage.Check(this);
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
        if (Open < LeastClasses || Classes.Count > MaxClasses)
            return $"A label schema needs {LeastClasses} to {MaxClasses} classes, "
                + $"not {(Classes.Count > MaxClasses ? Classes.Count : Open)}.";
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
