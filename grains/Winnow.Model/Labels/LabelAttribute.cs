using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text.Json.Serialization;
using Winnow.Model.Names;

namespace Winnow.Model.Labels;

/// <summary>What the value of an attribute is.</summary>
[JsonConverter(typeof(KebabEnumConverter<AttributeKind>))]
public enum AttributeKind : byte
{
    /// <summary>Yes or no.</summary>
    Flag = 0,
    /// <summary>A number.</summary>
    Number = 1,
    /// <summary>A text.</summary>
    Text = 2,
    /// <summary>One of its options.</summary>
    Choice = 3,
    /// <summary>Any of its options, none included.</summary>
    Choices = 4,
}

/// <summary>Something more that is said of an annotation, such as whether the object is occluded.</summary>
/// <param name="Name">Unique within the schema; 1 to 100 characters.</param>
/// <param name="Kind">What its value is.</param>
public sealed record LabelAttribute([property: Text(TextKind.Exact)] string Name, AttributeKind Kind)
{
    /// <summary>Most attributes of a schema.</summary>
    public const int Most = 100;

    /// <summary>Most options of one.</summary>
    public const int MaxOptions = 1_000;

    /// <summary>Most characters of a name or an option.</summary>
    public const int MaxName = 100;

    /// <summary>Most characters of a text value.</summary>
    public const int MaxText = 1_000;

    /// <summary>What may be chosen; none unless <see cref="Kind"/> is a choice.</summary>
    [Text(TextKind.Exact)]
    public IReadOnlyList<string> Options { get; set; } = [];

    /// <summary>The classes whose annotations have it; empty: all.</summary>
    [Text(TextKind.Exact)]
    public IReadOnlyList<string> Classes { get; set; } = [];

    /// <summary>Whether an annotation of these classes must have it. Default: it may.</summary>
    public bool Required { get; init; }

    /// <summary>Names that it bore in earlier versions of its schema, oldest first; null where it never bore another.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<FormerName>? Former { get; init; }

    /// <summary>The version of the schema that added it; null where the first did.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public int? Since { get; init; }

    /// <summary>The version that retired it: nobody says it any more, and what was said stands. Null while people may.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public int? Retired { get; init; }

    /// <summary>What became of options in later versions, by their places; null where all are as they were added.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<OptionPast>? OptionsPast { get; init; }

    /// <summary>The same with each name in it in Unicode's composed form.</summary>
    internal LabelAttribute Composed() => this with
    {
        Name = TextForm.Composed(Name),
        Options = [.. Options.Select(TextForm.Composed)],
        Classes = [.. Classes.Select(TextForm.Composed)],
    };

    /// <summary>A value with its options as they are written here.</summary>
    internal AttributeValue InWords(AttributeValue value) => Kind switch
    {
        AttributeKind.Choice when value.Text is { } one && Find(one) is { } option && option != one => AttributeValue.Of(option),
        AttributeKind.Choices when value.Several is { } several && !several.All(Written().Exact.ContainsKey) =>
            AttributeValue.Of([.. several.Select(o => Find(o) ?? o)]),
        _ => value,
    };

    /// <summary>An option as it is written here, whatever Unicode form it comes in; null where it is none.</summary>
    private string? Find(string option) => PlaceOf(option) is >= 0 and var place ? Options[place] : null;

    /// <summary>The place of an option, whatever Unicode form it comes in; -1 where it is none.</summary>
    internal int PlaceOf(string option)
    {
        var (exact, compared) = Written();
        return exact.TryGetValue(option, out var place) || compared.TryGetValue(TextForm.Compared(option), out place) ? place : -1;
    }

    /// <summary>What became of the option at a place; null where nothing did.</summary>
    internal OptionPast? PastOf(int place)
    {
        foreach (var past in OptionsPast ?? [])
            if (past.Option == place) return past;
        return null;
    }

    /// <summary>The name of the option that the one at a place counts as.</summary>
    internal string CountsAs(int place)
    {
        while (PastOf(place)?.Into is { } heir) place = heir;
        return Options[place];
    }

    private sealed record OptionIndex(Dictionary<string, int> Exact, Dictionary<string, int> Compared);

    // Whoever answers may name as many options as there are, in thousands of annotations.
    private static readonly ConditionalWeakTable<IReadOnlyList<string>, OptionIndex> Indexes = new();

    private OptionIndex Written() => Indexes.GetValue(Options, static options =>
    {
        var index = new OptionIndex(new(options.Count, StringComparer.Ordinal), new(options.Count, StringComparer.Ordinal));
        for (var place = 0; place < options.Count; place++)
        {
            index.Exact.TryAdd(options[place], place);
            index.Compared.TryAdd(TextForm.Compared(options[place]), place);
        }
        return index;
    });

    /// <summary>Whether annotations of a class have it.</summary>
    public bool IsOf(string name)
    {
        if (Classes.Count == 0) return true;
        foreach (var one in Classes)
            if (one == name) return true;
        return false;
    }

    /// <summary>Whether annotations of a class must have it.</summary>
    internal bool Asks(string name) => Required && Retired is null && IsOf(name);

    /// <summary>The first thing that is wrong with it, as a sentence; null when nothing is.</summary>
    internal string? Check(LabelSchema schema)
    {
        if (Name is not { Length: > 0 and <= MaxName } || !ShownText.IsClean(Name))
            return $"Attribute name {ShownText.Quote(Name)} must have 1 to {MaxName} printable characters.";
        if (MemberRules.Word("kind", Kind) is { } unknown) return $"Attribute '{Name}': {unknown}";
        var chosen = Kind is AttributeKind.Choice or AttributeKind.Choices;
        if (Options is null || Options.Count > MaxOptions) return $"Attribute '{Name}' has more than {MaxOptions} options.";
        if (chosen && Options.Count == (OptionsPast?.Count(p => p?.Retired is not null) ?? 0))
            return $"Attribute '{Name}' is a choice and has no options.";
        if (!chosen && Options.Count > 0) return $"Attribute '{Name}' has options and is no choice: kind must be choice or choices.";
        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (var option in Options)
        {
            if (option is not { Length: > 0 and <= MaxName } || !ShownText.IsClean(option))
                return $"An option of attribute '{Name}' must have 1 to {MaxName} printable characters, not {ShownText.Quote(option)}.";
            if (!seen.Add(option)) return $"Option '{option}' of attribute '{Name}' stands twice.";
        }
        if (Classes?.Count > LabelSchema.MaxClasses)
            return $"Attribute '{Name}' is of more than the {LabelSchema.MaxClasses} classes that a schema may have.";
        foreach (var name in Classes ?? [])
            if (name is null || schema.IndexOf(name) < 0)
                return $"Attribute '{Name}' is of class {ShownText.Quote(name)}, which the schema has not.";
        return null;
    }

    /// <summary>The first thing that is wrong with a value of it, as a sentence; null when nothing is.</summary>
    /// <param name="value">The value.</param>
    /// <param name="earlier">Whether it was said under an earlier version, so that what is retired may stand in it.</param>
    internal string? CheckValue(AttributeValue? value, bool earlier) => Kind switch
    {
        AttributeKind.Flag => value?.Flag is null ? Not("true or false") : null,
        AttributeKind.Number => value?.Number is { } number && double.IsFinite(number) ? null : Not("a finite number"),
        AttributeKind.Text => value?.Text is not { } text ? Not("a text") : MemberRules.Text($"Attribute '{Name}'", text, MaxText),
        AttributeKind.Choice => value?.Text is { } one ? CheckOption(one, earlier) : Not("one of its options"),
        _ => value?.Several is { } several ? CheckSeveral(several, earlier) : Not("an array of its options"),
    };

    private string Not(string what) => $"Attribute '{Name}' must be {what}.";

    private string? CheckOption(string option, bool earlier)
    {
        var place = PlaceOf(option);
        if (place < 0) return NoSuchOption(option);
        if (earlier || PastOf(place) is not { Retired: { } since } past) return null;
        return string.Create(CultureInfo.InvariantCulture,
            $"Option '{Options[place]}' of attribute '{Name}' was retired in version {since} of the label schema, and is chosen no more."
            + $"{(past.Into is null ? "" : $" Choose '{CountsAs(place)}'.")}");
    }

    private string NoSuchOption(string option)
    {
        var cannot = $"Attribute '{Name}' cannot be {ShownText.Quote(option)}:";
        foreach (var past in OptionsPast ?? [])
            if (past.Former?.FirstOrDefault(f => f.Name == option) is { } former)
                return string.Create(CultureInfo.InvariantCulture,
                    $"{cannot} that option is called '{Options[past.Option]}' since version {former.Through + 1} of the label schema.");
        string[] open = [.. Options.Where((_, i) => PastOf(i)?.Retired is null)];
        return $"{cannot} its options are {string.Join(", ", open.Take(10))}{(open.Length > 10 ? ", …" : "")}.";
    }

    private string? CheckSeveral(IReadOnlyList<string> several, bool earlier)
    {
        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (var option in several)
        {
            if (CheckOption(option, earlier) is { } wrong) return wrong;
            if (!seen.Add(Find(option)!)) return $"Attribute '{Name}' has option '{option}' twice.";
        }
        return null;
    }
}
