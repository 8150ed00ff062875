using System.Globalization;
using System.Text;

namespace Winnow.Model.Names;

/// <summary>
/// Text that others wrote, made fit to be shown: without control characters and line ends, and without characters that reorder what stands
/// on the screen or cannot be seen there. A terminal, a log or a table then shows what was written and obeys none of it.
/// </summary>
public static class ShownText
{
    private const int LongestQuote = 60;
    private const int LongestTold = 1_000;
    private const int LongestNamed = 300;

    /// <summary>Whether a character is one that is shown: neither obeyed nor without any trace on the screen.</summary>
    public static bool IsShown(Rune rune) => !IsObeyed(rune) && !IsUnseen(rune);

    /// <summary>Whether a text holds a character that is obeyed, or half of a surrogate pair. Earlier releases kept all others.</summary>
    public static bool HoldsObeyed(string text)
    {
        for (var i = 0; i < text.Length;)
        {
            if (Rune.DecodeFromUtf16(text.AsSpan(i), out var rune, out var length) != System.Buffers.OperationStatus.Done
                || IsObeyed(rune)) return true;
            i += length;
        }
        return false;
    }

    private static bool IsObeyed(Rune rune) =>
        Rune.GetUnicodeCategory(rune) is
            UnicodeCategory.Control or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator
        || rune.Value is
            (>= 0x202A and <= 0x202E) or (>= 0x2066 and <= 0x206F) or 0x061C or 0x200E or 0x200F or 0xFEFF;

    /// <summary>
    /// What makes two texts look the same that are not: soft hyphens, blanks without width, letters without a shape. Those that join
    /// letters (U+200C, U+200D) change what is seen, and Persian, Hindi and families of emoji need them.
    /// </summary>
    private static bool IsUnseen(Rune rune) =>
        rune.Value is 0x00AD or 0x180E or 0x200B or (>= 0x2060 and <= 0x2065) or 0x3164 or 0xFFA0 or (>= 0xFFF9 and <= 0xFFFB);

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

    /// <summary>The same with its line ends, each one character: U+000A.</summary>
    public static string CleanLines(string text)
    {
        if (IsClean(text)) return text;
        var lines = text.Replace("\r\n", "\n", StringComparison.Ordinal).Replace('\r', '\n').Split('\n');
        return string.Join('\n', lines.Select(Clean));
    }

    /// <summary>
    /// The text with what is not shown written out, such as <c>\u001B</c>: for names by which somebody must find a file or an object again.
    /// </summary>
    public static string Escaped(string text)
    {
        if (IsClean(text)) return text;
        var shown = new StringBuilder(text.Length);
        for (var i = 0; i < text.Length;)
        {
            var whole = Rune.DecodeFromUtf16(text.AsSpan(i), out var rune, out var length) == System.Buffers.OperationStatus.Done;
            if (whole && IsShown(rune)) shown.Append(text, i, length);
            else
                foreach (var c in text.AsSpan(i, length)) shown.Append(CultureInfo.InvariantCulture, $"\\u{(int)c:X4}");
            i += length;
        }
        return shown.ToString();
    }

    /// <summary>What another program said, as a sentence of ours tells it: clean, and not longer than one reads.</summary>
    public static string Told(string text)
    {
        var clean = Clean(text.Length > 4 * LongestTold ? text[..(4 * LongestTold)] : text);
        return clean.Length <= LongestTold ? clean : $"{Cut(clean, LongestTold)}…";
    }

    /// <summary>The text in quotation marks for a sentence: clean, and short enough for one.</summary>
    public static string Quote(string? text) => text is null ? "null" : $"'{Shortened(text)}'";

    /// <summary>The text as a sentence names it: clean, and short enough for one.</summary>
    public static string Shortened(string text)
    {
        var clean = Clean(text.Length > 4 * LongestQuote ? text[..(4 * LongestQuote)] : text);
        return clean.Length <= LongestQuote ? clean : $"{Cut(clean, LongestQuote)}…";
    }

    /// <summary>
    /// A name by which somebody must find a file or a row again: with what is not shown written out, and of a long one both ends.
    /// </summary>
    public static string Named(string name)
    {
        if (name.Length <= LongestNamed) return Escaped(name);
        var (head, tail) = (LongestNamed / 2, name.Length - LongestNamed / 2);
        if (char.IsHighSurrogate(name[head - 1])) head--;
        if (char.IsLowSurrogate(name[tail])) tail++;
        return Escaped($"{name.AsSpan(0, head)}…{name.AsSpan(tail)}");
    }

    private static string Cut(string text, int most) => text[..(char.IsHighSurrogate(text[most - 1]) ? most - 1 : most)];
}
