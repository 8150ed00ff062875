using System.Globalization;
using Winnow.Model.Names;

namespace Winnow.Model.Labels;

/// <summary>
/// Makes the next version of a schema out of changes, one after the other; all of them are made, or none. No class or attribute loses its
/// place, and none is given a place that another had. Pure.
/// </summary>
public sealed class SchemaEdit
{
    /// <summary>Most changes of one version.</summary>
    public const int MostChanges = 1_000;

    private readonly LabelSchema _schema;
    private readonly List<LabelClass> _classes;
    private readonly List<LabelAttribute> _attributes;
    private bool _teachesOtherwise;

    private SchemaEdit(LabelSchema schema) =>
        (_schema, _classes, _attributes) = (schema, [.. schema.Classes], [.. schema.Attributes ?? []]);

    private int Next => _schema.Number + 1;

    /// <summary>The version that changes make.</summary>
    /// <param name="schema">The version that they are made of.</param>
    /// <param name="changes">The changes.</param>
    /// <param name="wrong">Why they cannot be made, as a sentence; null when they were.</param>
    /// <returns>The next version; the same one where changes cannot be made.</returns>
    public static LabelSchema Apply(LabelSchema schema, IReadOnlyList<SchemaChange> changes, out string? wrong)
    {
        var edit = new SchemaEdit(schema);
        wrong = changes.Count is 0 or > MostChanges ? $"A version of a schema needs 1 to {MostChanges} changes, not {changes.Count}."
            : schema.Number >= SchemaLineage.MostVersions ? $"The schema has {schema.Number} versions, and more are not kept." : null;
        for (var i = 0; wrong is null && i < changes.Count; i++)
            if (edit.Make(changes[i]) is { } odd)
                wrong = string.Create(CultureInfo.InvariantCulture, $"changes[{i}]: {odd}");
        if (wrong is not null) return schema;
        var made = edit.Made().Composed().Cleaned();
        wrong = made.Check() ?? made.CheckStored();
        return wrong is null ? made : schema;
    }

    private LabelSchema Made() => _schema with
    {
        Version = Next,
        LearnedSince = _teachesOtherwise ? Next : _schema.LearnedSince,
        Classes = _classes,
        Attributes = _attributes.Count == 0 ? _schema.Attributes : _attributes,
    };

    private string? Make(SchemaChange? change) => change switch
    {
        RenameClass c => OnClass(c.Class, at => Rename(at, c.To)),
        RecolourClass c => OnClass(c.Class, at => Set(at, _classes[at] with { Color = c.Color })),
        RetitleClass c => OnClass(c.Class, at => Set(at, _classes[at] with { Title = c.Title })),
        AddClass { Class: { } c } => Add(c),
        MergeClasses c => Merge(c),
        SplitClass c => OnClass(c.Class, at => Split(at, c.Into)),
        RetireClass c => OnClass(c.Class, at => Retire(at, new Retirement(Next, Ask: c.Ask))),
        RenameAttribute c => OnAttribute(c.Attribute, at => RenameAttributeAt(at, c.To)),
        AddAttribute { Attribute: { } a } => Add(a),
        AddOptions c => OnAttribute(c.Attribute, at => AddOptionsTo(at, c.Options)),
        RetireAttribute c => OnAttribute(c.Attribute, RetireAttributeAt),
        _ => "It is no change that is known.",
    };

    private int Find(string? name)
    {
        if (name is null) return -1;
        var compared = TextForm.Compared(name);
        return _classes.FindIndex(c => TextForm.Compared(c.Name) == compared);
    }

    private string? OnClass(string? name, Func<int, string?> change)
    {
        var at = Find(name);
        if (at < 0) return $"Class {ShownText.Quote(name)} is not in the label schema.";
        return _classes[at].Retired is { } retired ? WasRetired($"Class '{_classes[at].Name}'", retired.Since) : change(at);
    }

    private static string WasRetired(string what, int since) =>
        string.Create(CultureInfo.InvariantCulture, $"{what} was retired in version {since}, and stays as it is.");

    private string? Set(int at, LabelClass now)
    {
        _classes[at] = now;
        return null;
    }

    private string? Rename(int at, string? to)
    {
        var one = _classes[at];
        if (to is null) return "'to' is missing.";
        if (TextForm.Composed(to) == one.Name) return $"Class '{one.Name}' is called so already.";
        _classes[at] = one with { Name = to, Former = WithFormer(one.Former, one.Name, one.Since) };
        for (var i = 0; i < _attributes.Count; i++)
            if (_attributes[i].Classes.Contains(one.Name))
                _attributes[i] = _attributes[i] with { Classes = [.. _attributes[i].Classes.Select(c => c == one.Name ? to : c)] };
        return null;
    }

    /// <summary>A name counts from version to version: what is renamed twice on the way to one never bore the name in between.</summary>
    private IReadOnlyList<FormerName>? WithFormer(IReadOnlyList<FormerName>? former, string name, int? since) =>
        since == Next || former?[^1].Through == _schema.Number ? former : [.. former ?? [], new FormerName(name, _schema.Number)];

    private string? Add(LabelClass one)
    {
        if (one is not { Former: null, Since: null, Retired: null }) return "A new class has no past: leave former, since and retired out.";
        if (one.Name is null) return "The class has no name.";
        _classes.Add(one with { Since = Next });
        _teachesOtherwise = true;
        return null;
    }

    /// <summary>The place of a class that others become: one that there is, or a new one like another.</summary>
    private string? FindOrAdd(string? name, LabelClass like, out int place)
    {
        place = Find(name);
        if (place >= 0)
            return _classes[place].Retired is { } retired ? WasRetired($"Class '{_classes[place].Name}'", retired.Since) : null;
        if (name is null) return "'into' is missing, or names null.";
        place = _classes.Count;
        return Add(new LabelClass(name) { Keypoints = like.Keypoints, Skeleton = like.Skeleton });
    }

    private string? Merge(MergeClasses change)
    {
        var from = new List<int>();
        foreach (var name in change.Classes ?? [])
            if (OnClass(name, at => { from.Add(at); return null; }) is { } wrong) return wrong;
        if (from.Count == 0) return "'classes' names none.";
        // Those that there are, before a new one takes after the first of them.
        foreach (var at in from)
            if (HaveOtherKeypoints(at, from[0])) return OtherKeypoints(at, from[0]);
        if (FindOrAdd(change.Into, _classes[from[0]], out var into) is { } none) return none;
        from = [.. from.Distinct().Where(at => at != into)];
        if (from.Count == 0) return $"'{change.Into}' alone is nothing to merge.";
        foreach (var at in from)
        {
            if (HaveOtherKeypoints(at, into)) return OtherKeypoints(at, into);
            if (Retire(at, new Retirement(Next, Into: into)) is { } wrong) return wrong;
            // What was said of the one is said of the other.
            for (var i = 0; i < _attributes.Count; i++)
                if (_attributes[i].Classes.Contains(_classes[at].Name) && !_attributes[i].IsOf(_classes[into].Name))
                    _attributes[i] = _attributes[i] with { Classes = [.. _attributes[i].Classes, _classes[into].Name] };
        }
        return null;
    }

    private bool HaveOtherKeypoints(int one, int other) => _schema.Geometries.Contains(Geometry.Keypoints)
        && !(_classes[one].Keypoints ?? []).SequenceEqual(_classes[other].Keypoints ?? []);

    private string OtherKeypoints(int one, int other) =>
        $"Classes '{_classes[one].Name}' and '{_classes[other].Name}' have other keypoints, so that one's are none of the other.";

    private string? Split(int at, IReadOnlyList<string>? into)
    {
        var parts = new List<int>();
        foreach (var name in into ?? [])
        {
            if (FindOrAdd(name, _classes[at], out var part) is { } wrong) return wrong;
            if (part == at) return $"Class '{name}' cannot be a part of itself: rename it first, or retire nothing and add the others.";
            if (!parts.Contains(part)) parts.Add(part);
        }
        if (parts.Count < 2) return "'into' must name at least two classes; to call one otherwise, rename it.";
        // What was said of the one may be said of each of its parts.
        for (var i = 0; i < _attributes.Count; i++)
            if (_attributes[i].Classes.Contains(_classes[at].Name))
                _attributes[i] = _attributes[i] with
                {
                    Classes = [.. _attributes[i].Classes.Union(parts.Select(p => _classes[p].Name), StringComparer.Ordinal)],
                };
        return Retire(at, new Retirement(Next, Parts: parts, Ask: true));
    }

    private string? Retire(int at, Retirement retirement)
    {
        if (_classes[at].Since == Next) return $"Class '{_classes[at].Name}' is new in this version: leave it out instead.";
        _classes[at] = _classes[at] with { Retired = retirement };
        _teachesOtherwise = true;
        return null;
    }

    private string? OnAttribute(string? name, Func<int, string?> change)
    {
        var compared = name is null ? null : TextForm.Compared(name);
        var at = _attributes.FindIndex(a => TextForm.Compared(a.Name) == compared);
        if (at < 0) return $"Attribute {ShownText.Quote(name)} is not in the label schema.";
        return _attributes[at].Retired is { } since ? WasRetired($"Attribute '{_attributes[at].Name}'", since) : change(at);
    }

    private string? RenameAttributeAt(int at, string? to)
    {
        if (to is null) return "'to' is missing.";
        var one = _attributes[at];
        if (TextForm.Composed(to) == one.Name) return $"Attribute '{one.Name}' is called so already.";
        _attributes[at] = one with { Name = to, Former = WithFormer(one.Former, one.Name, one.Since) };
        return null;
    }

    private string? Add(LabelAttribute one)
    {
        if (_schema.IsOneClass)
            return "A label of this dataset is one class and nothing else, which attributes would make another kind of label. Create a "
                + "dataset with attributes.";
        if (one is not { Former: null, Since: null, Retired: null })
            return "A new attribute has no past: leave former, since and retired out.";
        if (one.Name is null) return "The attribute has no name.";
        _attributes.Add(one with { Since = Next });
        return null;
    }

    private string? AddOptionsTo(int at, IReadOnlyList<string>? options)
    {
        if (options is not { Count: > 0 }) return "'options' names none.";
        _attributes[at] = _attributes[at] with { Options = [.. _attributes[at].Options, .. options] };
        return null;
    }

    private string? RetireAttributeAt(int at)
    {
        if (_attributes[at].Since == Next) return $"Attribute '{_attributes[at].Name}' is new in this version: leave it out instead.";
        _attributes[at] = _attributes[at] with { Retired = Next };
        return null;
    }
}
