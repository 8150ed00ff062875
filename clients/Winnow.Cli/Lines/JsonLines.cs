using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using System.Text.Unicode;
using Winnow.Json;
using Winnow.Model;

namespace Winnow.Cli.Lines;

/// <summary>
/// Records from lines of JSON, held to what the server demands of a body: one that it would not take costs its lot no other.
/// </summary>
/// <param name="what">What a line holds, for messages.</param>
/// <param name="form">How it is read: see <see cref="StrictJson"/>.</param>
/// <param name="most">Most bytes of one.</param>
internal sealed class JsonLines<T>(string what, JsonTypeInfo<T> form, int most) where T : class
{
    /// <summary>Bytes of a line that are held; what it holds has fewer, however much stands between its members.</summary>
    public int MostBytes => 4 * most;

    /// <summary>What a line holds, or null and what is wrong with it.</summary>
    public T? Read(TextLine line, out string wrong)
    {
        wrong = "";
        if (line.Bytes is not { } text)
        {
            wrong = string.Create(CultureInfo.InvariantCulture,
                $"The line has more than {MostBytes >> 10} KiB; a {what} has at most {most >> 10}.");
        }
        else if (!Utf8.IsValid(text)) wrong = "The line is not UTF-8. Write the file anew in UTF-8.";
        else if (Parse(text, line.Number - 1, ref wrong) is { } read)
        {
            if (BodyCheck.Check(what, read, form) is not { } refused) return read;
            wrong = refused;
        }
        return null;
    }

    private T? Parse(byte[] text, long before, ref string wrong)
    {
        try
        {
            if (JsonSerializer.Deserialize(text, form) is { } read) return read;
            wrong = JsonProblem.Wrong(what, "$", $"it must be {JsonShape.Of(form)}, not null.");
        }
        catch (JsonException e)
        {
            wrong = JsonProblem.Describe(what, e, form, before);
        }
        catch (Exception e) when (JsonFaults.IsFault(e))
        {
            wrong = JsonProblem.Wrong(what, "$", JsonFaults.Describe(e));
        }
        return null;
    }
}
