namespace Winnow.Model.Names;

/// <summary>
/// Text in the cells of a table. A spreadsheet takes a cell that begins with <c>=</c> and its like for a formula and runs it, whoever wrote
/// the name of the image. An apostrophe in front makes it text, for spreadsheets; one that stood there already is doubled, so the text can
/// be had back.
/// </summary>
public static class CsvText
{
    private const char Mark = '\'';

    /// <summary>The text as it is written into a cell: clean, and no formula.</summary>
    public static string Neutralised(string text)
    {
        var clean = ShownText.Clean(text);
        return clean.Length > 0 && (clean[0] == Mark || IsFormula(clean)) ? Mark + clean : clean;
    }

    /// <summary>The text that a cell means.</summary>
    /// <param name="cell">What stands in the cell.</param>
    /// <param name="ours">Whether Winnow wrote the table. In tables of others an apostrophe is only taken off a formula.</param>
    public static string Restored(string cell, bool ours) =>
        cell.Length > 1 && cell[0] == Mark && ((ours && cell[1] == Mark) || IsFormula(cell.AsSpan(1))) ? cell[1..] : cell;

    /// <summary>Blanks in front do not keep every program from it.</summary>
    private static bool IsFormula(ReadOnlySpan<char> text) =>
        text is ['\t' or '\r' or '\n', ..] || (text.TrimStart() is [var first, ..] && IsFormulaSign(first));

    private static bool IsFormulaSign(char first) =>
        first is '=' or '+' or '-' or '@' or '\uFF1D' or '\uFF0B' or '\uFF0D' or '\uFF20';
}
