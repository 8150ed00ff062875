using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Winnow.Json;
using Winnow.Model;

namespace Winnow.Cli;

/// <summary>JSON that somebody typed, or wrote into a file; held to what the server demands of a body.</summary>
internal static class StrictText
{
    /// <summary>What a text says; a mark at its beginning is none of it.</summary>
    /// <param name="text">UTF-8.</param>
    /// <param name="what">What it is called.</param>
    /// <param name="form">Its form.</param>
    /// <exception cref="InvalidDataException">It is none; the message says where.</exception>
    public static T Read<T>(ReadOnlySpan<byte> text, string what, JsonTypeInfo<T> form) where T : class
    {
        try
        {
            var read = JsonSerializer.Deserialize(text.StartsWith("\uFEFF"u8) ? text[3..] : text, form)
                ?? throw new InvalidDataException(JsonProblem.Wrong(what, "$", $"it must be {JsonShape.Of(form)}, not null."));
            return BodyCheck.Check(what, read, form) is { } wrong ? throw new InvalidDataException(wrong) : read;
        }
        catch (JsonException e)
        {
            throw new InvalidDataException(JsonProblem.Describe(what, e, form, 0), e);
        }
        catch (Exception e) when (JsonFaults.IsFault(e))
        {
            throw new InvalidDataException(JsonProblem.Wrong(what, "$", JsonFaults.Describe(e)), e);
        }
    }
}
