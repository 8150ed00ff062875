using System.Globalization;
using System.Text;
using System.Text.Json;
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

    private readonly Dictionary<ImageId, (int Line, Annotation[] Set)> _ids = [];
    private readonly Dictionary<string, (int Line, Annotation[] Set)> _names = new(StringComparer.Ordinal);

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
        using var lines = new StreamReader(file, new UTF8Encoding(false, throwOnInvalidBytes: true));
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
        Row? row;
        try
        {
            row = JsonSerializer.Deserialize(line, LabelSetJson.Default.Row);
        }
        catch (Exception e) when (JsonFaults.IsFault(e))
        {
            return JsonFaults.Describe(e);
        }
        if (row is null) return "it is null, and must be an object.";
        Annotation[]? set = row.Annotations ?? (row.Label is { } label ? [new ClassTag(label)] : null);
        if (set is null)
        {
            RowsWithoutLabel++;
            return null;
        }
        if (AnnotationRules.Check(set, schema) is { } wrong) return wrong;
        Rows++;
        if (row.Id is { } id) return _ids.TryAdd(id, (number, set)) ? null : Twice(id.ToString(), _ids[id].Line);
        if (row.Name is not { Length: > 0 } name) return "it has neither 'id' nor 'name'.";
        var stored = TextForm.Compared(ImageName.Stored(name));
        return _names.TryAdd(stored, (number, set)) ? null : Twice(name, _names[stored].Line);
    }

    private static string Twice(string what, int before) => string.Create(
        CultureInfo.InvariantCulture, $"{ShownText.Named(what)} has a label in line {before} already. Keep one of them.");

    internal sealed record Row
    {
        public ImageId? Id { get; init; }
        public string? Name { get; init; }
        public string? Label { get; init; }
        public Annotation[]? Annotations { get; init; }
    }
}
