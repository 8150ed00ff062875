using System.Text;

namespace Winnow.Model.Names;

/// <summary>Names under which images come. They are display only: no file is ever called by them.</summary>
public static class ImageName
{
    /// <summary>Most characters of a name.</summary>
    public const int MaxLength = 1_024;

    /// <summary>Most characters of a name as it comes: no system has longer paths. It is kept clean, and cut to its end.</summary>
    public const int MaxSent = 32_768;

    /// <summary>
    /// The name without control characters, without characters that reorder text on the screen, and without steps such as <c>..</c>. A longer
    /// name keeps its end, where the file's own name stands.
    /// </summary>
    public static string Clean(string name)
    {
        var text = new StringBuilder(Math.Min(name.Length, MaxLength));
        // Runes: a lone surrogate becomes U+FFFD here and not later, where a name would change on its way through UTF-8.
        foreach (var rune in name.EnumerateRunes())
            if (ShownText.IsShown(rune)) text.Append(rune.Value == '\\' ? "/" : rune.ToString());
        var steps = text.ToString().Split('/', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).Where(s => s is not ("." or ".."));
        var clean = string.Join('/', steps);
        if (clean.Length == 0) return "unnamed";
        if (clean.Length <= MaxLength) return clean;
        var from = clean.Length - MaxLength;
        return char.IsLowSurrogate(clean[from]) ? clean[(from + 1)..] : clean[from..];
    }

    /// <summary>The form in which two names name the same image: clean, so without <c>./</c> and backslashes, and composed.</summary>
    public static string Compared(string name) => TextForm.Composed(Clean(name));
}
