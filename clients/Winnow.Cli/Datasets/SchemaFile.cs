using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Winnow.Client;
using Winnow.Json;
using Winnow.Model;
using Winnow.Model.Labels;

namespace Winnow.Cli.Datasets;

/// <summary>A label schema from a JSON file; held to what the server demands of a body.</summary>
internal static class SchemaFile
{
    private const string What = "label schema";
    private static readonly JsonTypeInfo<LabelSchema> Form = StrictJson.Of<LabelSchema>(ModelJson.Default);

    /// <exception cref="InvalidDataException">It is none; the message says where.</exception>
    public static async Task<LabelSchema> ReadAsync(string path, CancellationToken cancellationToken)
    {
        await using var file = NamedFile.Open(path, "file of a label schema");
        try
        {
            var read = await JsonSerializer.DeserializeAsync(file, Form, cancellationToken)
                ?? throw new InvalidDataException(
                    $"{path}: {JsonProblem.Wrong(What, "$", $"it must be {JsonShape.Of(Form)}, not null.")}");
            return BodyCheck.Check(What, read, Form) is { } wrong ? throw new InvalidDataException($"{path}: {wrong}") : read;
        }
        catch (JsonException e)
        {
            throw new InvalidDataException($"{path}: {JsonProblem.Describe(What, e, Form, 0)}", e);
        }
        catch (Exception e) when (JsonFaults.IsFault(e))
        {
            throw new InvalidDataException($"{path}: {JsonProblem.Wrong(What, "$", JsonFaults.Describe(e))}", e);
        }
    }
}
