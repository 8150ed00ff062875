using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using System.Text.Unicode;
using Winnow.Json;
using Winnow.Model;
using Winnow.Model.Prelabels;

namespace Winnow.Cli.Prelabels;

/// <summary>
/// Prelabels from lines of JSON, held to what the server demands of a body: one that it would not take costs its lot no other.
/// </summary>
internal static class PrelabelLines
{
    /// <summary>Bytes of a line that are held; a prelabel has fewer, however much stands between its members.</summary>
    public const int MostBytes = 4 * ImagePrelabel.MaxBytes;

    private const string What = "prelabel";
    private static readonly JsonTypeInfo<ImagePrelabel> Form = StrictJson.Of<ImagePrelabel>(ModelJson.Default);

    /// <summary>The prelabel of a line, or null and what is wrong with it.</summary>
    public static ImagePrelabel? Read(TextLine line, out string wrong)
    {
        wrong = "";
        if (line.Bytes is not { } text)
        {
            wrong = string.Create(CultureInfo.InvariantCulture,
                $"The line has more than {MostBytes >> 10} KiB; a {What} has at most {ImagePrelabel.MaxBytes >> 10}.");
        }
        else if (!Utf8.IsValid(text)) wrong = "The line is not UTF-8. Write the file anew in UTF-8.";
        else if (Parse(text, line.Number - 1, ref wrong) is { } prelabel)
        {
            if (BodyCheck.Check(What, prelabel, Form) is not { } refused) return prelabel;
            wrong = refused;
        }
        return null;
    }

    private static ImagePrelabel? Parse(byte[] text, long before, ref string wrong)
    {
        try
        {
            if (JsonSerializer.Deserialize(text, Form) is { } prelabel) return prelabel;
            wrong = JsonProblem.Wrong(What, "$", $"it must be {JsonShape.Of(Form)}, not null.");
        }
        catch (JsonException e)
        {
            wrong = JsonProblem.Describe(What, e, Form, before);
        }
        catch (Exception e) when (JsonFaults.IsFault(e))
        {
            wrong = JsonProblem.Wrong(What, "$", JsonFaults.Describe(e));
        }
        return null;
    }
}
