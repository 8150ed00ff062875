using Winnow.Model.Names;

namespace Winnow.Model.Labels;

/// <summary>The classes of a schema for whoever looks up many names: labels of a lot, rows of a file, folders of an export.</summary>
public sealed class ClassIndex
{
    private const int LongestSlip = 2;

    private readonly LabelSchema _schema;
    private readonly Dictionary<string, int> _exact;
    private Dictionary<string, int>? _compared;
    private string[]? _folders;

    /// <summary>An index of a schema as it is now.</summary>
    public ClassIndex(LabelSchema schema)
    {
        _schema = schema;
        _exact = new Dictionary<string, int>(schema.Classes.Count, StringComparer.Ordinal);
        for (var i = 0; i < schema.Classes.Count; i++)
            if (schema.Classes[i].Retired is null) _exact.TryAdd(schema.Classes[i].Name, i);
    }

    /// <summary>
    /// Why a class alone cannot be the label that an image comes with, as a sentence; null where it can. An image of which only that much
    /// is known would count as labelled, with nothing in it.
    /// </summary>
    public string? CannotComeWithImages =>
        !_schema.HasShapes && _schema.Attributes?.Any(a => a is { Required: true, Retired: null }) != true
        ? null : "the label schema asks for more than a class of the whole image.";

    /// <summary>
    /// Each class's folder, in the order of the schema; no two are the same on any file system. Where names of an older schema differ in
    /// case alone, all but the first are cut, as long ones are.
    /// </summary>
    public IReadOnlyList<string> Folders => _folders ??= MakeFolders();

    /// <summary>
    /// Position of a class, whatever Unicode form its name comes in and with blanks around it; also by the folder of a class whose name had
    /// to be cut. -1 where there is none, or nobody may say it any more.
    /// </summary>
    public int Find(string name)
    {
        if (_exact.TryGetValue(name, out var index)) return index;
        if (_compared is null)
        {
            var compared = new Dictionary<string, int>(_exact.Count, StringComparer.Ordinal);
            for (var i = 0; i < _schema.Classes.Count; i++)
                if (_schema.Classes[i].Retired is null) compared.TryAdd(TextForm.Compared(_schema.Classes[i].Name), i);
            _compared = compared;
        }
        if (_compared.TryGetValue(TextForm.Compared(name), out index)) return index;
        return FolderName.IsCut(name) ? IndexOfFolder(TextForm.Composed(name)) : -1;
    }

    /// <summary>The class that somebody may have meant by a name that is none; null where no class is near it.</summary>
    public string? Nearest(string name)
    {
        var folded = TextForm.Folded(name);
        var (nearest, least) = (default(string), int.MaxValue);
        foreach (var (other, _, _) in _schema.Classes.Where(c => c.Retired is null))
        {
            var distance = Distance(folded, TextForm.Folded(other));
            if (distance < least) (nearest, least) = (other, distance);
        }
        return least <= LongestSlip && least < folded.Length ? nearest : null;
    }

    private int IndexOfFolder(string folder)
    {
        for (var i = 0; i < Folders.Count; i++)
            if (Folders[i] == folder) return _schema.Classes[i].Retired is null ? i : -1;
        return -1;
    }

    private string[] MakeFolders()
    {
        var taken = new HashSet<string>(StringComparer.Ordinal);
        var folders = new string[_schema.Classes.Count];
        for (var i = 0; i < folders.Length; i++)
        {
            var name = _schema.Classes[i].Name;
            folders[i] = FolderName.Of(name);
            if (taken.Add(TextForm.Folded(folders[i]))) continue;
            // Classes that differ in their Unicode form alone, in a schema of before that was refused, have one cut name too; its number
            // tells them apart then.
            folders[i] = FolderName.OfCut(name);
            if (!taken.Add(folders[i])) taken.Add(folders[i] = FolderName.OfCut($"{name}#{i}"));
        }
        return folders;
    }

    /// <summary>
    /// How many characters were left out, added or mistaken, or how many neighbours exchanged; more than <see cref="LongestSlip"/> where
    /// that is clear.
    /// </summary>
    private static int Distance(string a, string b)
    {
        if (Math.Abs(a.Length - b.Length) > LongestSlip) return int.MaxValue;
        var (before, last, row) = (new int[b.Length + 1], new int[b.Length + 1], new int[b.Length + 1]);
        for (var j = 0; j <= b.Length; j++) last[j] = j;
        for (var i = 1; i <= a.Length; i++)
        {
            row[0] = i;
            for (var j = 1; j <= b.Length; j++)
            {
                row[j] = Math.Min(Math.Min(row[j - 1], last[j]) + 1, last[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1));
                if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) row[j] = Math.Min(row[j], before[j - 2] + 1);
            }
            (before, last, row) = (last, row, before);
        }
        return last[b.Length];
    }
}
