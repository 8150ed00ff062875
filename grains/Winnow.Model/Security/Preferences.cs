using Winnow.Model.Names;

namespace Winnow.Model.Security;

/// <summary>A key of somebody's own.</summary>
/// <param name="Act">What it works: <c>label.accept</c> is the act <c>accept</c> of the page <c>label</c>.</param>
/// <param name="Key">Its name, such as <c>a</c>, <c>Shift+1</c> or <c>Ctrl+z</c>.</param>
public sealed record OwnKey([property: Text(TextKind.Exact)] string Act, [property: Text(TextKind.Exact)] string Key)
{
    /// <summary>Most characters of an act's name.</summary>
    public const int MaxAct = 64;

    /// <summary>Most characters of a key's name.</summary>
    public const int MaxKey = 32;

    /// <summary>The page of the act.</summary>
    internal string Page => Act[..Act.IndexOf('.')];

    /// <summary>The first thing that is wrong, as a sentence; null when all is sound.</summary>
    internal string? Check() =>
        !IsAct(Act) ? $"act {ShownText.Quote(Act ?? "")} is none: a page and an act in small letters, such as label.accept."
        : Key is not { Length: > 0 and <= MaxKey } || !Key.All(c => c is > ' ' and not '\u007f')
        ? $"key {ShownText.Quote(Key ?? "")} is none: 1 to {MaxKey} characters, such as Ctrl+z."
        : null;

    private static bool IsAct(string? act) =>
        act is { Length: > 2 and <= MaxAct } && act.IndexOf('.') is > 0 and var dot && dot < act.Length - 1
        && act.IndexOf('.', dot + 1) < 0 && act.All(c => c is >= 'a' and <= 'z' or >= '0' and <= '9' or '-' or '.');
}

/// <summary>
/// How a person has the studio: nothing in it changes what anybody may do, or what was said. Of the keys that are set, none works two acts
/// of a page.
/// </summary>
public sealed record Preferences
{
    /// <summary>Most keys of one's own.</summary>
    public const int MostKeys = 300;

    /// <summary><c>light</c>, <c>dark</c>, or null for what the system says.</summary>
    [Text(TextKind.Exact)]
    public string? Theme { get; init; }

    /// <summary>Keys of one's own. What is not here is worked by the keys that the studio comes with.</summary>
    public IReadOnlyList<OwnKey> Keys { get; set; } = [];

    /// <summary>The first thing that is wrong, as a sentence with the member's name; null when all is sound.</summary>
    public string? Check()
    {
        if (Theme is not (null or "light" or "dark")) return $"theme must be light, dark or null, not {ShownText.Quote(Theme)}.";
        if (Keys is null) return "keys is missing.";
        if (Keys.Count > MostKeys) return $"keys has more than {MostKeys} entries.";
        var (acts, used) = (new HashSet<string>(), new Dictionary<(string Page, string Key), string>());
        for (var i = 0; i < Keys.Count; i++)
        {
            if (Keys[i] is not { } own) return $"keys[{i}] is null.";
            if (own.Check() is { } wrong) return $"keys[{i}].{wrong}";
            if (!acts.Add(own.Act)) return $"keys[{i}].act {own.Act} is there already.";
            if (!used.TryAdd((own.Page, own.Key), own.Act))
                return $"keys[{i}].key {ShownText.Quote(own.Key)} works {used[(own.Page, own.Key)]} already.";
        }
        return null;
    }
}
