using System.Text;
using System.Text.Json.Serialization.Metadata;
using Winnow.Client;
using Winnow.Json;
using Winnow.Model;
using Winnow.Model.Labels;

namespace Winnow.Cli.Review;

/// <summary>Annotations of an argument, or of the file that it names behind '@'.</summary>
internal static class AnnotationText
{
    private const int MostBytes = 64 << 20;
    private static readonly JsonTypeInfo<Annotation[]> Form = StrictJson.Of<Annotation[]>(ModelJson.Default);

    /// <exception cref="InvalidDataException">They are none; the message says where.</exception>
    public static async Task<Annotation[]> ReadAsync(string argument, CancellationToken cancellationToken)
    {
        var text = argument is ['@', .. var path]
            ? await NamedFile.ReadAsync(path, "file of annotations", MostBytes, cancellationToken) : Encoding.UTF8.GetBytes(argument);
        return StrictText.Read(text.Span, "set of annotations", Form);
    }
}
