using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text;
using Winnow.Model.Names;

namespace Winnow.Model.Security;

/// <summary>
/// The name that a caller says it acts for, in any script, on its way to the server. A header holds ASCII alone, so a name that is not
/// travels as an extended value of RFC 8187 (<c>UTF-8''m%C3%BCller</c>). What history makes of it is an <see cref="ActorName"/>.
/// </summary>
public static class ActingName
{
    /// <summary>The header that carries it.</summary>
    public const string Header = "Winnow-Actor";

    /// <summary>What such a name looks like, as the end of a sentence.</summary>
    public const string Rule = "must have 1 to 100 printable characters";

    private const int Longest = 100;
    private const string Extended = "UTF-8''";
    private const int NonJoiner = 0x200c;
    private const int Joiner = 0x200d;

    /// <summary>
    /// Whether it keeps to <see cref="Rule"/>: what shows nothing, or changes how its surroundings are shown, is no printable character.
    /// </summary>
    public static bool IsValid([NotNullWhen(true)] string? name)
    {
        if (name is not { Length: >= 1 and <= Longest } || char.IsWhiteSpace(name[0]) || char.IsWhiteSpace(name[^1])) return false;
        foreach (var rune in name.EnumerateRunes())
            if (!IsPrintable(rune)) return false;
        return true;
    }

    /// <summary>The header's value for a valid name.</summary>
    public static string ToHeader(string name) =>
        name.All(c => c is >= ' ' and <= '~') && !IsExtended(name) ? name : Extended + Uri.EscapeDataString(name);

    /// <summary>The name that a header's value stands for, valid or not.</summary>
    public static string FromHeader(string value) => IsExtended(value) ? Uri.UnescapeDataString(value[Extended.Length..]) : value;

    private static bool IsExtended(string text) => text.StartsWith(Extended, StringComparison.OrdinalIgnoreCase);

    /// <summary>Joiners belong to the spelling of some scripts; half of a surrogate pair is read as the replacement character.</summary>
    private static bool IsPrintable(Rune rune) => rune != Rune.ReplacementChar && Rune.GetUnicodeCategory(rune) switch
    {
        UnicodeCategory.Control or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator => false,
        UnicodeCategory.Format => rune.Value is NonJoiner or Joiner,
        _ => true,
    };
}
