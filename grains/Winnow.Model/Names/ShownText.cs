using System.Globalization;
using System.Text;

namespace Winnow.Model.Names;

/// <summary>
/// Text that others wrote, made fit to be shown: without control characters and line ends, and without characters that reorder what stands
/// on the screen. A terminal, a log or a table then shows what was written and obeys none of it.
/// </summary>
public static class ShownText
{
    private const int LongestQuote = 60;

    /// <summary>Whether a character is one that is shown, rather than obeyed.</summary>
    public static bool IsShown(Rune rune) =>
        Rune.GetUnicodeCategory(rune) is not (
            UnicodeCategory.Control or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator)
        && rune.Value is not ((>= 0x202A and <= 0x202E) or (>= 0x2066 and <= 0x2069) or 0x200E or 0x200F or 0xFEFF);

    /// <summary>Whether a text can be shown as it is. Half of a surrogate pair cannot: it changes on its way through UTF-8.</summary>
    public static bool IsClean(string text)
    {
        for (var i = 0; i < text.Length;)
        {
            // Most text is this, and is done in no time.
            if (text[i] is >= ' ' and <= '~')
            {
                i++;
                continue;
            }
            if (Rune.DecodeFromUtf16(text.AsSpan(i), out var rune, out var length) != System.Buffers.OperationStatus.Done
                || !IsShown(rune)) return false;
            i += length;
        }
        return true;
    }

    /// <summary>
    /// The text as it may be shown: line ends and tabs become blanks, other characters of that kind go, half a surrogate pair becomes
    /// U+FFFD.
    /// </summary>
    public static string Clean(string text)
    {
        if (IsClean(text)) return text;
        var clean = new StringBuilder(text.Length);
        foreach (var rune in text.EnumerateRunes())
        {
            if (IsShown(rune)) clean.Append(rune.ToString());
            else if (rune.Value is '\n' or '\t' or '\v' or '\f' or 0x85 or 0x2028 or 0x2029 && clean.Length > 0) clean.Append(' ');
        }
        return clean.ToString();
    }

    /// <summary>The text in quotation marks for a sentence: clean, and short enough for one.</summary>
    public static string Quote(string? text)
    {
        if (text is null) return "null";
        var clean = Clean(text.Length > 4 * LongestQuote ? text[..(4 * LongestQuote)] : text);
        if (clean.Length <= LongestQuote) return $"'{clean}'";
        var end = char.IsHighSurrogate(clean[LongestQuote - 1]) ? LongestQuote - 1 : LongestQuote;
        return $"'{clean[..end]}…'";
    }
}
