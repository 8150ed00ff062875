using Winnow.Model.Names;

namespace Winnow.Client;

/// <summary>
/// The names of a label file's rows, by how an image is called that they may mean. A name that stands there as the file is called goes
/// before one that merely resembles it, so that no row takes another's image.
/// </summary>
internal sealed class LabelNames
{
    private const int Distances = 5;
    private const int Several = -1;

    private readonly Dictionary<string, int>[] _rows =
        [.. Enumerable.Range(0, Distances).Select(_ => new Dictionary<string, int>(StringComparer.Ordinal))];

    /// <summary>The row that stands under a name to the character; -1 where there are several that differ.</summary>
    public int? Find(string nearest) => _rows[0].TryGetValue(nearest, out var row) ? row : null;

    /// <summary>Adds a row's name. Rows that are not the same leave a name that both may mean without one.</summary>
    public void Add(string name, int row, Func<int, int, bool> same)
    {
        var nearest = Nearest(name);
        for (var distance = 0; distance < Distances; distance++)
        {
            var key = distance == 0 ? nearest : KeyOf(name, distance);
            // The image of that name is meant already.
            if (distance > 0 && key == nearest) continue;
            if (!_rows[distance].TryAdd(key, row) && _rows[distance][key] is >= 0 and var other && !same(other, row))
                _rows[distance][key] = Several;
        }
    }

    /// <summary>The row that names an image, and how far away its name is; -1 where there is none.</summary>
    public (int Row, int Distance) FindImage(string stored, Func<int, int, bool> mayMean)
    {
        var key = ImageName.Compared(stored);
        for (var distance = 0; distance < Distances; distance++)
        {
            if (!_rows[distance].TryGetValue(key, out var row)) continue;
            if (row == Several) break;
            if (mayMean(row, distance)) return (row, distance);
        }
        return (Several, Distances);
    }

    /// <summary>The name of the image that a row means first of all.</summary>
    public static string Nearest(string name) => KeyOf(name, 0);

    /// <summary>The names of the images that a name in a file may mean, nearest first.</summary>
    public static IEnumerable<string> Keys(string name)
    {
        for (var distance = 0; distance < Distances; distance++) yield return KeyOf(name, distance);
    }

    private static string KeyOf(string name, int distance) => distance switch
    {
        // As an import of a folder names a file with a backslash, where that is not what parts folders.
        // Programs that list a folder write ./ before what is in it.
        0 => TextForm.Composed(ImageName.Kept(WithoutDots(OfFile(name)))),
        1 => TextForm.Composed(ImageName.Kept(OfFile(name))),
        // As it is without //, and from a system whose folders are parted by backslashes.
        2 => TextForm.Composed(ImageName.Kept(ImageName.Plain(name))),
        // Blanks that programs write around fields, and people around names.
        3 => TextForm.Composed(ImageName.Kept(ImageName.Plain(TextForm.Trimmed(name)))),
        // As Winnow's own tables and lists write it.
        _ => ImageName.Compared(TextForm.Trimmed(name)),
    };

    private static string OfFile(string name) => name.Replace("\\", "%5C", StringComparison.Ordinal);

    private static string WithoutDots(string name) => name.StartsWith("./", StringComparison.Ordinal)
        || name.Contains("/./", StringComparison.Ordinal) ? string.Join('/', name.Split('/').Where(step => step != ".")) : name;
}
