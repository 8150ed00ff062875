using System.Text;
using CsvHelper;
using Winnow.Model.Images;
using Winnow.Model.Labels;
using Winnow.Model.Names;

namespace Winnow.Client;

/// <summary>Reads one label file: finds out how it is written, and says where it is wrong.</summary>
internal sealed class LabelFileReader
{
    private const int Shown = 5;
    private const int KnownShown = 20;
    private const int LinesTried = 500;
    private static readonly char[] LineEnds = ['\n', '\r'];
    private static readonly char[] Separators = [',', ';', '\t', '|'];
    private static readonly string[] IdColumns = ["id", "imageid"];
    private static readonly string[] NameColumns = ["name", "file", "filename", "path", "filepath", "image", "imagename", "imagefile",
        "imagepath", "key"];
    private static readonly string[] LabelColumns = ["label", "class", "category", "classname", "labelname", "truth", "target"];

    private readonly ReadOnlyMemory<byte> _text;
    private readonly string _file;
    private readonly LabelSchema _schema;
    private readonly ClassIndex _classes;
    private readonly LabelFile _labels;
    private readonly Dictionary<string, (int Line, int Rows)> _unknown = new(StringComparer.Ordinal);
    private readonly List<string> _contradictions = [];
    private int _contradicted;
    private (CsvMalformedReason Reason, long Line)? _malformed;

    /// <summary>Where things stand in a row; <see cref="Ours"/> tells Winnow's own export.</summary>
    private sealed record Columns(int Id, int Name, int Label, bool Header, bool Ours = false, int Source = -1);

    public LabelFileReader(ReadOnlyMemory<byte> content, string file, LabelSchema schema)
    {
        (_text, var encoding) = LabelText.Decode(content, file);
        (_file, _schema, _classes, _labels) = (file, schema, new ClassIndex(schema), new LabelFile(schema) { Encoding = encoding });
    }

    public LabelFile Read()
    {
        var (separator, hint) = Separator();
        using var rows = Open(separator);
        Columns? columns = null;
        while (rows.Read())
        {
            var line = (int)rows.LineNumber;
            if ((hint && line == 1) || IsBlank(rows)) continue;
            CheckQuotes(rows, line);
            if (columns is null && HeaderOf(rows) is { } header)
            {
                CheckHeader(rows, header, line);
                columns = header;
                continue;
            }
            if (IsComment(rows, columns))
            {
                _labels.Comments++;
                continue;
            }
            columns ??= new Columns(-1, 0, 1, Header: false);
            CheckBreaks(rows, columns, line, separator);
            ReadRow(rows, columns, line, separator);
        }
        Refuse(columns);
        return _labels;
    }

    private CsvReader Open(char separator) => CsvReader.Create(_text, new CsvReaderOptions
    {
        HasHeader = false,
        Separator = separator,
        TrackLineNumbers = true,
        TrimWhitespace = true,
        PoolStrings = true,
        OnMalformedRecord = record => _malformed = (record.Reason, record.LineNumber),
    });

    private void ReadRow(CsvReader row, Columns columns, int line, char separator)
    {
        var count = row.FieldCount;
        while (count > 2 && row.IsEmpty(count - 1)) count--;
        if (!columns.Header && count != 2)
        {
            throw Wrong(line, count == 1
                ? $"there is one field and no class: '{Clipped(row.GetString(0))}'. Expected name{separator}class."
                : $"there are {count} fields. Expected name{separator}class; put a name with '{separator}' into quotes, "
                    + "or give the columns a header.");
        }
        if (columns.Label >= row.FieldCount)
            throw Wrong(line, $"the row ends before the column of the class: it has {row.FieldCount} of {columns.Label + 1} fields.");
        var name = columns.Name >= 0 && columns.Name < row.FieldCount ? CsvText.Restored(NameAt(row, columns.Name), columns.Ours) : "";
        if (name.AsSpan().Trim().Length == 0) name = "";
        ImageId? id = columns.Id >= 0 && ImageId.TryParse(row.GetString(columns.Id), out var parsed) ? parsed : null;
        // An id of the file's own, such as a number, names no image.
        if (id is null && name.Length == 0) throw Wrong(line, "no image is named.");
        var label = CsvText.Restored(row.GetString(columns.Label), columns.Ours);
        // What a machine said of an image is nothing that is known of it.
        var isMachines = columns.Source >= 0 && columns.Source < row.FieldCount
            && row.GetString(columns.Source) is "auto" or "pseudo";
        if (isMachines || TextForm.Trimmed(label).Length == 0)
        {
            _labels.RowsWithoutLabel++;
            return;
        }
        var index = _classes.Find(label);
        if (index < 0)
        {
            _unknown[label] = _unknown.TryGetValue(label, out var known) ? (known.Line, known.Rows + 1) : (line, 1);
            return;
        }
        if (_labels.Add(line, id, name, index) is not { } other) return;
        _contradicted++;
        if (_contradictions.Count < Shown)
        {
            var image = name.Length > 0 ? Clipped(name) : id.ToString();
            _contradictions.Add($"line {other.Line} says '{other.Class}' and line {line} '{_schema.Classes[index].Name}' of {image}");
        }
    }

    /// <summary>A name with the blanks around it: a file may be called so.</summary>
    private static string NameAt(CsvReader row, int column)
    {
        var raw = row.GetRawSpan(column);
        return raw.Contains((byte)'"') ? row.GetString(column) : Encoding.UTF8.GetString(raw);
    }

    private void Refuse(Columns? columns)
    {
        if (_unknown.Count > 0)
        {
            var unknown = _unknown.OrderBy(u => u.Value.Line).Take(Shown).Select(u => Unknown(u.Key, u.Value.Line, u.Value.Rows));
            var known = string.Join(", ", _schema.Classes.Take(KnownShown).Select(c => c.Name));
            var header = columns is { Header: false } && _unknown.Values.Any(u => u.Line == 1);
            throw new InvalidDataException($"{_file} names {Count(_unknown.Count, "class", "classes")} that the dataset does not have: "
                + $"{string.Join(", ", unknown)}{More(_unknown.Count)}. It has {known}{(_schema.Classes.Count > KnownShown ? ", …" : "")}."
                + (header ? " If line 1 is a header, call its columns 'name' and 'class'." : ""));
        }
        if (_contradicted > 0)
        {
            throw new InvalidDataException($"{_file} contradicts itself {Count(_contradicted, "time", "times")}: "
                + $"{string.Join("; ", _contradictions)}{More(_contradicted)}. Keep one row of each.");
        }
        if (_labels.Rows > 0) return;
        throw new InvalidDataException(_labels.RowsWithoutLabel > 0
            ? $"{_file} gives no image a class: {Count(_labels.RowsWithoutLabel, "row has", "rows have")} an empty one."
            : $"{_file} is empty: a label file has a line per image: name, class.");
    }

    private string Unknown(string name, int line, int rows)
    {
        var more = rows > 1 ? $" and {rows - 1} more" : "";
        return $"'{Clipped(name)}' (line {line}{more}{(_classes.Nearest(name) is { } meant ? $"; is '{meant}' meant?" : "")})";
    }

    /// <summary>The columns, where a row names them.</summary>
    private static Columns? HeaderOf(CsvReader row)
    {
        if (row.FieldCount < 2) return null;
        string[] names = [.. Enumerable.Range(0, row.FieldCount).Select(i => Letters(row.GetString(i)))];
        int Column(string[] known) => known.Select(k => Array.IndexOf(names, k)).FirstOrDefault(i => i >= 0, -1);
        var (id, name, label) = (Column(IdColumns), Column(NameColumns), Column(LabelColumns));
        if (label < 0 || (id < 0 && name < 0)) return null;
        // A file of images that are called by numbers has no other column for them.
        var ours = id >= 0 && names.Contains("historyversion");
        return new Columns(id, name < 0 ? id : name, label, Header: true, ours, ours ? Array.IndexOf(names, "source") : -1);
    }

    /// <summary>Which of two columns is meant, only their author knows.</summary>
    private void CheckHeader(CsvReader row, Columns columns, int line)
    {
        string[] names = [.. Enumerable.Range(0, row.FieldCount).Select(i => row.GetString(i).Trim())];
        int[] Alike(Func<string, bool> which) => [.. Enumerable.Range(0, names.Length).Where(i => which(Letters(names[i])))];
        void One(string what, int[] found)
        {
            if (found.Length < 2) return;
            var all = string.Join(" and ", found.Select(i => $"'{Clipped(names[i])}' (column {i + 1})"));
            throw Wrong(line, $"{found.Length} columns could be the {what}: {all}. Rename or remove all but the one that is.");
        }
        One("label", Alike(LabelColumns.Contains));
        One("name", Alike(n => n == Letters(names[columns.Name])));
        if (columns.Id >= 0) One("id", Alike(n => n == Letters(names[columns.Id])));
    }

    /// <summary>
    /// A field in quotes may have several lines. Where such a line is a row by itself, a quote was not closed and has swallowed it.
    /// </summary>
    private void CheckBreaks(CsvReader row, Columns columns, int line, char separator)
    {
        if (row.RawRecord.IndexOfAny((byte)'\n', (byte)'\r') < 0) return;
        for (var i = 0; i < row.FieldCount; i++)
        {
            var lines = row.GetString(i).Split(LineEnds, StringSplitOptions.None);
            for (var k = i == columns.Name ? 0 : 1; lines.Length > 1 && k < lines.Length; k++)
            {
                var fields = lines[k].Split(separator);
                if (fields.Length <= columns.Label || _classes.Find(fields[columns.Label].Trim(' ', '"')) < 0) continue;
                throw Wrong(line, $"a quote opens here and is closed only lines below, behind '{Clipped(lines[k])}'. "
                    + "Close it where its field ends.");
            }
        }
    }

    /// <summary>
    /// A line that begins with <c>#</c> and is no row: unless it names a class, since a file may be called so as well.
    /// </summary>
    private bool IsComment(CsvReader row, Columns? columns)
    {
        if (!row.GetRawSpan(0).TrimStart((byte)' ').StartsWith("#"u8)) return false;
        var at = columns?.Label ?? 1;
        return (columns is not { Header: true } && row.FieldCount != 2) || at >= row.FieldCount || _classes.Find(row.GetString(at)) < 0;
    }

    private static bool IsBlank(CsvReader row)
    {
        for (var i = 0; i < row.FieldCount; i++)
            if (!row.IsEmpty(i)) return false;
        return true;
    }

    private void CheckQuotes(CsvReader row, int line)
    {
        if (_malformed is { } malformed && malformed.Line == line)
        {
            if (malformed.Reason == CsvMalformedReason.UnterminatedQuote) throw Wrong(line, "a quote opens here and is never closed.");
            if (malformed.Reason == CsvMalformedReason.TextAfterClosingQuote)
                throw Wrong(line, "text follows a closing quote. Write a quote within quotes twice.");
        }
    }

    /// <summary>
    /// The separator under which the first lines make the most sense: that of a header, else the one by which most lines name a class.
    /// </summary>
    private (char Separator, bool Hint) Separator()
    {
        // Excel's own way to say it.
        var text = _text.Span;
        if (text.Length > 5 && text[4] < 128 && text.StartsWith("sep="u8) && text[5] is (byte)'\r' or (byte)'\n')
            return ((char)text[4], true);
        return (Separators.MaxBy(Sense), false);
    }

    private (int Header, int Known, int Split) Sense(char separator)
    {
        using var rows = Open(separator);
        var (header, known, split) = (0, 0, 0);
        Columns? columns = null;
        for (var i = 0; i < LinesTried && rows.Read(); i++)
        {
            if (IsBlank(rows)) continue;
            if (columns is null && known == 0 && HeaderOf(rows) is { } found) (columns, header) = (found, 1);
            if (rows.FieldCount < 2) continue;
            split++;
            var at = columns?.Label ?? 1;
            if (at < rows.FieldCount && _classes.Find(rows.GetString(at)) >= 0) known++;
        }
        _malformed = null;
        return (header, known, split);
    }

    private InvalidDataException Wrong(int line, string what) => new($"{_file}, line {line}: {what}");

    private static string Letters(string name) => string.Concat(name.Where(char.IsLetterOrDigit)).ToLowerInvariant();

    private static string Clipped(string text) => ShownText.Shortened(text);

    private static string Count(int count, string one, string many) => count == 1 ? $"1 {one}" : $"{count} {many}";

    private static string More(int count) => count > Shown ? $", and {count - Shown} more" : "";
}
