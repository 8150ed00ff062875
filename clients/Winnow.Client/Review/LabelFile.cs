using Winnow.Model.Images;
using Winnow.Model.Labels;
using Winnow.Model.Review;

namespace Winnow.Client;

/// <summary>A row of a label file.</summary>
/// <param name="Line">The line at which it begins.</param>
/// <param name="Name">The image that it names, as it stands there.</param>
public sealed record LabelRow(int Line, string Name);

/// <summary>A row of a label file that fits several images of a dataset, and so labels none of them.</summary>
/// <param name="Row">The row.</param>
/// <param name="Images">How many images it fits.</param>
/// <param name="Samples">Two of them.</param>
public sealed record AmbiguousRow(LabelRow Row, long Images, IReadOnlyList<ImageId> Samples);

/// <summary>How a label file and a dataset fit.</summary>
/// <param name="Images">Images of the dataset that people may be asked about.</param>
/// <param name="ImagesWithoutRow">Those that no row names.</param>
/// <param name="ImageSamples">The first of them, by name; at most 20.</param>
/// <param name="RowsWithoutImage">Rows with a label that name no image of the dataset.</param>
/// <param name="RowSamples">The first of them, at most 20.</param>
public sealed record LabelMatch(long Images, long ImagesWithoutRow, IReadOnlyList<string> ImageSamples, long RowsWithoutImage,
    IReadOnlyList<LabelRow> RowSamples)
{
    /// <summary>Rows that fit several images by name. Images are their content, so these are different ones; the row labels none.</summary>
    public long AmbiguousRows { get; init; }

    /// <summary>The first of them, at most 20.</summary>
    public IReadOnlyList<AmbiguousRow> AmbiguousSamples { get; init; } = [];
}

/// <summary>
/// Known labels from a table: lines of name and class, with or without a header, in whatever form spreadsheets, scripts and Winnow's own
/// export write it. Everything that is read is sound: each class is one of the schema, and no image has two. Names are the same in any
/// Unicode form, with <c>./</c> in front, with backslashes, and as Winnow stores them or as the files are called. Where one row could mean
/// several images by these, the one whose name is nearest to what stands there is meant.
/// </summary>
/// <remarks>
/// A header names the columns: <c>name</c>, <c>file</c>, <c>filename</c>, <c>path</c> or <c>image</c>, and <c>label</c>, <c>class</c> or
/// <c>category</c>; in any case and order, among others. A column <c>id</c> with Winnow's image ids goes before names. Without a header
/// there are two columns, name and class.
/// </remarks>
public sealed class LabelFile
{
    private const int Shown = 20;

    /// <summary>Bytes of a file, all of which are held in memory: tens of millions of rows.</summary>
    private const int MostBytes = 1 << 30;

    private readonly List<Entry> _entries = [];
    private readonly LabelNames _names = new();
    private readonly Dictionary<ImageId, int> _ids = [];
    private readonly LabelSchema _schema;

    private sealed record Entry(int Line, string Name, int Class)
    {
        /// <summary>How near the names of the images are that it fits; no image that is further away is meant.</summary>
        public int Distance { get; set; } = int.MaxValue;

        public long Images { get; set; }

        /// <summary>Those of them that people may be asked about.</summary>
        public long Asked { get; set; }

        public List<ImageSummary> Samples { get; } = [];

        public bool IsAmbiguous => Distance != ById && Images > 1;

        public void Forget()
        {
            (Distance, Images, Asked) = (int.MaxValue, 0, 0);
            Samples.Clear();
        }
    }

    /// <summary>The distance of an image that a row names by its id.</summary>
    private const int ById = -1;

    internal LabelFile(LabelSchema schema) => _schema = schema;

    /// <summary>Rows with a label.</summary>
    public int Rows => _entries.Count;

    /// <summary>Rows that name an image and give it no label.</summary>
    public int RowsWithoutLabel { get; internal set; }

    /// <summary>Lines that begin with <c>#</c> and were passed over.</summary>
    public int Comments { get; internal set; }

    /// <summary>The encoding that it was read in, such as <c>UTF-8</c>; <c>Windows-1252</c> is a guess at what is no Unicode.</summary>
    public string Encoding { get; internal set; } = "";

    /// <summary>Reads a file of at most 1 GiB, or a pipe to its end.</summary>
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
        return Parse(await NamedFile.ReadAsync(path, "label file", MostBytes, cancellationToken), path, schema);
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

    /// <summary>
    /// The class that it gives an image; null where it gives none. After <see cref="MatchAsync"/> a row that fits several images gives
    /// none.
    /// </summary>
    public string? ClassOf(ImageId image, string name) =>
        LabelOf(image, name) is { } label ? _schema.Classes[label].Name : null;

    /// <summary>
    /// The class that it gives a task's image; null where it gives none. It is what <see cref="SimulatedReviewerOptions.Truth"/> asks for.
    /// </summary>
    public string? ClassOf(ReviewTask task) => ClassOf(task.Image, task.Name);

    /// <summary>Holds it against the images of a dataset, such as <see cref="WinnowClient.ListImagesAsync"/> lists.</summary>
    public async Task<LabelMatch> MatchAsync(IAsyncEnumerable<ImageSummary> images, CancellationToken cancellationToken = default)
    {
        foreach (var entry in _entries) entry.Forget();
        var (asked, without, samples) = (0L, 0L, new List<string>());
        void Unnamed(long images, string name)
        {
            without += images;
            if (images > 0 && samples.Count < Shown) samples.Add(name);
        }
        await foreach (var image in images.WithCancellation(cancellationToken))
        {
            var isAsked = image.Partition == Partition.Pool && image.Stage != Stage.Quarantined;
            if (isAsked) asked++;
            if (Find(image.Id, image.Name, out var distance) is not { } found)
            {
                Unnamed(isAsked ? 1 : 0, image.Name);
                continue;
            }
            if (distance < found.Distance)
            {
                // Images whose names are further away are not those that the row means.
                if (found.Asked > 0) Unnamed(found.Asked, found.Samples[0].Name);
                found.Forget();
                found.Distance = distance;
            }
            if (isAsked) found.Asked++;
            // One that cannot be used is shown to nobody: it may well be the same file before it was mended.
            if (image.Stage != Stage.Quarantined) found.Images++;
            if (found.Samples.Count < 2) found.Samples.Add(image);
        }
        var unmatched = _entries.Where(e => e.Distance == int.MaxValue).ToList();
        var several = _entries.Where(e => e.IsAmbiguous).ToList();
        return new LabelMatch(asked, without, samples, unmatched.Count,
            [.. unmatched.Take(Shown).Select(e => new LabelRow(e.Line, e.Name))])
        {
            AmbiguousRows = several.Count,
            AmbiguousSamples = [.. several.Take(Shown)
                .Select(e => new AmbiguousRow(new LabelRow(e.Line, e.Name), e.Images, [.. e.Samples.Select(i => i.Id)]))],
        };
    }

    /// <summary>Adds a row. The line and class of one before it that says otherwise, or null.</summary>
    internal (int Line, string Class)? Add(int line, ImageId? id, string name, int label) =>
        AddRow(line, id, name, label) is { } other ? (other.Line, _schema.Classes[other.Label].Name) : null;

    /// <summary>Adds a row whose label is a number of something. The line and label of one that says otherwise, or null.</summary>
    internal (int Line, int Label)? AddRow(int line, ImageId? id, string name, int label)
    {
        var at = _entries.Count;
        if (id is { } image)
        {
            if (!_ids.TryAdd(image, at)) return Against(_ids[image], label);
        }
        else if (_names.Find(LabelNames.Nearest(name)) is { } same)
        {
            return Against(same, label);
        }
        _entries.Add(new Entry(line, name, label));
        // Other images may bear the same name. It then names none of them, to whoever has no id.
        if (name.Length > 0) _names.Add(name, at, (one, other) => _entries[one].Class == _entries[other].Class);
        return null;
    }

    private (int Line, int Label)? Against(int entry, int label) =>
        entry < 0 || _entries[entry].Class == label ? null : (_entries[entry].Line, _entries[entry].Class);

    /// <summary>The label that it gives an image, as a number; null where it gives none.</summary>
    internal int? LabelOf(ImageId image, string name) => Find(image, name, out _) is { IsAmbiguous: false } entry ? entry.Class : null;

    private Entry? Find(ImageId image, string name, out int distance)
    {
        distance = ById;
        if (_ids.TryGetValue(image, out var at)) return _entries[at];
        (at, distance) = _names.FindImage(name, (entry, away) => away <= _entries[entry].Distance);
        return at < 0 ? null : _entries[at];
    }
}
