using System.Text;

namespace Winnow.Model.Names;

/// <summary>
/// Text in the cells of a table. A spreadsheet takes a cell that begins with <c>=</c> and its like for a formula and runs it, whoever wrote
/// the name of the image. An apostrophe in front makes it text, for spreadsheets; one that stood there already is doubled, so the text can
/// be had back. The same goes for each part of a cell that programs with another separator take for a cell.
/// </summary>
public static class CsvText
{
    private const char Mark = '\'';

    /// <summary>Where programs begin a cell, whatever the table's own separator, as Excel does in half of Europe.</summary>
    private const string Separators = ";|\t";

    /// <summary>The text as it is written into a cell: clean, and no formula.</summary>
    public static string Neutralised(string text)
    {
        var clean = ShownText.Clean(text);
        var cell = clean.Length > 0 && (clean[0] == Mark || IsFormula(clean)) ? Mark + clean : clean;
        return IsSplit(cell) ? Marked(cell) : cell;
    }

    /// <summary>Whether some program would see several cells in it: it is quoted then.</summary>
    public static bool IsSplit(string cell) => cell.AsSpan().IndexOfAny(Separators) >= 0;

    /// <summary>The text that a cell means.</summary>
    /// <param name="cell">What stands in the cell.</param>
    /// <param name="ours">Whether Winnow wrote the table. In tables of others an apostrophe is only taken off a formula.</param>
    public static string Restored(string cell, bool ours)
    {
        if (ours && IsSplit(cell)) cell = Unmarked(cell);
        return cell.Length > 1 && cell[0] == Mark && ((ours && cell[1] == Mark) || IsFormula(cell.AsSpan(1))) ? cell[1..] : cell;
    }

    private static string Marked(string cell)
    {
        var text = new StringBuilder(cell.Length + 1);
        for (var i = 0; i < cell.Length; i++)
        {
            text.Append(cell[i]);
            if (Separators.Contains(cell[i]) && IsFormulaWithin(cell.AsSpan(i + 1))) text.Append(Mark);
        }
        return text.ToString();
    }

    private static string Unmarked(string cell)
    {
        var text = new StringBuilder(cell.Length);
        for (var i = 0; i < cell.Length; i++)
        {
            text.Append(cell[i]);
            var rest = cell.AsSpan(i + 1);
            if (Separators.Contains(cell[i]) && rest is [Mark, ..] && IsFormulaWithin(rest)) i++;
        }
        return text.ToString();
    }

    /// <summary>Behind marks, so that they can be counted; and behind quotes, which a program may take for those of a cell.</summary>
    private static bool IsFormulaWithin(ReadOnlySpan<char> rest)
    {
        rest = rest.TrimStart(Mark);
        while (rest is [var first, ..] && (char.IsWhiteSpace(first) || first == '"')) rest = rest[1..];
        return rest is [var sign, ..] && IsFormulaSign(sign);
    }

    /// <summary>Blanks in front do not keep every program from it.</summary>
    private static bool IsFormula(ReadOnlySpan<char> text) =>
        text is ['\t' or '\r' or '\n', ..] || (text.TrimStart() is [var first, ..] && IsFormulaSign(first));

    private static bool IsFormulaSign(char first) =>
        first is '=' or '+' or '-' or '@' or '\uFF1D' or '\uFF0B' or '\uFF0D' or '\uFF20';
}
