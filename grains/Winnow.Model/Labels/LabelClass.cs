using System.Text.Json.Serialization;
using Winnow.Model.Names;

namespace Winnow.Model.Labels;

/// <summary>A name that a class, an attribute or an option bore before.</summary>
/// <param name="Name">The name.</param>
/// <param name="Through">The last version of the schema in which it bore it.</param>
public sealed record FormerName([property: Text(TextKind.Exact)] string Name, int Through);

/// <summary>
/// Why nobody says a class any more. It keeps its place, so that what was said stays readable. Its labels count as those of another class,
/// stand as they are, or are said anew.
/// </summary>
/// <param name="Since">The version of the schema that retired it.</param>
/// <param name="Into">The place of the class that its labels count as; null where they count as no other.</param>
/// <param name="Parts">Places of the classes that people choose from instead; null where it was not split.</param>
/// <param name="Ask">Whether images that bear it are asked about again.</param>
public sealed record Retirement(
    int Since,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] int? Into = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] IReadOnlyList<int>? Parts = null,
    bool Ask = false);

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

    /// <summary>Names that it bore in earlier versions of its schema, oldest first; null where it never bore another.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<FormerName>? Former { get; init; }

    /// <summary>The version of the schema that added it; null where the first did.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public int? Since { get; init; }

    /// <summary>Why nobody says it any more; null while people may.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public Retirement? Retired { get; init; }

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
