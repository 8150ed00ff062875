using System.Globalization;
using System.Text;
using ADRaffy.ENSNormalize;

namespace Winnow.Model.Names;

/// <summary>
/// The forms in which names are compared. One name may reach Winnow as different characters: <c>é</c> as one, or as <c>e</c> with an accent
/// behind it, as macOS and many archives write it. Names are kept as they came; whatever compares two of them compares a form of both.
/// </summary>
/// <remarks>
/// The class library does not normalise in invariant mode, and with ICU Winnow would run only where that is installed. The library that
/// does it here prepares its tables when the first such name comes (0.1 s, once); names that are composed already never wake it.
/// </remarks>
public static class TextForm
{
    private const char FirstCombining = '\u0300';

    /// <summary>
    /// Unicode's composed form (NFC): equal for texts that mean the same characters. Half surrogate pairs become U+FFFD, as they would on
    /// their way through UTF-8.
    /// </summary>
    public static string Composed(string text)
    {
        if (IsComposed(text)) return text;
        return ENSNormalize.NF.NFC(WellFormed(text));
    }

    /// <summary>The form in which names are the same: composed, without surrounding blanks.</summary>
    public static string Compared(string text) => Composed(Trimmed(text));

    /// <summary>
    /// The form in which names look the same, or are one file on Windows or macOS: that of <see cref="Compared"/> without regard to case
    /// and to characters that are not seen. It tells names apart, and is shown to nobody.
    /// </summary>
    public static string Folded(string text)
    {
        var composed = Compared(text);
        var folded = new StringBuilder(composed.Length);
        foreach (var rune in composed.EnumerateRunes())
        {
            if (Rune.GetUnicodeCategory(rune) == UnicodeCategory.Format) continue;
            if (Expanded(rune.Value) is { } several) folded.Append(several);
            else folded.Append(Rune.ToUpperInvariant(rune).ToString());
        }
        return Composed(folded.ToString());
    }

    /// <summary>The text without blanks at its ends, and without the marks there that nobody sees.</summary>
    public static string Trimmed(string text)
    {
        var (first, end) = (0, text.Length);
        while (first < end && IsBlank(text[first])) first++;
        while (end > first && IsBlank(text[end - 1])) end--;
        return first == 0 && end == text.Length ? text : text[first..end];
    }

    /// <summary>Whether every surrogate has its other half.</summary>
    public static bool IsWellFormed(string text)
    {
        for (var i = 0; i < text.Length; i++)
        {
            if (!char.IsSurrogate(text[i])) continue;
            if (i + 1 == text.Length || !char.IsSurrogatePair(text[i], text[i + 1])) return false;
            i++;
        }
        return true;
    }

    private static bool IsBlank(char c) => char.IsWhiteSpace(c) || c is '\uFEFF' or '\u200B';

    /// <summary>
    /// Whether all characters are of blocks in which each is composed and none joins the one before it. It may say no of a text that is
    /// composed.
    /// </summary>
    private static bool IsComposed(string text)
    {
        foreach (var c in text)
        {
            if (c < FirstCombining) continue;
            // Cyrillic, kana, Han, Hangul.
            if (c is (>= '\u0400' and <= '\u0482') or (>= '\u048A' and <= '\u052F')
                or (>= '\u3041' and <= '\u3096') or (>= '\u30A1' and <= '\u30FA')
                or (>= '\u4E00' and <= '\u9FFF') or (>= '\uAC00' and <= '\uD7A3')) continue;
            return false;
        }
        return true;
    }

    private static string WellFormed(string text)
    {
        if (IsWellFormed(text)) return text;
        var sound = new StringBuilder(text.Length);
        foreach (var rune in text.EnumerateRunes()) sound.Append(rune.ToString());
        return sound.ToString();
    }

    /// <summary>Capitals of one character that are several; the class library maps one to one only.</summary>
    private static string? Expanded(int rune) => rune switch
    {
        0x00DF or 0x1E9E => "SS",
        0x0149 => "\u02BCN",
        0x0587 => "\u0535\u0552",
        0xFB00 => "FF",
        0xFB01 => "FI",
        0xFB02 => "FL",
        0xFB03 => "FFI",
        0xFB04 => "FFL",
        0xFB05 or 0xFB06 => "ST",
        _ => null,
    };
}
