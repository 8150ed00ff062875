using System.Globalization;
using Winnow.Model.Names;

namespace Winnow.Model.Labels;

/// <summary>Changes of the options of an attribute.</summary>
public sealed partial class SchemaEdit
{
    private string? OnOption(string? attribute, string? name, Func<int, int, string?> change) => OnAttribute(attribute, at =>
    {
        if (FindOption(at, name, out var option) is { } wrong) return wrong;
        return option < 0 ? NoSuchOption(at, name) : change(at, option);
    });

    private string NoSuchOption(int at, string? name) =>
        $"Attribute '{_attributes[at].Name}' has no option {ShownText.Quote(name)}.";

    /// <summary>
    /// The place of an option that people may choose, -1 where there is none of that name; what is wrong where it is retired.
    /// </summary>
    private string? FindOption(int at, string? name, out int option)
    {
        option = name is null ? -1 : _attributes[at].PlaceOf(name);
        return option >= 0 && _attributes[at].PastOf(option)?.Retired is { } since
            ? WasRetired($"Option '{_attributes[at].Options[option]}' of attribute '{_attributes[at].Name}'", since) : null;
    }

    /// <summary>Whether the version that is changed had neither the option nor anything in its place.</summary>
    private bool IsNew(int at, int option) =>
        at >= (_schema.Attributes?.Count ?? 0) || option >= _schema.Attributes![at].Options.Count;

    private string? RenameOptionAt(int at, int option, string? to)
    {
        if (to is null) return "'to' is missing.";
        var one = _attributes[at];
        var past = one.PastOf(option) ?? new OptionPast(option);
        var former = WithFormer(past.Former, one.Options[option], IsNew(at, option) ? Next : null);
        List<string> options = [.. one.Options];
        options[option] = to;
        _attributes[at] = one with { Options = options };
        return former is null ? null : SetPast(at, past with { Former = former });
    }

    private string? RetireOptionAt(int at, int option, int? into)
    {
        var name = _attributes[at].Options[option];
        if (IsNew(at, option))
            return string.Create(CultureInfo.InvariantCulture,
                $"Option '{name}' of attribute '{_attributes[at].Name}' is new in this version: leave it out instead.");
        var past = _attributes[at].PastOf(option) ?? new OptionPast(option);
        return SetPast(at, past with { Retired = Next, Into = into });
    }

    private string? MergeOptionsOf(int at, MergeOptions change)
    {
        var from = new List<int>();
        foreach (var name in change.Options ?? [])
        {
            if (FindOption(at, name, out var option) is { } wrong) return wrong;
            if (option < 0) return NoSuchOption(at, name);
            from.Add(option);
        }
        if (from.Count == 0) return "'options' names none.";
        if (change.Into is null) return "'into' is missing.";
        if (FindOption(at, change.Into, out var into) is { } gone) return gone;
        if (into < 0)
        {
            into = _attributes[at].Options.Count;
            _attributes[at] = _attributes[at] with { Options = [.. _attributes[at].Options, change.Into] };
        }
        from = [.. from.Distinct().Where(o => o != into)];
        if (from.Count == 0) return $"'{change.Into}' alone is nothing to merge.";
        foreach (var option in from)
            if (RetireOptionAt(at, option, into) is { } wrong) return wrong;
        return null;
    }

    private string? SetPast(int at, OptionPast past)
    {
        var others = (_attributes[at].OptionsPast ?? []).Where(p => p.Option != past.Option);
        _attributes[at] = _attributes[at] with { OptionsPast = [.. others.Append(past).OrderBy(p => p.Option)] };
        return null;
    }
}
