using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using Winnow.Model;
using Winnow.Model.Images;
using Winnow.Model.Labels;
using Winnow.Model.Names;
using Winnow.Model.Review;

namespace Winnow.Client;

/// <summary>
/// Known label sets from JSON lines: an object on each, with <c>id</c> or <c>name</c> of an image and its <c>annotations</c>, among
/// whatever else; <c>label</c>, a class alone, stands for one annotation of the whole image. Winnow's own export is such a file. Everything
/// that is read is sound under the schema, and no image has two. An image with neither has no label, and is left out; empty annotations
/// say that nothing of it is there.
/// </summary>
public sealed class LabelSetFile
{
    /// <summary>Bytes of a file, all of which are held in memory.</summary>
    private const int MostBytes = 1 << 30;

    // A member that nobody knows is a slip of the pen, and what it says would be lost.
    private static readonly JsonTypeInfo<Annotation[]> Strict = (JsonTypeInfo<Annotation[]>)new JsonSerializerOptions(
        ModelJson.Default.Options)
    {
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
        TypeInfoResolver = ModelJson.Default,
    }.GetTypeInfo(typeof(Annotation[]));

    // Rows name images as those of a table do; the label of each is the number of its set.
    private readonly LabelFile _rows;
    private readonly List<Annotation[]> _sets = [];
    private readonly Dictionary<string, int> _numbers = new(StringComparer.Ordinal);

    private LabelSetFile(LabelSchema schema) => _rows = new LabelFile(schema);

    /// <summary>Rows with a label.</summary>
    public int Rows => _rows.Rows;

    /// <summary>Rows without one.</summary>
    public int RowsWithoutLabel => _rows.RowsWithoutLabel;

    /// <summary>The line of the first row without a label; 0 where there is none.</summary>
    public int FirstWithoutLabel { get; private set; }

    /// <summary>Whether a file is taken for one, by the end of its name.</summary>
    public static bool IsOne(string path) => Path.GetExtension(path).ToLowerInvariant() is ".jsonl" or ".ndjson";

    /// <summary>Reads a file.</summary>
    /// <param name="path">The file; UTF-8.</param>
    /// <param name="schema">Which annotations there may be.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="InvalidDataException">A line is none, or contradicts another; the message names both.</exception>
    public static async Task<LabelSetFile> ReadAsync(string path, LabelSchema schema, CancellationToken cancellationToken = default)
    {
        await using var file = NamedFile.Open(path, "file of labels");
        if (file.CanSeek && file.Length > MostBytes)
            throw new InvalidDataException($"{path} has more than {MostBytes >> 20} MiB, which is more than is read at once. Cut it.");
        var encoding = new UTF8Encoding(false, throwOnInvalidBytes: true);
        using var lines = new StreamReader(file, encoding, detectEncodingFromByteOrderMarks: false);
        var read = new LabelSetFile(schema);
        for (var number = 1; ; number++)
        {
            string? line;
            try
            {
                line = await lines.ReadLineAsync(cancellationToken);
            }
            catch (DecoderFallbackException e)
            {
                throw new InvalidDataException($"{path} is not UTF-8. Write the file anew in UTF-8.", e);
            }
            if (line is null) break;
            if (number == 1) line = line.TrimStart('\uFEFF');
            if (line.AsSpan().Trim().IsEmpty) continue;
            if (read.Add(line, number, schema) is { } wrong)
                throw new InvalidDataException(string.Create(CultureInfo.InvariantCulture, $"{path}, line {number}: {wrong}"));
        }
        return read.Rows > 0 ? read
            : throw new InvalidDataException($"{path} has no label: a line is an object with 'id' or 'name', and 'annotations'.");
    }

    /// <summary>What an image shows; null where the file does not say.</summary>
    public IReadOnlyList<Annotation>? AnnotationsOf(ReviewTask task) => AnnotationsOf(task.Image, task.Name);

    /// <summary>What an image shows; null where the file does not say.</summary>
    public IReadOnlyList<Annotation>? AnnotationsOf(ImageId image, string name) =>
        _rows.LabelOf(image, name) is { } set ? _sets[set] : null;

    /// <summary>Holds it against the images of a dataset, such as <see cref="WinnowClient.ListImagesAsync"/> lists.</summary>
    public Task<LabelMatch> MatchAsync(IAsyncEnumerable<ImageSummary> images, CancellationToken cancellationToken = default) =>
        _rows.MatchAsync(images, cancellationToken);

    private string? Add(string line, int number, LabelSchema schema)
    {
        ImageId? image;
        string? name;
        Annotation[]? set;
        try
        {
            using var row = JsonDocument.Parse(line);
            if (row.RootElement.ValueKind != JsonValueKind.Object) return "it is no object: write {\"name\": …, \"annotations\": […]}.";
            (image, name) = (Read(row, "id", ModelJson.Default.NullableImageId), Read(row, "name", ModelJson.Default.String));
            set = Read(row, "annotations", Strict);
            // A row of our own export that is a machine's word: nothing that is known of the image.
            var isMachines = row.RootElement.TryGetProperty("machine", out var machine) && machine.ValueKind == JsonValueKind.Object;
            if (isMachines) set = null;
            else if (Read(row, "label", ModelJson.Default.String) is { } label)
            {
                if (set is not null) return "it has both 'annotations' and 'label'. Keep one of them.";
                set = [new ClassTag(label)];
            }
        }
        catch (InvalidDataException e)
        {
            return e.Message;
        }
        catch (Exception e) when (JsonFaults.IsFault(e))
        {
            return JsonFaults.Describe(e);
        }
        if (image is null && name is not { Length: > 0 }) return "it has neither 'id' nor 'name'.";
        if (set is null)
        {
            _rows.RowsWithoutLabel++;
            if (FirstWithoutLabel == 0) FirstWithoutLabel = number;
            return null;
        }
        if (AnnotationRules.Check(set, schema) is { } wrong) return wrong;
        return _rows.AddRow(number, image, name ?? "", NumberOf(set)) is { } other
            ? Twice(name ?? image.ToString()!, other.Line) : null;
    }

    /// <summary>Rows that say the same do not contradict each other.</summary>
    private int NumberOf(Annotation[] set)
    {
        var said = set.Select(a => JsonSerializer.Serialize(a, ModelJson.Default.Annotation)).Order(StringComparer.Ordinal);
        var key = string.Join('\n', said);
        if (_numbers.TryGetValue(key, out var known)) return known;
        _sets.Add(set);
        return _numbers[key] = _sets.Count - 1;
    }

    private static string Twice(string what, int before) => string.Create(
        CultureInfo.InvariantCulture, $"{ShownText.Named(what)} has another label in line {before}. Keep one of them.");

    /// <summary>A member of a row; null where it is not there.</summary>
    private static T? Read<T>(JsonDocument row, string member, JsonTypeInfo<T> form)
    {
        if (!row.RootElement.TryGetProperty(member, out var value) || value.ValueKind == JsonValueKind.Null) return default;
        try
        {
            return value.Deserialize(form);
        }
        catch (Exception e) when (JsonFaults.IsFault(e))
        {
            throw new InvalidDataException($"{member}: {JsonFaults.Describe(e)}", e);
        }
    }
}
