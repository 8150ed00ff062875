using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Winnow.Client;
using Winnow.Json;
using Winnow.Model;
using Winnow.Model.Labels;

namespace Winnow.Cli.Review;

/// <summary>Annotations that somebody typed, or wrote into a file; held to what the server demands of a body.</summary>
internal static class AnnotationText
{
    private const string What = "set of annotations";
    private const int MostBytes = 64 << 20;
    private static readonly JsonTypeInfo<Annotation[]> Form = StrictJson.Of<Annotation[]>(ModelJson.Default);

    /// <summary>The annotations of an argument.</summary>
    /// <exception cref="ArgumentException">They are none; the message says where.</exception>
    public static async Task<Annotation[]> ReadAsync(string argument, CancellationToken cancellationToken)
    {
        var bytes = argument is ['@', .. var path] ? await ReadFileAsync(path, cancellationToken) : Encoding.UTF8.GetBytes(argument);
        try
        {
            var read = JsonSerializer.Deserialize(bytes.AsSpan().StartsWith("\uFEFF"u8) ? bytes.AsSpan(3) : bytes, Form)
                ?? throw new ArgumentException(JsonProblem.Wrong(What, "$", $"it must be {JsonShape.Of(Form)}, not null."));
            return BodyCheck.Check(What, read, Form) is { } wrong ? throw new ArgumentException(wrong) : read;
        }
        catch (JsonException e)
        {
            throw new ArgumentException(JsonProblem.Describe(What, e, Form, 0), e);
        }
        catch (Exception e) when (JsonFaults.IsFault(e))
        {
            throw new ArgumentException(JsonProblem.Wrong(What, "$", JsonFaults.Describe(e)), e);
        }
    }

    private static async Task<byte[]> ReadFileAsync(string path, CancellationToken cancellationToken)
    {
        await using var file = NamedFile.Open(path, "file of annotations");
        if (file.CanSeek && file.Length > MostBytes)
            throw new ArgumentException($"{path} has more than {MostBytes >> 20} MiB, which is more than a decision may.");
        var bytes = new MemoryStream();
        await file.CopyToAsync(bytes, cancellationToken);
        return bytes.ToArray();
    }
}
