using System.Globalization;
using Winnow.Model.Names;

namespace Winnow.Model.Labels;

/// <summary>
/// What a schema tells of its earlier versions. The newest version alone says what every label of before counts as, so it must be sound: no
/// class before it was added or after itself, no name of two versions at once, no heir that leads back.
/// </summary>
internal static class SchemaLineage
{
    /// <summary>More versions than people make of one dataset.</summary>
    public const int MostVersions = 10_000;

    /// <summary>What is said of earlier versions in a schema that is the first; null where nothing is.</summary>
    public static string? CheckNew(LabelSchema schema) =>
        schema.Version is null && schema.LearnedSince is null
            && schema.Classes.All(c => c is { Former: null, Since: null, Retired: null })
            && (schema.Attributes ?? []).All(a => a is { Former: null, Since: null, Retired: null, OptionsPast: null }) ? null
            : "The label schema of a new dataset is its first version: leave version, learnedSince, former, since, retired and "
                + "optionsPast out.";

    /// <summary>The first thing that is wrong, as a sentence with the member's name; null when all is sound.</summary>
    public static string? Check(LabelSchema schema)
    {
        if (schema.Version is { } version && MemberRules.Number("version", version, 2, MostVersions) is { } wrong) return wrong;
        if (schema.LearnedSince is { } since && MemberRules.Number("learnedSince", since, 2, schema.Number) is { } early) return early;
        var before = 1;
        for (var i = 0; i < schema.Classes.Count; i++)
        {
            var one = schema.Classes[i];
            if ((CheckAges(one.Since, one.Former, schema) ?? CheckRetired(i, schema)) is { } odd) return At("classes", i, odd);
            if ((one.Since ?? 1) < before) return At("classes", i, "since is before that of the class before it.");
            before = one.Since ?? 1;
        }
        for (var i = 0; i < (schema.Attributes?.Count ?? 0); i++)
        {
            var one = schema.Attributes![i];
            if ((CheckAges(one.Since, one.Former, schema)
                ?? (one.Retired is { } retired ? MemberRules.Number("retired", retired, (one.Since ?? 1) + 1, schema.Number) : null)
                ?? OptionPast.Check(one, schema, former => CheckAges(one.Since, former, schema)))
                is { } odd) return At("attributes", i, odd);
        }
        return null;
    }

    private static string? CheckAges(int? since, IReadOnlyList<FormerName>? former, LabelSchema schema)
    {
        if (since is { } added && MemberRules.Number("since", added, 2, schema.Number) is { } wrong) return wrong;
        var least = since ?? 1;
        if (former?.Count is 0 or > MostVersions) return "former must have names, or say nothing.";
        foreach (var name in former ?? [])
        {
            if (name?.Name is not { Length: > 0 and <= LabelAttribute.MaxName } || !ShownText.IsClean(name.Name))
                return "former has a name that none can have.";
            if (MemberRules.Number("former.through", name.Through, least, schema.Number - 1) is { } odd) return odd;
            least = name.Through + 1;
        }
        return null;
    }

    private static string? CheckRetired(int place, LabelSchema schema)
    {
        var one = schema.Classes[place];
        if (one.Retired is not { } retired) return null;
        if (MemberRules.Number("retired.since", retired.Since, (one.Since ?? 1) + 1, schema.Number) is { } wrong) return wrong;
        if (retired is { Ask: true, Into: not null } or { Ask: false, Parts: not null }) return "retired is two things at once.";
        foreach (var part in retired.Parts ?? [])
            if (part < 0 || part >= schema.Classes.Count || part == place) return "retired.parts has a place at which no other class is.";
        var at = place;
        for (var steps = 0; schema.Classes[at].Retired?.Into is { } heir; steps++)
        {
            if (heir < 0 || heir >= schema.Classes.Count || steps > schema.Classes.Count)
                return "retired.into leads to no class.";
            at = heir;
        }
        return null;
    }

    private static string At(string list, int place, string wrong) =>
        string.Create(CultureInfo.InvariantCulture, $"{list}[{place}].{wrong}");

    /// <summary>Why a class cannot be said, as a sentence: there is none of that name, or there was.</summary>
    public static string NoSuchClass(string name, LabelSchema schema)
    {
        var none = $"Class {ShownText.Quote(name)} is not in the label schema.";
        foreach (var one in schema.Classes)
            foreach (var former in one.Former ?? [])
                if (former.Name == name)
                    return string.Create(CultureInfo.InvariantCulture,
                        $"{none[..^1]}: it is called '{one.Name}' since version {former.Through + 1} of it.");
        return none;
    }

    /// <summary>The same of one that is retired.</summary>
    public static string IsRetired(int place, LabelSchema schema)
    {
        var (one, retired) = (schema.Classes[place], schema.Classes[place].Retired!);
        var instead = retired.Into is { } heir ? $" Say '{schema.Classes[heir].Name}'."
            : retired.Parts is { } parts ? $" Say one of '{string.Join("', '", parts.Select(p => schema.Classes[p].Name))}'." : "";
        return string.Create(CultureInfo.InvariantCulture,
            $"Class '{one.Name}' was retired in version {retired.Since} of the label schema, and is said no more.{instead}");
    }
}
