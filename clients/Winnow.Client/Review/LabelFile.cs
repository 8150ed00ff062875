using Winnow.Model.Datasets;
using Winnow.Model.Images;
using Winnow.Model.Names;
using Winnow.Model.Review;

namespace Winnow.Client;

/// <summary>A row of a label file.</summary>
/// <param name="Line">The line at which it begins.</param>
/// <param name="Name">The image that it names, as it stands there.</param>
public sealed record LabelRow(int Line, string Name);

/// <summary>How a label file and a dataset fit.</summary>
/// <param name="Images">Images of the dataset that people may be asked about.</param>
/// <param name="ImagesWithoutRow">Those that no row names.</param>
/// <param name="ImageSamples">The first of them, by name; at most 20.</param>
/// <param name="RowsWithoutImage">Rows with a label that name no image of the dataset.</param>
/// <param name="RowSamples">The first of them, at most 20.</param>
public sealed record LabelMatch(long Images, long ImagesWithoutRow, IReadOnlyList<string> ImageSamples, long RowsWithoutImage,
    IReadOnlyList<LabelRow> RowSamples);

/// <summary>
/// Known labels from a table: lines of name and class, with or without a header, in whatever form spreadsheets, scripts and Winnow's own
/// export write it. Everything that is read is sound: each class is one of the schema, and no image has two. Names are the same in any
/// Unicode form, with <c>./</c> in front, and with backslashes.
/// </summary>
/// <remarks>
/// A header names the columns: <c>name</c>, <c>file</c>, <c>filename</c>, <c>path</c> or <c>image</c>, and <c>label</c>, <c>class</c> or
/// <c>category</c>; in any case and order, among others. A column <c>id</c> with Winnow's image ids goes before names. Without a header
/// there are two columns, name and class.
/// </remarks>
public sealed class LabelFile
{
    private const int Shown = 20;

    private readonly List<Entry> _entries = [];
    private readonly Dictionary<string, int> _names = new(StringComparer.Ordinal);
    private readonly Dictionary<ImageId, int> _ids = [];
    private readonly LabelSchema _schema;

    private sealed record Entry(int Line, string Name, int Class)
    {
        public bool Matched { get; set; }
    }

    internal LabelFile(LabelSchema schema) => _schema = schema;

    /// <summary>Rows with a label.</summary>
    public int Rows => _entries.Count;

    /// <summary>Rows that name an image and give it no label.</summary>
    public int RowsWithoutLabel { get; internal set; }

    /// <summary>Lines that begin with <c>#</c> and were passed over.</summary>
    public int Comments { get; internal set; }

    /// <summary>The encoding that it was read in, such as <c>UTF-8</c>; <c>Windows-1252</c> is a guess at what is no Unicode.</summary>
    public string Encoding { get; internal set; } = "";

    /// <summary>Reads a file.</summary>
    /// <param name="path">The file.</param>
    /// <param name="schema">The classes that it may name.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="InvalidDataException">
    /// It cannot be understood, names a class that there is not, or contradicts itself; the message says at which lines.
    /// </exception>
    /// <exception cref="IOException">There is no such file, or it cannot be read.</exception>
    public static async Task<LabelFile> ReadAsync(string path, LabelSchema schema, CancellationToken cancellationToken = default)
    {
        if (Directory.Exists(path))
            throw new InvalidDataException($"{path} is a folder. A label file is a table with a line per image: name, class.");
        if (!File.Exists(path)) throw new FileNotFoundException($"There is no file {path}.", path);
        if (new FileInfo(path).Length > Array.MaxLength)
            throw new InvalidDataException($"{path} is larger than {Array.MaxLength >> 20} MiB. Give it in parts.");
        return Parse(await File.ReadAllBytesAsync(path, cancellationToken), path, schema);
    }

    /// <summary>Reads what a file holds.</summary>
    /// <param name="content">Its bytes.</param>
    /// <param name="name">What messages call it.</param>
    /// <param name="schema">The classes that it may name.</param>
    /// <exception cref="InvalidDataException">
    /// It cannot be understood, names a class that there is not, or contradicts itself; the message says at which lines.
    /// </exception>
    public static LabelFile Parse(ReadOnlyMemory<byte> content, string name, LabelSchema schema) =>
        new LabelFileReader(content, name, schema).Read();

    /// <summary>The class that it gives an image; null where it gives none.</summary>
    public string? ClassOf(ImageId image, string name) => Find(image, name) is { } entry ? _schema.Classes[entry.Class].Name : null;

    /// <summary>
    /// The class that it gives a task's image; null where it gives none. It is what <see cref="SimulatedReviewerOptions.Truth"/> asks for.
    /// </summary>
    public string? ClassOf(ReviewTask task) => ClassOf(task.Image, task.Name);

    /// <summary>Holds it against the images of a dataset, such as <see cref="WinnowClient.ListImagesAsync"/> lists.</summary>
    public async Task<LabelMatch> MatchAsync(IAsyncEnumerable<ImageSummary> images, CancellationToken cancellationToken = default)
    {
        foreach (var entry in _entries) entry.Matched = false;
        var (asked, without, samples) = (0L, 0L, new List<string>());
        await foreach (var image in images.WithCancellation(cancellationToken))
        {
            var found = Find(image.Id, image.Name);
            if (found is not null) found.Matched = true;
            if (image.Partition != Partition.Pool || image.Stage == Stage.Quarantined) continue;
            asked++;
            if (found is not null) continue;
            without++;
            if (samples.Count < Shown) samples.Add(image.Name);
        }
        var unmatched = _entries.Where(e => !e.Matched).ToList();
        return new LabelMatch(asked, without, samples, unmatched.Count,
            [.. unmatched.Take(Shown).Select(e => new LabelRow(e.Line, e.Name))]);
    }

    /// <summary>Adds a row. The line and class of one before it that says otherwise, or null.</summary>
    internal (int Line, string Class)? Add(int line, ImageId? id, string name, int label)
    {
        var entry = new Entry(line, name, label);
        if (id is { } image)
        {
            if (_ids.TryGetValue(image, out var same)) return Against(same, label);
            _ids.Add(image, _entries.Count);
            // Other images may bear the same name. It then names none of them, to whoever has no id.
            var key = ImageName.Compared(name);
            if (name.Length > 0 && !_names.TryAdd(key, _entries.Count) && _names[key] is >= 0 and var other
                && _entries[other].Class != label)
                _names[key] = -1;
        }
        else
        {
            if (!_names.TryAdd(ImageName.Compared(name), _entries.Count)) return Against(_names[ImageName.Compared(name)], label);
        }
        _entries.Add(entry);
        return null;
    }

    private (int Line, string Class)? Against(int entry, int label) =>
        entry < 0 || _entries[entry].Class == label ? null : (_entries[entry].Line, _schema.Classes[_entries[entry].Class].Name);

    private Entry? Find(ImageId image, string name)
    {
        if (_ids.TryGetValue(image, out var at)) return _entries[at];
        return _names.TryGetValue(ImageName.Compared(name), out at) && at >= 0 ? _entries[at] : null;
    }
}
