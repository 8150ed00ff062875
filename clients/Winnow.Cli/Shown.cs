using System.Globalization;
using System.Text;

namespace Winnow.Cli;

/// <summary>
/// Text of others as a terminal may have it: names of files and keys may hold whatever moves the cursor, colours the screen or reads
/// backwards.
/// </summary>
internal static class Shown
{
    /// <summary>The text with all that is not to be seen written out, such as <c>\u001B</c>.</summary>
    public static string Text(string text)
    {
        var shown = new StringBuilder(text.Length);
        foreach (var c in text)
            if (IsSafe(c)) shown.Append(c);
            else shown.Append(CultureInfo.InvariantCulture, $"\\u{(int)c:X4}");
        return shown.ToString();
    }

    private static bool IsSafe(char c) =>
        char.GetUnicodeCategory(c) is not (UnicodeCategory.Control or UnicodeCategory.Format
            or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator);
}
