using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using Winnow.Model;
using Winnow.Model.Datasets;
using Winnow.Model.Names;

namespace Winnow.Client;

/// <summary>The first line of the list that an export leaves in its folder.</summary>
/// <param name="Format">Always <see cref="ExportList.FormatName"/>.</param>
/// <param name="Layout">1; a change that old readers would misread adds one.</param>
/// <param name="Dataset">The dataset.</param>
/// <param name="Version">The version; while one takes the place of another, the new one.</param>
/// <param name="Replacing">Whether the folder is between two versions: the list holds the files of both.</param>
internal sealed record ExportHeader(string Format, int Layout, string Dataset, int Version, bool Replacing = false);

/// <summary>A file that an export wrote.</summary>
/// <param name="Path">Its path below the folder, with slashes.</param>
/// <param name="Bytes">Its length.</param>
/// <param name="Sha256">Its hash, lower-case hex.</param>
internal sealed record ExportedFile(string Path, long Bytes, string Sha256);

[JsonSourceGenerationOptions(JsonSerializerDefaults.Web, RespectNullableAnnotations = true, RespectRequiredConstructorParameters = true)]
[JsonSerializable(typeof(ExportHeader))]
[JsonSerializable(typeof(ExportedFile))]
internal sealed partial class ExportJson : JsonSerializerContext;

/// <summary>
/// What an export wrote into a folder, so that another one may replace that and nothing else. A file of JSON lines: a header, then one line
/// per file.
/// </summary>
internal sealed class ExportList
{
    public const string FormatName = "winnow-export";
    private const int ThisLayout = 1;

    /// <summary>The forms in which each file may stand there: more than one while a version takes the place of another.</summary>
    private readonly Dictionary<string, List<ExportedFile>> _files = new(StringComparer.Ordinal);

    public required ExportHeader Header { get; init; }

    public IEnumerable<string> Paths => _files.Keys;

    public int Count => _files.Count;

    public static ExportHeader NewHeader(string dataset, int version, bool replacing = false) =>
        new(FormatName, ThisLayout, dataset, version, replacing);

    public bool Contains(string path) => _files.ContainsKey(path);

    public void Add(ExportedFile file)
    {
        if (_files.TryGetValue(file.Path, out var forms)) forms.Add(file);
        else _files.Add(file.Path, [file]);
    }

    public void AddAll(ExportList other)
    {
        foreach (var file in other._files.Values.SelectMany(f => f)) Add(file);
    }

    /// <summary>Whether a file of this length may be one of these, before its hash is known.</summary>
    public bool MayBe(string path, long bytes) => _files[path].Exists(f => f.Bytes == bytes);

    public bool Is(string path, string sha256) => _files[path].Exists(f => f.Sha256 == sha256);

    /// <summary>Reads the list of a folder; null where there is none.</summary>
    /// <exception cref="InvalidDataException">It is not what an export writes.</exception>
    public static async Task<ExportList?> ReadAsync(string folder, CancellationToken cancellationToken)
    {
        var path = Path.Combine(folder, ExportNames.List);
        if (StagingFolder.IsLink(path))
            throw new InvalidDataException($"{path} is a link, and no export leaves one. Nothing was changed: export into another folder.");
        if (FileFacts.Of(path).Kind is var kind && kind != FileKind.File)
        {
            return kind == FileKind.Missing ? null
                : throw new InvalidDataException(
                    $"{path} is no list of an export. {FolderFile.Explain(kind, path)} Nothing was changed: export into another folder.");
        }
        using var lines = new StreamReader(path);
        var header = Read(path, 1, await lines.ReadLineAsync(cancellationToken) ?? "", ExportJson.Default.ExportHeader);
        if (header is not { Format: FormatName, Layout: ThisLayout }) throw Wrong(path, 1, "it is of another format.");
        var list = new ExportList { Header = header };
        for (var at = 2; await lines.ReadLineAsync(cancellationToken) is { } line; at++)
        {
            var file = Read(path, at, line, ExportJson.Default.ExportedFile);
            if (!ExportNames.IsWritten(file.Path))
                throw Wrong(path, at, $"'{ShownText.Named(file.Path)}' is no file of an export, and nothing was changed.");
            list.Add(file);
        }
        return list;
    }

    private static T Read<T>(string path, int line, string text, JsonTypeInfo<T> form)
    {
        try
        {
            return JsonSerializer.Deserialize(text, form) ?? throw Wrong(path, line, "it is null.");
        }
        catch (Exception e) when (JsonFaults.IsFault(e))
        {
            throw Wrong(path, line, JsonFaults.Describe(e), e);
        }
    }

    private static InvalidDataException Wrong(string path, int line, string why, Exception? cause = null) =>
        new($"{path}, which lists what an export wrote, cannot be read at line {line}: {why} Export into another folder.", cause);

    /// <summary>Writes the list.</summary>
    public async Task WriteAsync(string path, CancellationToken cancellationToken)
    {
        var lines = new StreamWriter(path) { NewLine = "\n" };
        await using (lines)
        {
            await lines.WriteLineAsync(JsonSerializer.Serialize(Header, ExportJson.Default.ExportHeader).AsMemory(), cancellationToken);
            foreach (var file in _files.Values.SelectMany(f => f))
                await lines.WriteLineAsync(JsonSerializer.Serialize(file, ExportJson.Default.ExportedFile).AsMemory(), cancellationToken);
        }
    }
}
