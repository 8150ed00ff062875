using System.Text.Json.Serialization.Metadata;
using Winnow.Client;
using Winnow.Json;
using Winnow.Model;
using Winnow.Model.Labels;

namespace Winnow.Cli.Datasets;

/// <summary>A label schema from a JSON file, as the first version of one.</summary>
internal static class SchemaFile
{
    private const int MostBytes = 64 << 20;
    private static readonly JsonTypeInfo<LabelSchema> Form = StrictJson.Of<LabelSchema>(ModelJson.Default);

    /// <exception cref="InvalidDataException">It is none; the message says where.</exception>
    public static async Task<LabelSchema> ReadAsync(string path, CancellationToken cancellationToken)
    {
        var text = await NamedFile.ReadAsync(path, "file of a label schema", MostBytes, cancellationToken);
        return StrictText.Read(text.Span, $"label schema in {path}", Form).AsFirst();
    }
}
