using System.Globalization;
using Winnow.Model.Labels;

namespace Winnow.Cli.Datasets;

/// <summary>Classes and changes of a label schema in a few words.</summary>
internal static class SchemaWords
{
    /// <summary>A class with what became of it.</summary>
    public static string Of(LabelClass one, LabelSchema schema)
    {
        var shown = $"{one.Name}{(one.Title is { } title ? $" ({title})" : "")}{(one.Color is { } color ? $" {color}" : "")}";
        if (one.Retired is not { } retired) return shown;
        var since = string.Create(CultureInfo.InvariantCulture, $"retired in version {retired.Since}");
        return retired switch
        {
            { Into: { } heir } => $"{shown}, {since}: counts as {schema.Classes[heir].Name}",
            { Parts: { } parts } => $"{shown}, {since}: asked again, as {string.Join(" or ", parts.Select(p => schema.Classes[p].Name))}",
            { Ask: true } => $"{shown}, {since}: asked again",
            _ => $"{shown}, {since}: stands",
        };
    }

    /// <summary>An attribute with all that is asked of whoever says it, its options, and what became of them.</summary>
    public static string Of(LabelAttribute one)
    {
        var kind = one.Kind.ToString().ToLowerInvariant();
        var options = one.Options.Select((o, i) => one.OptionsPast?.FirstOrDefault(p => p.Option == i) switch
        {
            { Retired: not null, Into: { } heir } => $"{o} (counts as {one.Options[heir]})",
            { Retired: not null } => $"{o} (retired)",
            _ => o,
        });
        return $"{one.Name}: {kind}{(one.Options.Count == 0 ? "" : $" of {string.Join(", ", options)}")}"
            + $"{(one.Required ? ", required" : "")}{(one.Classes.Count == 0 ? "" : $", of {string.Join(" and ", one.Classes)} alone")}"
            + (one.Retired is { } since ? string.Create(CultureInfo.InvariantCulture, $", retired in version {since}") : "");
    }

    /// <summary>A change.</summary>
    public static string Of(SchemaChange change) => change switch
    {
        RenameClass c => $"{c.Class} is called {c.To}",
        RecolourClass c => $"{c.Class} is {c.Color ?? "of any colour"}",
        RetitleClass c => $"{c.Class} reads {c.Title ?? c.Class}",
        AddClass c => $"{c.Class.Name} is new",
        MergeClasses c => $"{string.Join(" and ", c.Classes)} become {c.Into}",
        SplitClass c => $"{c.Class} becomes {string.Join(" or ", c.Into)}",
        RetireClass c => $"{c.Class} is retired{(c.Ask ? " and asked again" : "")}",
        RenameAttribute c => $"attribute {c.Attribute} is called {c.To}",
        AddAttribute c => $"attribute {c.Attribute.Name} is new",
        AddOptions c => $"attribute {c.Attribute} may be {string.Join(" or ", c.Options)}",
        RetireAttribute c => $"attribute {c.Attribute} is retired",
        RenameOption c => $"option {c.Option} of attribute {c.Attribute} is called {c.To}",
        MergeOptions c => $"options {string.Join(" and ", c.Options)} of attribute {c.Attribute} become {c.Into}",
        RetireOption c => $"option {c.Option} of attribute {c.Attribute} is retired",
        _ => "another change",
    };
}
