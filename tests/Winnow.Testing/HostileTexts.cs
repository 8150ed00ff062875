namespace Winnow.Testing;

/// <summary>
/// Texts that somebody writes to be obeyed where they are shown. Each holds <see cref="Seen"/>, which is what a reader should be left with.
/// </summary>
public static class HostileTexts
{
    /// <summary>Stands in each of them.</summary>
    public const string Seen = "seen";

    /// <summary>By what they try.</summary>
    public static IReadOnlyDictionary<string, string> All { get; } = new Dictionary<string, string>
    {
        ["colour"] = "\e[31mseen\e[0m",
        ["cursor"] = "seen\e[2J\e[1;1H",
        ["title"] = "\e]0;owned\aseen",
        ["link"] = "\e]8;;http://evil.example\e\\seen\e]8;;\e\\",
        ["c1"] = "\u009B31mseen\u009D0;owned\u009C",
        ["line"] = "seen\nfail: Winnow.Security[1] forged",
        ["carriage"] = "seen\rfail: Winnow.Security[1] forged",
        ["both"] = "seen\r\nid\tforged",
        ["next line"] = "seen\u0085forged",
        ["separators"] = "seen\u2028forged\u2029forged",
        ["tab"] = "seen\tforged",
        ["vertical"] = "seen\vforged\fforged",
        ["nul"] = "se\0en seen",
        ["backspace"] = "forged\b\b\b\b\b\bseen",
        ["delete"] = "seen\u007F",
        ["override"] = "seen\u202Egnp.exe",
        ["embedding"] = "\u202Aseen\u202C",
        ["isolate"] = "\u2067seen\u2069",
        ["marks"] = "\u200Eseen\u200F\u061C",
        ["order mark"] = "\uFEFFseen",
    };

    /// <summary>Their kinds, for theories.</summary>
    public static IEnumerable<object[]> Kinds => All.Keys.Select(kind => new object[] { kind });

    /// <summary>
    /// What of a text is obeyed by a terminal, a log or a table; null when nothing is. Written out here, so that it does not rest on what
    /// it
    /// tests.
    /// </summary>
    /// <param name="text">The text.</param>
    /// <param name="lines">Whether it may have line ends and tabs, since it is several lines of ours.</param>
    public static string? Obeyed(string text, bool lines = false)
    {
        for (var i = 0; i < text.Length; i++)
        {
            var c = text[i];
            if (lines && c is '\n' or '\t') continue;
            var paired = char.IsHighSurrogate(c) ? i + 1 < text.Length && char.IsLowSurrogate(text[i + 1])
                : !char.IsLowSurrogate(c) || (i > 0 && char.IsHighSurrogate(text[i - 1]));
            var obeyed = c is < ' ' or (>= '\u007F' and <= '\u009F') or '\u2028' or '\u2029' or '\u200E' or '\u200F' or '\u061C' or '\uFEFF'
                or (>= '\u202A' and <= '\u202E') or (>= '\u2066' and <= '\u206F');
            if (obeyed || !paired) return $"U+{(int)c:X4} at {i}";
        }
        return null;
    }
}
