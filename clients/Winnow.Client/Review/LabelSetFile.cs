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

    private readonly Dictionary<ImageId, (int Line, Annotation[] Set)> _ids = [];
    private readonly Dictionary<string, (int Line, Annotation[] Set)> _names = new(StringComparer.Ordinal);

    private LabelSetFile()
    {
    }

    /// <summary>Rows with a label.</summary>
    public int Rows { get; private set; }

    /// <summary>Rows without one.</summary>
    public int RowsWithoutLabel { get; private set; }

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
        var read = new LabelSetFile();
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
        _ids.TryGetValue(image, out var known) || _names.TryGetValue(TextForm.Compared(name), out known) ? known.Set : null;

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
            set = Read(row, "annotations", Strict)
                ?? (Read(row, "label", ModelJson.Default.String) is { } label ? [new ClassTag(label)] : null);
        }
        catch (Exception e) when (JsonFaults.IsFault(e))
        {
            return JsonFaults.Describe(e);
        }
        if (set is null)
        {
            RowsWithoutLabel++;
            return null;
        }
        if (AnnotationRules.Check(set, schema) is { } wrong) return wrong;
        Rows++;
        if (image is { } id) return _ids.TryAdd(id, (number, set)) ? null : Twice(id.ToString(), _ids[id].Line);
        if (name is not { Length: > 0 }) return "it has neither 'id' nor 'name'.";
        var stored = TextForm.Compared(ImageName.Stored(name));
        return _names.TryAdd(stored, (number, set)) ? null : Twice(name, _names[stored].Line);
    }

    private static string Twice(string what, int before) => string.Create(
        CultureInfo.InvariantCulture, $"{ShownText.Named(what)} has a label in line {before} already. Keep one of them.");

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
            throw new JsonException($"{member}: {JsonFaults.Describe(e)}", e);
        }
    }
}
